"""Policies, the warden and its groups, keys, health and userinfo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from live.server import Server

import hydra_client as sdk
from hydra_client import JsonWebKey, JsonWebKeySet, Policy, PolicyConditionOptions, PolicyConditions


@pytest.fixture
def policies(server: Server) -> Iterator[sdk.PolicyApi]:
    """The policies, from which those of the test are gone at its end."""
    api = sdk.PolicyApi(server.root.api_client)
    yield api
    for policy in api.list_policies(limit=1000):
        if policy.id and policy.id.startswith(server.prefix):
            api.delete_policy(policy.id)


@pytest.fixture
def warden(server: Server) -> sdk.WardenApi:
    return sdk.WardenApi(server.root.api_client)


@pytest.fixture
def keys(server: Server) -> Iterator[sdk.JsonWebKeyApi]:
    """The keys, from which the set of the test is gone at its end."""
    api = sdk.JsonWebKeyApi(server.root.api_client)
    yield api
    api.delete_json_web_key_set(server.prefix)


def policy_of(server: Server, **fields: object) -> Policy:
    return Policy.from_dict(
        {
            "id": f"{server.prefix}-policy",
            "subjects": [f"{server.prefix}-alice"],
            "resources": [f"{server.prefix}:photos:<.*>"],
            "actions": ["get"],
            "effect": "allow",
            **fields,
        }
    )


def allowed(warden: sdk.WardenApi, server: Server, action: str = "get", **context: object) -> bool:
    request = sdk.WardenAccessRequest(
        subject=f"{server.prefix}-alice",
        action=action,
        resource=f"{server.prefix}:photos:1",
        context=context or None,
    )
    return warden.does_warden_allow_access_request(request).allowed


def test_a_policy_from_its_creation_to_its_end(server: Server, policies: sdk.PolicyApi) -> None:
    policy = policy_of(server, description="Photos of the live tests.")
    created = policies.create_policy(policy)
    assert created.id == policy.id
    assert policies.get_policy(str(policy.id)).resources == policy.resources
    policy.actions = ["get", "list"]
    policies.update_policy(str(policy.id), policy)
    assert sorted(policies.get_policy(str(policy.id)).actions or ()) == ["get", "list"]
    assert policy.id in [found.id for found in policies.list_policies(limit=1000)]
    policies.delete_policy(str(policy.id))
    policies.delete_policy(str(policy.id))
    with pytest.raises(sdk.NotFoundException):
        policies.get_policy(str(policy.id))


def test_a_policy_without_an_id_gets_one(server: Server, policies: sdk.PolicyApi) -> None:
    created = policies.create_policy(policy_of(server, id=""))
    assert created.id
    policies.delete_policy(created.id)


def test_a_policy_that_exists(server: Server, policies: sdk.PolicyApi) -> None:
    """SQL stores add the subjects to the policy that is there, and say nothing."""
    policies.create_policy(policy_of(server))
    again = policy_of(server, subjects=[f"{server.prefix}-bob"])
    if not server.is_sql:
        with pytest.raises(sdk.ConflictException):
            policies.create_policy(again)
        return
    policies.create_policy(again)
    subjects = policies.get_policy(str(again.id)).subjects or []
    assert sorted(subjects) == [f"{server.prefix}-alice", f"{server.prefix}-bob"]


def test_policies_that_are_not_valid(server: Server, policies: sdk.PolicyApi) -> None:
    with pytest.raises(sdk.BadRequestException, match="does not match"):
        policies.update_policy(f"{server.prefix}-other", policy_of(server))
    odd = policy_of(server, conditions={"x": {"type": "NoSuchCondition", "options": {}}})
    with pytest.raises(sdk.BadRequestException, match="NoSuchCondition"):
        policies.create_policy(odd)


def test_who_may_not_see_policies_learns_what_is_missing(server: Server) -> None:
    app = server.app(scope="hydra.policies")
    api = sdk.PolicyApi(server.by_token(server.token("hydra.policies", app)).api_client)
    with pytest.raises(sdk.ForbiddenException) as denied:
        api.list_policies()
    assert '"rn:hydra:policies"' in str(denied.value.hint)


def test_the_warden_decides_by_policies(
    server: Server, policies: sdk.PolicyApi, warden: sdk.WardenApi
) -> None:
    assert not allowed(warden, server)
    policies.create_policy(policy_of(server))
    assert allowed(warden, server)
    assert not allowed(warden, server, "delete")
    policies.create_policy(policy_of(server, id=f"{server.prefix}-deny", effect="deny"))
    assert not allowed(warden, server)


def test_conditions_look_at_the_context(
    server: Server, policies: sdk.PolicyApi, warden: sdk.WardenApi
) -> None:
    policy = policy_of(server)
    options = PolicyConditionOptions(equals="gold")
    policy.conditions = {"plan": PolicyConditions(type="StringEqualCondition", options=options)}
    policies.create_policy(policy)
    assert allowed(warden, server, plan="gold")
    assert not allowed(warden, server, plan="free")
    assert not allowed(warden, server)


def test_the_warden_knows_tokens(
    server: Server, policies: sdk.PolicyApi, warden: sdk.WardenApi
) -> None:
    app = server.app()
    policies.create_policy(policy_of(server, subjects=[str(app.id)]))
    request = sdk.WardenTokenAccessRequest(
        token=server.token("photos.read", app),
        scopes=["photos.read"],
        action="get",
        resource=f"{server.prefix}:photos:1",
    )
    said = warden.does_warden_allow_token_access_request(request)
    assert said.allowed
    assert (said.subject, said.client_id) == (app.id, app.id)
    assert said.granted_scopes == ["photos.read"]
    request.token = "nope-nope-nope"
    assert not warden.does_warden_allow_token_access_request(request).allowed


def test_members_of_a_group_count_as_the_group(
    server: Server, policies: sdk.PolicyApi, warden: sdk.WardenApi
) -> None:
    group = f"{server.prefix}-group"
    alice = f"{server.prefix}-alice"
    policies.create_policy(policy_of(server, subjects=[group]))
    warden.create_group(sdk.WardenGroup(id=group, members=[]))
    try:
        assert not allowed(warden, server)
        warden.add_members_to_group(group, sdk.GroupMembers(members=[alice]))
        assert allowed(warden, server)
        assert warden.get_group(group).members == [alice]
        assert [found.id for found in warden.find_groups_by_member(alice)] == [group]
        warden.remove_members_from_group(group, sdk.GroupMembers(members=[alice]))
        assert not allowed(warden, server)
    finally:
        warden.delete_group(group)
    with pytest.raises(sdk.NotFoundException):
        warden.get_group(group)


@pytest.mark.parametrize("algorithm", ["RS256", "HS256"])
def test_keys_that_the_server_makes(
    server: Server, keys: sdk.JsonWebKeyApi, algorithm: str
) -> None:
    request = sdk.JsonWebKeySetGeneratorRequest(alg=algorithm, kid="live")
    made = keys.create_json_web_key_set(server.prefix, request)
    assert all(key.d or key.k or key.n for key in made.keys)
    for key in made.keys:
        found = keys.get_json_web_key(server.prefix, str(key.kid))
        assert [one.kid for one in found.keys] == [key.kid]
    shown = repr(made)
    assert not [key for key in made.keys for secret in (key.d, key.k) if secret and secret in shown]
    keys.delete_json_web_key_set(server.prefix)
    with pytest.raises(sdk.NotFoundException):
        keys.get_json_web_key_set(server.prefix)


def test_keys_that_the_server_is_given(server: Server, keys: sdk.JsonWebKeyApi) -> None:
    key = JsonWebKey(kty="oct", kid="mine", k="c2VjcmV0LW9mLXRoaXMtdGVzdA", alg="HS256", use="sig")
    keys.update_json_web_key_set(server.prefix, JsonWebKeySet(keys=[key]))
    (found,) = keys.get_json_web_key(server.prefix, "mine").keys
    assert found.k == key.k
    keys.delete_json_web_key(server.prefix, "mine")
    with pytest.raises(sdk.NotFoundException):
        keys.get_json_web_key(server.prefix, "mine")


def test_a_generator_that_is_unknown(server: Server, keys: sdk.JsonWebKeyApi) -> None:
    with pytest.raises(sdk.BadRequestException, match="unknown"):
        keys.create_json_web_key_set(
            server.prefix, sdk.JsonWebKeySetGeneratorRequest(alg="XX1", kid="live")
        )


def test_health(server: Server) -> None:
    health = sdk.HealthApi(server.root.api_client)
    assert health.get_instance_status().status == "ok"
    assert isinstance(health.get_instance_metrics(), dict)


def test_userinfo(server: Server) -> None:
    app = server.app()
    if server.is_0_9:
        with pytest.raises(sdk.NotFoundException, match=r"0\.10"):
            server.root.userinfo(server.token("photos.read", app))
        return
    tokens = server.tokens(app, "openid")
    assert server.root.userinfo(tokens.access_token).sub == "alice"
    with pytest.raises(sdk.UnauthorizedException):
        server.root.userinfo("nope-nope-nope")
