"""The caller's own access: changed last, by a single PUT, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.provisioning import photos, steps

from hydra_client import (
    ApiClient,
    ApiValueError,
    BadRequestException,
    Configuration,
    ForbiddenException,
    OAuth2Client,
    Policy,
    ServiceException,
    connect,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.errors import HydraError
from hydra_client.provisioning import Apis, Desired, apply, plan
from hydra_client.provisioning.caller import _MAYBE, _NO, _YES, _matches, _needs, caller_of
from hydra_client.tokens import ClientCredentials

SECRET = "secret-of-the-deployer"
OWN = {
    "id": "ops:deployer",
    "effect": "allow",
    "subjects": ["deployer"],
    "actions": ["<.*>"],
    "resources": ["rn:hydra:<.*>"],
}


def own(**changed: Any) -> Policy:
    return Policy.from_dict({**OWN, **changed})


@pytest.fixture
def root(apis: Apis) -> Apis:
    """What created the deployer, who may do everything."""
    deployer = OAuth2Client(
        id="deployer",
        client_secret=SECRET,
        grant_types=["client_credentials"],
        scope="hydra.clients hydra.policies hydra.groups hydra.warden.groups",
    )
    apply(plan(apis, Desired(clients=[deployer], policies=[own()])))
    return apis


@pytest.fixture
def deployer(root: Apis, hydra: HydraEmulator) -> Apis:
    return Apis.of(connect(hydra.url, "deployer", SECRET).api_client)


def test_its_policy_is_put_last(hydra: HydraEmulator, deployer: Apis) -> None:
    """Even if it may do nothing afterwards."""
    desired = Desired(
        clients=[OAuth2Client(id="app")],
        policies=[own(resources=["photos:<.*>"]), photos(), photos("q", "deny")],
        groups={"g": ["x"]},
    )
    planned = plan(deployer, desired)
    assert steps(planned) == [
        ("create", "q"),
        ("create", "app"),
        ("create", "p"),
        ("create", "g"),
        ("update", "ops:deployer"),
    ]
    before = len(hydra.requests)
    assert {result.action for result in apply(planned)} == {"created", "updated"}
    writes = [str(request) for request in hydra.requests[before:] if request.method == "PUT"]
    assert writes[-1] == "PUT /policies/ops%3Adeployer"
    assert writes.count(writes[-1]) == 1


def test_its_policy_may_change_at_any_time_if_it_still_gives_enough(deployer: Apis) -> None:
    desired = Desired(policies=[own(subjects=["deployer", "other"]), photos()])
    assert steps(plan(deployer, desired)) == [("update", "ops:deployer"), ("create", "p")]


def test_its_client_is_updated_after_everything_but_its_policy(deployer: Apis) -> None:
    desired = Desired(
        clients=[OAuth2Client(id="deployer", client_name="Deployer"), OAuth2Client(id="app")],
        policies=[own(actions=["get"]), photos()],
    )
    planned = plan(deployer, desired)
    assert steps(planned) == [
        ("create", "app"),
        ("create", "p"),
        ("update", "deployer"),
        ("update", "ops:deployer"),
    ]
    assert [len(stage) for stage in planned.stages()] == [1, 1, 1, 1]
    apply(planned)


@pytest.mark.parametrize(
    ("before", "after", "culprit"),
    [
        # It would be locked out, even at the end.
        ({}, {"removed_policies": ["ops:deployer"]}, "policy 'ops:deployer'"),
        ({}, {"policies": [own(effect="deny")]}, "policy 'ops:deployer'"),
        (
            {},
            {"policies": [own(id="no", effect="deny", subjects=["<dep.*>"], actions=["update"])]},
            "policy 'no'",
        ),
        # Its group is what its access rests on.
        (
            {"policies": [own(subjects=["ops"])], "groups": {"ops": ["deployer"]}},
            {"groups": {"ops": []}},
            "group 'ops'",
        ),
        (
            {"policies": [own(subjects=["ops"])], "groups": {"ops": ["deployer"]}},
            {"removed_groups": ["ops"]},
            "group 'ops'",
        ),
        # It may be what gives the access, but that is not certain.
        (
            {"policies": [own(resources=["<(rn:.*)+>"])]},
            {"policies": [photos()], "removed_policies": ["ops:deployer"]},
            "policy 'ops:deployer'",
        ),
        # It may deny it.
        (
            {},
            {"policies": [own(id="no", effect="deny", resources=["<(rn:.*)+>"]), photos()]},
            "policy 'no'",
        ),
        # A change of a deny must follow the PUT, for which there would be no access left.
        (
            {"policies": [photos("q", "deny")]},
            {"policies": [own(resources=["photos:<.*>"])], "removed_policies": ["q"]},
            "policy 'ops:deployer'",
        ),
        # Who joins the group would get what the old policy gave it.
        (
            {"policies": [own(subjects=["deployer", "g"])], "groups": {"g": []}},
            {"policies": [own(subjects=["g"], resources=["x"])], "groups": {"g": ["a"]}},
            "policy 'ops:deployer'",
        ),
        # Two changes that take access cannot both be last.
        (
            {"policies": [own(actions=["get", "list"]), own(id="b", actions=["update"])]},
            {"policies": [own(actions=["x"]), own(id="b", actions=["x"])]},
            "policy 'ops:deployer'",
        ),
    ],
)
def test_what_would_lock_the_caller_out_is_refused(
    hydra: HydraEmulator,
    root: Apis,
    deployer: Apis,
    before: dict[str, Any],
    after: dict[str, Any],
    culprit: str,
) -> None:
    apply(plan(root, Desired(**before)))
    sent = len(hydra.requests)
    with pytest.raises(ApiValueError, match=f"^{culprit}: this change takes access"):
        plan(deployer, Desired(**after))
    assert {request.method for request in hydra.requests[sent:]} <= {"GET", "POST"}
    plan(root, Desired(**after))  # somebody else may do it


def test_a_group_that_joins_elsewhere_does_not_matter(root: Apis, deployer: Apis) -> None:
    apply(plan(root, Desired(policies=[own(subjects=["deployer", "<ops|g>"])], groups={"g": []})))
    desired = Desired(policies=[own(resources=["x"])], groups={"h": ["a"]})
    assert steps(plan(deployer, desired)) == [("create", "h"), ("update", "ops:deployer")]


def test_a_group_that_gives_access_is_joined(root: Apis, deployer: Apis) -> None:
    """What the caller may not do yet is not counted as lost."""
    apply(plan(root, Desired(policies=[own(resources=["rn:hydra:<policies|warden:groups>:<.*>"])])))
    apply(plan(root, Desired(policies=[own(id="list", resources=["rn:hydra:<policies|clients>"])])))
    desired = Desired(policies=[photos()], groups={"ops": ["deployer"]})
    assert steps(plan(deployer, desired)) == [("create", "p"), ("create", "ops")]


def test_a_policy_that_allows_under_a_condition_is_not_counted_on(
    root: Apis, deployer: Apis
) -> None:
    for name in ("owner", "ip"):
        conditions = {name: {"type": "EqualsSubjectCondition"}}
        apply(plan(root, Desired(policies=[own(id=name, conditions=conditions)])))
    with pytest.raises(ApiValueError, match="ops:deployer"):
        plan(deployer, Desired(removed_policies=["ops:deployer"]))


# --- its client

GRANTS = ["client_credentials"]
SCOPE = "hydra.clients hydra.policies hydra.groups hydra.warden.groups"


@pytest.mark.parametrize(
    ("fields", "loss"),
    [
        ({"scope": "nothing"}, "removes the scope 'hydra.clients'"),
        ({"scope": None}, "removes the scope 'hydra.clients'"),
        ({"scope": "hydra.*.x hydra.clients.* hydra"}, "removes the scope 'hydra.clients'"),
        ({"grant_types": ["implicit"]}, "removes the grant type 'client_credentials'"),
        ({"grant_types": []}, "removes the grant type 'client_credentials'"),
        ({"public": True}, "makes it public"),
    ],
)
def test_its_client_keeps_what_its_tokens_need(
    hydra: HydraEmulator, root: Apis, deployer: Apis, fields: dict[str, Any], loss: str
) -> None:
    desired = Desired(clients=[OAuth2Client(id="deployer", **fields)])
    sent = len(hydra.requests)
    with pytest.raises(ApiValueError, match=f"^client 'deployer': this change {loss}"):
        plan(deployer, desired)
    assert {request.method for request in hydra.requests[sent:]} <= {"GET", "POST"}
    assert plan(root, desired).steps  # somebody else may do it


def test_its_client_needs_the_scopes_of_each_kind_that_the_plan_has(deployer: Apis) -> None:
    only_clients = OAuth2Client(id="deployer", scope="hydra.clients")
    for desired, lost in (
        (Desired(clients=[only_clients], policies=[own()]), "hydra.policies"),
        (
            Desired(clients=[only_clients], groups={"g": []}),
            "hydra.groups hydra.policies hydra.warden.groups",
        ),
    ):
        with pytest.raises(ApiValueError, match=f"removes the scope '{lost}'"):
            plan(deployer, desired)
    for scope in ("hydra.clients", "hydra.*", "*", f"{SCOPE} photos"):
        desired = Desired(clients=[OAuth2Client(id="deployer", scope=scope)])
        assert steps(plan(deployer, desired)) == [("update", "deployer")]


def test_its_client_needs_the_scopes_that_are_configured(
    hydra: HydraEmulator, deployer: Apis
) -> None:
    narrow = Desired(clients=[OAuth2Client(id="deployer", scope="hydra.clients hydra.policies")])
    source = ClientCredentials("deployer", SECRET, SCOPE)
    for configuration in (
        Configuration(hydra.url, access_token=source),
        Configuration(hydra.url, "deployer", SECRET, scopes=SCOPE),
    ):
        client = ApiClient(configuration)
        with client, pytest.raises(ApiValueError, match=r"'hydra\.groups hydra\.warden\.groups'"):
            plan(Apis.of(client), narrow)
    assert plan(deployer, narrow).steps


SCOPES = st.lists(
    st.sampled_from(["hydra.*", "*", "hydra", "*.clients", *SCOPE.split(), "hydra.clients.*"]),
    unique=True,
).map(" ".join)
OWN_CLIENT = st.fixed_dictionaries(
    {},
    optional={
        "scope": SCOPES,
        "grant_types": st.lists(
            st.sampled_from(["client_credentials", "Client_Credentials", "implicit"]), unique=True
        ),
        "public": st.booleans(),
        "client_name": st.sampled_from(["a", "b"]),
    },
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(old="hydra.policies hydra.groups", new={}, with_policy=False, with_group=True)
@given(old=SCOPES, new=OWN_CLIENT, with_policy=st.booleans(), with_group=st.booleans())
def test_a_plan_that_is_not_refused_leaves_the_caller_its_tokens(
    hydra: HydraEmulator, root: Apis, old: str, new: Any, with_policy: bool, with_group: bool
) -> None:
    """In whichever order the plan has its steps. The next plan is empty."""
    before = OAuth2Client(id="deployer", scope=f"{old} hydra.clients", grant_types=GRANTS)
    before.client_secret, before.public, before.client_name = SECRET, False, "a"
    nothing = Desired(clients=[before], removed_policies=["p"], removed_groups=["g"])
    apply(plan(root, nothing))
    desired = Desired(
        clients=[OAuth2Client(id="app"), OAuth2Client(id="deployer", **new)],
        policies=[photos()] * with_policy,
        groups={"g": ["x"]} if with_group else {},
    )
    with connect(hydra.url, "deployer", SECRET) as api:
        try:
            apply(plan(Apis.of(api.api_client), replace(desired, clients=desired.clients[:1])))
        except (BadRequestException, ForbiddenException, ServiceException):
            return  # a scope was missing from the beginning
    apply(plan(root, nothing))
    with connect(hydra.url, "deployer", SECRET) as api:
        try:
            planned = plan(Apis.of(api.api_client), desired)
        except ApiValueError:
            return
        apply(planned)
    with connect(hydra.url, "deployer", SECRET) as api:
        assert plan(Apis.of(api.api_client), desired).steps == ()


def test_who_calls(hydra: HydraEmulator) -> None:
    def caller(**settings: Any) -> str | None:
        with ApiClient(Configuration(hydra.url, **settings)) as client:
            return caller_of(client)

    credentials = {"username": "a", "password": "a-secret"}
    assert caller(**credentials) == "a"
    assert caller(access_token="token") is None
    assert caller(access_token="token", **credentials) is None
    assert caller(access_token=ClientCredentials("b", "b-secret"), **credentials) == "b"
    assert caller(access_token=ClientCredentials(), **credentials) == "a"


def test_a_source_of_tokens_says_whose_they_are(hydra: HydraEmulator, root: Apis) -> None:
    source = ClientCredentials("deployer", SECRET)
    client = ApiClient(Configuration(hydra.url, access_token=source))
    with client, pytest.raises(ApiValueError, match="ops:deployer"):
        plan(Apis.of(client), Desired(removed_policies=["ops:deployer"]))


@pytest.mark.parametrize(
    ("template", "value", "matched"),
    [
        ("a", "a", _YES),
        ("a", "b", _NO),
        ("<.*>", "a", _YES),
        ("rn:<a|b>:<.*>", "rn:b:c", _YES),
        ("rn:<a|b>:<.*>", "rn:c:c", _NO),
        ("rn:<[0-9]+>", "rn:7", _YES),
        ("a.c<.*>", "abc", _NO),
        ("photos:<.(.*)*>", "rn:hydra:clients", _NO),
        # What Go and Python may not agree on, or what takes too long.
        ("<(?i)a>", "a", _MAYBE),
        ("<(a*)*b>", "a", _MAYBE),
        ("<a<b>>", "a", _MAYBE),
        ("<a", "a", _MAYBE),
        ("<.*.*.*.*>", "a", _MAYBE),
        ("<[z-a]>", "a", _MAYBE),
    ],
)
def test_templates(template: str, value: str, matched: int) -> None:
    assert _matches(template, value) == matched


# --- any policies

OWN_POLICIES = st.dictionaries(
    st.sampled_from(["ops:deployer", "p", "q"]),
    st.fixed_dictionaries(
        {
            "effect": st.sampled_from(["allow", "allow", "allow", "deny"]),
            "subjects": st.lists(
                st.sampled_from(["deployer", "g", "x", "<dep|g>loyer", "<d.*>"]),
                min_size=1,
                max_size=2,
                unique=True,
            ),
            "actions": st.lists(
                st.sampled_from(["<.*>", "get", "update", "list", "members.<add|remove>"]),
                min_size=1,
                max_size=3,
                unique=True,
            ),
            "resources": st.lists(
                st.sampled_from(["rn:hydra:<.*>", "rn:hydra:policies<.*>", "photos", "rn:<.+>"]),
                min_size=1,
                max_size=2,
                unique=True,
            ),
        }
    ),
    min_size=1,
)
STATES = st.tuples(OWN_POLICIES, st.lists(st.sampled_from(["deployer", "x"]), unique=True))


def state(policies: dict[str, dict[str, Any]], members: list[str], *, whole: bool) -> Desired:
    return Desired(
        policies=[Policy(id=id, **fields) for id, fields in policies.items()],
        groups={"g": members},
        removed_policies={"ops:deployer", "p", "q"} - policies.keys() if whole else (),
    )


IN_A_GROUP_THAT_IT_MAY_NOT_FIND = (
    {
        "ops:deployer": {
            "effect": "allow",
            "subjects": ["deployer"],
            "actions": ["get", "members.<add|remove>"],
            "resources": ["rn:hydra:<.*>"],
        },
        "p": {
            "effect": "allow",
            "subjects": ["g"],
            "actions": ["<.*>"],
            "resources": ["rn:hydra:policies<.*>"],
        },
    },
    ["deployer"],
)
OUT_OF_IT = (
    {"ops:deployer": {**IN_A_GROUP_THAT_IT_MAY_NOT_FIND[0]["ops:deployer"], "actions": ["<.*>"]}},
    [],
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=STATES, new=STATES, whole=st.booleans())
@example(old=IN_A_GROUP_THAT_IT_MAY_NOT_FIND, new=OUT_OF_IT, whole=False)
def test_a_plan_that_is_not_refused_can_be_carried_out(
    hydra: HydraEmulator, root: Apis, deployer: Apis, old: Any, new: Any, whole: bool
) -> None:
    """If the caller may do at the beginning what the plan needs."""

    def may(action: str, resource: str) -> bool:
        try:
            hydra._state.check_policies("deployer", action, resource, {})
        except HydraError:
            return False
        return True

    apply(plan(root, state(*old, whole=True)))
    if not may("list", "rn:hydra:policies") or not may("get", "rn:hydra:warden:groups:g"):
        return
    try:
        planned = plan(deployer, state(*new, whole=whole))
    except ApiValueError:
        return
    if all(may(*need) for step in planned.steps for need in _needs(step)):
        apply(planned)
        assert plan(root, state(*new, whole=whole)).steps == ()
