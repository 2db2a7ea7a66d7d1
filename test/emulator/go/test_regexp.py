"""Matching, compared with Go's documentation and with Python where both agree."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_client.emulator.go import regexp
from hydra_client.emulator.go.regexp import MatchLimitError, compile_regexp, quote_meta


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("b", "abc", True),
        ("", "", True),
        ("^b", "ab", False),
        ("^a$", "a\n", False),
        ("(?m)^b$", "a\nb\nc", True),
        ("(?m)^b$", "ab", False),
        ("a.c", "a\nc", False),
        ("(?s)a.c", "a\nc", True),
        ("(?s:a.)(.)", "a\nc", True),
        ("(?s:a.).", "a\n\n", False),
        ("a[^b]c", "a\nc", True),
        ("^\\d\\s\\w$", "1 _", True),
        ("^\\D\\S\\W$", "a1-", True),
        ("^\\w$", "é", False),
        ("^\\d$", "\u0663", False),
        ("^[\\D]$", "1", False),
        ("\\bfoo\\b", "a foo.", True),
        ("\\bfoo\\B", "foo bar", False),
        ("\\b", "é", False),
        ("^\\Qa.b\\E.$", "a.bc", True),
        ("^\\Q\\E.\\Qa", "xa", True),
        ("^(ab|cd)+$", "abcdab", True),
        ("^a?b{2,3}c*$", "bbbb", False),
        ("^a{0}b{2}(c{1,}){2}$", "bbccc", True),
        ("^a{,2}$", "a{,2}", True),
        ("^[]a-]+$", "]-a", True),
        ("^[^]a]$", "]", False),
        ("^[[:upper:][:^ascii:]]+$", "Aé", True),
        ("^[[:^upper:]]$", "A", False),
        ("^\\pL\\p{Nd}\\P{L}$", "é5 ", True),
        ("^\\p{^L}$", "a", False),
        ("^\\pC$", "\u0378", False),  # not assigned
        ("^\\P{Any}$", "a", False),
        ("^\\x41\\x{1F600}\\101\\07\\.$", "A😀A\a.", True),
        ("^\\a\\f\\n\\r\\t\\v$", "\a\f\n\r\t\v", True),
        ("(?i)^straSSe$", "STRAßE", False),
        ("(?i)^k$", "\u212a", True),
        ("(?i)^\u212a$", "K", True),
        ("(?i)^[a-z]+$", "A\u017f\u212a", True),
        ("(?i)^[^k]$", "\u212a", False),
        ("(?i)^i$", "\u0131", False),
        ("(?i)^σ$", "ς", True),
        ("(?i)^[[:lower:]]$", "K", True),
        ("(?i)^[[:^lower:]]$", "K", False),
        ("(?i)^1$", "1", True),
        ("(?i)^(?-i:a)b$", "aB", True),
        ("(?i)^(?-i:a)b$", "AB", False),
        ("^(?i:a)b$", "AB", False),
        ("^(a(?i)b)c$", "aBC", False),
        ("^(|a)*$", "aaa", True),
        ("^(a*)*$", "aab", False),
        ("^(?:a|b)$|^c$", "c", True),
        ("^.$", "\udc80", True),  # an invalid byte
        ("^\ufffd$", "\udc80", True),
    ],
)
def test_matches(expression: str, text: str, *, expected: bool) -> None:
    assert compile_regexp(expression).matches(text) is expected


LETTERS = st.sampled_from(list("abA \n"))
EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\s", r"\b", "^", ""]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        )
    ),
    max_leaves=6,
)


@given(EXPRESSIONS, st.text(LETTERS, max_size=8), st.sampled_from(["", "(?i)", "(?s)", "(?m)"]))
def test_python_agrees(expression: str, text: str, flags: str) -> None:
    expected = re.search(flags + expression, text, re.ASCII) is not None
    assert compile_regexp(flags + expression).matches(text) is expected


@given(st.text())
def test_quoted_text_matches_itself_only(text: str) -> None:
    quoted = compile_regexp(f"^{quote_meta(text)}$")
    assert quoted.matches(text)
    assert not quoted.matches(text + "x")


def test_pathological_expressions_end_soon() -> None:
    start = time.thread_time()
    assert not compile_regexp("^(a*)*b$").matches("a" * 5000)
    assert not compile_regexp("^(a|a)*(a|aa)+b$").matches("a" * 5000)
    with pytest.raises(MatchLimitError, match="takes too long"):
        compile_regexp("(x?){500}y").matches("x" * 100_000)
    with pytest.raises(MatchLimitError, match="too large"):
        compile_regexp("(" + "a" * 100 + "){1000}")
    assert not compile_regexp("^b").matches("a" * 10_000_000)
    assert time.thread_time() - start < 30


def test_nested_groups() -> None:
    assert compile_regexp("(a|" * 100 + "b" + ")*" * 100).matches("bb")


def test_the_bound_counts_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexp, "_MAX_STEPS", 10)
    assert compile_regexp("^a+$").matches("a" * 3)
    with pytest.raises(MatchLimitError):
        compile_regexp("^a+$").matches("a" * 30)
