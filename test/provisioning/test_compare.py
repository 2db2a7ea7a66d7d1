"""What counts as a difference between a desired client and the server's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_client import OAuth2Client
from hydra_client.provisioning import Change
from hydra_client.provisioning.compare import differing

FIELDS = {
    name: field.json_type
    for name, field in OAuth2Client._by_wire.items()
    if name not in ("id", "client_secret")
}


def differences(wanted: dict[str, Any], current: dict[str, Any]) -> list[Change]:
    return list(differing(wanted, OAuth2Client.from_dict(current), FIELDS))


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
