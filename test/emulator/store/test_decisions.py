"""Decisions, compared with a deliberately naive evaluation of the same policies."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.emulator import Wire, make_wire
from support.variants import VARIANTS

from hydra_client.emulator.store.policies import Policy, decide

# --- the naive evaluation


def naive_match(templates: list[str] | None, value: str) -> bool:
    for template in templates or []:
        pattern = ""
        for part in re.split("(<[^>]*>)", template):
            pattern += f"({part[1:-1]})" if part.startswith("<") else re.escape(part)
        if re.fullmatch(pattern, value):
            return True
    return False


def naive_condition(condition: dict[str, Any], value: Any, subject: str) -> bool:
    if condition["type"] == "StringPairsEqualCondition":
        return isinstance(value, list) and all(
            len(pair) == 2 and len({*pair}) == 1 for pair in value
        )
    if not isinstance(value, str):
        return False
    if condition["type"] == "EqualsSubjectCondition":
        return value == subject
    if condition["type"] == "StringEqualCondition":
        return value == condition["options"]["equals"]
    if condition["type"] == "StringMatchCondition":
        return re.search(condition["options"]["matches"], value) is not None
    octets, length = condition["options"]["cidr"].split("/")

    def bits(address: str) -> str:
        return "".join(f"{int(octet):08b}" for octet in address.split("."))

    return bits(octets)[: int(length)] == bits(value)[: int(length)]


def naive_decision(
    policies: list[dict[str, Any]], groups: list[dict[str, Any]], request: dict[str, Any]
) -> bool:
    names = {request["subject"]} | {
        group["id"] for group in groups if request["subject"] in group["members"]
    }
    effects = set()
    for policy in policies:
        for name in names:
            if (
                naive_match(policy["subjects"], name)
                and naive_match(policy["actions"], request["action"])
                and naive_match(policy["resources"], request["resource"])
                and all(
                    naive_condition(condition, request["context"].get(key), name)
                    for key, condition in policy["conditions"].items()
                )
            ):
                effects.add(policy["effect"])
    return effects == {"allow"}


# --- random policies, groups and requests

NAMES = st.sampled_from(["a", "b", "c", "ab"])
TEMPLATE = NAMES | st.sampled_from(["<a|b>", "a<b?>", "<[^a]>", "<a><b*>", "<.{2}>", ""])
TEMPLATES = st.lists(TEMPLATE | st.just("<.*>"), max_size=3)
# These match none of Hydra's own resources, or a policy could deny root what the test sends.
RESOURCES = st.lists(TEMPLATE | st.just("<[^:]*>"), max_size=3)
ADDRESSES = st.sampled_from(["10.0.0.1", "10.1.0.1", "192.168.0.1"])
CONDITIONS = st.dictionaries(
    st.sampled_from(["x", "y"]),
    st.fixed_dictionaries({"type": st.just("EqualsSubjectCondition"), "options": st.just({})})
    | st.fixed_dictionaries(
        {
            "type": st.just("StringEqualCondition"),
            "options": st.fixed_dictionaries({"equals": NAMES}),
        }
    )
    | st.fixed_dictionaries(
        {
            "type": st.just("StringMatchCondition"),
            "options": st.fixed_dictionaries({"matches": st.sampled_from(["a", "^b", "c$", ""])}),
        }
    )
    | st.fixed_dictionaries({"type": st.just("StringPairsEqualCondition"), "options": st.just({})})
    | st.fixed_dictionaries(
        {
            "type": st.just("CIDRCondition"),
            "options": st.fixed_dictionaries(
                {"cidr": st.sampled_from(["10.0.0.0/8", "10.0.0.0/16", "0.0.0.0/0"])}
            ),
        }
    ),
    max_size=1,
)
POLICIES = st.lists(
    st.fixed_dictionaries(
        {
            "subjects": TEMPLATES,
            "effect": st.sampled_from(["allow", "allow", "deny"]),
            "resources": RESOURCES,
            "actions": TEMPLATES,
            "conditions": CONDITIONS,
        }
    ),
    max_size=5,
)
GROUPS = st.lists(
    st.fixed_dictionaries({"id": NAMES, "members": st.lists(NAMES, max_size=2, unique=True)}),
    max_size=2,
    unique_by=lambda group: group["id"],
)
REQUESTS = st.lists(
    st.fixed_dictionaries(
        {
            "subject": NAMES,
            "action": NAMES,
            "resource": NAMES,
            "context": st.dictionaries(
                st.sampled_from(["x", "y"]),
                st.just(7)
                | ADDRESSES
                | st.lists(st.lists(NAMES, max_size=3).map(list), max_size=2),
            ),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def servers() -> dict[tuple[str, str], Wire]:
    return {variant: make_wire(*variant) for variant in VARIANTS}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(variant=st.sampled_from(VARIANTS), policies=POLICIES, groups=GROUPS, requests=REQUESTS)
def test_decisions_equal_a_naive_evaluation(
    servers: dict[tuple[str, str], Wire],
    variant: tuple[str, str],
    policies: list[dict[str, Any]],
    groups: list[dict[str, Any]],
    requests: list[dict[str, Any]],
) -> None:
    wire = servers[variant]
    wire.hydra.reset()
    wire.forget_root()
    for policy in policies:
        assert wire.admin("POST", "/policies", policy).status == 201
    for group in groups:
        assert wire.admin("POST", "/warden/groups", group).status == 201
    for request in requests:
        request["context"] = {
            key: [pair for pair in value if pair] if isinstance(value, list) else value
            for key, value in request["context"].items()
        }
        response = wire.admin("POST", "/warden/allowed", request)
        assert response.json == {"allowed": naive_decision(policies, groups, request)}


# --- by hand


def policy(subject: str, effect: str = "allow", **members: Any) -> Policy:
    lists = {"subjects": [subject], "actions": ["a"], "resources": ["r"]}
    return Policy(**{"effect": effect, **lists, **members})


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], None),
        ([policy("bob")], None),
        ([policy("alice")], True),
        ([policy("alice"), policy("<.*>", "deny")], False),
        ([policy("alice", "deny"), policy("<.*>")], False),
        ([policy("alice"), policy("alice", "maybe")], False),
        ([policy("alice"), policy("<")], None),
        ([policy("alice"), policy("<", actions=["b"])], True),
        ([policy("alice", subjects=["alice", "<"])], True),
        ([policy("alice", subjects=None)], None),
    ],
)
def test_decide(policies: list[Policy], expected: bool | None) -> None:
    assert decide(policies, "alice", "a", "r", {}) is expected


@pytest.mark.parametrize("template", ["<(x*){500}y>", "<\\p{Greek}>", f"<({'x' * 99}){{900}}>"])
def test_a_template_that_is_too_much_is_not_a_decision(memory: Wire, template: str) -> None:
    memory.hydra.allow("admin")
    members = {"subjects": [template], "actions": ["a"], "resources": ["r"], "effect": "allow"}
    assert memory.admin("POST", "/policies", members).status == 201
    start = time.thread_time()
    asked = {"subject": "x" * 100_000, "action": "a", "resource": "r"}
    response = memory.admin("POST", "/warden/allowed", asked)
    assert time.thread_time() - start < 10
    assert response.status == 500
    assert response.text.startswith(
        "The emulator cannot evaluate a policy that Hydra can evaluate: "
    )
    assert (
        memory.admin("POST", "/warden/allowed", {**asked, "action": "b"}).json["allowed"] is False
    )


def test_nested_repetitions_end_soon(wire: Wire) -> None:
    members = {"subjects": ["<(a*)*(a|aa)+b>"], "actions": ["a"], "resources": ["r"]}
    assert wire.admin("POST", "/policies", {**members, "effect": "allow"}).status == 201
    asked = {"subject": "a" * 2000, "action": "a", "resource": "r"}
    assert wire.admin("POST", "/warden/allowed", asked).json == {"allowed": False}
    asked["subject"] += "b"
    assert wire.admin("POST", "/warden/allowed", asked).json == {"allowed": True}
