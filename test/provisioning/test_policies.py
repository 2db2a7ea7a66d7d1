"""One policy on each version and store: what is written, faults, and concurrent changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.crowd import Crowd

from hydra_client import (
    ApiConnectionError,
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    Policy,
    PolicyApi,
    PolicyConditionOptions,
    PolicyConditions,
    ServiceException,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.provisioning import Apis, Result, ensure_policy


@pytest.fixture
def api(apis: Apis) -> PolicyApi:
    return apis.policies


def sent(hydra: HydraEmulator) -> list[str]:
    """The methods of the requests for policies so far."""
    return [request.method for request in hydra.requests if request.path.startswith("/policies")]


def photos(**fields: Any) -> Policy:
    usual = {
        "id": "photos",
        "description": "Photos",
        "effect": "allow",
        "subjects": ["alice", "bob"],
        "resources": ["rn:photos:<.*>"],
        "actions": ["get", "list"],
        "conditions": {
            "ip": PolicyConditions(
                type="CIDRCondition", options=PolicyConditionOptions(cidr="10.0.0.0/8")
            ),
            "owner": PolicyConditions(type="EqualsSubjectCondition"),
        },
    }
    return Policy(**{**usual, **fields})


FIELDS = ("description", "subjects", "effect", "resources", "actions", "conditions")


def test_a_policy_is_created_once(hydra: HydraEmulator, api: PolicyApi) -> None:
    assert ensure_policy(api, photos()) == Result("photos", "created", FIELDS)
    assert sent(hydra) == ["GET", "PUT"]
    assert ensure_policy(api, photos()) == Result("photos", "unchanged")
    assert sent(hydra) == ["GET", "PUT", "GET"]


def test_an_update_replaces_by_one_put(hydra: HydraEmulator, api: PolicyApi) -> None:
    ensure_policy(api, photos())
    wanted = photos(subjects=["carol"], conditions={}, effect="deny")
    result = ensure_policy(api, wanted)
    assert result == Result("photos", "updated", ("subjects", "effect", "conditions"))
    stored = api.get_policy("photos")
    assert (stored.subjects, stored.effect, stored.conditions) == (["carol"], "deny", {})
    assert sent(hydra) == ["GET", "PUT", "GET", "PUT", "GET"]


def test_a_field_that_is_left_out_is_emptied(api: PolicyApi) -> None:
    ensure_policy(api, photos())
    result = ensure_policy(api, Policy(id="photos", effect="allow", subjects=["alice", "bob"]))
    assert result.fields == ("description", "resources", "actions", "conditions")
    assert not api.get_policy("photos").resources
    assert ensure_policy(api, Policy(id="photos", effect="allow", subjects=["bob", "alice"])) == (
        Result("photos", "unchanged")
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"subjects": ["bob", "alice", "bob"]},
        {"actions": ["list", "get"]},
        {
            "conditions": {
                "owner": PolicyConditions.from_dict(
                    {"type": "EqualsSubjectCondition", "options": {"comment": "ignored"}}
                ),
                "ip": PolicyConditions.from_dict(
                    {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8", "equals": ""}}
                ),
            }
        },
    ],
)
def test_what_the_server_normalizes_is_not_a_difference(
    api: PolicyApi, fields: dict[str, Any]
) -> None:
    ensure_policy(api, photos())
    assert ensure_policy(api, photos(**fields)).action == "unchanged"


@pytest.mark.parametrize("empty", [None, [], "unset"])
def test_empty_values_are_equal(api: PolicyApi, empty: Any) -> None:
    fields = {} if empty == "unset" else {"subjects": empty, "resources": empty, "actions": empty}
    policy = Policy(id="empty", effect="deny", **fields)
    assert ensure_policy(api, policy) == Result("empty", "created", ("effect",))
    assert ensure_policy(api, policy).action == "unchanged"


def test_an_option_that_is_missing_is_empty(api: PolicyApi) -> None:
    condition = PolicyConditions(type="StringEqualCondition")
    policy = photos(conditions={"a": condition})
    ensure_policy(api, policy)
    assert ensure_policy(api, policy).action == "unchanged"
    condition.options = PolicyConditionOptions(equals="b")
    assert ensure_policy(api, policy).fields == ("conditions",)


def test_a_type_of_condition_that_is_not_known_is_refused(
    hydra: HydraEmulator, api: PolicyApi
) -> None:
    wrong = PolicyConditions.from_dict({"type": "Other", "options": {"a": "b"}})
    with pytest.raises(BadRequestException, match="Other"):
        ensure_policy(api, photos(conditions={"a": wrong}))
    assert sent(hydra) == ["GET", "PUT"]


def test_an_api_for_policies(hydra: HydraEmulator) -> None:
    with pytest.raises(
        ApiTypeError, match=r"must be a hydra_client\.PolicyApi, got hydra_client\.aio\."
    ):
        ensure_policy(hydra.async_api(), photos())  # type: ignore[arg-type]


def test_a_policy_is_a_model(api: PolicyApi) -> None:
    with pytest.raises(ApiTypeError, match="policy must be a Policy, got dict"):
        ensure_policy(api, {"id": "a"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Policy(effect="allow"), "no id"),
        (Policy(id="a"), "not None"),
        (Policy(id="a", effect="Allow"), "'Allow'"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_before_anything_is_sent(
    hydra: HydraEmulator, api: PolicyApi, policy: Policy, message: str
) -> None:
    with pytest.raises(ApiValueError, match=message):
        ensure_policy(api, policy)
    assert hydra.requests == []


class Later(PolicyApi):
    """A later server, whose policies have one more field."""

    stored: Policy
    writes = 0

    def get_policy(self, id: str, **_: Any) -> Policy:
        return self.stored

    def update_policy(self, id: str, body: Policy, **_: Any) -> Policy:
        self.writes += 1
        self.stored = body
        return body


def test_unknown_fields_survive() -> None:
    api = Later()
    api.stored = Policy.from_dict({**photos().to_dict(), "meta": {"team": "a"}})
    assert ensure_policy(api, photos()).action == "unchanged"
    assert ensure_policy(api, photos(description="")).action == "updated"
    assert api.stored.to_dict()["meta"] == {"team": "a"}
    wanted = Policy.from_dict({**photos().to_dict(), "meta": {"team": "b"}, "more": 1})
    assert ensure_policy(api, wanted).fields == ("description", "meta")
    assert api.stored == wanted
    assert ensure_policy(api, wanted).action == "unchanged"


# --- faults


def test_a_write_that_did_not_arrive_is_sent_again(hydra: HydraEmulator, api: PolicyApi) -> None:
    hydra.fail("/policies/photos", method="PUT", reset=True)
    assert ensure_policy(api, photos()).action == "created"
    assert sent(hydra) == ["GET", "PUT", "GET", "PUT"]


@pytest.mark.parametrize("old", [None, photos(subjects=["carol"])])
def test_a_write_whose_response_got_lost_is_not_sent_again(
    hydra: HydraEmulator, api: PolicyApi, old: Policy | None
) -> None:
    if old is not None:
        ensure_policy(api, old)
    before = len(sent(hydra))
    hydra.fail("/policies/photos", method="PUT", cut=5)
    assert ensure_policy(api, photos()).action == ("updated" if old else "created")
    assert sent(hydra)[before:] == ["GET", "PUT", "GET"]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_fails_is_asked_again(
    hydra: HydraEmulator, api: PolicyApi, status: int
) -> None:
    hydra.fail("/policies/photos", method="PUT", status=status)
    assert ensure_policy(api, photos()).action == "created"
    assert sent(hydra) == ["GET", "PUT", "GET", "PUT"]


def test_a_failure_of_the_server_is_final(hydra: HydraEmulator, api: PolicyApi) -> None:
    hydra.fail("/policies/photos", method="PUT", status=500, body='{"error": "disk full"}')
    with pytest.raises(ServiceException, match="disk full"):
        ensure_policy(api, photos())
    assert sent(hydra) == ["GET", "PUT", "GET"]


def test_a_collision_with_another_writer_is_tried_again(
    hydra: HydraEmulator, api: PolicyApi
) -> None:
    message = "pq: duplicate key value violates unique constraint"
    hydra.fail("/policies/photos", method="PUT", status=500, body=f'{{"error": "{message}"}}')
    assert ensure_policy(api, photos()).action == "created"
    assert sent(hydra) == ["GET", "PUT", "GET", "PUT"]


def test_a_server_that_stays_broken_ends_the_attempts(hydra: HydraEmulator, api: PolicyApi) -> None:
    hydra.fail("/policies/photos", method="PUT", reset=True, times=None)
    with pytest.raises(ApiConnectionError):
        ensure_policy(api, photos())
    assert sent(hydra) == ["GET", "PUT"] * 3 + ["GET"]


def test_a_server_that_cannot_be_looked_at_gets_no_second_write(
    hydra: HydraEmulator, api: PolicyApi
) -> None:
    ensure_policy(api, photos())
    before = len(sent(hydra))

    class Broken(PolicyApi):
        def update_policy(self, id: str, body: Policy, **_: Any) -> Policy:
            hydra.fail("/policies/*", reset=True, times=None)
            return super().update_policy(id, body)

    with pytest.raises(ApiConnectionError) as raised:
        ensure_policy(Broken(api.api_client), photos(subjects=[]))
    assert isinstance(raised.value.__context__, ApiConnectionError)
    assert sent(hydra)[before:] == ["GET", "PUT", "GET"]


# --- others at work


def test_someone_elses_policy_of_the_same_moment_is_replaced(
    hydra: HydraEmulator, api: PolicyApi
) -> None:
    """A POST would add the subjects to it on SQL stores."""

    class Late(PolicyApi):
        def update_policy(self, id: str, body: Policy, **_: Any) -> Policy:
            api.create_policy(photos(subjects=["mallory"]))
            return super().update_policy(id, body)

    ensure_policy(Late(api.api_client), photos())
    assert sorted(api.get_policy("photos").subjects or []) == ["alice", "bob"]


def test_many_create_one_policy_at_once(hydra: HydraEmulator, api: PolicyApi) -> None:
    with Crowd() as crowd:
        crowd.send(8, lambda: ensure_policy(api, photos()).action)
    assert crowd.errors == []
    assert "created" in crowd.results
    assert ensure_policy(api, photos()).action == "unchanged"


# --- any policy

# None of them matches the caller, whom a random policy would lock out.
WORDS = st.text(st.sampled_from("ab:é \\|"), max_size=3) | st.sampled_from(["<[0-9]*>", "a:<b>"])
LISTS = st.lists(WORDS, max_size=4) | st.none()
CONDITIONS = st.builds(
    lambda type, options: PolicyConditions.from_dict({"type": type, **options}),
    st.sampled_from(
        [
            "CIDRCondition",
            "EqualsSubjectCondition",
            "StringEqualCondition",
            "StringMatchCondition",
            "StringPairsEqualCondition",
        ]
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "options": st.fixed_dictionaries(
                {}, optional=dict.fromkeys(("cidr", "equals", "matches"), st.sampled_from("ab"))
            )
        },
    ),
)
POLICIES = st.builds(
    lambda fields: Policy(id="any", **fields),
    st.fixed_dictionaries(
        {"effect": st.sampled_from(["allow", "deny"])},
        optional={
            "description": WORDS | st.none(),
            "subjects": LISTS,
            "resources": LISTS,
            "actions": LISTS,
            "conditions": st.dictionaries(WORDS, CONDITIONS, max_size=2) | st.none(),
        },
    ),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policies=st.lists(POLICIES, min_size=1, max_size=3))
def test_a_second_run_writes_nothing(
    hydra: HydraEmulator, api: PolicyApi, policies: list[Policy]
) -> None:
    for policy in policies:
        given = policy.to_dict()
        ensure_policy(api, policy)
        assert policy.to_dict() == given
        before = len(sent(hydra))
        assert ensure_policy(api, policy) == Result("any", "unchanged")
        assert sent(hydra)[before:] == ["GET"]
        stored = api.get_policy("any")
        assert stored.effect == policy.effect
        for name in ("subjects", "resources", "actions", "conditions"):
            assert set(getattr(stored, name) or ()) == set(getattr(policy, name) or ())
