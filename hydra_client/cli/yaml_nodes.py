"""Reads JSON and YAML into nodes that know their line and column; writes YAML.

Manifests and files of clients are read here, so that the same limits hold for both and every
message says where the fault is. JSON has its own reader because not all of it is YAML.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.secret_files import read_stdin, read_text
from hydra_client.cli.text import UNPRINTABLE, escaped, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

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
            _reject_duplicate_keys(self.root)
            return _Constructor().construct_document(self.root)
        except _InvalidError as error:
            raise error.failure(self.place) from None
        except yaml.MarkedYAMLError as error:
            invalid = _InvalidError(error.problem_mark, "a tag or key that is not supported")
            raise invalid.failure(self.place) from None


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
    is_json = path.lower().endswith(".json")
    place = "stdin" if path == "-" else path
    try:
        try:
            return Document(place, _JsonReader(text).document())
        except _InvalidError:
            if is_json:
                raise
        return Document(place, _compose_yaml(text, all_numbers))
    except _InvalidError as error:
        raise error.failure(place) from None


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


class _InvalidError(Exception):
    """A document cannot be read; `mark` says where, and `problem` why."""

    def __init__(self, mark: Any, problem: str) -> None:
        super().__init__(problem)
        self.mark = mark
        self.problem = problem

    def failure(self, place: str) -> Failure:
        position = f"{self.mark.line + 1}:{self.mark.column + 1}: " if self.mark else " "
        return Failure(f"{place}:{position}{self.problem}", USAGE)


class _JsonReader:
    """Reads JSON into nodes of PyYAML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = _line_starts(text)

    def document(self) -> yaml.Node:
        """Read the only value of the text."""
        root = self._value(0)
        if self._next() != "":
            raise self._invalid(self._at)
        return root

    def _value(self, depth: int) -> yaml.Node:
        opening = self._next()
        mark = self._mark(self._at)
        if opening not in ("{", "["):
            return self._scalar()
        if depth == _MAX_DEPTH:
            raise _InvalidError(mark, _TOO_DEEP)
        self._at += 1
        if opening == "{":
            pairs = self._items("}", lambda: self._pair(depth + 1))
            return yaml.MappingNode(f"{TAG}map", pairs, mark)
        items = self._items("]", lambda: self._value(depth + 1))
        return yaml.SequenceNode(f"{TAG}seq", items, mark)

    def _items(self, closing: str, read: Callable[[], Any]) -> list[Any]:
        items: list[Any] = []
        while not self._skip(closing):
            if items:
                self._expect(",")
            items.append(read())
        return items

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
            raise _InvalidError(self._mark(start), "a number with too many digits") from None
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

    def _invalid(self, at: int) -> _InvalidError:
        return _InvalidError(self._mark(at), "not valid JSON")

    def _mark(self, at: int) -> Any:
        return _mark(self._line_starts, at)


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _mark(line_starts: list[int], at: int) -> Any:
    line = bisect_right(line_starts, at) - 1
    return yaml.Mark("", at, line, at - line_starts[line], None, 0)


def _compose_yaml(text: str, all_numbers: bool) -> yaml.Node | None:
    if match := _NOT_IN_YAML.search(text):
        mark = _mark(_line_starts(text), match.start())
        raise _InvalidError(mark, "a control character; write it as an escape, in quotes")
    try:
        reader = _AllNumbers(text) if all_numbers else _YamlReader(text)
        root: yaml.Node | None = reader.get_single_node()
        return root
    except yaml.MarkedYAMLError as error:
        problem = error.problem or ""
        if "nesting depth" in problem:  # pragma: no cover - PyYAML from 6.0.4 on
            raise _InvalidError(error.problem_mark, _TOO_DEEP) from None
        # The name after these may be the beginning of a secret that was not quoted.
        problem = re.sub(r"(alias|anchor|handle) ['\"].*?['\"]", r"\1", problem)
        raise _InvalidError(error.problem_mark, f"not valid JSON or YAML: {problem}") from None
    except (ValueError, OverflowError):  # an escape without a character, in Python's own parser
        raise _InvalidError(None, "not valid JSON or YAML") from None


class _YamlReader(Composer, Resolver):
    """Composes nodes within limits, from the events of PyYAML's fastest parser."""

    def __init__(self, text: str) -> None:
        Composer.__init__(self)
        Resolver.__init__(self)
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
            raise _InvalidError(event.start_mark, _TOO_DEEP)
        node: Any = super().compose_node(parent, index)
        self._depth -= opens
        if isinstance(event, yaml.AliasEvent):
            if node not in self._sizes:  # its own anchor is still open
                raise _InvalidError(event.start_mark, _TOO_MUCH)
            return node
        children: list[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            children = [child for pair in node.value for child in pair]
        sizes = [self._sizes[child] for child in children]
        nodes = 1 + sum(count for count, _ in sizes)
        levels = 1 + max((height for _, height in sizes), default=0)
        if nodes > _MAX_NODES or levels > 2 * _MAX_DEPTH:
            raise _InvalidError(event.start_mark, _TOO_MUCH)
        self._sizes[node] = nodes, levels
        return node


class _AllNumbers(_YamlReader):
    """Takes for a number what is one to YAML 1.1, YAML 1.2 or JSON."""


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
    """Makes Python values; says where a value is not what its tag says."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):
            raise _InvalidError(node.start_mark, "not a valid value of its type") from None


def _reject_duplicate_keys(root: yaml.Node) -> None:
    nodes: list[yaml.Node] = [root]
    seen = set()  # an alias may lead to the same node often
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            names = set()
            pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
            for key, value in pairs:
                name = key.tag, str(key.value)
                if name in names:
                    raise _InvalidError(key.start_mark, f"duplicate key {name_of(key.value)}")
                names.add(name)
                nodes.append(value)
