"""Reads the nodes of a manifest as values, and collects what is wrong with them.

YAML 1.1 (which PyYAML reads), YAML 1.2 (which editors follow) and JSON differ in which scalars they
read as a number or a boolean. Here a plain scalar is a string only if all of them read it as one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import yaml

from hydra_client.cli.manifest.lint import did_you_mean
from hydra_client.cli.manifest.model import NOT_STORABLE, NOT_STORED, unfit
from hydra_client.cli.text import name_of, plain
from hydra_client.cli.yaml_nodes import TAG, position

Position = tuple[int, int]

PLACES = "`secret: {env: NAME}`, `{file: FILE}` or `{generate: {out: FILE}}`"
_NOT_STRINGS = {
    "int": ", not a number: put it in quotes",
    "float": ", not a number: put it in quotes",
    "bool": ", not a boolean: put it in quotes",
    "timestamp": ", not a date: put it in quotes",
    "seq": ", not a list",
    "map": ", not a mapping",
}


class ValueReader:
    """Reads values from nodes.

    Messages quote no values except ids and places of secrets: a secret may be where it does not
    belong.

    Attributes:
        faults: What is wrong, and where.
        doubts: What Hydra accepts although it cannot work, and where.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        # Sets, because an anchor has its faults once however often it is used.
        self.faults: set[tuple[Position, str]] = set()
        self.doubts: set[tuple[Position, str]] = set()
        self._members: dict[yaml.Node, dict[str, tuple[yaml.Node, yaml.Node]]] = {}
        self._ids: dict[tuple[str, str], int] = {}

    def lines(self, notes: set[tuple[Position, str]]) -> list[str]:
        """Return faults or doubts with their places, in order."""
        return [f"{self._place}:{line}:{column}: {text}" for (line, column), text in sorted(notes)]

    def _at(self, node: yaml.Node) -> str:
        """Return the place of a node, for messages."""
        line, column = position(node)
        return f"{self._place}:{line}:{column}"

    def _id(self, node: yaml.Node | None, kind: str) -> str:
        """Read an id, which must be the only one of its kind; empty if there is none."""
        if node is None or (id := self._string(node, "id")) is None:
            return ""
        if why := unfit(id, {}):
            self._fault(node, f"id {plain(id)!r}: {why}")
        elif (kind, id) in self._ids:
            self._fault(node, f"id {plain(id)!r}: already used on line {self._ids[kind, id]}")
        else:
            self._ids[kind, id] = position(node)[0]
        return id

    def _list(self, members: Mapping[str, yaml.Node], name: str) -> list[yaml.Node]:
        """Return the items of a list, if the mapping has it."""
        if name not in members:
            return []
        if not is_list(members[name]):
            self._fault(members[name], f"{name}: expected a list")
            return []
        nodes: list[yaml.Node] = members[name].value
        return nodes

    # --- values; None if there is a fault

    def _string(self, node: yaml.Node, what: str) -> str | None:
        """Read a string; null is the empty string."""
        kind = node.tag.removeprefix(TAG)
        if kind == "null":
            return ""
        if kind != "str":
            found = _NOT_STRINGS.get(kind, "")
            self._fault(node, f"{what}: expected a string{found}")
            return None
        if NOT_STORED.search(node.value):
            self._fault(node, f"{what} {NOT_STORABLE}")
            return None
        return str(node.value)

    def _non_empty(self, node: yaml.Node, what: str) -> str | None:
        """Read a string that is not empty."""
        value = self._string(node, what)
        if value == "":
            self._fault(node, f"{what}: must not be empty")
            return None
        return value

    def _strings(self, node: yaml.Node, what: str) -> list[str | None]:
        """Read a list of strings; null is the empty list."""
        if is_list(node):
            return [self._item(item, what) for item in node.value]
        if node.tag != f"{TAG}null":
            hint = ": put it in brackets" if node.tag == f"{TAG}str" else ""
            self._fault(node, f"{what}: expected a list of strings{hint}")
        return []

    def _item(self, node: yaml.Node, what: str) -> str | None:
        if node.tag == f"{TAG}null":
            self._fault(node, f"{what}: an item must not be empty")
            return None
        return self._string(node, what)

    def _boolean(self, node: yaml.Node, what: str) -> bool:
        """Read a boolean; null is false."""
        if node.tag == f"{TAG}bool":
            return str(node.value).lower() in ("true", "yes", "on")
        if node.tag != f"{TAG}null":
            hint = ", without quotes" if node.value in ("true", "false") else ""
            self._fault(node, f"{what}: expected true or false{hint}")
        return False

    # --- mappings

    def _mapping(
        self,
        node: yaml.Node,
        what: str,
        known: Collection[str],
        required: Collection[str] = (),
        ignored: Callable[[str], bool] = lambda _: False,
    ) -> dict[str, yaml.Node]:
        """Read the known members of a mapping; report others, and missing ones."""
        if not is_mapping(node):
            self._fault(node, f"{what}: expected a mapping")
            return {}
        found = {}
        for name, (key, value) in self._merged(node).items():
            if name in known:
                found[name] = value
            elif not ignored(name):
                self._fault(key, f"{what}: unknown key {name_of(name)}{_suggestion(name, known)}")
        for name in required:
            if name not in found:
                self._fault(node, f"{what}: the key {name} is missing")
        return found

    def _pairs(self, node: yaml.Node, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Read the keys and values of any mapping, by name; null is the empty mapping."""
        if is_mapping(node):
            return self._merged(node)
        if node.tag != f"{TAG}null":
            self._fault(node, f"{what}: expected a mapping")
        return {}

    def _merged(self, node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return the keys and values of a mapping and of all that is merged into it, by name."""
        if node in self._members:
            return self._members[node]
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key.value, str):
                self._fault(key, "a key must be a string, not a list or a mapping")
                continue
            names = merged if key.tag == f"{TAG}merge" else own
            if key.value in names:
                line = position(names[key.value][0])[0]
                self._fault(key, f"duplicate key {plain(key.value)}, first on line {line}")
            names[key.value] = key, value
        for _, value in merged.values():
            for source in value.value if is_list(value) else [value]:
                if not is_mapping(source):
                    self._fault(source, "<<: expected a mapping or a list of mappings")
                    continue
                for name, pair in self._merged(source).items():
                    own.setdefault(name, pair)
        self._members[node] = own
        return own

    def _doubt(self, node: yaml.Node, text: str) -> None:
        self.doubts.add((position(node), text))

    def _fault(self, node: yaml.Node, text: str) -> None:
        self.faults.add((position(node), text))


def is_list(node: yaml.Node) -> bool:
    """Whether a node is a list."""
    return node.tag == f"{TAG}seq" and isinstance(node.value, list)


def is_mapping(node: yaml.Node) -> bool:
    """Whether a node is a mapping."""
    return node.tag == f"{TAG}map" and isinstance(node.value, list)


def _suggestion(name: str, known: Collection[str]) -> str:
    """Suggest what to write in place of an unknown key."""
    if name == "client_secret" and "secret" in known:
        return f"; a secret must not be in a manifest; say where it is: {PLACES}"
    return did_you_mean(name, known)
