"""Strings and numbers as Go's strconv reads and writes them."""

from __future__ import annotations

import pytest

from hydra_client.emulator.go.strings import parse_int, quote


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ('a"\\', r'"a\"\\"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("é😀", '"é😀"'),
        ("\0\x7f", r'"\x00\x7f"'),
        ("\udc80", r'"\x80"'),
        ("\u2028\U000e0001", r'"\u2028\U000e0001"'),
    ],
)
def test_quote(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("-0", 0), ("+007", 7), ("-12", -12), (str(2**63 - 1), 2**63 - 1)],
)
def test_parse_int(text: str, number: int) -> None:
    assert parse_int(text) == number


@pytest.mark.parametrize("text", ["", "x", "1.0", "1_0", " 1", "+", "--1", "1\n", "\u0661"])
def test_text_that_is_not_an_integer(text: str) -> None:
    with pytest.raises(ValueError, match="invalid syntax") as raised:
        parse_int(text)
    assert str(raised.value) == f"strconv.ParseInt: parsing {quote(text)}: invalid syntax"


@pytest.mark.parametrize("text", [str(2**63), str(-(2**63) - 1), "9" * 5000, "-" + "9" * 5000])
def test_integers_of_more_than_64_bits(text: str) -> None:
    with pytest.raises(ValueError, match="value out of range"):
        parse_int(text)
