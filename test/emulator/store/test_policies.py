"""The templates of policies."""

from __future__ import annotations

import pytest

from hydra_client.emulator.store.policies import Policy, templates


def matches(template: str, value: str) -> bool:
    return Policy((template,), ("r",), ("a",)).allows(value, "a", "r")


def test_templates_match_whole_values_and_quote_literal_text() -> None:
    assert matches("rn:hydra:clients:<[a-z]+|x<y>>", "rn:hydra:clients:abc")
    assert not matches("rn:hydra:clients", "rn:hydra:clients:abc")
    assert not matches("a.c", "abc")
    assert matches("<.*>", "")


@pytest.mark.parametrize("template", ["<a", "a>", "<a>>b<", "><"])
def test_an_unbalanced_template_is_rejected(template: str) -> None:
    with pytest.raises(ValueError, match="must have a matching"):
        templates(template)
