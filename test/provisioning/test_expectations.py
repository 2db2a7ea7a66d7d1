"""What the policies of a server should allow and deny."""

from __future__ import annotations

from hydra_client import Policy, PolicyConditions
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
