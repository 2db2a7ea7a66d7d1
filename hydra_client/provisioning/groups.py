"""`ensure_group`: one group with exactly these members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.exceptions import ApiTypeError, NotFoundException
from hydra_client.models import GroupMembers, WardenGroup
from hydra_client.provisioning.reconcile import reconcile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydra_client.api import WardenApi
    from hydra_client.provisioning.results import Result


def ensure_group(api: WardenApi, id: str, members: Iterable[str]) -> Result:
    """Create a group, or add and remove members until it has exactly these.

    Members are added before others are removed. Their order does not matter, nor do duplicates.

    Args:
        api: The API of the server.
        id: Name of the group.
        members: All members: ids of users and clients.

    Scope: hydra.warden.groups (hydra.groups on 0.9).
    Policy: action "create" on "rn:hydra:warden:groups"; actions "get", "members.add" and
        "members.remove" on "rn:hydra:warden:groups:{id}".

    Returns:
        What was done. `unchanged` means that nothing was written.

    Raises:
        ApiTypeError: `members` is a string. Nothing was sent.
        ApiConnectionError: The server cannot be reached. The group may have been changed in part.
            Call again to complete the change.
        HydraException: The errors of `get_group`, `create_group`, `add_members_to_group` and
            `remove_members_from_group`.
    """
    if isinstance(members, str):
        raise ApiTypeError("members must be a list of strings, not one string")
    wanted = list(dict.fromkeys(members))  # SQL stores refuse duplicates

    def examine() -> tuple[WardenGroup | None, tuple[str, ...]]:
        current = find_group(api, id)
        changed = set(wanted) != set((current and current.members) or [])
        return current, ("members",) if changed else ()

    def write(current: WardenGroup | None, _: tuple[str, ...]) -> None:
        if current is None:
            api.create_group(WardenGroup(id=id, members=wanted))
            return
        present = current.members or []
        if joining := [member for member in wanted if member not in present]:
            api.add_members_to_group(id, GroupMembers(members=joining))
        if leaving := [member for member in dict.fromkeys(present) if member not in wanted]:
            api.remove_members_from_group(id, GroupMembers(members=leaving))

    return reconcile(id, examine, write)


def find_group(api: WardenApi, id: str) -> WardenGroup | None:
    """Fetch a group; return None if it does not exist."""
    try:
        return api.get_group(id)
    except NotFoundException:
        return None
