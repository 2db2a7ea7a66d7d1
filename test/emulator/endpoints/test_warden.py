"""`/warden/allowed` and `/warden/token/allowed`, beyond the recorded exchanges."""

from __future__ import annotations

from typing import Any

import pytest
from support.emulator import ROOT, Wire

ALLOWED, DENIED = {"allowed": True}, {"allowed": False}


def ask(wire: Wire, subject: str, context: Any = None, **members: Any) -> Any:
    asked = {"subject": subject, "action": "a", "resource": "r", "context": context, **members}
    return wire.admin("POST", "/warden/allowed", asked).json


def policy(wire: Wire, **members: Any) -> None:
    members = {
        "subjects": ["<.*>"], "actions": ["a"], "resources": ["r"], "effect": "allow", **members,
    }  # fmt: skip
    assert wire.admin("POST", "/policies", members).status == 201


def test_a_deny_beats_what_a_group_may(wire: Wire) -> None:
    policy(wire, subjects=["group"])
    wire.admin("POST", "/warden/groups", {"id": "group", "members": ["alice", "bob"]})
    policy(wire, subjects=["bob"], effect="deny")
    assert ask(wire, "alice") == ask(wire, "group") == ALLOWED
    assert ask(wire, "bob") == ask(wire, "carol") == DENIED


def test_a_deny_for_a_group_beats_what_a_member_may(wire: Wire) -> None:
    policy(wire, subjects=["alice"])
    assert ask(wire, "alice") == ALLOWED
    wire.admin("POST", "/warden/groups", {"id": "group", "members": ["alice"]})
    policy(wire, subjects=["group"], effect="deny")
    assert ask(wire, "alice") == DENIED


def test_groups_in_groups_do_not_count(wire: Wire) -> None:
    policy(wire, subjects=["outer"])
    wire.admin("POST", "/warden/groups", {"id": "outer", "members": ["inner"]})
    wire.admin("POST", "/warden/groups", {"id": "inner", "members": ["alice"]})
    assert ask(wire, "inner") == ALLOWED
    assert ask(wire, "alice") == DENIED


def test_for_a_group_the_subject_of_conditions_is_the_group(wire: Wire) -> None:
    policy(wire, subjects=["group"], conditions={"who": {"type": "EqualsSubjectCondition"}})
    wire.admin("POST", "/warden/groups", {"id": "group", "members": ["alice"]})
    assert ask(wire, "alice", {"who": "alice"}) == DENIED
    assert ask(wire, "alice", {"who": "group"}) == ALLOWED


def test_every_condition_has_to_hold(wire: Wire) -> None:
    equal = {"type": "StringEqualCondition", "options": {"equals": "x"}}
    policy(wire, conditions={"a": equal, "b": equal})
    for context, expected in (
        ({"a": "x", "b": "x"}, ALLOWED),
        ({"a": "x", "b": "y"}, DENIED),
        ({"a": "x"}, DENIED),
        (None, DENIED),
    ):
        assert ask(wire, "alice", context) == expected


def test_broken_policies_of_the_memory_store(memory: Wire) -> None:
    policy(memory)
    policy(memory, actions=["b"], resources=["<"])
    assert ask(memory, "alice") == ALLOWED
    assert ask(memory, "alice", action="b") == DENIED
    policy(memory, subjects=["<a**>"])
    assert ask(memory, "alice") == DENIED  # an error, but Hydra does not say so
    policy(memory, id="odd", actions=["c"], effect="maybe")
    policy(memory, actions=["c"])
    assert ask(memory, "alice", action="c") == DENIED  # whatever does not allow denies


def test_a_subject_that_sql_refuses(sql: Wire, memory: Wire) -> None:
    for wire in (sql, memory):
        policy(wire)
        assert ask(wire, "\0") == (DENIED if wire.is_sql else ALLOWED)


@pytest.mark.parametrize(
    ("path", "struct"),
    [
        ("/warden/allowed", "firewall.AccessRequest"),
        ("/warden/token/allowed", "warden.wardenAccessRequest"),
    ],
)
def test_bodies_that_hydra_refuses(wire: Wire, path: str, struct: str) -> None:
    for sent, error in (
        ("[]", f"array into Go value of type {struct}"),
        ('{"action":5}', f"number into Go struct field {struct.partition('.')[2]}.action of type "),
    ):
        response = wire(
            "POST", path, sent, token=wire.root, headers={"Content-Type": "application/json"}
        )
        assert response.status == 500
        assert f"json: cannot unmarshal {error}" in response.message[1]


def test_tokens_of_clients(wire: Wire) -> None:
    policy(wire, subjects=["app"])
    app = wire.app(id="app", scope="photos.* offline")
    token = wire.client_token(app, "photos.read")
    asked: dict[str, Any] = {"token": token, "action": "a", "resource": "r"}
    response = wire.admin("POST", "/warden/token/allowed", asked).json
    assert list(response) == [
        "subject", "grantedScopes", "issuer", "clientId", "issuedAt", "expiresAt",
        "accessTokenExtra", "allowed",
    ]  # fmt: skip
    assert response["accessTokenExtra"] == {}
    assert (response["subject"], response["clientId"]) == ("app", "app")
    for scopes, allowed in (
        (["photos.read", ""], True),
        (["photos.read", "photos.write"], False),
        (["photos.read photos.read"], False),
    ):
        decision = wire.admin("POST", "/warden/token/allowed", {**asked, "scopes": scopes}).json
        assert decision["allowed"] is allowed
    without_scopes = {**asked, "token": wire.client_token(app)}
    granted = wire.admin("POST", "/warden/token/allowed", without_scopes).json["grantedScopes"]
    assert granted == ([""] if wire.is_sql else [])


def test_tokens_of_users(wire: Wire) -> None:
    policy(wire, subjects=["bob"], conditions={"x": {"type": "EqualsSubjectCondition"}})
    tokens = wire.tokens(wire.app())
    asked = {"action": "a", "resource": "r", "context": {"x": "bob"}}

    def decide(token: str) -> Any:
        return wire.admin("POST", "/warden/token/allowed", {**asked, "token": token}).json

    response = decide(tokens["access_token"])
    assert response["allowed"] is True
    assert response["accessTokenExtra"] is None
    for other in (tokens["refresh_token"], "!" * 43 + tokens["access_token"][43:], ""):
        assert decide(other) == DENIED
    wire.hydra.clock.advance(3601)
    wire.forget_root()
    assert decide(tokens["access_token"]) == DENIED


def test_the_warden_knows_the_policies_of_the_server(wire: Wire) -> None:
    for action, resource, expected in (("get", "rn:hydra:clients", ALLOWED), ("a", "r", DENIED)):
        assert ask(wire, ROOT[0], action=action, resource=resource) == expected
