"""What the policies of a server should allow and deny."""

from __future__ import annotations

from typing import Any

import pytest

from hydra_client import ApiTypeError, Policy, PolicyConditions
from hydra_client.provisioning import Apis, Expectation, ensure_policy


def test_the_warden_decides(apis: Apis) -> None:
    ensure_policy(
        apis.policies,
        Policy(
            id="p",
            effect="allow",
            subjects=["alice"],
            actions=["get"],
            resources=["photos:<[0-9]+>"],
            conditions={"owner": PolicyConditions(type="EqualsSubjectCondition")},
        ),
    )
    mine = {"owner": "alice"}
    assert Expectation("alice", "get", "photos:7", mine).is_met(apis.groups)
    assert not Expectation("alice", "get", "photos:7", mine, allowed=False).is_met(apis.groups)
    assert Expectation("alice", "get", "photos:7", allowed=False).is_met(apis.groups)
    assert not Expectation("bob", "get", "photos:7", mine).is_met(apis.groups)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"subject": 5}, "subject must be a string, got int"),
        ({"action": ["get"]}, "action must be a string, got list"),
        ({"resource": None}, "resource must be a string, got NoneType"),
        ({"context": "x"}, "context must be a dict, got str"),
        ({"context": None}, "context must be a dict, got NoneType"),
        ({"allowed": "no"}, "allowed must be True or False, got str"),
    ],
)
def test_a_value_of_the_wrong_type_meets_no_expectation(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ApiTypeError, match=f"^{message}$"):
        Expectation(**{"subject": "a", "action": "get", "resource": "r", **wrong})


def test_the_api_of_the_warden_decides(apis: Apis) -> None:
    expectation = Expectation("a", "get", "r", allowed=False)
    with pytest.raises(ApiTypeError, match=r"must be a hydra_client\.WardenApi, got .*OAuth2Api"):
        expectation.is_met(apis.clients)  # type: ignore[arg-type]
