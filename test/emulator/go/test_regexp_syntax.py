"""Expressions that Go refuses, with its errors, and those that the emulator does not support."""

from __future__ import annotations

import pytest

from hydra_client.emulator.go.regexp_syntax import MatchLimitError, RegexpError, parse

NESTED = "invalid nested repetition operator"
ARGUMENT = "missing argument to repetition operator"
COUNT = "invalid repeat count"
RANGE = "invalid character class range"
ESCAPE = "invalid escape sequence"
PERL = "invalid or unsupported Perl syntax"
NAME = "invalid named capture"


@pytest.mark.parametrize(
    ("expression", "code", "part"),
    [
        ("(a", "missing closing )", "(a"),
        ("(a|b", "missing closing )", "(a|b"),
        ("a)", "unexpected )", "a)"),
        ("(a))b", "unexpected )", "(a))b"),
        ("*", ARGUMENT, "*"),
        ("a|+?", ARGUMENT, "+?"),
        ("(*)", ARGUMENT, "*"),
        ("(?i)*", ARGUMENT, "*"),
        ("{2}", ARGUMENT, "{2}"),
        ("a**", NESTED, "**"),
        ("a*?+x", NESTED, "*?+"),
        ("a{2}{3}?", NESTED, "{2}{3}?"),
        ("a{1001}", COUNT, "{1001}"),
        ("a{1,99999999999}", COUNT, "{1,99999999999}"),
        ("a{3,2}", COUNT, "{3,2}"),
        ("(a{2}){501}", COUNT, "{501}"),
        ("(b|a{1000,}c){2}?", COUNT, "{2}?"),
        ("((a{0}){1000}b{1,2}){2}", COUNT, "{2}"),
        ("[a", "missing closing ]", "[a"),
        ("x[]", "missing closing ]", "[]"),
        ("[^", "missing closing ]", "[^"),
        ("[a-", "missing closing ]", "[a-"),
        ("[b-a]", RANGE, "b-a"),
        ("[[:word:]z-\\x{61}]", RANGE, "z-\\x{61}"),
        ("[[:nope:]]", RANGE, "[:nope:]"),
        ("[[:^nope:]]", RANGE, "[:^nope:]"),
        ("\\pX", RANGE, "\\pX"),
        ("\\p", RANGE, "\\p"),
        ("\\p{L", RANGE, "\\p{L"),
        ("[\\P{^q}]", RANGE, "\\P{^q}"),
        ("\\p{Lq}{1}", RANGE, "\\p{Lq}"),
        ("\\", "trailing backslash at end of expression", ""),
        ("[a\\", "trailing backslash at end of expression", ""),
        ("\\8", ESCAPE, "\\8"),
        ("\\1", ESCAPE, "\\1"),
        ("\\C", ESCAPE, "\\C"),
        ("\\Z", ESCAPE, "\\Z"),
        ("\\é", ESCAPE, "\\é"),
        ("\\x", ESCAPE, "\\x"),
        ("\\x4", ESCAPE, "\\x4"),
        ("\\xg1", ESCAPE, "\\xg1"),
        ("\\x{}", ESCAPE, "\\x{}"),
        ("\\x{12", ESCAPE, "\\x{12"),
        ("\\x{1g}", ESCAPE, "\\x{1g"),
        ("\\x{110000}", ESCAPE, "\\x{110000"),
        ("(?=a)", PERL, "(?="),
        ("(?<n>a)", PERL, "(?<"),
        ("(?i", PERL, "(?i"),
        ("(?i-)", PERL, "(?i-)"),
        ("(?i-m-s)", PERL, "(?i-m-"),
        ("(?P<", PERL, "(?P"),
        ("(?P=n)", PERL, "(?P"),
        ("(?P<n", NAME, "(?P<n"),
        ("(?P<>a)", NAME, "(?P<>"),
        ("(?P<a b>a)", NAME, "(?P<a b>"),
        ("(?P<é>a)", NAME, "(?P<é>"),
        ("a\udc80", "invalid UTF-8", "a\udc80"),
    ],
)  # fmt: skip
def test_expressions_that_go_refuses(expression: str, code: str, part: str) -> None:
    with pytest.raises(RegexpError) as raised:
        parse(expression)
    assert str(raised.value) == f"error parsing regexp: {code}: `{part}`"


@pytest.mark.parametrize(
    "expression",
    [
        "a{", "a{,2}", "a{01}", "a{2", "a{1000}", "(a{2}){500}", "(a{0}){1000}", "^*", "a|b|", "()",
        "[]a]", "[a-]", "[-a]", "[^]a]", "[[:]", "\\pN", "\\p{^Lu}", "(?i-s:a)", "(?)", "\\Q*",
        "(?P<n_1>a)", "(?P<n>a)(?P<n>b)", "\\07", "\\123", "\\Q\\E", "(?U)a*?", "\\_", "\\.",
    ],
)  # fmt: skip
def test_expressions_that_go_accepts(expression: str) -> None:
    assert parse(expression)


def test_scripts_are_not_supported() -> None:
    for expression in ("\\p{Greek}", "[\\P{Old_Italic}]"):
        with pytest.raises(MatchLimitError, match="does not know which characters are"):
            parse(expression)


def test_nesting_is_limited() -> None:
    assert parse("(" * 100 + ")" * 100)
    with pytest.raises(MatchLimitError, match="at most 100 nested groups"):
        parse("(" * 101 + ")" * 101)
