"""One group on each version and store: what is written, faults, and concurrent changes."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.crowd import Crowd
from support.provisioning import overtaken

from hydra_client import (
    ApiConnectionError,
    ApiTypeError,
    GroupMembers,
    NotFoundException,
    WardenApi,
    WardenGroup,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.provisioning import Apis, Result, ensure_group

MEMBERS = ("members",)


@pytest.fixture
def api(apis: Apis) -> WardenApi:
    apis.groups.find_groups_by_member("nobody")  # finds out which scope this version needs
    return apis.groups


def sent(hydra: HydraEmulator) -> list[str]:
    """The methods of the requests for groups so far."""
    return [
        request.method
        for request in hydra.requests
        if request.path.startswith("/warden/groups") and not request.query
    ]


def members(api: WardenApi, id: str = "editors") -> list[str]:
    return sorted(api.get_group(id).members or [])


def test_a_group_is_created_once(hydra: HydraEmulator, api: WardenApi) -> None:
    created = ensure_group(api, "editors", ["alice", "bob", "alice"])
    assert created == Result("editors", "created", MEMBERS)
    assert sent(hydra) == ["GET", "POST"]
    assert ensure_group(api, "editors", iter(["bob", "alice"])) == Result("editors", "unchanged")
    assert sent(hydra) == ["GET", "POST", "GET"]


def test_a_group_without_members_is_created_once(hydra: HydraEmulator, api: WardenApi) -> None:
    assert ensure_group(api, "editors", []) == Result("editors", "created")
    assert ensure_group(api, "editors", []) == Result("editors", "unchanged")
    assert sent(hydra) == ["GET", "POST", "GET"]


@pytest.mark.parametrize(
    ("wanted", "writes"),
    [
        (["bob", "carol"], ["POST", "DELETE"]),
        (["alice", "bob", "carol"], ["POST"]),
        (["alice"], ["DELETE"]),
        ([], ["DELETE"]),
    ],
)
def test_members_are_added_before_others_are_removed(
    hydra: HydraEmulator, api: WardenApi, wanted: list[str], writes: list[str]
) -> None:
    ensure_group(api, "editors", ["alice", "bob"])
    before = len(sent(hydra))
    assert ensure_group(api, "editors", wanted) == Result("editors", "updated", MEMBERS)
    assert sent(hydra)[before:] == ["GET", *writes]
    assert members(api) == sorted(wanted)


def test_an_api_for_groups(hydra: HydraEmulator) -> None:
    with pytest.raises(
        ApiTypeError, match=r"must be a hydra_client\.WardenApi, got hydra_client\.aio\."
    ):
        ensure_group(hydra.async_api(), "editors", [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("alice", "members must be a list of strings, got str"),
        (None, "members must be a list of strings, got NoneType"),
        ([["alice"]], "each item of members must be of type str, got list"),
    ],
)
def test_members_are_a_list_of_strings(
    hydra: HydraEmulator, api: WardenApi, wrong: Any, message: str
) -> None:
    with pytest.raises(ApiTypeError, match=f"^{message}$"):
        ensure_group(api, "editors", wrong)
    assert sent(hydra) == []


# --- faults


def test_a_creation_that_did_not_arrive_is_sent_again(hydra: HydraEmulator, api: WardenApi) -> None:
    hydra.fail("/warden/groups", method="POST", reset=True)
    assert ensure_group(api, "editors", ["alice"]).action == "created"
    assert sent(hydra) == ["GET", "POST", "GET", "POST"]


def test_a_creation_whose_response_got_lost_is_not_sent_again(
    hydra: HydraEmulator, api: WardenApi
) -> None:
    hydra.fail("/warden/groups", method="POST", cut=5)
    assert ensure_group(api, "editors", ["alice"]).action == "created"
    assert sent(hydra) == ["GET", "POST", "GET"]


@pytest.mark.parametrize(
    ("method", "writes"),
    [("POST", ["POST", "GET", "POST", "DELETE"]), ("DELETE", ["POST", "DELETE", "GET", "DELETE"])],
)
@pytest.mark.parametrize("fault", [{"reset": True}, {"status": 503}])
def test_a_change_that_did_not_arrive_is_completed(
    hydra: HydraEmulator, api: WardenApi, method: str, writes: list[str], fault: dict[str, Any]
) -> None:
    ensure_group(api, "editors", ["alice", "bob"])
    before = len(sent(hydra))
    hydra.fail("/warden/groups/editors/members", method=method, **fault)
    assert ensure_group(api, "editors", ["bob", "carol"]).action == "updated"
    assert sent(hydra)[before:] == ["GET", *writes]
    assert members(api) == ["bob", "carol"]


class Lossy(WardenApi):
    """Loses the response to each change of members, which has no body that could be cut."""

    def add_members_to_group(self, id: str, body: GroupMembers, **_: Any) -> None:
        super().add_members_to_group(id, body)
        raise ApiConnectionError("lost")

    def remove_members_from_group(self, id: str, body: GroupMembers, **_: Any) -> None:
        super().remove_members_from_group(id, body)
        raise ApiConnectionError("lost")


def test_a_change_whose_response_got_lost_is_not_sent_again(
    hydra: HydraEmulator, api: WardenApi
) -> None:
    ensure_group(api, "editors", ["alice", "bob"])
    before = len(sent(hydra))
    assert ensure_group(Lossy(api.api_client), "editors", ["bob", "carol"]).action == "updated"
    assert sent(hydra)[before:] == ["GET", "POST", "GET", "DELETE", "GET"]
    assert members(api) == ["bob", "carol"]


# --- others at work


@pytest.mark.parametrize(
    ("theirs", "action"), [(["alice"], "unchanged"), (["mallory"], "updated"), ([], "updated")]
)
def test_someone_else_created_it_first(
    hydra: HydraEmulator, api: WardenApi, theirs: list[str], action: str
) -> None:
    create = partial(api.create_group, WardenGroup(id="editors", members=theirs))
    result = ensure_group(overtaken(api, "get_group", create), "editors", ["alice"])
    # Memory stores replace a group that is created again, and do not say so.
    assert result.action == (action if hydra.variant.is_sql else "created")
    assert members(api) == ["alice"]


def test_someone_else_added_a_member_first(hydra: HydraEmulator, api: WardenApi) -> None:
    ensure_group(api, "editors", ["alice"])
    add = partial(api.add_members_to_group, "editors", GroupMembers(members=["bob"]))
    ensure_group(overtaken(api, "get_group", add), "editors", ["bob", "carol"])
    assert set(members(api)) == {"bob", "carol"}
    # A memory store has bob twice now, which does not count as a difference.
    assert ensure_group(api, "editors", ["bob", "carol"]).action == "unchanged"
    ensure_group(api, "editors", ["carol"])
    assert members(api) == ["carol"]


def test_someone_else_deleted_it_first(api: WardenApi) -> None:
    ensure_group(api, "editors", ["alice"])
    late = overtaken(api, "get_group", partial(api.delete_group, "editors"))
    assert ensure_group(late, "editors", ["alice", "bob"]).action == "created"
    assert members(api) == ["alice", "bob"]


def test_someone_who_deletes_it_again_and_again_ends_the_attempts(
    hydra: HydraEmulator, api: WardenApi
) -> None:
    class Hostile(WardenApi):
        def get_group(self, id: str, **_: Any) -> WardenGroup:
            api.create_group(WardenGroup(id="editors", members=[]))
            group = super().get_group(id)
            api.delete_group("editors")
            return group

    with pytest.raises(NotFoundException):
        ensure_group(Hostile(api.api_client), "editors", ["alice"])


def test_many_create_one_group_at_once(api: WardenApi) -> None:
    with Crowd() as crowd:
        crowd.send(8, lambda: ensure_group(api, "editors", ["alice", "bob"]).action)
    assert crowd.errors == []
    assert "created" in crowd.results
    assert ensure_group(api, "editors", ["alice", "bob"]).action == "unchanged"


# --- any group


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(all_wanted=st.lists(st.lists(st.sampled_from("abcdé"), max_size=5), max_size=4))
def test_a_second_run_writes_nothing(
    hydra: HydraEmulator, api: WardenApi, all_wanted: list[list[str]]
) -> None:
    for wanted in all_wanted:
        ensure_group(api, "any", wanted)
        before = len(sent(hydra))
        assert ensure_group(api, "any", wanted) == Result("any", "unchanged")
        assert sent(hydra)[before:] == ["GET"]
        assert members(api, "any") == sorted(set(wanted))
