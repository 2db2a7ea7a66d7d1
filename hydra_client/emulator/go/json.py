"""JSON as Go's encoding/json reads and writes it, down to the messages of its errors.

Clients see those messages, because Hydra passes them on as `error.message`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

_WHITESPACE = b" \t\r\n"
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LITERALS = {b"t": (b"true", True), b"f": (b"false", False), b"n": (b"null", None)}
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04x}" for code in (*range(0x20), *b"<>&", 0x2028, 0x2029)}
    | {chr(code): "\\ufffd" for code in range(0xD800, 0xE000)}
    | _SHORT
    | {'"': '\\"'}
)


class GoJsonError(Exception):
    """The error that `json.Decoder.Decode` returns; `str()` is its message."""


# --- reading


def decode_struct(data: bytes, go_type: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Read the first JSON value in `data` into a struct `go_type` with `fields` (name → Go type).

    Like Go, match names in any case, drop unknown ones, leave fields with `null` unchanged, and
    ignore what follows the first value. The result contains only fields that are in the JSON.

    Raises:
        GoJsonError: The data is not JSON, or does not fit the struct.
    """
    value = _Scanner(data).document()
    if value is None:
        return {}
    if not isinstance(value, _Pairs):
        raise GoJsonError(f"json: cannot unmarshal {_kind(value)} into Go value of type {go_type}")
    struct = go_type.rpartition(".")[2]
    result: dict[str, Any] = {}
    error: GoJsonError | None = None
    for key, item in value:
        name = key if key in fields else _find_folded(key, fields)
        if name is None:
            continue
        try:
            _assign(result, name, item, fields[name])
        except _WrongTypeError as wrong:
            # Go reads on, and reports the first error at the end.
            error = error or GoJsonError(
                f"json: cannot unmarshal {wrong.kind} into Go struct field "
                f"{struct}.{name} of type {wrong.go_type}"
            )
    if error is not None:
        raise error
    return result


class _WrongTypeError(Exception):
    def __init__(self, kind: str, go_type: str) -> None:
        self.kind, self.go_type = kind, go_type


class _Pairs(list[tuple[str, Any]]):
    """A JSON object, with its members in order and with duplicate names."""


class _Number(str):
    """A JSON number as it was written."""


def _assign(result: dict[str, Any], name: str, item: Any, go_type: str) -> None:
    if item is None:
        if go_type in ("[]string", "map[string]interface {}"):
            result[name] = None
    elif go_type == _kind(item):  # a string or a bool
        result[name] = item
    elif go_type == "[]string" and _kind(item) == "array":
        result[name] = [_string(element) for element in item]
    elif go_type == "map[string]interface {}" and _kind(item) == "object":
        result[name] = _interface(item)
    else:
        raise _WrongTypeError(_kind(item), go_type)


def _string(element: Any) -> str:
    if element is None:
        return ""
    if _kind(element) != "string":
        raise _WrongTypeError(_kind(element), "string")
    return str(element)


def _interface(value: Any) -> Any:
    """Return the value as a Go `interface{}` holds it: numbers are float64, map keys sorted."""
    if isinstance(value, _Pairs):
        members = {key: _interface(item) for key, item in value}
        return {key: members[key] for key in sorted(members, key=str.encode)}
    if isinstance(value, list):
        return [_interface(item) for item in value]
    if isinstance(value, _Number):
        number = float(value)
        if number in (float("inf"), float("-inf")):
            raise _WrongTypeError(f"number {value}", "float64")
        return number
    return value


def _find_folded(key: str, fields: Mapping[str, str]) -> str | None:
    return next((name for name in fields if name.casefold() == key.casefold()), None)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, _Number):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, _Pairs) else "array"


class _Scanner:
    """Reads the first JSON value, and reports errors in the words of Go's scanner."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def document(self) -> Any:
        self._skip_space()
        if self.at == len(self.data):
            raise GoJsonError("EOF")
        try:
            return self._value()
        except RecursionError:
            raise GoJsonError("exceeded max depth") from None

    def _skip_space(self) -> None:
        while self.at < len(self.data) and self.data[self.at] in _WHITESPACE:
            self.at += 1

    def _next(self) -> bytes:
        """Skip white space, then peek."""
        self._skip_space()
        return self._peek()

    def _peek(self) -> bytes:
        """Return the next byte without consuming it."""
        if self.at == len(self.data):
            raise GoJsonError("unexpected EOF")
        return self.data[self.at : self.at + 1]

    def _error(self, context: str) -> GoJsonError:
        return GoJsonError(f"invalid character {_quoted(self._peek()[0])} {context}")

    def _value(self) -> Any:
        first = self._next()
        if first == b"{":
            return _Pairs(self._items(self._member, b"}", "after object key:value pair"))
        if first == b"[":
            return self._items(self._value, b"]", "after array element")
        if first == b'"':
            return self._string()
        if first in b"-0123456789":
            return self._number()
        if first in _LITERALS:
            return self._literal(*_LITERALS[first])
        raise self._error("looking for beginning of value")

    def _items(self, item: Callable[[], Any], end: bytes, context: str) -> list[Any]:
        """Read what is between two brackets: nothing, or items separated by commas."""
        self.at += 1
        items: list[Any] = []
        if self._next() != end:
            items.append(item())
            while (mark := self._next()) == b",":
                self.at += 1
                items.append(item())
            if mark != end:
                raise self._error(context)
        self.at += 1
        return items

    def _member(self) -> tuple[str, Any]:
        if self._next() != b'"':
            raise self._error("looking for beginning of object key string")
        key = self._string()
        if self._next() != b":":
            raise self._error("after object key")
        self.at += 1
        return key, self._value()

    def _string(self) -> str:
        start = self.at
        self.at += 1
        while (char := self._peek()) != b'"':
            if char < b" ":
                raise self._error("in string literal")
            self.at += 1
            if char == b"\\":
                self._escape()
        self.at += 1
        string = json.loads(self.data[start : self.at].decode("utf-8", "replace"))
        return _SURROGATE.sub("\ufffd", string)  # Go replaces unpaired surrogates

    def _escape(self) -> None:
        if (char := self._peek()) not in b'"\\/bfnrtu':
            raise self._error("in string escape code")
        self.at += 1
        for _ in range(4 if char == b"u" else 0):
            if self._peek() not in b"0123456789abcdefABCDEF":
                raise self._error("in \\u hexadecimal character escape")
            self.at += 1

    def _number(self) -> _Number:
        match = _NUMBER.match(self.data, self.at)
        if match is None:  # a minus sign without digits
            self.at += 1
            raise self._error("in numeric literal")
        self.at = match.end()
        rest = self.data[self.at : self.at + 1]
        if rest == b"." and b"." not in match.group() and b"e" not in match.group().lower():
            self.at += 1
            raise self._error("after decimal point in numeric literal")
        if rest and rest in b"eE" and b"e" not in match.group().lower():
            self.at += 1
            if self._peek() in b"+-":
                self.at += 1
            raise self._error("in exponent of numeric literal")
        return _Number(match.group().decode())

    def _literal(self, word: bytes, value: bool | None) -> bool | None:
        for expected in word:
            if self._peek()[0] != expected:
                raise self._error(f"in literal {word.decode()} (expecting {_quoted(expected)})")
            self.at += 1
        return value


_QUOTED = _SHORT | {"'": "\\'", '"': '"', "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}


def _quoted(byte: int) -> str:
    """Quote one byte as Go does in an error: as the code point with its number."""
    char = chr(byte)
    if char in _QUOTED:
        return f"'{_QUOTED[char]}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    return f"'{char}'" if char.isprintable() else f"'\\u{byte:04x}'"


# --- writing


def encode(value: Any) -> str:
    """Write the value as `json.Marshal` does: without spaces, and `<`, `>` and `&` escaped."""
    if value is None or isinstance(value, int):
        return json.dumps(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{encode(str(k))}:{encode(v)}" for k, v in value.items()) + "}"
    return "[" + ",".join(encode(item) for item in value) + "]"


def _float(number: float) -> str:
    magnitude = abs(number)
    if magnitude != 0 and (magnitude < 1e-6 or magnitude >= 1e21):
        mantissa, _, exponent = repr(number).partition("e")
        sign, digits = exponent[0], exponent[1:].lstrip("0")
        return f"{mantissa.removesuffix('.0')}e{sign}{digits}"
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")
