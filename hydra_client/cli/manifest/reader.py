"""Clients as code: reads a manifest, and names all that is wrong with it at once, by line.

YAML 1.1, which PyYAML reads, 1.2, which editors follow, and JSON differ in what they take for a
number or a truth value. What is no string to one of them is a string to none of them here.
"""

from __future__ import annotations

import json
import os
import re
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.cli.document import _DEEPEST, _is_too_deep, is_json, too_deep, too_much
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.manifest.lint import guess, lint, too_long
from hydra_client.cli.secret_files import new_secret, read_secret, read_stdin, read_text
from hydra_client.cli.text import name_of, plain
from hydra_client.models import OAuth2Client
from hydra_client.protocol.encoding import _NOT_IN_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import yaml

TAG = "tag:yaml.org,2002:"
FIELDS = {
    name: field.json_type
    for name, field in OAuth2Client._by_wire.items()
    if name not in ("id", "client_secret")
}
_TOP = ("clients", "defaults", "owner", "$schema")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_WAYS = "`secret: {env: NAME}`, `{file: FILE}` or `{generate: {out: FILE}}`"

_KINDS = {"int": "a number", "float": "a number", "bool": "true or false", "timestamp": "a date"}
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Numbers of YAML 1.2 and JSON that YAML 1.1 takes for strings, 089 and 1e5 among them.
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|0o[0-7]+$")
_TOKEN = re.compile(r'\s*([{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+)', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_UNSTORED = re.compile("[\0\ud800-\udfff]")
_UNSTORABLE = "a NUL or half a surrogate pair, which SQL stores refuse"


class Secret:
    """A client's secret, which a manifest names the place of.

    Attributes:
        source: The place, for messages.
        value: The secret; None when it has to be made.
    """

    __slots__ = ("_out", "source", "value")

    def __init__(self, source: str, value: str | None, out: Path = Path()) -> None:
        self.source = source
        self.value = value
        self._out = out

    def made(self) -> str:
        """Return the secret; make it, and keep it down to the disk, where there is none yet.

        Raises:
            Failure: It cannot be kept.
        """
        if self.value is None:
            try:
                self.value = _keep_new(self._out)
            except OSError as error:
                raise Failure(f"{plain(str(self._out))}: {error.strerror}", USAGE) from None
        return self.value

    def __repr__(self) -> str:
        return f"Secret({self.source!r})"


class Entry(NamedTuple):
    """A client as the manifest wants it.

    Attributes:
        id: Its id.
        fields: The fields that the manifest names, defaults included, by the API's names. An empty
            value is to empty the field.
        secret: Its secret, if the manifest names one.
    """

    id: str
    fields: dict[str, Any]
    secret: Secret | None


class Manifest(NamedTuple):
    """What a manifest says.

    Attributes:
        entries: The clients, in its order.
        owner: Who they belong to, if it says.
        warnings: What Hydra would take, and what could never work.
    """

    entries: list[Entry]
    owner: str | None
    warnings: list[str]


def read(
    path: str, environ: Mapping[str, str] = os.environ, *, long_secrets: bool = False
) -> Manifest:
    """Read a manifest, `-` for stdin, and the secrets that it names.

    Files that it names are looked for beside it. Secrets of which Hydra would look at a part only
    are faults unless `long_secrets` lets them pass.

    Raises:
        Failure: Something is wrong with it. The message names everything, each with its line.
    """
    text = read_stdin("a manifest") if path == "-" else read_text(path)
    place = "stdin" if path == "-" else path
    reader = _Reader(Path() if path == "-" else Path(path).parent, environ, long_secrets)
    found = reader.manifest(text.removeprefix("\ufeff"), is_json(path))
    if reader.faults:
        count = "a fault" if len(reader.faults) == 1 else f"{len(reader.faults)} faults"
        lines = [f"{place}:{line}: {fault}" for line, fault in sorted(reader.faults)]
        raise Failure("\n".join([f"{count} in {place}; nothing was sent", *lines]), USAGE)
    warnings = [f"{place}:{line}: {doubt}" for line, doubt in sorted(reader.doubts)]
    return found._replace(warnings=warnings)


def unfit(id: str, fields: Mapping[str, Any]) -> str | None:
    """Tell why no manifest can hold a client; None when one can."""
    if not id or id in (".", "..") or _NOT_IN_ID.search(id):
        return (
            "cannot be addressed: an id must not be empty, '.' or '..', nor contain '/' or control "
            "characters"
        )
    for name, value in fields.items():
        if not isinstance(value, bool) and _UNSTORED.search("".join(value)):
            return f"{name} has {_UNSTORABLE}"
    return None


# --- YAML and JSON as nodes, which know their lines


class _UnreadableError(Exception):
    """The text is no document at all: the line, and why."""


def _composed(text: str, as_json: bool) -> yaml.Node | None:
    """Read the document's nodes."""
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        if as_json:
            raise _UnreadableError(getattr(error, "lineno", 1), "this is not JSON") from None
        return _yaml_nodes(text)
    return _JsonNodes(text).value()


def _yaml_nodes(text: str) -> yaml.Node | None:
    import yaml

    odd = _UNPRINTABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        raise _UnreadableError(line, "a control character; write it as an escape, in quotes")
    loader = _loader()
    try:
        deep = too_deep(text, loader)
        if deep is not None:
            raise _UnreadableError(_line(deep), "too many levels")
        root = yaml.compose(text, Loader=loader)
        much = too_much(root)
        if much is not None:
            why = "anchors that unfold to too much, or to too many levels"
            raise _UnreadableError(_line(much), why)
        return root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if _is_too_deep(error):  # pragma: no cover - PyYAML from 6.0.4 on
            raise _UnreadableError(mark.line + 1 if mark else 1, "too many levels") from None
        # The name after these may be the beginning of a secret that was never quoted.
        why = re.sub(r"(alias|anchor|handle) ['\"].*?['\"]", r"\1", error.problem or "")
        raise _UnreadableError(mark.line + 1 if mark else 1, f"no YAML: {why}") from None


@cache
def _loader() -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    quote_numbers(Loader)
    return Loader


def quote_numbers(resolver: Any) -> None:
    """Let a loader or dumper of PyYAML see numbers of YAML 1.2 and JSON as such."""
    resolver.add_implicit_resolver(f"{TAG}float", _NUMBER, list("-+.0123456789"))


class _JsonNodes:
    """Nodes of a JSON text that is known to be one: not all JSON is YAML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.finditer(text)
        self._at = 0
        self._line = 0

    def value(self, depth: int = 0) -> yaml.Node:
        """Read the next value."""
        return self._value(self._next(), depth)

    def _next(self) -> str:
        match = next(self._tokens)
        self._line += self._text.count("\n", self._at, match.start(1))
        self._at = match.end()
        return match[1]

    def _value(self, token: str, depth: int) -> yaml.Node:
        import yaml

        if depth > _DEEPEST:
            raise _UnreadableError(self._line + 1, "too many levels")
        mark: Any = yaml.Mark("", 0, self._line, 0, None, 0)
        if token == "{":
            pairs = []
            while (token := self._next()) != "}":
                key = self._value(self._next() if token == "," else token, depth)
                self._next()  # the colon
                pairs.append((key, self.value(depth + 1)))
            return yaml.MappingNode(f"{TAG}map", pairs, mark)
        if token == "[":
            items = []
            while (token := self._next()) != "]":
                items.append(self._value(self._next() if token == "," else token, depth + 1))
            return yaml.SequenceNode(f"{TAG}seq", items, mark)
        if token.startswith('"'):
            return yaml.ScalarNode(f"{TAG}str", json.loads(token), mark)
        tag = {"null": "null", "true": "bool", "false": "bool"}.get(token, "float")
        return yaml.ScalarNode(f"{TAG}{tag}", token, mark)


# --- what the nodes say


class _Given(NamedTuple):
    """A field's value, and the line that it stands on."""

    value: Any
    line: int


class _Reader:
    """Reads nodes, and collects what is wrong with them.

    Nothing that it says holds a value, ids and places of secrets aside: somebody may have put a
    secret where none belongs.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], long_secrets: bool) -> None:
        self._folder = folder
        self._environ = environ
        self._long_secrets = long_secrets
        # Sets: what an anchor says wrong is wrong once, however often it is used.
        self.faults: set[tuple[int, str]] = set()
        self.doubts: set[tuple[int, str]] = set()
        self._members: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = {}
        self._ids: dict[str, int] = {}
        self._outs: dict[str, int] = {}

    def manifest(self, text: str, as_json: bool) -> Manifest:
        """Read the whole document."""
        try:
            root = _composed(text, as_json)
        except _UnreadableError as error:
            line, why = error.args
            self.faults.add((line, why))
            return Manifest([], None, [])
        if root is None:
            self.faults.add((1, "the manifest is empty; its key `clients` holds the list"))
            return Manifest([], None, [])
        top = self._mapping(root, "a manifest", _TOP, lambda name: name.startswith("x-"))
        defaults = self._defaults(top)
        entries = []
        if "clients" not in top:
            if _is_mapping(root):
                self._fault(root, "the key `clients`, which holds the list, is missing")
        elif not _is_list(top["clients"]):
            self._fault(top["clients"], "clients: expected a list")
        else:
            entries = [self._entry(node, defaults) for node in top["clients"].value]
        owner = defaults.get("owner")
        return Manifest(entries, owner.value or None if owner else None, [])

    def _defaults(self, top: Mapping[str, yaml.Node]) -> dict[str, _Given]:
        """Read what holds for every client: the defaults, and the owner."""
        defaults = {}
        if "defaults" in top:
            defaults = self._fields(self._mapping(top["defaults"], "defaults", FIELDS))
        if "owner" in top:
            owner = self._named(top["owner"], "owner")
            if "owner" in defaults:
                self._fault(top["owner"], "owner: the defaults name one too")
            defaults["owner"] = _Given(owner, _line(top["owner"]))
        return defaults

    def _entry(self, node: yaml.Node, defaults: Mapping[str, _Given]) -> Entry:
        members = self._mapping(node, "a client", ("id", "secret", *FIELDS))
        lines = {name: _line(members.get(name, node)) for name in ("id", "secret")}
        id = ""
        if "id" in members:
            id = self._id(members.pop("id"))
        elif _is_mapping(node):
            self._fault(node, "a client without an id")
        place = members.pop("secret", None)
        secret = None if place is None else self._secret(place)
        fields = {**defaults, **self._fields(members)}
        entry = Entry(id, {name: fields[name].value for name in FIELDS if name in fields}, secret)
        if not self.faults:
            lines |= {name: given.line for name, given in fields.items()}
            self._lint(entry, lines, _line(node))
        return entry

    def _lint(self, entry: Entry, lines: Mapping[str, int], line: int) -> None:
        secret = entry.secret
        value = None
        if secret is not None:  # one that is still to be made is like those
            value = new_secret() if secret.value is None else secret.value
        client = OAuth2Client.from_dict(
            {"id": entry.id, "client_secret": value, **entry.fields},
        )
        for field, text, refused in lint(client):
            if refused:
                continue  # the fault is told, or let pass
            if field == "client_secret" and secret is not None:
                self.doubts.add((lines["secret"], f"secret: {secret.source}: {text}"))
            else:
                self.doubts.add((lines.get(field, line), f"{field}: {text}"))

    def _id(self, node: yaml.Node) -> str:
        id = self._text(node, "id")
        if id is None:
            return ""
        why = unfit(id, {})
        if why:
            self._fault(node, f"id {plain(id)!r}: {why}")
        elif id in self._ids:
            self._fault(node, f"id {plain(id)!r}: there already, on line {self._ids[id]}")
        else:
            self._ids[id] = _line(node)
        return id

    def _fields(self, members: Mapping[str, yaml.Node]) -> dict[str, _Given]:
        readers: dict[type, Callable[[yaml.Node, str], Any]] = {
            str: self._text,
            list: self._texts,
            bool: self._flag,
        }
        return {
            name: _Given(readers[FIELDS[name]](node, name), _line(node))
            for name, node in members.items()
        }

    # --- secrets

    def _secret(self, node: yaml.Node) -> Secret | None:
        if not _is_mapping(node):
            self._fault(node, f"secret: a manifest holds none; it says where one is: {_WAYS}")
            return None
        members = self._mapping(node, "secret", ("env", "file", "generate"))
        if len(members) != 1:
            if members or not node.value:  # else its names were told to be unknown
                self._fault(node, f"secret: expected one place: {_WAYS}")
            return None
        ((way, place),) = members.items()
        if way == "generate":
            return self._generated(place)
        name = self._named(place, f"secret: {way}")
        if name is None:
            return None
        if way == "file":
            return self._kept(place, self._folder / name)
        value = self._environ.get(name)
        if not value:
            shown = name if _VARIABLE.fullmatch(name) else "that it names (not shown: a secret?)"
            self._fault(place, f"secret: the environment variable {shown} is not set")
            return None
        return self._checked(
            place, Secret(f"the one in the environment variable {plain(name)}", value)
        )

    def _generated(self, node: yaml.Node) -> Secret | None:
        members = self._mapping(node, "secret: generate", ("out",))
        if "out" not in members:
            if _is_mapping(node) and not node.value:
                self._fault(node, "secret: generate: say where it goes: `{out: FILE}`")
            return None
        node = members["out"]
        name = self._named(node, "secret: generate: out")
        if name is None:
            return None
        path = self._folder / name
        # Not by pathlib, which for some names raises what depends on the version.
        if not os.path.isdir(path.parent):
            self._fault(node, f"secret: there is no folder {plain(str(path.parent))}")
            return None
        real = os.path.realpath(path)
        if real in self._outs:
            self._fault(
                node, f"secret: {plain(name)} is for another client's, on line {self._outs[real]}"
            )
        self._outs[real] = _line(node)
        try:
            found = path.stat()
        except FileNotFoundError:
            found = None
        except OSError as error:
            self._fault(node, f"secret: {plain(str(path))}: {error.strerror}")
            return None
        if found is not None and (found.st_size or not stat.S_ISREG(found.st_mode)):
            if os.name != "nt" and found.st_mode & 0o077:
                self._doubt(node, f"secret: others can read {plain(str(path))}; chmod 600 it")
            return self._kept(node, path)
        if path.is_symlink():
            self._fault(node, f"secret: {plain(str(path))}: a new secret follows no link")
            return None
        return Secret(f"a new one, to be kept in {plain(str(path))}", None, path)

    def _kept(self, node: yaml.Node, path: Path) -> Secret | None:
        try:
            value = read_secret(str(path))
        except Failure as error:
            self._fault(node, f"secret: {plain(error.message)}")
            return None
        return self._checked(node, Secret(f"the one in the file {plain(str(path))}", value))

    def _checked(self, node: yaml.Node, secret: Secret) -> Secret:
        value = secret.value or ""
        shortest = OAuth2Client._fields["client_secret"].min_length
        if len(value) < shortest:
            self._fault(node, f"secret: {secret.source}: expected at least {shortest} characters")
        elif _CONTROL.search(value):
            self._fault(node, f"secret: {secret.source}: there are control characters in it")
        elif not self._long_secrets and (why := too_long(value)):
            self._fault(node, f"secret: {secret.source}: {why}")
        return secret

    # --- values; None is one with a fault

    def _text(self, node: yaml.Node, what: str) -> str | None:
        """Read a string; null is the empty one."""
        kind = node.tag.removeprefix(TAG)
        if kind == "null":
            return ""
        if kind == "str":
            if not _UNSTORED.search(node.value):
                return str(node.value)
            self._fault(node, f"{what}: {_UNSTORABLE}")
        elif kind in _KINDS:
            self._fault(node, f"{what}: expected a string; unless quoted, this is {_KINDS[kind]}")
        else:
            self._fault(node, f"{what}: expected a string")
        return None

    def _named(self, node: yaml.Node, what: str) -> str | None:
        """Read a string that is not empty."""
        value = self._text(node, what)
        if value == "":
            self._fault(node, f"{what}: expected a name, and there is nothing")
            return None
        return value

    def _texts(self, node: yaml.Node, what: str) -> list[str | None]:
        """Read a list of strings; null is the empty one."""
        if _is_list(node):
            return [self._item(item, what) for item in node.value]
        if node.tag != f"{TAG}null":
            hint = "; put it in brackets" if node.tag == f"{TAG}str" else ""
            self._fault(node, f"{what}: expected a list of strings{hint}")
        return []

    def _item(self, node: yaml.Node, what: str) -> str | None:
        if node.tag == f"{TAG}null":
            self._fault(node, f"{what}: there is nothing in an item")
            return None
        return self._text(node, what)

    def _flag(self, node: yaml.Node, what: str) -> bool:
        """Read a truth value; null is false."""
        if node.tag == f"{TAG}bool":
            return str(node.value).lower() in ("true", "yes", "on")
        if node.tag != f"{TAG}null":
            hint = "; take the quotes away" if node.value in ("true", "false") else ""
            self._fault(node, f"{what}: expected true or false{hint}")
        return False

    # --- mappings

    def _mapping(
        self,
        node: yaml.Node,
        what: str,
        known: Collection[str],
        free: Callable[[str], bool] = lambda _: False,
    ) -> dict[str, yaml.Node]:
        """Read a mapping's known members; tell of the others."""
        if not _is_mapping(node):
            self._fault(node, f"{what}: expected a mapping of names to values")
            return {}
        found = {}
        for name, (key, value) in self._merged(node).items():
            if name in known:
                found[name] = value
            elif not free(name):
                self._fault(key, f"{what}: unknown key {name_of(name)}{_meant(name, known)}")
        return found

    def _merged(self, node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Read a mapping and all that is merged into it: keys and values by name."""
        if id(node) in self._members:
            return self._members[id(node)]
        # Kept before it is full: so a mapping that merges itself finds an end.
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        self._members[id(node)] = own
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key.value, str):
                self._fault(key, "expected a name, not a list or a mapping")
                continue
            names = merged if key.tag == f"{TAG}merge" else own
            if key.value in names:
                line = _line(names[key.value][0])
                self._fault(key, f"{plain(key.value)}: there already, on line {line}")
            names[key.value] = key, value
        for _, value in merged.values():
            for source in value.value if _is_list(value) else [value]:
                if not _is_mapping(source):
                    self._fault(source, "<<: expected a mapping, or a list of them")
                    continue
                for name, pair in self._merged(source).items():
                    own.setdefault(name, pair)
        return own

    def _fault(self, node: yaml.Node, text: str) -> None:
        self.faults.add((_line(node), text))

    def _doubt(self, node: yaml.Node, text: str) -> None:
        self.doubts.add((_line(node), text))


def _line(node: yaml.Node | yaml.Event) -> int:
    mark: Any = node.start_mark
    return int(mark.line) + 1


def _is_list(node: yaml.Node) -> bool:
    return node.tag == f"{TAG}seq" and isinstance(node.value, list)


def _is_mapping(node: yaml.Node) -> bool:
    return node.tag == f"{TAG}map" and isinstance(node.value, list)


def _meant(name: str, known: Collection[str]) -> str:
    """Guess what an unknown name was meant to be."""
    if name == "client_secret" and "secret" in known:
        return f"; a manifest holds no secret, it says where one is: {_WAYS}"
    if near := guess(name, known):
        return f"; did you mean `{near}`?"
    return f"; known are {', '.join(known)}" if len(known) < 5 else ""


# --- secrets that are made here


def _keep_new(path: Path) -> str:
    """Make a secret and write it down to the disk, unless somebody else did meanwhile.

    An empty file is what a process leaves that was ended before it could write; nothing was sent
    then, so it may be filled.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags, 0o600), "r+", encoding="utf-8") as file:
        there = file.read()
        if there:
            return there.removesuffix("\n")
        secret = new_secret()
        os.chmod(path, 0o600)
        file.write(f"{secret}\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return secret


def sync_folder(path: Path) -> None:
    """Bring the names in a folder down to the disk, where the system can."""
    if hasattr(os, "O_DIRECTORY"):  # pragma: no branch - Windows cannot
        folder = os.open(path, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
