"""Reads JSON and YAML into nodes that know their line and column; writes YAML.

Manifests and files of clients are read here, so that the same limits hold for both and every
message says where the fault is. JSON has its own reader because not all of it is YAML.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple
from weakref import WeakSet

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.secret_files import read_stdin, read_text
from hydra_client.cli.text import UNPRINTABLE, escaped, name_of

TAG = "tag:yaml.org,2002:"
_MAX_DEPTH = 100
_MAX_NODES = 1_000_000  # with all aliases expanded
_TOO_DEEP = "too many levels"
_TOO_MUCH = "anchors that expand to too much, or to too many levels"
_NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Numbers in YAML 1.2 and JSON that are strings in YAML 1.1, such as 089 and 1e5.
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|0o[0-7]+$")
_SPACE = re.compile(r"[ \t\n\r]*")
_JSON = json.JSONDecoder()
_JSON_TAGS = {str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}


class Document(NamedTuple):
    """A document that was read.

    Attributes:
        place: Its path or `stdin`, for messages.
        root: Its root node; None if the document is empty.
    """

    place: str
    root: yaml.Node | None

    def value(self) -> Any:
        """Convert the document to Python values.

        Raises:
            Failure: A mapping has a key twice, or a value cannot be converted.
        """
        if self.root is None:
            return None
        try:
            return _Constructor(self.place).construct_document(self.root)
        except yaml.MarkedYAMLError as error:
            problem = "a tag or key that is not supported"
            raise _invalid(self.place, error.problem_mark, problem) from None


def read(path: str, what: str, *, all_numbers: bool = False) -> Document:
    """Read a JSON or YAML document. JSON is tried first, and must succeed for `*.json`.

    Args:
        path: The file; `-` is stdin.
        what: What the document is, in case that stdin is used twice.
        all_numbers: Whether a plain scalar is a number if it is one to any of YAML 1.1, YAML 1.2
            and JSON. Otherwise YAML 1.1 decides.

    Raises:
        Failure: It is not a document, or exceeds the limits. The message quotes no value.
    """
    text = read_stdin(what) if path == "-" else read_text(path)
    text = text.removeprefix("\ufeff")
    place = "stdin" if path == "-" else path
    try:
        return Document(place, _JsonReader(text, place).document())
    except Failure:
        if path.lower().endswith(".json"):
            raise
    return Document(place, _compose_yaml(text, place, all_numbers))


def position(node: yaml.Node) -> tuple[int, int]:
    """Return the line and column of a node, both counted from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def write(document: Any, *, unicode: bool) -> str:
    """Write YAML that every reader understands and every terminal can show.

    Args:
        document: Python values; keys keep their order.
        unicode: Whether to write non-ASCII characters unescaped.
    """
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=unicode, width=sys.maxsize
    )
    # What is escaped here is in double quotes, so YAML decodes it again.
    return escaped(text.rstrip("\n"))


def _invalid(place: str, mark: Any, problem: str) -> Failure:
    position = f"{mark.line + 1}:{mark.column + 1}: " if mark else " "
    return Failure(f"{place}:{position}{problem}", USAGE)


def _marker(text: str) -> Callable[[int], Any]:
    """Return a function that makes a mark of an index into the text."""
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def mark(at: int) -> Any:
        line = bisect_right(line_starts, at) - 1
        return yaml.Mark("", at, line, at - line_starts[line], None, 0)

    return mark


class _JsonReader:
    """Reads JSON into nodes of PyYAML."""

    def __init__(self, text: str, place: str) -> None:
        self._text = text
        self._place = place
        self._at = 0
        self._mark = _marker(text)

    def document(self) -> yaml.Node:
        """Read the only value of the text."""
        root = self._value(0)
        if self._next():
            raise self._invalid(self._at)
        return root

    def _value(self, depth: int) -> yaml.Node:
        opening = self._next()
        if opening not in ("{", "["):
            return self._scalar()
        start = self._at
        if depth == _MAX_DEPTH:
            raise self._invalid(start, _TOO_DEEP)
        self._at += 1
        items: list[Any] = []
        while not self._skip("}" if opening == "{" else "]"):
            if items:
                self._expect(",")
            items.append(self._pair(depth + 1) if opening == "{" else self._value(depth + 1))
        if opening == "{":
            return yaml.MappingNode(f"{TAG}map", items, self._mark(start))
        return yaml.SequenceNode(f"{TAG}seq", items, self._mark(start))

    def _pair(self, depth: int) -> tuple[yaml.Node, yaml.Node]:
        if self._next() != '"':
            raise self._invalid(self._at)
        key = self._scalar()
        self._expect(":")
        return key, self._value(depth)

    def _scalar(self) -> yaml.Node:
        start = self._at
        try:
            value, self._at = _JSON.raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            raise self._invalid(error.pos) from None
        except ValueError:
            raise self._invalid(start, "a number with too many digits") from None
        written = value if isinstance(value, str) else self._text[start : self._at]
        return yaml.ScalarNode(f"{TAG}{_JSON_TAGS[type(value)]}", written, self._mark(start))

    def _next(self) -> str:
        """Skip white space, and return the next character; empty at the end."""
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # always
        return self._text[self._at : self._at + 1]

    def _skip(self, character: str) -> bool:
        found = self._next() == character
        self._at += found
        return found

    def _expect(self, character: str) -> None:
        if not self._skip(character):
            raise self._invalid(self._at)

    def _invalid(self, at: int, problem: str = "not valid JSON") -> Failure:
        return _invalid(self._place, self._mark(at), problem)


def _compose_yaml(text: str, place: str, all_numbers: bool) -> yaml.Node | None:
    if match := _NOT_IN_YAML.search(text):
        problem = "a control character; write it as an escape, in quotes"
        raise _invalid(place, _marker(text)(match.start()), problem)
    try:
        reader = _AllNumbers(text, place) if all_numbers else _YamlReader(text, place)
        root: yaml.Node | None = reader.get_single_node()
        return root
    except yaml.MarkedYAMLError as error:
        # The name after these may be the beginning of a secret that was not quoted.
        problem = re.sub(r"(alias|anchor|handle) ['\"].*?['\"]", r"\1", error.problem or "")
        too_deep = "nesting depth" in problem  # says PyYAML from 6.0.4 on
        problem = _TOO_DEEP if too_deep else f"not valid JSON or YAML: {problem}"
        raise _invalid(place, error.problem_mark, problem) from None
    except (ValueError, OverflowError):  # an escape without a character, in Python's own parser
        raise _invalid(place, None, "not valid JSON or YAML") from None


class _YamlReader(Composer, Resolver):
    """Composes nodes within limits, from the events of PyYAML's fastest parser."""

    def __init__(self, text: str, place: str) -> None:
        Composer.__init__(self)
        Resolver.__init__(self)
        self._place = place
        parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self.check_event = parser.check_event
        self.peek_event = parser.peek_event
        self.get_event = parser.get_event
        self._depth = 0
        self._sizes: dict[yaml.Node, tuple[int, int]] = {}  # nodes and levels, aliases expanded

    def compose_node(self, parent: yaml.Node | None, index: Any) -> Any:
        """Compose a node; reject it if it goes too deep or expands to too much."""
        event = self.peek_event()
        opens = isinstance(event, yaml.CollectionStartEvent)
        self._depth += opens
        if self._depth > _MAX_DEPTH:
            raise _invalid(self._place, event.start_mark, _TOO_DEEP)
        node: Any = super().compose_node(parent, index)
        self._depth -= opens
        if isinstance(event, yaml.AliasEvent):
            if node not in self._sizes:  # its own anchor is still open
                raise _invalid(self._place, event.start_mark, _TOO_MUCH)
            return node
        children = node.value if opens else ()
        if isinstance(node, yaml.MappingNode):
            children = chain(*children)
        sizes = [self._sizes[child] for child in children]
        nodes = 1 + sum(count for count, _ in sizes)
        levels = 1 + max((height for _, height in sizes), default=0)
        if nodes > _MAX_NODES or levels > 2 * _MAX_DEPTH:
            raise _invalid(self._place, event.start_mark, _TOO_MUCH)
        self._sizes[node] = nodes, levels
        return node


class _AllNumbers(_YamlReader):
    """Reads as a number whatever is one in YAML 1.1, YAML 1.2 or JSON."""


# In Python: PyYAML's C code rejects unpaired surrogates.
class _Dumper(yaml.SafeDumper):
    """Writes strings that are strings to YAML 1.1, YAML 1.2 and JSON."""

    def ignore_aliases(self, data: object) -> bool:
        """Write a value that occurs twice twice."""
        return True

    def represent_str(self, data: str) -> Any:
        """Quote what has to be escaped, and what PyYAML would read back as a space."""
        odd = UNPRINTABLE.search(data.replace("\n", ""))
        return self.represent_scalar(f"{TAG}str", data, style='"' if odd else None)


_Dumper.add_representer(str, _Dumper.represent_str)
for _class in (_AllNumbers, _Dumper):
    _class.add_implicit_resolver(f"{TAG}float", _NUMBER, list("-+.0123456789"))


class _Constructor(SafeConstructor):
    """Makes Python values. Rejects values that do not fit their tags, and duplicate keys."""

    # Mappings without merge keys any more, whose own keys may repeat merged ones.
    _flat: WeakSet[yaml.Node] = WeakSet()

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):
            raise _invalid(self._place, node.start_mark, "not a valid value of its type") from None

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Reject duplicate keys, then replace merge keys."""
        if node in self._flat:
            return
        self._flat.add(node)
        names = set()
        for key, _ in node.value:
            name = key.tag, str(key.value)
            if name in names:
                problem = f"duplicate key {name_of(key.value)}"
                raise _invalid(self._place, key.start_mark, problem)
            names.add(name)
        super().flatten_mapping(node)
