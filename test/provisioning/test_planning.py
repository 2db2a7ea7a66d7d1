"""Many objects at once: the plan, and that no step allows more than before or after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.provisioning import photos, steps

from hydra_client import (
    ApiConnectionError,
    ApiTypeError,
    ApiValueError,
    ForbiddenException,
    OAuth2Client,
    Policy,
    PolicyApi,
    PolicyConditionOptions,
    PolicyConditions,
    connect,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response
from hydra_client.provisioning import Apis, ClientResult, Desired, Plan, Result, apply, plan

SUBJECTS, ACTIONS, RESOURCES, GROUPS = ["a", "b", "c"], ["get", "put"], ["r", "s"], ["g", "h"]
CONTEXTS: list[dict[str, Any]] = [{}, {"name": "x"}, {"name": "y"}, {"name": "g"}]
Request_ = tuple[str, str, str, str]


class Observed(HydraEmulator):
    """Records after each write what is allowed."""

    def __init__(self, version: str, store: str) -> None:
        super().__init__(version, store)
        self.moments: list[set[Request_]] = []

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        if request.method != "GET" and not request.raw_path.startswith("/oauth2/"):
            self.moments.append(self.allowed())
        return response

    def allowed(self) -> set[Request_]:
        return {
            (subject, action, resource, str(context))
            for subject, action, resource, context in product(
                SUBJECTS, ACTIONS, RESOURCES, CONTEXTS
            )
            if self._allows(subject, action, resource, context)
        }

    def _allows(self, subject: str, action: str, resource: str, context: dict[str, Any]) -> bool:
        try:
            self._state.check_policies(subject, action, resource, context)
        except HydraError:
            return False
        return True


@pytest.fixture
def hydra(hydra_settings: dict[str, str]) -> Iterator[Observed]:
    with Observed(**hydra_settings) as hydra:
        yield hydra


# --- what is planned


def test_a_server_is_set_up_and_torn_down(hydra: HydraEmulator, apis: Apis) -> None:
    desired = Desired(
        clients=[OAuth2Client(id="app", scope="a")],
        policies=[photos(subjects=["g"]), photos("q", "deny", subjects=["h"])],
        groups={"g": ["a"], "h": ["b"], "e": []},
    )
    planned = plan(apis, desired)
    assert steps(planned) == [
        ("create", "q"),
        ("create", "h"),
        ("create", "app"),
        ("create", "p"),
        ("create", "g"),
        ("create", "e"),
    ]
    assert planned.warnings == ()
    assert planned.steps[2].fields == ("scope",)
    reported: list[Result] = []
    results = apply(planned, reported.append)
    assert results == reported
    assert {result.action for result in results} == {"created"}
    client = results[2]
    assert isinstance(client, ClientResult)
    assert client.client_secret not in (None, *repr(client).split("'"))

    assert plan(apis, desired) == Plan(())
    assert {result.action for result in apply(planned)} == {"unchanged"}

    gone = Desired(
        removed_clients=["app"], removed_policies=["p", "q"], removed_groups=["g", "h", "e"]
    )
    planned = plan(apis, gone)
    assert steps(planned) == [
        ("delete", "p"),
        ("delete", "g"),
        ("delete", "e"),
        ("delete", "app"),
        ("delete", "q"),
        ("delete", "h"),
    ]
    assert {result.action for result in apply(planned)} == {"deleted"}
    assert plan(apis, gone) == Plan(())
    assert {result.action for result in apply(planned)} == {"deleted"}


def test_changes_are_ordered(hydra: HydraEmulator, apis: Apis) -> None:
    before = Desired(
        clients=[OAuth2Client(id="app", scope="a")],
        policies=[
            photos("wider", "deny"),
            photos("both", "deny"),
            photos("flip", "deny"),
            photos("turn", "allow"),
            photos("kept", "allow", subjects=["g"]),
        ],
        groups={"g": ["a", "b"]},
    )
    apply(plan(apis, before))
    after = Desired(
        clients=[OAuth2Client(id="app", scope="b")],
        policies=[
            photos("wider", "deny", subjects=["a", "b"]),
            photos("both", "deny", subjects=["b"]),
            photos("flip", "allow"),
            photos("turn", "deny"),
            photos("kept", "allow", subjects=["g"], actions=["put"]),
        ],
        groups={"g": ["b", "c"]},
    )
    planned = plan(apis, after)
    assert steps(planned) == [
        ("widen", "wider"),
        ("widen", "both"),
        ("update", "turn"),
        ("remove members", "g"),
        ("update", "app"),
        ("update", "kept"),
        ("add members", "g"),
        ("update", "flip"),
        ("update", "both"),
    ]
    assert "run=" not in repr(planned)
    apply(planned)
    assert plan(apis, after) == Plan(())


def test_conditions_that_differ_do_not_narrow_a_deny(apis: Apis) -> None:
    def equal(value: str) -> PolicyConditions:
        return PolicyConditions(
            type="StringEqualCondition", options=PolicyConditionOptions(equals=value)
        )

    old = {"same": equal("x"), "other": equal("x"), "old": equal("x")}
    new = {"same": equal("x"), "other": equal("y"), "new": equal("x")}
    apply(plan(apis, Desired(policies=[photos("p", "deny", conditions=old)])))
    planned = plan(apis, Desired(policies=[photos("p", "deny", conditions=new)]))
    assert steps(planned) == [("widen", "p"), ("update", "p")]
    planned.steps[0].run()
    assert list(apis.policies.get_policy("p").conditions or {}) == ["same"]


def test_a_group_that_is_both_allowed_and_denied_is_warned_of(apis: Apis) -> None:
    desired = Desired(
        policies=[photos(subjects=["g"]), photos("q", "deny", subjects=["<g|h>"])],
        groups={"g": ["a"]},
    )
    assert "group 'g' is a subject" in plan(apis, desired).warnings[0]


@pytest.mark.parametrize("wanted", [{"g": ["a", "b"]}, {"g": ["b"]}])
def test_what_someone_else_did_meanwhile_is_not_done_again(
    apis: Apis, wanted: dict[str, list[str]]
) -> None:
    apply(plan(apis, Desired(groups={"g": ["a"]}, policies=[photos("q", "deny")])))
    planned = plan(apis, Desired(groups=wanted, policies=[photos("q", "deny", actions=["put"])]))
    apis.groups.delete_group("g")
    apis.policies.delete_policy("q")
    apply(planned)
    assert set(apis.groups.get_group("g").members or []) <= set(wanted["g"])
    assert apis.policies.get_policy("q").actions == ["put"]


@pytest.mark.parametrize("found", [True, False])
def test_a_deletion_whose_response_got_lost(hydra: HydraEmulator, apis: Apis, found: bool) -> None:
    class Lossy(PolicyApi):
        def delete_policy(self, id: str, **_: Any) -> None:
            if not found:
                super().delete_policy(id)
            raise ApiConnectionError("lost")

    apply(plan(apis, Desired(policies=[photos()])))
    lossy = apis._replace(policies=Lossy(apis.policies.api_client))
    planned = plan(lossy, Desired(removed_policies=["p"]))
    if found:
        with pytest.raises(ApiConnectionError):
            apply(planned)
    else:
        assert apply(planned) == [Result("p", "deleted")]


@pytest.mark.parametrize(
    ("desired", "error", "message"),
    [
        (Desired(removed_clients=["admin"]), ApiValueError, "the caller itself"),
        (Desired(removed_policies=["default-admin-policy"]), ApiValueError, "cannot be changed"),
        (Desired(policies=[photos("default-admin-policy")]), ApiValueError, "cannot be changed"),
        (Desired(policies=[photos(), photos()]), ApiValueError, "policy 'p' is named more"),
        (Desired(groups={"g": []}, removed_groups=["g"]), ApiValueError, "group 'g' is named"),
        (
            Desired(clients=[OAuth2Client(id="y")], new_secrets={"Y": str}),
            ApiValueError,
            "new_secrets names 'Y', but clients has no client of this id",
        ),
        (
            Desired(clients=[OAuth2Client(id="y")], new_secrets={"y": "s3cret"}),  # type: ignore[dict-item]
            ApiTypeError,
            r"^new_secrets\['y'\] must be callable, got str$",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    hydra: HydraEmulator, apis: Apis, desired: Desired, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan(apis, desired)
    assert hydra.requests == []


@pytest.mark.parametrize(
    ("desired", "message"),
    [
        ({"clients": [{"id": "x"}]}, "each item of clients must be of type OAuth2Client, got dict"),
        ({"clients": (c for c in ())}, "clients must be a list of OAuth2Client objects, got gen"),
        ({"policies": [None]}, "each item of policies must be of type Policy, got NoneType"),
        ({"removed_clients": None}, "removed_clients must be a list of strings, got NoneType"),
        ({"removed_policies": [5]}, "each item of removed_policies must be of type str, got int"),
        ({"removed_groups": "editors"}, "removed_groups must be a list of strings, got str"),
        ({"groups": ["x"]}, "groups must be a dict, got list"),
        ({"groups": {"g": "alice"}}, r"groups\['g'\] must be a list of strings, got str"),
        # Checking these would use them up, and the group would lose its members.
        ({"groups": {"g": iter(["alice"])}}, r"groups\['g'\] must be a list of strings, got list_"),
        ({"owner": 5}, "owner must be a string, got int"),
        ({"new_secrets": [str]}, "new_secrets must be a dict, got list"),
    ],
)
def test_the_desired_state_has_values_of_the_right_type(
    hydra: HydraEmulator, apis: Apis, desired: dict[str, Any], message: str
) -> None:
    with pytest.raises(ApiTypeError, match=f"^{message}"):
        plan(apis, Desired(**desired))
    assert hydra.requests == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda apis: plan(apis.clients, Desired()), "apis must be what Apis.of.*, got OAuth2Api"),
        (lambda apis: plan(apis._replace(clients=apis.groups), Desired()), "OAuth2Api, got"),
        (lambda apis: plan(apis, Desired(), each=5), "each must be callable, got int"),  # type: ignore[arg-type]
        (lambda apis: plan(apis, {}), "desired must be a Desired, got dict"),
        (lambda apis: apply(Desired()), "plan must be a Plan, got Desired"),  # type: ignore[arg-type]
        (lambda apis: apply(plan(apis, Desired()), 5), "report must be callable, got int"),  # type: ignore[arg-type]
    ],
)
def test_arguments_have_the_right_type(
    apis: Apis, call: Callable[[Any], object], message: str
) -> None:
    with pytest.raises(ApiTypeError, match=message):
        call(apis)


def test_a_step_that_fails_ends_the_application(hydra: HydraEmulator, apis: Apis) -> None:
    planned = plan(apis, Desired(clients=[OAuth2Client(id="app")], policies=[photos()]))
    hydra.fail("/policies/p", method="PUT", status=403, body='{"error": "Request was denied"}')
    done: list[Result] = []
    with pytest.raises(ForbiddenException):
        apply(planned, done.append)
    assert [result.id for result in done] == ["app"]


# --- between two writes

PARTS = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["allow", "deny"]),
        "subjects": st.lists(
            st.sampled_from(["a", "b", "g", "h", "<.*>", "<g|a>"]), unique=True, max_size=3
        ),
        "actions": st.lists(st.sampled_from(ACTIONS), unique=True, min_size=1),
        "resources": st.lists(st.sampled_from(RESOURCES), unique=True, min_size=1),
        "conditions": st.dictionaries(
            st.just("name"),
            st.just(PolicyConditions(type="EqualsSubjectCondition"))
            | st.sampled_from("xy").map(
                lambda value: PolicyConditions(
                    type="StringEqualCondition", options=PolicyConditionOptions(equals=value)
                )
            ),
            max_size=1,
        ),
    }
)
STATES = st.tuples(
    st.dictionaries(st.sampled_from("pqst"), PARTS, max_size=4),
    st.dictionaries(
        st.sampled_from(GROUPS), st.lists(st.sampled_from(SUBJECTS), unique=True), max_size=2
    ),
)
State = tuple[dict[str, dict[str, Any]], dict[str, list[str]]]


def desired(state: State) -> Desired:
    policies, groups = state
    return Desired(
        policies=[Policy(id=id, **fields) for id, fields in policies.items()],
        groups=groups,
        removed_policies=[id for id in "pqst" if id not in policies],
        removed_groups=[id for id in GROUPS if id not in groups],
    )


class KilledError(Exception):
    pass


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=STATES, new=STATES, steps=st.integers(1, 6))
@example(
    # Whoever leaves the group too early is allowed what the old policy p allows.
    old=(
        {
            "p": {"effect": "allow", "subjects": ["a"], "actions": ["get"], "resources": ["r"]},
            "q": {"effect": "deny", "subjects": ["g"], "actions": ["get"], "resources": ["r"]},
        },
        {"g": ["a"]},
    ),
    new=(
        {
            "p": {"effect": "allow", "subjects": ["a"], "actions": ["put"], "resources": ["r"]},
            "q": {"effect": "deny", "subjects": ["g"], "actions": ["get"], "resources": ["r"]},
        },
        {"g": []},
    ),
    steps=9,
)
@example(
    # Who joins the group early is allowed what its members are: p looks at the group's name.
    old=(
        {
            "p": {
                "effect": "allow",
                "subjects": ["<.*>"],
                "actions": ["get"],
                "resources": ["r"],
                "conditions": {"name": PolicyConditions(type="EqualsSubjectCondition")},
            },
            "q": {"effect": "deny", "subjects": ["g"], "actions": ["put"], "resources": ["s"]},
        },
        {"g": ["a"]},
    ),
    new=(
        {"q": {"effect": "deny", "subjects": ["g"], "actions": ["put"], "resources": ["s"]}},
        {"g": ["a", "b"]},
    ),
    steps=9,
)
def test_no_moment_allows_more_than_before_or_after(
    hydra: Observed, apis: Apis, old: State, new: State, steps: int
) -> None:
    """Also if the first application ends early, and the next one starts from there."""
    apply(plan(apis, desired(old)))
    before = hydra.allowed()
    hydra.moments.clear()

    def kill(_: Result) -> None:
        nonlocal steps
        steps -= 1
        if not steps:
            raise KilledError

    planned = plan(apis, desired(new))
    try:
        apply(planned, kill)
    except KilledError:
        pass
    again = plan(apis, desired(new))
    apply(again)
    assert plan(apis, desired(new)) == Plan(())
    if not planned.warnings + again.warnings:
        justified = before | hydra.allowed()
        assert [moment - justified for moment in hydra.moments if moment - justified] == []


# --- what belongs to an owner


def test_what_an_owner_has_besides_is_pruned(hydra: HydraEmulator, apis: Apis) -> None:
    for id, owner in (("kept", "team"), ("old", "team"), ("admin2", "you"), ("x/y", "team")):
        hydra.add_client(id=id, owner=owner)
    apply(plan(apis, Desired(policies=[photos(f"{id}") for id in ("team:a", "team:b", "teams:c")])))
    desired = Desired(clients=[OAuth2Client(id="kept")], policies=[photos("team:a")], owner="team")
    assert plan(apis, desired).steps == ()
    clients = plan(apis, desired, prune_clients=True)
    assert steps(clients) == [("delete", "old")]
    assert clients.warnings[0].startswith("skipped 'x/y': the API cannot address it")
    both = plan(apis, desired, prune_clients=True, prune_policies=True)
    assert steps(both) == [("delete", "team:b"), ("delete", "old")]
    apply(both)
    assert steps(plan(apis, desired, prune_clients=True, prune_policies=True)) == []
    assert {result.action for result in apply(both)} == {"deleted"}
    with pytest.raises(ApiValueError, match="pruning needs an owner"):
        plan(apis, Desired(), prune_policies=True)
    with pytest.raises(ApiValueError, match="owner 'team:a' must not contain ':'"):
        plan(apis, Desired(owner="team:a"))


def test_a_client_that_changed_hands_is_not_pruned(hydra: HydraEmulator, apis: Apis) -> None:
    hydra.add_client(id="old", owner="team")
    planned = plan(apis, Desired(owner="team"), prune_clients=True)
    named = plan(apis, Desired(owner="team", removed_clients=["old"]))
    apis.clients.update_oauth2_client("old", OAuth2Client(owner="you"))
    assert apply(planned) == [Result("old", "unchanged")]
    assert apply(named) == [Result("old", "deleted")]


def test_the_caller_is_not_pruned(apis: Apis) -> None:
    apis.clients.update_oauth2_client("admin", OAuth2Client(owner="team"))
    assert plan(apis, Desired(owner="team"), prune_clients=True).steps == ()


def test_pruning_with_an_access_token_is_warned_of(hydra: HydraEmulator) -> None:
    token = (
        hydra.api().oauth_token(grant_type="client_credentials", scope="hydra.clients").access_token
    )
    apis = Apis.of(connect(hydra.url, access_token=token).api_client)
    assert plan(apis, Desired(owner="team"), prune_clients=True) == Plan(())
    apis.clients.update_oauth2_client("admin", OAuth2Client(owner="team"))
    planned = plan(apis, Desired(owner="team"), prune_clients=True)
    assert steps(planned) == [("delete", "admin")]
    assert "does not say which client you call as" in planned.warnings[0]


# --- how it is carried out


def test_values_are_shown_but_no_secret(hydra: HydraEmulator, apis: Apis) -> None:
    hydra.add_client(id="app", client_name="Old", client_secret="an-old-secret")
    client = OAuth2Client(id="app", client_name="New", client_secret="a-new-secret")
    (step,) = plan(apis, Desired(clients=[client])).steps
    assert step.changes == (("client_name", "Old", "New"),)
    assert step.fields == ("client_name", "client_secret")
    assert "a-new-secret" not in repr(step)
    assert step.run().fields == step.fields


def test_new_secrets_are_called_for_when_they_are_written(apis: Apis) -> None:
    made: list[str] = []

    def new_secret() -> str:
        made.append("a-new-secret")
        return made[-1]

    desired = Desired(clients=[OAuth2Client(id="app")], new_secrets={"app": new_secret})
    planned = plan(apis, desired)
    assert (made, planned.steps[0].sets_secret) == ([], True)
    apply(planned)
    assert made == ["a-new-secret"]
    known = Desired(clients=[OAuth2Client(id="app", client_secret="a-new-secret")])
    assert plan(apis, known).steps == ()


def test_requests_can_run_side_by_side(hydra: HydraEmulator, apis: Apis) -> None:
    clients = [OAuth2Client(id=f"c{number}") for number in range(9)]
    desired = Desired(clients=clients, groups={f"g{number}": ["a"] for number in range(9)})
    with ThreadPoolExecutor(3) as executor:
        planned = plan(apis, desired, each=executor.map)
        assert planned == plan(apis, desired)
        for stage in planned.stages():
            list(executor.map(lambda step: step.run(), stage))
    assert plan(apis, desired).steps == ()


def test_what_may_be_denied_meanwhile(apis: Apis) -> None:
    old = Desired(
        policies=[
            photos("gone", subjects=["a"]),
            photos("narrow", "deny"),
            photos("flip", "allow"),
            photos("moved", actions=["get", "put"]),
            photos("members", "deny", subjects=["h"], actions=["get"]),
        ],
        groups={"g": ["a", "b"], "h": ["a"]},
    )
    apply(plan(apis, old))
    new = Desired(
        policies=[
            photos("new"),
            photos("narrow", "deny", subjects=["b"]),
            photos("flip", "deny"),
            photos("moved", actions=["get"]),
            photos("members", "deny", subjects=["h"], actions=["put"]),
        ],
        groups={"g": ["b"], "h": ["a", "b"]},
        removed_policies=["gone"],
    )
    assert set(plan(apis, new).denied_meanwhile) == {
        "policy 'narrow'",
        "policy 'flip'",
        "policy 'members'",
        "group 'h'",
        "policy 'gone'",
        "group 'g'",
        "policy 'moved'",
    }
    # What is only taken, or only given, leaves no gap.
    assert plan(apis, Desired(removed_policies=["gone", "moved"])).denied_meanwhile == ()
    assert plan(apis, Desired(policies=[photos("new")])).denied_meanwhile == ()
    assert plan(apis, Desired(policies=[photos("gone", actions=["put"])])).denied_meanwhile == ()
    assert plan(apis, Desired(groups={"h": ["a", "b"]})).denied_meanwhile == ()


def test_an_owner_that_changes_with_policies_that_look_at_it_is_warned_of(apis: Apis) -> None:
    owners = {"owner": PolicyConditions(type="EqualsSubjectCondition")}
    client = OAuth2Client(id="app", owner="a")
    new = OAuth2Client(id="app", owner="b")
    old = Desired(clients=[client], policies=[photos(), photos("owners", conditions=owners)])
    assert plan(apis, old).warnings == ()
    apply(plan(apis, old))
    changed = photos("owners", conditions=owners, actions=["put"])
    for desired in (
        Desired(clients=[new], policies=[changed]),
        Desired(clients=[new], policies=[photos("owners")]),
        Desired(clients=[new], removed_policies=["owners"]),
        Desired(clients=[new], policies=[photos("more", conditions=owners)]),
    ):
        (warning,) = plan(apis, desired).warnings
        assert warning.startswith("client 'app' changes its owner together with policy ")
    assert plan(apis, Desired(clients=[new], policies=[photos(actions=["put"])])).warnings == ()
    renamed = OAuth2Client(id="app", client_name="App")
    assert plan(apis, Desired(clients=[renamed], policies=[changed])).warnings == ()


@pytest.mark.parametrize(
    ("client", "policy", "warned"),
    [
        ({"scope": "b hydra.policies"}, {"actions": ["get"]}, "scope"),
        ({"scope": "a b"}, {"actions": ["get"]}, ""),
        ({"grant_types": ["implicit", "client_credentials"]}, {"actions": ["get"]}, ""),
        ({"grant_types": ["client_credentials"]}, {"actions": ["get"]}, "grant_types"),
        ({"scope": "b"}, {"conditions": {}}, ""),
        ({"scope": "b"}, {"subjects": ["b"]}, "scope"),
        ({"scope": ""}, {"actions": ["get"]}, ""),
        ({"client_name": "x"}, {"actions": ["get"]}, ""),
        ({"scope": "b"}, {"actions": ["get", "put", "delete"]}, ""),
        ({"scope": "b"}, {"effect": "deny"}, ""),
        ({"scope": "b"}, {}, ""),
    ],
)
def test_a_client_that_gets_scopes_while_a_policy_allows_less_is_warned_of(
    apis: Apis, client: dict[str, Any], policy: dict[str, Any], warned: str
) -> None:
    old = {"id": "app", "scope": "a", "grant_types": ["implicit"], "client_secret": "app-secret"}
    stored = photos(subjects=["a"], actions=["get", "put"])
    apply(plan(apis, Desired(clients=[OAuth2Client(**old)], policies=[stored])))
    wanted = {"subjects": ["a"], "actions": ["get", "put"], **policy}
    effect = wanted.pop("effect", "allow")
    warnings = plan(
        apis,
        Desired(
            clients=[OAuth2Client(id="app", **client)], policies=[photos("p", effect, **wanted)]
        ),
    ).warnings
    found = [f"client 'app' gains and loses {warned}, and policy 'p' will allow less"]
    assert [warning.partition(":")[0] for warning in warnings] == found[: bool(warned)]


def test_clients_lose_before_the_policies_change_and_gain_afterwards(apis: Apis) -> None:
    old = {"grant_types": ["implicit"], "client_secret": "app-secret"}
    clients = [
        OAuth2Client(id="less", scope="a b", **old),
        OAuth2Client(id="more", scope="a", **old),
    ]
    apply(plan(apis, Desired(clients=clients, policies=[photos(subjects=["a"])])))
    clients = [OAuth2Client(id="more", scope="a b"), OAuth2Client(id="less", scope="a")]
    planned = plan(apis, Desired(clients=clients, policies=[photos(subjects=["b"])]))
    assert [step.id for step in planned.steps] == ["less", "p", "more"]
    assert planned.warnings == ()
