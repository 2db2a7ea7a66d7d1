"""JSON as Go's encoding/json reads and writes it, down to the texts of its errors.

Clients see those texts: Hydra passes them on as `error.message`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_WHITESPACE = b" \t\r\n"
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    **{chr(code): f"\\u{code:04x}" for code in range(0x20) if chr(code) not in "\n\r\t"},
    **{chr(code): "\\ufffd" for code in range(0xD800, 0xE000)},
}
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_TO_ESCAPE = re.compile('[<>&\u2028\u2029"\\\\\x00-\x1f\ud800-\udfff]')


class GoJsonError(Exception):
    """What `json.Decoder.Decode` returns instead of a value; `str()` is Go's text."""


# --- reading


def decode_struct(data: bytes, go_type: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Read the first JSON value in `data` into a struct `go_type` with `fields` (name → Go type).

    As Go does: names match in any case, unknown ones are dropped, `null` changes nothing, what
    follows the first value is ignored. Only fields that were in the JSON are in the result.
    """
    value = _Scanner(data).value()
    if value is None:
        return {}
    if not isinstance(value, _Pairs):
        raise GoJsonError(f"json: cannot unmarshal {_kind(value)} into Go value of type {go_type}")
    struct = go_type.rpartition(".")[2]
    found: dict[str, Any] = {}
    error: GoJsonError | None = None
    for key, item in value:
        name = key if key in fields else _find_folded(key, fields)
        if name is None:
            continue
        try:
            _assign(found, name, item, fields[name])
        except _WrongTypeError as wrong:
            # Go goes on reading and reports the first mistake.
            error = error or GoJsonError(
                f"json: cannot unmarshal {wrong.kind} into Go struct field "
                f"{struct}.{name} of type {wrong.go_type}"
            )
    if error is not None:
        raise error
    return found


class _WrongTypeError(Exception):
    def __init__(self, kind: str, go_type: str) -> None:
        self.kind, self.go_type = kind, go_type


class _Pairs(list[tuple[str, Any]]):
    """A JSON object in the order and with the repetitions of its text."""


class _Number(str):
    """A JSON number's own text."""


def _assign(found: dict[str, Any], name: str, item: Any, go_type: str) -> None:
    if item is None:
        if go_type in ("[]string", "map[string]interface {}"):
            found[name] = None
    elif go_type == _kind(item):  # a string or a bool
        found[name] = item
    elif go_type == "[]string" and _kind(item) == "array":
        found[name] = [_string(element) for element in item]
    elif go_type == "map[string]interface {}" and _kind(item) == "object":
        found[name] = _interface(item)
    else:
        raise _WrongTypeError(_kind(item), go_type)


def _string(element: Any) -> str:
    if element is None:
        return ""
    if _kind(element) != "string":
        raise _WrongTypeError(_kind(element), "string")
    return str(element)


def _interface(value: Any) -> Any:
    """The value as Go holds it in an `interface{}`: numbers are float64, maps print sorted."""
    if isinstance(value, _Pairs):
        members = {key: _interface(item) for key, item in value}
        return {key: members[key] for key in sorted(members, key=_bytes_of)}
    if isinstance(value, list):
        return [_interface(item) for item in value]
    if isinstance(value, _Number):
        number = float(value)
        if number in (float("inf"), float("-inf")):
            raise _WrongTypeError(f"number {value}", "float64")
        return number
    return value


def _mended(value: Any) -> Any:
    """The value as Go reads it: half of a surrogate pair is no character."""
    if type(value) is str:
        return _HALF_PAIR.sub("\ufffd", value)
    if isinstance(value, _Pairs):
        return _Pairs((_mended(key), _mended(item)) for key, item in value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8")


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
    """Finds the first value and says of a mistake what Go's scanner says."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def value(self) -> Any:
        self._space()
        if self.at == len(self.data):
            raise GoJsonError("EOF")
        start = self.at
        try:
            self._value()
            value = json.loads(
                self.data[start : self.at].decode("utf-8", "replace"),
                object_pairs_hook=_Pairs,
                parse_int=_Number,
                parse_float=_Number,
            )
            return _mended(value)
        except RecursionError:
            raise GoJsonError("exceeded max depth") from None

    def _space(self) -> None:
        while self.at < len(self.data) and self.data[self.at] in _WHITESPACE:
            self.at += 1

    def _next(self) -> bytes:
        """The next byte that is no space, without passing it."""
        self._space()
        return self._peek()

    def _peek(self) -> bytes:
        if self.at == len(self.data):
            raise GoJsonError("unexpected EOF")
        return self.data[self.at : self.at + 1]

    def _fail(self, context: str) -> GoJsonError:
        return GoJsonError(f"invalid character {_quoted(self._peek()[0])} {context}")

    def _value(self) -> None:
        first = self._next()
        if first == b"{":
            self._object()
        elif first == b"[":
            self._array()
        elif first == b'"':
            self._string()
        elif first in b"-0123456789":
            self._number()
        elif first in b"tfn":
            self._literal({b"t": b"true", b"f": b"false", b"n": b"null"}[first])
        else:
            raise self._fail("looking for beginning of value")

    def _object(self) -> None:
        self.at += 1
        if self._next() == b"}":
            self.at += 1
            return
        while True:
            if self._next() != b'"':
                raise self._fail("looking for beginning of object key string")
            self._string()
            if self._next() != b":":
                raise self._fail("after object key")
            self.at += 1
            self._value()
            mark = self._next()
            if mark not in b",}":
                raise self._fail("after object key:value pair")
            self.at += 1
            if mark == b"}":
                return

    def _array(self) -> None:
        self.at += 1
        if self._next() == b"]":
            self.at += 1
            return
        while True:
            self._value()
            mark = self._next()
            if mark not in b",]":
                raise self._fail("after array element")
            self.at += 1
            if mark == b"]":
                return

    def _string(self) -> None:
        self.at += 1
        while (char := self._peek()) != b'"':
            if char < b" ":
                raise self._fail("in string literal")
            self.at += 1
            if char == b"\\":
                self._escape()
        self.at += 1

    def _escape(self) -> None:
        if (char := self._peek()) not in b'"\\/bfnrtu':
            raise self._fail("in string escape code")
        self.at += 1
        for _ in range(4 if char == b"u" else 0):
            if self._peek() not in b"0123456789abcdefABCDEF":
                raise self._fail("in \\u hexadecimal character escape")
            self.at += 1

    def _number(self) -> None:
        match = _NUMBER.match(self.data, self.at)
        if match is None:  # a minus alone
            self.at += 1
            raise self._fail("in numeric literal")
        self.at = match.end()
        rest = self.data[self.at : self.at + 1]
        if rest == b"." and b"." not in match.group() and b"e" not in match.group().lower():
            self.at += 1
            raise self._fail("after decimal point in numeric literal")
        if rest and rest in b"eE" and b"e" not in match.group().lower():
            self.at += 1
            if self._peek() in b"+-":
                self.at += 1
            raise self._fail("in exponent of numeric literal")

    def _literal(self, word: bytes) -> None:
        for expected in word:
            if self._peek()[0] != expected:
                raise self._fail(f"in literal {word.decode()} (expecting {_quoted(expected)})")
            self.at += 1


def _quoted(byte: int) -> str:
    """One byte as Go quotes it in an error: `'x'`, with the byte read as a code point."""
    char = chr(byte)
    if char == "'":
        return "'\\''"
    if char in ('"', "\\"):
        return "'\"'" if char == '"' else "'\\\\'"
    short = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if char == "\v":
        return "'\\v'"
    if char in short:
        return f"'{short[char]}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    return f"'{char}'" if char.isprintable() else f"'\\u{byte:04x}'"


# --- writing


def encode(value: Any) -> str:
    """The value as `json.Marshal` writes it: no spaces, `<`, `>` and `&` escaped."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return '"' + _TO_ESCAPE.sub(lambda match: _ESCAPES[match.group()], value) + '"'
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
