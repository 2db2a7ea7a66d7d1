"""What Hydra accepts in a policy although it cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from hydra_client import operations
from hydra_client.cli.manifest.lint_policies import doubtful_conditions, doubtful_item
from hydra_client.cli.roles import ROLES
from hydra_client.emulator.store.conditions import PolicyCondition
from hydra_client.emulator.store.templates import matches
from hydra_client.protocol.operation import Operation

LARGE = "a{1000}" * 25  # for Go, but not for the emulator


def doubtful_template(text: str) -> str | None:
    return doubtful_item("subjects", text, [])


def doubtful_resource(text: str) -> str | None:
    return doubtful_item("resources", text, [])


@pytest.mark.parametrize(
    "template", ["a", "", "<.*>", "a:<[0-9]+>:<b|c>", "<<a>>", f"<{LARGE}>", r"C:\d|a.b+(c)"]
)
def test_templates_that_can_match(template: str) -> None:
    assert doubtful_template(template) is None


@pytest.mark.parametrize("template", ["<a", "a>b", "<a>>", "<(>", "<(?=a)>", "<a**>"])
def test_templates_that_cannot_match(template: str) -> None:
    assert doubtful_template(template)


@pytest.mark.parametrize(
    ("template", "meant"),
    [
        ("*", "a"),
        (".*", "a"),
        (".+", "a"),
        ("[0-9]+", "7"),
        ("photos:*", "photos:7"),
        ("photos:.*", "photos:7"),
        ("<photos|films>:.*", "films:7"),
        ("photos:<(a<b>)?>:*", "photos::7"),
    ],
)
def test_patterns_that_are_literal_text(template: str, meant: str) -> None:
    why = doubtful_template(template)
    assert why == "a pattern must be between < and >, as in <.*>; elsewhere it is literal text"
    assert not matches(template, meant)


@pytest.mark.parametrize(
    "resource",
    [
        "photos:7",
        "rn:hydraulics:7",
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
        ({"type": "CIDRCondition", "options": {"cidr": "10"}}, "cidr: not valid: '10' is not a"),
        ({"type": "CIDRCondition", "options": {"cidr": "10.0.0.0"}}, "cidr: not valid: '10.0.0.0'"),
        ({"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/255.0.0.0"}}, "cidr: not valid: "),
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


@pytest.mark.parametrize("network", ["10.0.0.0", "10.0.0.0/255.0.0.0", "10"])
def test_networks_that_nothing_is_in(network: str) -> None:
    assert not PolicyCondition("CIDRCondition", network).holds("10.0.0.0", "a")


CLIENTS = ["rn:hydra:clients", "rn:hydra:clients:<.*>"]
ONLY = "Hydra checks no such action on these resources, only"


@pytest.mark.parametrize(
    ("action", "resources", "doubt"),
    [
        ("get,list", CLIENTS, "this is one action; use one item for each"),
        ("get|list", ["photos"], "this is one action; use one item for each"),
        ("read", CLIENTS, f"{ONLY} create, delete, get, update"),
        ("<read|list>", CLIENTS, f"{ONLY} create, delete, get, update"),
        ("GET", ["rn:hydra:oauth2:tokens"], f"{ONLY} introspect"),
        ("delete", ["rn:hydra:policies:<.*>"], f"{ONLY} get, update"),
        ("write", ["rn:hydra:<.*>"], f"{ONLY} accept, create, decide, delete, "),
        ("read", [*CLIENTS, "photos"], None),
        ("read", ["rn:hydraulics"], None),
        ("read", ["<.*>"], None),
        ("read", ["rn:<.*>"], None),
        ("read", ["rn:hydra:client:<.*>"], None),  # the resource does not exist
        ("read", [*CLIENTS, "rn:hydra:client:<.*>"], None),
        ("read", [], None),
        ("<g.*>", CLIENTS, None),
        ("<[a-z,|]+>", ["photos"], None),
        (f"<{LARGE}>", CLIENTS, None),
        ("members.<.*>", ["rn:hydra:warden:groups:editors"], None),
    ],
)
def test_actions(action: str, resources: list[str], doubt: str | None) -> None:
    why = doubtful_item("actions", action, resources)
    if doubt is None:
        assert why is None
    else:
        assert why is not None
        assert why.startswith(doubt)


def test_what_operations_and_roles_need_is_not_doubted() -> None:
    needed = [value.policy for value in vars(operations).values() if isinstance(value, Operation)]
    for role in ROLES.values():
        needed += role.permissions.items()
    assert len(needed) > 30
    for resource, actions in needed:
        template = resource.replace("{id}", "a").replace("{set}", "a").replace("{kid}", "<.*>")
        for action in actions:
            assert doubtful_item("resources", template, [template]) is None
            assert doubtful_item("actions", action, [template]) is None
