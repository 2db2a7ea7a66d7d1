"""`ensure_group`: one group with exactly these members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.api import WardenApi
from hydra_client.models import GroupMembers, WardenGroup
from hydra_client.protocol import checks
from hydra_client.provisioning.reconcile import find, reconcile

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        ApiTypeError: `api` is not a `WardenApi`, or `members` not a list of strings.
            Nothing was sent.
        ApiConnectionError: The server cannot be reached. The group may have been changed in part.
            Call again to complete the change.
        HydraException: The errors of `get_group`, `create_group`, `add_members_to_group` and
            `remove_members_from_group`.
    """
    checks.threaded_api(api, WardenApi)
    wanted = distinct(members)

    def examine() -> tuple[WardenGroup | None, tuple[str, ...]]:
        current = find(api.get_group, id)
        changed = set(wanted) != set((current and current.members) or [])
        return current, ("members",) if changed else ()

    def write(current: WardenGroup | None, _: tuple[str, ...]) -> None:
        if current is None:
            api.create_group(WardenGroup(id=id, members=wanted))
            return
        present = distinct(current.members or [])
        if joining := [member for member in wanted if member not in present]:
            api.add_members_to_group(id, GroupMembers(members=joining))
        if leaving := [member for member in present if member not in wanted]:
            api.remove_members_from_group(id, GroupMembers(members=leaving))

    return reconcile(id, examine, write)


def distinct(members: object) -> list[str]:
    """Return the members, each once: SQL stores refuse duplicates."""
    return list(dict.fromkeys(checks.strings("members", members)))
