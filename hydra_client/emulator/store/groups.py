"""Groups of subjects, and how the memory store and the SQL store keep them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import PlainError
from hydra_client.emulator.store.rows import NO_ROWS, Rows, check_text, duplicate

GO_FIELDS = {"id": "string", "members": "[]string"}


@dataclass
class Group:
    """A group, whose id counts as another subject of each member."""

    id: str = ""
    members: list[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members in Hydra's order."""
        return {"id": self.id, "members": self.members}


class MemoryGroups(Rows[Group]):
    """The memory store: create overwrites, and a member can be in a group twice."""

    def of(self, member: str) -> list[Group]:
        """Return the groups that the subject is a member of."""
        self.check(member)
        return [group for group in self._rows.values() if member in (group.members or [])]

    def create(self, group: Group) -> None:
        """Store the group, with a new id if it has none."""
        group.id = group.id or str(uuid4())
        self._rows[group.id] = replace(group)

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

    missing = PlainError, NO_ROWS

    def create(self, group: Group) -> None:
        """Store the group. Raises PlainError; the group can exist nevertheless, without members."""
        group.id = group.id or str(uuid4())
        check_text(group.id, 255)
        if group.id in self._rows:
            raise duplicate("hydra_warden_group_pkey")
        self._rows[group.id] = Group(group.id)
        self.add_members(group.id, group.members or [])

    def add_members(self, id: str, members: list[str]) -> None:
        """Add all members or none. Raises PlainError if that breaks a constraint."""
        group = self._rows.get(id)
        known = list((group and group.members) or [])
        for member in members:
            check_text(id, 255)
            check_text(member, 255)
            if group is None:
                raise PlainError(
                    'pq: insert or update on table "hydra_warden_group_member" violates '
                    'foreign key constraint "hydra_warden_group_member_group_id_fkey"'
                )
            if member in known:
                raise duplicate("hydra_warden_group_member_pkey")
            known.append(member)
        if group is not None:
            group.members = known or None

    def remove_members(self, id: str, members: list[str]) -> None:
        """Remove members from the group, if both exist. Raises PlainError for invalid strings."""
        self.check(*members, *([id] if members else []))
        if id in self._rows:
            super().remove_members(id, members)
