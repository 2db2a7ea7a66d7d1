"""The templates of policies."""

from __future__ import annotations

import pytest

from hydra_client.emulator.go.regexp import MatchLimitError
from hydra_client.emulator.store.templates import InvalidTemplateError, compile_template, matches


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("rn:hydra:clients:<[a-z]+|x<y>>", "rn:hydra:clients:abc", True),
        ("rn:hydra:clients:<[a-z]+|x<y>>", "rn:hydra:clients:x<y>", True),
        ("rn:hydra:clients", "rn:hydra:clients:abc", False),
        ("a.c", "abc", False),
        ("a.c<>", "abc", False),
        ("a.c<>", "a.c", True),
        ("<.*>", "", True),
        ("<.*>", "a\n", False),
        ("<(?s).*>", "a\n", True),
        ("<a|b>c", "bc", True),
        ("<a|b>c", "a", False),
        ("<(?i)a>b", "AB", False),
        ("a>", "a>", True),
        ("<(?P<name>a)>", "a", True),
    ],
)
def test_matches(template: str, value: str, *, expected: bool) -> None:
    assert matches(template, value) is expected


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("<a", 'Unbalanced braces in ""<a""'),
        ("a>", 'Unbalanced braces in ""a>""'),
        ('<a>>b\n"<', 'Unbalanced braces in ""<a>>b\\n\\"<""'),
        ("><", 'Unbalanced braces in ""><""'),
        ("<a**>", "error parsing regexp: invalid nested repetition operator: `**`"),
        ("<a)(b>", "error parsing regexp: unexpected ): `^a)(b$`"),
        ("<(?=a)>", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
    ],
)
def test_templates_that_do_not_compile(template: str, error: str) -> None:
    with pytest.raises(InvalidTemplateError) as raised:
        compile_template(template)
    assert str(raised.value) == error


def test_a_template_that_the_emulator_cannot_match() -> None:
    with pytest.raises(MatchLimitError):
        matches("<\\p{Greek}>", "a")


def test_the_expression() -> None:
    assert compile_template("a.b<c|d>")[0] == "^a\\.b(c|d)$"
