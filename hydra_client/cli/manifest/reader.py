"""Reads manifests, and reports everything that is wrong with one at once, by line.

YAML 1.1 (which PyYAML reads), YAML 1.2 (which editors follow) and JSON differ in what they take
for a number or a boolean. Here a plain scalar is a string only if it is one to all of them.
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.cli import yaml_nodes
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.manifest.lint import guess, lint, too_long
from hydra_client.cli.manifest.lint_policies import (
    doubtful_conditions,
    doubtful_resource,
    doubtful_template,
)
from hydra_client.cli.manifest.model import (
    FIELDS,
    NOT_STORABLE,
    NOT_STORED,
    Entry,
    Expected,
    Manifest,
    Secret,
    unfit,
)
from hydra_client.cli.secret_files import new_secret, read_secret
from hydra_client.cli.text import name_of, plain
from hydra_client.cli.yaml_nodes import TAG, position
from hydra_client.models import OAuth2Client, Policy
from hydra_client.provisioning import Expectation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import yaml

    Position = tuple[int, int]

_KINDS_OF_OBJECTS = ("clients", "policies", "groups")
_TOP = (*_KINDS_OF_OBJECTS, "defaults", "owner", "removed", "expect", "$schema")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PLACES = "`secret: {env: NAME}`, `{file: FILE}` or `{generate: {out: FILE}}`"
_KINDS = {"int": "a number", "float": "a number", "bool": "a boolean", "timestamp": "a date"}


def read(
    path: str, environ: Mapping[str, str] = os.environ, *, long_secrets: bool = False
) -> Manifest:
    """Read a manifest, `-` for stdin, and the secrets that it refers to.

    Files that it names are relative to it. A secret of which Hydra would ignore a part is a fault
    unless `long_secrets` allows it.

    Raises:
        Failure: The manifest is faulty. The message lists every fault with its line and column.
    """
    document = yaml_nodes.read(path, "a manifest", all_numbers=True)
    folder = Path() if path == "-" else Path(path).parent
    reader = _Reader(document.place, folder, environ, long_secrets)
    manifest = reader.manifest(document.root)

    def lines(notes: set[tuple[Position, str]]) -> list[str]:
        return [
            f"{document.place}:{line}:{column}: {text}" for (line, column), text in sorted(notes)
        ]

    if reader.faults:
        count = "1 fault" if len(reader.faults) == 1 else f"{len(reader.faults)} faults"
        header = f"{count} in {document.place}; nothing was sent"
        raise Failure("\n".join([header, *lines(reader.faults)]), USAGE)
    return manifest._replace(warnings=lines(reader.doubts))


class _Given(NamedTuple):
    """The value of a field, and where it is."""

    value: Any
    position: Position


class _Reader:
    """Reads the nodes of a manifest, and collects what is wrong with them.

    Messages quote no values except ids and places of secrets: a secret may be where it does not
    belong.
    """

    def __init__(
        self, place: str, folder: Path, environ: Mapping[str, str], long_secrets: bool
    ) -> None:
        self._place = place
        self._folder = folder
        self._environ = environ
        self._long_secrets = long_secrets
        # Sets, because an anchor has its faults once however often it is used.
        self.faults: set[tuple[Position, str]] = set()
        self.doubts: set[tuple[Position, str]] = set()
        self._members: dict[yaml.Node, dict[str, tuple[yaml.Node, yaml.Node]]] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._subjects: dict[str, str] = {}
        self._outs: dict[str, int] = {}

    def manifest(self, root: yaml.Node | None) -> Manifest:
        """Read the whole document."""
        if root is None:
            self.faults.add(((1, 1), "the manifest is empty"))
        top: dict[str, yaml.Node] = {}
        if root is not None:
            top = self._mapping(root, "a manifest", _TOP, lambda name: name.startswith("x-"))
        defaults = self._defaults(top)
        owner = defaults["owner"].value or None if "owner" in defaults else None
        kinds = frozenset(_KINDS_OF_OBJECTS).intersection(top)
        if (
            root is not None
            and _is_mapping(root)
            and not kinds | top.keys() & {"expect", "removed"}
        ):
            self._fault(root, "one of the keys `clients`, `policies` and `groups` is missing")
        entries = [self._entry(node, defaults) for node in self._list(top, "clients")]
        policies = [self._policy(node, owner) for node in self._list(top, "policies")]
        groups = dict(self._group(node) for node in self._list(top, "groups"))
        return Manifest(
            kinds,
            entries,
            policies,
            groups,
            self._removed(top),
            [self._expected(node) for node in self._list(top, "expect")],
            owner,
            [],
            self._subjects,
        )

    def _list(self, members: Mapping[str, yaml.Node], name: str) -> list[yaml.Node]:
        """Return the items of a list, if the mapping has it."""
        if name not in members:
            return []
        if not _is_list(members[name]):
            self._fault(members[name], f"{name}: expected a list")
            return []
        nodes: list[yaml.Node] = members[name].value
        return nodes

    def _defaults(self, top: Mapping[str, yaml.Node]) -> dict[str, _Given]:
        """Read what applies to every client: the defaults and the owner."""
        defaults = {}
        if "defaults" in top:
            defaults = self._fields(self._mapping(top["defaults"], "defaults", FIELDS))
        if "owner" in top:
            owner = self._non_empty(top["owner"], "owner")
            if "owner" in defaults:
                self._fault(top["owner"], "owner: already set in the defaults")
            defaults["owner"] = _Given(owner, position(top["owner"]))
        return defaults

    def _entry(self, node: yaml.Node, defaults: Mapping[str, _Given]) -> Entry:
        members = self._mapping(node, "a client", ("id", "secret", *FIELDS))
        places = {name: position(members.get(name, node)) for name in ("id", "secret")}
        id = self._id(members, node, "client")
        secret = self._secret(members.pop("secret")) if "secret" in members else None
        fields = {**defaults, **self._fields(members)}
        entry = Entry(id, {name: fields[name].value for name in FIELDS if name in fields}, secret)
        if not self.faults:
            places |= {name: given.position for name, given in fields.items()}
            self._lint(entry, places, position(node))
        return entry

    def _lint(self, entry: Entry, places: Mapping[str, Position], default: Position) -> None:
        secret = entry.secret
        # A secret still to be generated is like any that is generated.
        value = None if secret is None else secret.value or new_secret()
        client = OAuth2Client.from_dict({"id": entry.id, "client_secret": value, **entry.fields})
        for field, text, refused in lint(client):
            if refused:
                continue  # either a fault already or allowed
            if field == "client_secret" and secret is not None:
                self.doubts.add((places["secret"], f"secret ({secret.source}): {text}"))
            else:
                self.doubts.add((places.get(field, default), f"{field}: {text}"))

    def _id(self, members: dict[str, yaml.Node], owner: yaml.Node, kind: str) -> str:
        """Take the id from the members of an object."""
        if "id" not in members:
            if _is_mapping(owner):
                self._fault(owner, f"the {kind} has no id")
            return ""
        node = members.pop("id")
        id = self._string(node, "id")
        if id is None:
            return ""
        if why := unfit(id, {}):
            self._fault(node, f"id {plain(id)!r}: {why}")
        elif (kind, id) in self._ids:
            self._fault(node, f"id {plain(id)!r}: already used on line {self._ids[kind, id]}")
        else:
            self._ids[kind, id] = position(node)[0]
        return id

    def _fields(self, members: Mapping[str, yaml.Node]) -> dict[str, _Given]:
        readers: dict[type, Callable[[yaml.Node, str], Any]] = {
            str: self._string,
            list: self._strings,
            bool: self._boolean,
        }
        return {
            name: _Given(readers[FIELDS[name]](node, name), position(node))
            for name, node in members.items()
        }

    # --- policies and groups

    def _policy(self, node: yaml.Node, owner: str | None) -> Policy:
        members = self._mapping(node, "a policy", tuple(Policy._by_wire))
        place = members.get("id", node)
        policy = Policy(id=self._id(members, node, "policy"))
        if policy.id == "default-admin-policy":
            self._fault(place, "default-admin-policy is never changed: use another id")
        if owner is not None and not (policy.id or "").startswith(f"{owner}:"):
            self._doubt(place, f"id: does not begin with {plain(owner)}: and so is never pruned")
        if "description" in members:
            policy.description = self._string(members["description"], "description")
        if "effect" in members:
            policy.effect = self._string(members["effect"], "effect")
        if policy.effect not in ("allow", "deny") and _is_mapping(node):
            self._fault(members.get("effect", node), "effect: expected allow or deny")
        for name in ("subjects", "resources", "actions"):
            setattr(policy, name, self._templates(members.get(name), node, name))
        if "conditions" in members:
            conditions = self._conditions(members["conditions"])
            policy.conditions = Policy.from_dict({"conditions": conditions}).conditions
        return policy

    def _templates(self, node: yaml.Node | None, policy: yaml.Node, name: str) -> list[str]:
        found = [] if node is None else self._strings(node, name)
        if not found and _is_mapping(policy):
            self._doubt(node or policy, f"{name}: empty, so the policy never applies")
        for item, text in zip(node.value if node and found else (), found, strict=True):
            check = doubtful_resource if name == "resources" else doubtful_template
            if text is not None and (why := check(text)):
                self._doubt(item, f"{name}: '{plain(text)}': {why}")
            elif text is not None and name == "subjects" and "<" not in text:
                line, column = position(item)
                self._subjects.setdefault(text, f"{self._place}:{line}:{column}")
        return [text for text in found if text is not None]

    def _conditions(self, node: yaml.Node) -> dict[str, Any]:
        if node.tag == f"{TAG}null":
            return {}
        if not _is_mapping(node):
            self._fault(node, "conditions: expected a mapping")
            return {}
        found: dict[str, Any] = {}
        names = self._merged(node)
        for name, (_, value) in names.items():
            members = self._mapping(value, "a condition", ("type", "options"))
            if "type" not in members and _is_mapping(value):
                self._fault(value, "the condition has no type")
            condition = {"type": self._string(members["type"], "type")} if "type" in members else {}
            options = members.get("options")
            found[name] = condition
            if options is None or options.tag == f"{TAG}null":
                continue
            if not _is_mapping(options):
                self._fault(options, "options: expected a mapping")
                continue
            found[name]["options"] = {
                option: self._string(given, option)
                for option, (_, given) in self._merged(options).items()
            }
        for name, why in doubtful_conditions(found):
            self._doubt(names[name][0], f"conditions: {plain(name)}: {why}")
        return found

    def _group(self, node: yaml.Node) -> tuple[str, list[str]]:
        members = self._mapping(node, "a group", ("id", "members"))
        id = self._id(members, node, "group")
        if "members" not in members:
            if _is_mapping(node):
                self._fault(node, "the group has no members; `members: []` is an empty group")
            return id, []
        return id, [item or "" for item in self._strings(members["members"], "members")]

    def _removed(self, top: Mapping[str, yaml.Node]) -> list[str]:
        """Read which groups to delete: the server cannot list them."""
        if "removed" not in top:
            return []
        members = self._mapping(top["removed"], "removed", ("groups",))
        nodes = self._list(members, "groups")
        return [self._id({"id": node}, node, "group") for node in nodes]

    # --- expectations

    def _expected(self, node: yaml.Node) -> Expected:
        names = ("subject", "action", "resource")
        members = self._mapping(node, "an expectation", (*names, "context", "allowed"))
        if _is_mapping(node):
            for name in names:
                if name not in members:
                    self._fault(node, f"the expectation has no {name}")
        subject, action, resource = (
            (self._string(members[name], name) or "" if name in members else "") for name in names
        )
        context = self._context(members["context"]) if "context" in members else {}
        allowed = "allowed" not in members or self._boolean(members["allowed"], "allowed")
        line, column = position(node)
        expectation = Expectation(subject, action, resource, context, allowed)
        return Expected(f"{self._place}:{line}:{column}", expectation)

    def _context(self, node: yaml.Node) -> dict[str, Any]:
        """Read values of any type, as far as JSON has them."""
        if node.tag == f"{TAG}null":
            return {}
        try:
            value = yaml_nodes.Document(self._place, node).value()
            json.dumps(value, allow_nan=False)
        except (Failure, TypeError, ValueError):
            self._fault(node, "context: expected a mapping of values that JSON has")
            return {}
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            self._fault(node, "context: expected a mapping")
            return {}
        return value

    # --- secrets

    def _secret(self, node: yaml.Node) -> Secret | None:
        if not _is_mapping(node):
            self._fault(node, f"secret: must not be in a manifest; say where it is: {_PLACES}")
            return None
        members = self._mapping(node, "secret", ("env", "file", "generate"))
        if len(members) != 1:
            if members or not node.value:  # otherwise its keys were reported as unknown
                self._fault(node, f"secret: expected one of {_PLACES}")
            return None
        ((kind, place),) = members.items()
        if kind == "generate":
            return self._generated_secret(place)
        name = self._non_empty(place, f"secret: {kind}")
        if name is None:
            return None
        if kind == "file":
            return self._secret_in_file(place, self._folder / name)
        value = self._environ.get(name)
        if not value:
            shown = name if _VARIABLE.fullmatch(name) else "(not shown: it may be a secret)"
            self._fault(place, f"secret: the environment variable {shown} is not set")
            return None
        return self._checked(place, Secret(f"from environment variable {plain(name)}", value))

    def _generated_secret(self, node: yaml.Node) -> Secret | None:
        members = self._mapping(node, "secret: generate", ("out",))
        if "out" not in members:
            if _is_mapping(node) and not node.value:
                self._fault(node, "secret: generate: expected `{out: FILE}`")
            return None
        node = members["out"]
        name = self._non_empty(node, "secret: generate: out")
        if name is None:
            return None
        path = self._folder / name
        shown = plain(str(path))
        # With os.path, because for some names pathlib raises what depends on the version.
        if not os.path.isdir(path.parent):
            self._fault(node, f"secret: the directory {plain(str(path.parent))} does not exist")
            return None
        real = os.path.realpath(path)
        if real in self._outs:
            self._fault(node, f"secret: {plain(name)} is already used on line {self._outs[real]}")
        self._outs[real] = position(node)[0]
        try:
            found = path.stat()
        except FileNotFoundError:
            found = None
        except OSError as error:
            self._fault(node, f"secret: {shown}: {error.strerror}")
            return None
        if found is not None and (found.st_size or not stat.S_ISREG(found.st_mode)):
            if os.name != "nt" and found.st_mode & 0o077:
                doubt = f"secret: {shown} can be read by others; run chmod 600 {shown}"
                self.doubts.add((position(node), doubt))
            return self._secret_in_file(node, path)
        if path.is_symlink():
            self._fault(node, f"secret: {shown} must not be a symbolic link")
            return None
        return Secret(f"generated in file {shown}", None, path)

    def _secret_in_file(self, node: yaml.Node, path: Path) -> Secret | None:
        try:
            value = read_secret(str(path))
        except Failure as error:
            self._fault(node, f"secret: {plain(error.message)}")
            return None
        return self._checked(node, Secret(f"from file {plain(str(path))}", value))

    def _checked(self, node: yaml.Node, secret: Secret) -> Secret:
        value = secret.value or ""
        why = None if self._long_secrets else too_long(value)
        shortest = OAuth2Client._fields["client_secret"].min_length
        if len(value) < shortest:
            why = f"must have at least {shortest} characters"
        elif _CONTROL.search(value):
            why = "must not contain control characters"
        if why:
            self._fault(node, f"secret ({secret.source}): {why}")
        return secret

    # --- values; None if there is a fault

    def _string(self, node: yaml.Node, what: str) -> str | None:
        """Read a string; null is the empty string."""
        kind = node.tag.removeprefix(TAG)
        if kind == "null":
            return ""
        if kind != "str":
            found = f", not {_KINDS[kind]}: put it in quotes" if kind in _KINDS else ""
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
        if _is_list(node):
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
        ignored: Callable[[str], bool] = lambda _: False,
    ) -> dict[str, yaml.Node]:
        """Read the known members of a mapping; report the others."""
        if not _is_mapping(node):
            self._fault(node, f"{what}: expected a mapping")
            return {}
        found = {}
        for name, (key, value) in self._merged(node).items():
            if name in known:
                found[name] = value
            elif not ignored(name):
                self._fault(key, f"{what}: unknown key {name_of(name)}{_suggestion(name, known)}")
        return found

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
            for source in value.value if _is_list(value) else [value]:
                if not _is_mapping(source):
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


def _is_list(node: yaml.Node) -> bool:
    return node.tag == f"{TAG}seq" and isinstance(node.value, list)


def _is_mapping(node: yaml.Node) -> bool:
    return node.tag == f"{TAG}map" and isinstance(node.value, list)


def _suggestion(name: str, known: Collection[str]) -> str:
    """Suggest what to write in place of an unknown key."""
    if name == "client_secret" and "secret" in known:
        return f"; a secret must not be in a manifest; say where it is: {_PLACES}"
    if near := guess(name, known):
        return f"; did you mean `{near}`?"
    return f"; known keys: {', '.join(known)}" if len(known) < 5 else ""
