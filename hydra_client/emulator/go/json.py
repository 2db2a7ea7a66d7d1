"""JSON as Go's encoding/json reads and writes it, down to the messages of its errors.

Clients see those messages, because Hydra passes them on as `error.message`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from hydra_client.emulator.errors import PlainError
from hydra_client.emulator.go.strings import quote

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING_PART = re.compile(rb"""[^"\\\x00-\x1f]+|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}""")
_HALF_ESCAPE = re.compile(rb"(?:\\(?:u[0-9a-fA-F]{0,3})?)?")
# The longest beginning of a number.
_NUMBER = re.compile(rb"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:(?<!\.)[eE][+-]?[0-9]*)?)?")
_LITERALS = {b"t": (b"true", True), b"f": (b"false", False), b"n": (b"null", None)}
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04x}" for code in (*range(0x20), *b"<>&", 0x2028, 0x2029)}
    | {chr(code): "\\ufffd" for code in range(0xD800, 0xE000)}
    | {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"'}
)

# The kind of JSON value that becomes a value of a Go type; for other types, it has the same name.
_KINDS = {"[]string": "array", "[]json.RawMessage": "array", "map[string]interface {}": "object"}

_MAX_DEPTH = 10_000
FieldType: TypeAlias = "str | Callable[[Any], Any]"
"""The Go type of a field, or a function that reads its JSON value, as from `parse`."""


class GoJsonError(PlainError):
    """The error that `json.Decoder.Decode` returns; `str()` is its message."""

    def __init__(self, message: str, decoded: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.decoded = decoded or {}
        """The fields that were read all the same."""


# --- reading


def parse(data: bytes) -> Any:
    """Read the first JSON value in `data`, with objects as `Pairs`. Raises GoJsonError."""
    if not data.strip(b" \t\r\n"):
        raise GoJsonError("EOF")
    return _Scanner(data).value()


def decode_struct(data: bytes, go_type: str, fields: Mapping[str, FieldType]) -> dict[str, Any]:
    """Read the first JSON value in `data` into a struct, as `unpack_struct` does."""
    return unpack_struct(parse(data), go_type, fields)


def unpack_struct(value: Any, go_type: str, fields: Mapping[str, FieldType]) -> dict[str, Any]:
    """Read a value, as from `parse`, into a struct `go_type` with `fields` (name → type).

    Like Go, match names in any case, drop unknown ones, and leave fields with `null` unchanged. The
    result contains only fields that are in the JSON. Raises GoJsonError if the value does not fit.
    """
    if value is None:
        return {}
    require(value, "object", go_type)
    struct = go_type.rpartition(".")[2] if "{" not in go_type else ""
    result: dict[str, Any] = {}
    error: GoJsonError | None = None
    for key, item in value:
        folded = (name for name in fields if name.casefold() == key.casefold())
        name = key if key in fields else next(folded, None)
        if name is None:
            continue
        field_type = fields[name]
        try:
            if not isinstance(field_type, str):
                result[name] = field_type(item)
            elif item is not None:
                result[name] = _convert(item, field_type)
            elif field_type in _KINDS:
                result[name] = None
        except GoJsonError as wrong:
            # Go reads on, and reports the first error at the end.
            error = error or wrong
        except _WrongTypeError as wrong:
            error = error or GoJsonError(
                f"json: cannot unmarshal {wrong.kind} into Go struct field "
                f"{struct}.{name} of type {wrong.go_type}"
            )
    if error is not None:
        raise GoJsonError(str(error), result)
    return result


def require(value: Any, expected: str, go_type: str) -> None:
    """Raise GoJsonError unless the value is of the kind that the Go type needs."""
    if kind(value) != expected:
        raise GoJsonError(f"json: cannot unmarshal {kind(value)} into Go value of type {go_type}")


class _WrongTypeError(Exception):
    def __init__(self, kind: str, go_type: str) -> None:
        self.kind, self.go_type = kind, go_type


class Pairs(list[tuple[str, Any]]):
    """A JSON object, with its members in order and with duplicate names."""


class _Number(str):
    """A JSON number as it was written."""


def _convert(item: Any, go_type: str) -> Any:
    found = kind(item)
    if found != _KINDS.get(go_type, go_type):
        raise _WrongTypeError(found, go_type)
    if go_type == "[]string":
        return ["" if element is None else _convert(element, "string") for element in item]
    return _interface(item) if found == "object" else item


def _interface(value: Any) -> Any:
    """Return the value as a Go `interface{}` holds it: numbers are float64, map keys sorted."""
    root = [value]
    # Not recursive, because Go accepts more levels than Python has frames.
    pending: list[tuple[Any, Any]] = [(root, 0)]
    while pending:
        holder, key = pending.pop()
        item = holder[key]
        if isinstance(item, Pairs):
            members = dict(item)
            item = {name: members[name] for name in sorted(members, key=str.encode)}
            pending += [(item, name) for name in item]
        elif isinstance(item, list):
            item = list(item)
            pending += [(item, index) for index in range(len(item))]
        elif isinstance(item, _Number):
            item = float(item)
            if item in (float("inf"), float("-inf")):
                raise _WrongTypeError(f"number {holder[key]}", "float64")
        holder[key] = item
    return root[0]


def kind(value: Any) -> str:
    """Return the name of the value's type in Go's errors."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, _Number):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Pairs) else "array"


class _Scanner:
    """Reads the first JSON value, and reports errors in the words of Go's scanner."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def _next(self) -> bytes:
        """Skip white space, then peek."""
        self._skip(_SPACE)
        return self._peek()

    def _peek(self) -> bytes:
        """Return the next byte without consuming it."""
        if self.at == len(self.data):
            raise GoJsonError("unexpected EOF")
        return self.data[self.at : self.at + 1]

    def _skip(self, pattern: re.Pattern[bytes]) -> bytes:
        """Consume and return what matches, which can be nothing."""
        match = pattern.match(self.data, self.at)
        found = match[0] if match else b""
        self.at += len(found)
        return found

    def _error(self, context: str) -> GoJsonError:
        return GoJsonError(f"invalid character {_quoted(self._peek()[0])} {context}")

    def value(self) -> Any:
        open_containers: list[list[Any]] = []  # not recursive, because Go accepts 10,000 levels
        open_keys: list[str] = []
        while True:
            first = self._next()
            if first in b"{[":
                if len(open_containers) == _MAX_DEPTH:
                    raise GoJsonError("exceeded max depth")
                container = Pairs() if first == b"{" else []
                open_containers.append(container)
                self.at += 1
                if self._next() != (b"}" if first == b"{" else b"]"):
                    self._begin_item(container, open_keys)
                    continue
                self.at += 1
                value: Any = open_containers.pop()
            else:
                value = self._scalar(first)
            while open_containers:
                container = open_containers[-1]
                is_object = isinstance(container, Pairs)
                container.append((open_keys.pop(), value) if is_object else value)
                mark = self._next()
                self.at += 1
                if mark == b",":
                    self._begin_item(container, open_keys)
                    break
                if mark != (b"}" if is_object else b"]"):
                    self.at -= 1
                    item = "object key:value pair" if is_object else "array element"
                    raise self._error(f"after {item}")
                value = open_containers.pop()
            else:
                return value

    def _begin_item(self, container: list[Any], open_keys: list[str]) -> None:
        """Read up to the item's value: nothing in an array, the key in an object."""
        if not isinstance(container, Pairs):
            return
        if self._next() != b'"':
            raise self._error("looking for beginning of object key string")
        open_keys.append(self._string())
        if self._next() != b":":
            raise self._error("after object key")
        self.at += 1

    def _scalar(self, first: bytes) -> Any:
        if first == b'"':
            return self._string()
        if first in b"-0123456789":
            return self._number()
        if first in _LITERALS:
            return self._literal(*_LITERALS[first])
        raise self._error("looking for beginning of value")

    def _string(self) -> str:
        start = self.at
        self.at += 1
        while self._skip(_STRING_PART):
            pass
        if self._peek() != b'"':
            places = {b"": "string literal", b"\\": "string escape code"}
            place = places.get(self._skip(_HALF_ESCAPE), "\\u hexadecimal character escape")
            raise self._error(f"in {place}")
        self.at += 1
        string = json.loads(self.data[start : self.at].decode("utf-8", "replace"))
        return _SURROGATE.sub("\ufffd", string)  # Go replaces unpaired surrogates

    def _number(self) -> _Number:
        text = self._skip(_NUMBER).decode()
        if text == "-":
            raise self._error("in numeric literal")
        if text.endswith("."):
            raise self._error("after decimal point in numeric literal")
        if not text[-1].isdigit():
            raise self._error("in exponent of numeric literal")
        return _Number(text)

    def _literal(self, word: bytes, value: bool | None) -> bool | None:
        for expected in word:
            if self._peek()[0] != expected:
                raise self._error(f"in literal {word.decode()} (expecting {_quoted(expected)})")
            self.at += 1
        return value


def _quoted(byte: int) -> str:
    """Quote one byte as Go does in an error: as the code point with its number."""
    char = chr(byte)
    return {"'": "'\\''", '"': "'\"'"}.get(char) or f"'{quote(char)[1:-1]}'"


# --- writing


class _Written(str):
    """JSON, ready to be sent."""


def encode(value: Any) -> str:
    """Write the value as `json.Marshal` does: without spaces, and `<`, `>` and `&` escaped."""
    written: list[str] = []
    pending = [value]  # the next item last; not recursive, for the same depth as in reading
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            start, end = "{", "}"
            members = [(f"{_scalar(str(name))}:", member) for name, member in item.items()]
        elif isinstance(item, list | tuple):
            start, end = "[", "]"
            members = [("", element) for element in item]
        else:
            written.append(_scalar(item))
            continue
        pending.append(_Written(end))
        for name, member in reversed(members):
            pending += [member, _Written(f",{name}")]
        if members:  # no comma before the first
            pending[-1] = _Written(members[0][0])
        written.append(start)
    return "".join(written)


def _scalar(value: Any) -> str:
    if isinstance(value, _Written):
        return value
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    return json.dumps(value)  # null, a bool or an integer


def _float(number: float) -> str:
    magnitude = abs(number)
    if magnitude != 0 and (magnitude < 1e-6 or magnitude >= 1e21):
        mantissa, _, exponent = repr(number).partition("e")
        sign, digits = exponent[0], exponent[1:].lstrip("0")
        return f"{mantissa.removesuffix('.0')}e{sign}{digits}"
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")
