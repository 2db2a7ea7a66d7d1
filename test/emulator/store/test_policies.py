"""How the stores keep policies."""

from __future__ import annotations

from typing import Any

import pytest

from hydra_client.emulator.errors import GoPanicError, NotFoundError, PlainError
from hydra_client.emulator.go.json import GoJsonError
from hydra_client.emulator.store.policies import MemoryPolicies, Policy, SqlPolicies
from hydra_client.emulator.variant import Variant

ROLLED_BACK = "sql: transaction has already been committed or rolled back"


def policy(id: str, subjects: list[str] | None = None, **members: Any) -> Policy:
    lists = {"subjects": subjects, "actions": ["get"], "resources": ["r"]}
    return Policy(**{"id": id, "effect": "allow", **lists, **members})


def ids(policies: list[Policy]) -> list[str]:
    return [policy.id for policy in policies]


def test_pages_of_the_memory_store() -> None:
    store = MemoryPolicies(Variant("0.10", "memory"))
    for id in "cab":
        store.create(policy(id))
    assert ids(store.page(500, 0)) == ["c", "a", "b"]
    assert ids(store.page(2, 0)) == ["c", "a"]
    assert ids(store.page(2, 1)) == ["a"]  # Hydra takes the limit for the end
    for limit, offset in ((3, 1), (10, 50), (1, 3)):
        assert ids(store.page(limit, offset)) == ["c", "a", "b"]
    for limit, offset in ((1, 2), (-1, 0), (2, -1), (0, 1)):
        with pytest.raises(GoPanicError):
            store.page(limit, offset)


@pytest.mark.parametrize("is_0_9", [True, False])
def test_pages_of_the_sql_store(*, is_0_9: bool) -> None:
    store = SqlPolicies(Variant("0.9" if is_0_9 else "0.10", "sql"))
    store.create(policy("c", ["x", "y"], actions=["get", "put"]))
    store.create(policy("a"))
    store.create(policy("b", ["z"]))
    assert ids(store.page(500, 0)) == (["c", "a", "b"] if is_0_9 else ["a", "b", "c"])
    assert store.page(10, 50) == []
    for limit, offset, name in ((-1, 0, "LIMIT"), (0, -1, "OFFSET"), (-1, -1, "OFFSET")):
        with pytest.raises(PlainError, match=f"^pq: {name} must not be negative$"):
            store.page(limit, offset)
    page = store.page(2, 1)
    if is_0_9:  # which counts rows
        assert ids(page) == ["c"]
        assert (page[0].subjects, page[0].actions) == (["x", "y"], ["put", "get"])
        assert [(p.id, p.subjects) for p in store.page(2, 4)] == [("a", []), ("b", ["z"])]
    else:
        assert ids(page) == ["b", "c"]


def test_the_sql_store_merges_what_is_created_again() -> None:
    store = SqlPolicies(Variant("0.10", "sql"))
    store.create(policy("x", ["a", "b", "a"], description="first"))
    store.create(policy("x", ["b", "c"], effect="nonsense", description="second", actions=None))
    stored = store.get("x")
    assert (stored.subjects, stored.actions) == (["c", "b", "a"], ["get"])
    assert (stored.effect, stored.description) == ("allow", "first")
    store.update(policy("x", ["d"], effect="deny"))
    assert (store.get("x").subjects, store.get("x").effect) == (["d"], "deny")


@pytest.mark.parametrize("is_0_9", [True, False])
@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"effect": "maybe"}, 'violates check constraint "ladon_policy_effect_check"'),
        ({"effect": "", "actions": ["<"]}, 'violates check constraint "ladon_policy_effect_check"'),
        ({"actions": ["<a"]}, 'Unbalanced braces in ""<a""'),
        ({"resources": ["a>"]}, 'Unbalanced braces in ""a>""'),
        ({"subjects": ["<a**>"]}, "invalid nested repetition operator: `**`"),
        ({"subjects": ["x" * 510]}, "pq: value too long for type character varying(511)"),
        ({"id": "x" * 256}, "pq: value too long for type character varying(255)"),
        ({"description": "\0"}, 'pq: invalid byte sequence for encoding "UTF8": 0x00'),
        ({"actions": ["\0"]}, 'pq: invalid byte sequence for encoding "UTF8": 0x00'),
    ],
)
def test_what_the_sql_store_refuses(members: dict[str, Any], error: str, *, is_0_9: bool) -> None:
    store = SqlPolicies(Variant("0.9" if is_0_9 else "0.10", "sql"))
    store.create(policy("x", ["old"]))
    for write in (store.create, store.update):
        with pytest.raises(PlainError) as raised:
            write(policy(**{"id": "new", "subjects": ["a"], **members}))
        assert str(raised.value) == ROLLED_BACK if is_0_9 else str(raised.value).endswith(error)
    assert ids(store.all()) == ["x"]


def test_the_order_of_lists_in_the_sql_store() -> None:
    store = SqlPolicies(Variant("0.10", "sql"))
    store.create(policy("x", ["bob", "dave", "alice"], resources=["rn:photos:<.*>", "rn:albums"]))
    stored = store.get("x")
    # As recorded: by the SHA-256 of each template.
    assert stored.subjects == ["alice", "dave", "bob"]
    assert stored.resources == ["rn:albums", "rn:photos:<.*>"]


def test_missing_policies() -> None:
    with pytest.raises(NotFoundError, match=r"^Not found$"):
        MemoryPolicies(Variant("0.10", "memory")).get("x")
    with pytest.raises(NotFoundError, match=r"^sql: no rows in result set$"):
        SqlPolicies(Variant("0.9", "sql")).get("x")
    for method in (
        SqlPolicies(Variant("0.9", "sql")).get,
        SqlPolicies(Variant("0.9", "sql")).delete,
    ):
        with pytest.raises(PlainError, match="invalid byte sequence"):
            method("\0")


def test_lists_that_the_sql_store_normalizes() -> None:
    store = SqlPolicies(Variant("0.10", "sql"))
    store.create(Policy("x", effect="allow", actions=["a", "a"]))
    members = store.get("x").to_json()
    assert members["subjects"] == members["resources"] == []
    assert members["actions"] == ["a"]
    memory = MemoryPolicies(Variant("0.10", "memory"))
    memory.create(Policy("x", actions=["a", "a"]))
    assert memory.get("x").to_json()["subjects"] is None
    assert memory.get("x").to_json()["actions"] == ["a", "a"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"id":5,"conditions":{"a":{}}}', "number into Go struct field .id of type string"),
        ('{"conditions":{"a":{}},"id":5}', "Could not find condition type "),
        ('{"actions":[true]}', "bool into Go struct field .actions of type string"),
    ],
)
def test_bodies_that_are_not_policies(text: str, error: str) -> None:
    with pytest.raises(GoJsonError) as raised:
        Policy.from_json(text.encode())
    assert str(raised.value).removeprefix("json: cannot unmarshal ") == error


def test_go_describes_the_type_of_a_policy() -> None:
    with pytest.raises(GoJsonError) as raised:
        Policy.from_json(b"[]")
    assert str(raised.value) == (
        "json: cannot unmarshal array into Go value of type struct { "
        'ID string "json:\\"id\\" gorethink:\\"id\\""; '
        'Description string "json:\\"description\\" gorethink:\\"description\\""; '
        'Subjects []string "json:\\"subjects\\" gorethink:\\"subjects\\""; '
        'Effect string "json:\\"effect\\" gorethink:\\"effect\\""; '
        'Resources []string "json:\\"resources\\" gorethink:\\"resources\\""; '
        'Actions []string "json:\\"actions\\" gorethink:\\"actions\\""; '
        'Conditions ladon.Conditions "json:\\"conditions\\" gorethink:\\"conditions\\"" }'
    )
