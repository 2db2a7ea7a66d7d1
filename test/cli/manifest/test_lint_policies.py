"""What Hydra accepts in a policy although it cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from hydra_client.cli.manifest.lint_policies import (
    doubtful_conditions,
    doubtful_resource,
    doubtful_template,
)

LARGE = "a{1000}" * 25  # for Go, but not for the emulator


@pytest.mark.parametrize("template", ["a", "", "<.*>", "a:<[0-9]+>:<b|c>", "<<a>>", f"<{LARGE}>"])
def test_templates_that_can_match(template: str) -> None:
    assert doubtful_template(template) is None


@pytest.mark.parametrize("template", ["<a", "a>b", "<a>>", "<(>", "<(?=a)>", "<a**>"])
def test_templates_that_cannot_match(template: str) -> None:
    assert doubtful_template(template)


@pytest.mark.parametrize(
    "resource",
    [
        "photos:7",
        "<.*>",
        "rn:<.*>",
        "rn:hydra:<.*>",
        "rn:hydra:clients",
        "rn:hydra:clients:<.*>",
        "rn:hydra:clients:app",
        "rn:hydra:client<.*>",
        "rn:hydra:policies:<a|b>",
        "rn:hydra:oauth2:tokens",
        "rn:hydra:oauth2:consent:requests:<.*>",
        "rn:hydra:keys:hydra.openid.id-token:public",
        "rn:hydra:keys:a",
        "rn:hydra:warden:allowed",
        "rn:hydra:warden:groups:<.*>",
        "rn:hydra:health:stats",
    ],
)
def test_resources_of_hydra_and_of_others(resource: str) -> None:
    assert doubtful_resource(resource) is None


@pytest.mark.parametrize(
    "resource",
    [
        "rn:hydra",
        "rn:hydra:",
        "rn:hydra:client",
        "rn:hydra:client:<.*>",
        "rn:hydra:clients:",
        "rn:hydra:policy:a",
        "rn:hydra:oauth2:token",
        "rn:hydra:warden:allow",
        "rn:hydra:health:stats:<.*>",
        "rn:hydra:<a",
    ],
)
def test_resources_that_hydra_never_asks_about(resource: str) -> None:
    assert doubtful_resource(resource)


@pytest.mark.parametrize(
    ("condition", "doubt"),
    [
        ({"type": "CIDRCondition", "options": {"cidr": "10.0.0.1/8"}}, None),
        ({"type": "EqualsSubjectCondition"}, None),
        ({"type": "StringPairsEqualCondition", "options": {}}, None),
        ({"type": "StringEqualCondition", "options": {"equals": "a"}}, None),
        ({"type": "StringMatchCondition", "options": {"matches": "^a+$"}}, None),
        ({"type": "StringMatchCondition", "options": {"matches": LARGE}}, None),
        ({"type": "StringMatchCondition", "options": {"matches": "("}}, "matches: not valid: "),
        ({"type": "StringMatchCondition", "options": None}, "matches: is missing"),
        ({"type": "CIDRCondition", "options": {"cidr": "10"}}, "cidr: not valid: "),
        (
            {"type": "CIDRCondition", "options": {"equals": "a", "cidr": "::/0"}},
            "CIDRCondition has ",
        ),
        ({"type": "ResourceContainsCondition"}, "unknown condition 'ResourceContainsCondition'"),
        ({}, "unknown condition ''"),
    ],
)
def test_conditions(condition: dict[str, Any], doubt: str | None) -> None:
    found = list(doubtful_conditions({"name": condition}))
    if doubt is None:
        assert found == []
    else:
        ((name, why),) = found
        assert name == "name"
        assert why.startswith(doubt)
