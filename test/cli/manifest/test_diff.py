"""What counts as a difference, and what has to be done about it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_client import OAuth2Client
from hydra_client.cli.manifest.diff import (
    CREATE,
    UPDATE,
    Change,
    Step,
    differences,
    step_for,
    to_prune,
)
from hydra_client.cli.manifest.model import FIELDS, Entry, Manifest, Secret


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("client_name", "", None),
        ("redirect_uris", [], None),
        ("redirect_uris", [""], []),
        ("redirect_uris", ["a", "b"], ["b", "a"]),
        ("contacts", ["a|b"], ["a", "b"]),
        ("scope", "a b", "b  a "),
        ("scope", "", None),
        ("public", False, None),
    ],
)
def test_what_is_alike(field: str, one: Any, other: Any) -> None:
    assert differences({field: one}, {field: other}) == []
    assert differences({field: other}, {field: one}) == []


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("client_name", "a", "A"),
        ("client_name", "a b", "b a"),
        ("redirect_uris", ["a"], ["a", "a"]),
        ("redirect_uris", ["a"], None),
        ("scope", "a", "a b"),
        ("public", True, False),
    ],
)
def test_what_differs(field: str, one: Any, other: Any) -> None:
    assert differences({field: one}, {field: other}) == [Change(field, other, one)]
    assert differences({field: other}, {field: one}) == [Change(field, one, other)]


VALUES = {str: st.text(max_size=3), list: st.lists(st.text(max_size=2)), bool: st.booleans()}


CURRENT = st.fixed_dictionaries({name: VALUES[kind] for name, kind in FIELDS.items()})


@given(
    current=CURRENT,
    wanted=st.fixed_dictionaries({}, optional={n: VALUES[k] for n, k in FIELDS.items()}),
)
def test_putting_the_differences_leaves_none(
    current: dict[str, Any], wanted: dict[str, Any]
) -> None:
    changes = differences(wanted, current)
    assert {change.field for change in changes} <= set(wanted)
    assert differences(wanted, current | {field: new for field, _, new in changes}) == []
    assert differences(current, current) == []


def test_steps() -> None:
    secret = Secret("from a place", "a-secret")
    entry = Entry("a", {"client_name": "A", "owner": "", "public": False}, secret)
    same = OAuth2Client(id="a", client_name="A", scope="not named")
    assert step_for(entry, None, False) == Step(
        CREATE, "a", [Change("client_name", None, "A")], secret.source
    )
    assert step_for(entry, same, True) is None
    assert step_for(entry, same, False) == Step(UPDATE, "a", [], secret.source)
    assert step_for(entry._replace(secret=None), same, True) is None
    other = OAuth2Client(id="a", client_name="B", owner="me")
    changes = [Change("client_name", "B", "A"), Change("owner", "me", "")]
    assert step_for(entry, other, True) == Step(UPDATE, "a", changes)


def test_only_the_owners_clients_are_pruned() -> None:
    clients = [OAuth2Client(id=id, owner=owner) for id, owner in zip("dcbax", "mmmym", strict=True)]
    clients += [
        OAuth2Client(id="unowned", owner=""),
        OAuth2Client(id="unset"),
        OAuth2Client(owner="m"),
    ]
    manifest = Manifest([Entry("b", {}, None)], "m", [])
    assert to_prune(manifest, clients) == ["c", "d", "x"]
    assert to_prune(manifest, clients, "x") == ["c", "d"]
    assert to_prune(manifest, []) == []
