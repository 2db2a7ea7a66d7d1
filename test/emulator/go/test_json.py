"""JSON as Go reads and writes it. The expected strings are from Go's encoding/json."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_client.emulator.go.json import GoJsonError, decode_struct, encode, kind, parse

FIELDS = {
    "id": "string",
    "uris": "[]string",
    "public": "bool",
    "extra": "map[string]interface {}",
}


def read(text: str | bytes) -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    return decode_struct(data, "client.Client", FIELDS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", {}),
        ("{}", {}),
        (' {"id":"a"} trailing garbage', {"id": "a"}),
        ('{"ID":"a","Uris":["b"]}', {"id": "a", "uris": ["b"]}),
        ('{"id":"a","id":"b"}', {"id": "b"}),
        ('{"id":null,"public":null}', {}),
        ('{"uris":null,"extra":null}', {"uris": None, "extra": None}),
        ('{"uris":[null,"x"],"public":true}', {"uris": ["", "x"], "public": True}),
        ('{"nobody":[{"a":-1.5e+3}],"id":"\\u00e4\\n\\/"}', {"id": "ä\n/"}),
        ('{"extra":{"b":1,"a":[true,null,2.5]}}', {"extra": {"a": [True, None, 2.5], "b": 1.0}}),
        (b'{"id":"\xff"}', {"id": "\ufffd"}),
        (
            r'{"id":"\ud83d\ude00\ude00","uris":["\ud800x"],"extra":{"\udc00":["\ud83d"]}}',
            {"id": "😀\ufffd", "uris": ["\ufffdx"], "extra": {"\ufffd": ["\ufffd"]}},
        ),
    ],
)  # fmt: skip
def test_decode_struct(text: str | bytes, value: dict[str, Any]) -> None:
    assert read(text) == value
    assert list(read(text).get("extra") or {}) == sorted(read(text).get("extra") or {})


INVALID = "invalid character"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "EOF"),
        (" \n", "EOF"),
        ("{", "unexpected EOF"),
        ('{"id"', "unexpected EOF"),
        ('{"id":"a', "unexpected EOF"),
        ("[1,", "unexpected EOF"),
        ("tru", "unexpected EOF"),
        ("-", "unexpected EOF"),
        ("1e", "unexpected EOF"),
        ("x", f"{INVALID} 'x' looking for beginning of value"),
        ("'", f"{INVALID} '\\'' looking for beginning of value"),
        ("\\", f"{INVALID} '\\\\' looking for beginning of value"),
        ("é", f"{INVALID} 'Ã' looking for beginning of value"),
        ("\x00", f"{INVALID} '\\x00' looking for beginning of value"),
        ("\v", f"{INVALID} '\\v' looking for beginning of value"),
        ("\a", f"{INVALID} '\\a' looking for beginning of value"),
        (b"\x85", f"{INVALID} '\\u0085' looking for beginning of value"),
        ("id=a", f"{INVALID} 'i' looking for beginning of value"),
        ("{id:1}", f"{INVALID} 'i' looking for beginning of object key string"),
        ('{"id":"a",}', f"{INVALID} '}}' looking for beginning of object key string"),
        ('{"id" "a"}', f"{INVALID} '\"' after object key"),
        ('{"id":"a" "b"}', f"{INVALID} '\"' after object key:value pair"),
        ("[1 2]", f"{INVALID} '2' after array element"),
        ("[1,]", f"{INVALID} ']' looking for beginning of value"),
        ('"a\nb"', f"{INVALID} '\\n' in string literal"),
        ('"\\x"', f"{INVALID} 'x' in string escape code"),
        ('"\\u00g0"', f"{INVALID} 'g' in \\u hexadecimal character escape"),
        ("-x", f"{INVALID} 'x' in numeric literal"),
        ("1.x", f"{INVALID} 'x' after decimal point in numeric literal"),
        ("1e+x", f"{INVALID} 'x' in exponent of numeric literal"),
        ("1ex", f"{INVALID} 'x' in exponent of numeric literal"),
        ("nulL", f"{INVALID} 'L' in literal null (expecting 'l')"),
        ("[" * 100_000, "exceeded max depth"),
        ("[]", "json: cannot unmarshal array into Go value of type client.Client"),
        ('"a"', "json: cannot unmarshal string into Go value of type client.Client"),
        ("12", "json: cannot unmarshal number into Go value of type client.Client"),
        ("false", "json: cannot unmarshal bool into Go value of type client.Client"),
    ],
)
def test_syntax_errors(text: str | bytes, error: str) -> None:
    with pytest.raises(GoJsonError) as raised:
        read(text)
    assert str(raised.value) == error


@pytest.mark.parametrize(
    ("text", "kind", "field", "go_type"),
    [
        ('{"id":1,"public":"x"}', "number", "id", "string"),
        ('{"id":["a"]}', "array", "id", "string"),
        ('{"id":{}}', "object", "id", "string"),
        ('{"id":true}', "bool", "id", "string"),
        ('{"public":"yes"}', "string", "public", "bool"),
        ('{"public":0}', "number", "public", "bool"),
        ('{"URIS":"a"}', "string", "uris", "[]string"),
        ('{"uris":{}}', "object", "uris", "[]string"),
        ('{"uris":["a",1]}', "number", "uris", "string"),
        ('{"extra":[]}', "array", "extra", "map[string]interface {}"),
        ('{"extra":{"a":1e999}}', "number 1e999", "extra", "float64"),
    ],
)
def test_type_errors(text: str, kind: str, field: str, go_type: str) -> None:
    with pytest.raises(GoJsonError) as raised:
        read(text)
    assert str(raised.value) == (
        f"json: cannot unmarshal {kind} into Go struct field Client.{field} of type {go_type}"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (12, "12"),
        (1.0, "1"),
        (0.0, "0"),
        (-2.5, "-2.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e-7, "1.5e-7"),
        (12345678901234567890.0, "12345678901234567000"),
        ("a<b>&\u2028\u2029", '"a\\u003cb\\u003e\\u0026\\u2028\\u2029"'),
        ("\"\\\n\r\t\b\x7f", '"\\"\\\\\\n\\r\\t\\u0008\x7f"'),
        ("é\udc80", '"é\\ufffd"'),
        ({"b": [1, None], "a": {}}, '{"b":[1,null],"a":{}}'),
        ((), "[]"),
    ],
)  # fmt: skip
def test_encode(value: object, text: str) -> None:
    assert encode(value) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON))
def test_round_trip_of_extra_data(extra: dict[str, Any]) -> None:
    read_back = read(json.dumps({"extra": extra}, ensure_ascii=False).encode())["extra"]
    assert json.loads(encode(read_back), parse_int=float) == extra


@pytest.mark.parametrize("levels", [495, 9_998])
def test_deep_values(levels: int) -> None:
    text = "[" * levels + '{"a":1}' + "]" * levels
    read_back = read(f'{{"extra":{{"deep":{text[1:-1]}}}}}')["extra"]
    assert encode(read_back) == f'{{"deep":{text[1:-1]}}}'


def test_go_stops_at_10_000_levels() -> None:
    assert parse(b"[" * 10_000 + b"]" * 10_000)
    with pytest.raises(GoJsonError, match="exceeded max depth"):
        parse(b"[" * 10_001 + b"]" * 10_001)


def test_a_field_with_a_function_of_its_own() -> None:
    fields = {"raw": kind, "id": "string"}
    assert decode_struct(b'{"raw":[1]}', "x.X", fields) == {"raw": "array"}

    def refuse(item: object) -> object:
        raise GoJsonError(f"refused {item}")

    with pytest.raises(GoJsonError, match="refused a"):
        decode_struct(b'{"raw":"a","id":1}', "x.X", {**fields, "raw": refuse})


def test_an_error_holds_the_fields_that_were_read() -> None:
    with pytest.raises(GoJsonError) as raised:
        read('{"public":1,"id":"a","uris":2}')
    assert raised.value.decoded == {"id": "a"}
    assert str(raised.value).endswith("field Client.public of type bool")
    with pytest.raises(GoJsonError) as raised:
        read("{")
    assert raised.value.decoded == {}
