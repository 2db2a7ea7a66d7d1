"""Groups of subjects, and how the memory store and the SQL store keep them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import NotFoundError, PlainError
from hydra_client.emulator.store.text import check_text
from hydra_client.emulator.variant import Variant

GO_FIELDS = {"id": "string", "members": "[]string"}


@dataclass
class Group:
    """A group, whose id counts as another subject of each member."""

    id: str = ""
    members: list[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members in Hydra's order."""
        return {"id": self.id, "members": self.members}


class MemoryGroups:
    """The memory store: create overwrites, and a member can be in a group twice."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    def of(self, member: str) -> list[Group]:
        """Return the groups that the subject is a member of."""
        return [group for group in self._groups.values() if member in (group.members or [])]

    def get(self, id: str) -> Group:
        """Return the group. Raises NotFoundError."""
        if id not in self._groups:
            raise NotFoundError("Not found")
        return self._groups[id]

    def create(self, group: Group) -> None:
        """Store the group, with a new id if it has none."""
        group.id = group.id or str(uuid4())
        self._groups[group.id] = replace(group)

    def delete(self, id: str) -> None:
        """Delete the group, if it exists."""
        self._groups.pop(id, None)

    def add_members(self, id: str, members: list[str]) -> None:
        """Add members to the group. Raises NotFoundError."""
        group = self.get(id)
        # Go leaves a list without members as it was: null or empty.
        group.members = [*(group.members or []), *members] if members else group.members

    def remove_members(self, id: str, members: list[str]) -> None:
        """Remove members from the group, if they are in it. Raises NotFoundError."""
        group = self.get(id)
        group.members = [name for name in group.members or [] if name not in members] or None


class SqlGroups(MemoryGroups):
    """The SQL store: ids and members are unique, and a missing group is not always an error."""

    def of(self, member: str) -> list[Group]:
        """Return the groups that the subject is a member of. Raises PlainError."""
        check_text(member)
        return super().of(member)

    def get(self, id: str) -> Group:
        """Return the group. Raises PlainError if it does not exist or the id is invalid."""
        check_text(id)
        try:
            return super().get(id)
        except NotFoundError:
            raise PlainError("sql: no rows in result set") from None

    def create(self, group: Group) -> None:
        """Store the group. Raises PlainError; the group can exist nevertheless, without members."""
        group.id = group.id or str(uuid4())
        _check(group.id)
        if group.id in self._groups:
            raise PlainError(
                'pq: duplicate key value violates unique constraint "hydra_warden_group_pkey"'
            )
        self._groups[group.id] = Group(group.id)
        self.add_members(group.id, group.members or [])

    def delete(self, id: str) -> None:
        """Delete the group, if it exists. Raises PlainError for an invalid id."""
        check_text(id)
        super().delete(id)

    def add_members(self, id: str, members: list[str]) -> None:
        """Add all members or none. Raises PlainError if that breaks a constraint."""
        group = self._groups.get(id)
        known = list((group and group.members) or [])
        for member in members:
            _check(id)
            _check(member)
            if group is None:
                raise PlainError(
                    'pq: insert or update on table "hydra_warden_group_member" violates '
                    'foreign key constraint "hydra_warden_group_member_group_id_fkey"'
                )
            if member in known:
                raise PlainError(
                    "pq: duplicate key value violates unique constraint "
                    '"hydra_warden_group_member_pkey"'
                )
            known.append(member)
        if group is not None:
            group.members = known or None

    def remove_members(self, id: str, members: list[str]) -> None:
        """Remove members from the group, if both exist. Raises PlainError for invalid strings."""
        for text in (*members, *([id] if members else [])):
            check_text(text)
        if id in self._groups:
            super().remove_members(id, members)


def _check(text: str) -> None:
    check_text(text)
    if len(text) > 255:
        raise PlainError("pq: value too long for type character varying(255)")


def group_store(variant: Variant) -> MemoryGroups:
    """Create the variant's store."""
    return SqlGroups() if variant.is_sql else MemoryGroups()
