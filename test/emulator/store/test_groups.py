"""How the stores keep groups."""

from __future__ import annotations

import pytest

from hydra_client.emulator.errors import NotFoundError, PlainError
from hydra_client.emulator.store.groups import Group, MemoryGroups, SqlGroups
from hydra_client.emulator.variant import Variant

NO_ROWS = "^sql: no rows in result set$"
MEMBER = 'violates unique constraint "hydra_warden_group_member_pkey"$'


def test_the_memory_store() -> None:
    groups = MemoryGroups(Variant("0.10", "memory"))
    groups.create(Group("g", ["a", "a"]))
    groups.add_members("g", ["a", "b"])
    assert groups.get("g").members == ["a", "a", "a", "b"]
    assert [group.id for group in groups.of("b")] == ["g"]
    groups.remove_members("g", ["a", "nobody"])
    assert groups.get("g").members == ["b"]
    groups.create(Group("g", []))
    groups.add_members("g", [])
    assert groups.get("g").members == []
    groups.remove_members("g", [])
    assert groups.get("g").members is None
    assert groups.of("b") == []
    groups.delete("g")
    groups.delete("g")
    for change in (groups.add_members, groups.remove_members):
        with pytest.raises(NotFoundError, match=r"^Not found$"):
            change("g", [])
    groups.create(Group())
    assert len(next(iter(groups._rows))) == 36


def test_the_sql_store() -> None:
    groups = SqlGroups(Variant("0.10", "sql"))
    groups.create(Group("g", ["a", "b"]))
    with pytest.raises(PlainError, match=r'unique constraint "hydra_warden_group_pkey"$'):
        groups.create(Group("g", ["c"]))
    with pytest.raises(PlainError, match=MEMBER):
        groups.add_members("g", ["c", "a"])
    assert groups.get("g").members == ["a", "b"]
    groups.add_members("g", ["c"])
    groups.remove_members("g", ["a", "b", "c", "d"])
    assert groups.get("g").members is None
    groups.delete("g")
    with pytest.raises(PlainError, match=NO_ROWS):
        groups.get("g")


def test_a_group_that_the_sql_store_creates_in_spite_of_an_error() -> None:
    groups = SqlGroups(Variant("0.10", "sql"))
    with pytest.raises(PlainError, match=MEMBER):
        groups.create(Group("g", ["a", "a"]))
    assert groups.get("g").members is None


def test_a_group_that_the_sql_store_does_not_have() -> None:
    groups = SqlGroups(Variant("0.10", "sql"))
    groups.add_members("g", [])
    groups.remove_members("g", ["a"])
    with pytest.raises(PlainError, match='foreign key constraint "hydra_warden_group_member_group'):
        groups.add_members("g", ["a"])


def test_strings_that_the_sql_store_refuses() -> None:
    groups = SqlGroups(Variant("0.10", "sql"))
    groups.create(Group("g"))
    for call in (
        lambda: groups.of("\0"),
        lambda: groups.get("\0"),
        lambda: groups.delete("\0"),
        lambda: groups.create(Group("\0")),
        lambda: groups.add_members("g", ["\0"]),
        lambda: groups.remove_members("g", ["\0"]),
        lambda: groups.remove_members("\0", ["a"]),
    ):
        with pytest.raises(PlainError, match="invalid byte sequence"):
            call()
    groups.remove_members("\0", [])
    for call in (
        lambda: groups.create(Group("x" * 256)),
        lambda: groups.add_members("g", ["x" * 256]),
    ):
        with pytest.raises(PlainError, match=r"too long for type character varying\(255\)$"):
            call()
