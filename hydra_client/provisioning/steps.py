"""The steps of a plan, when each takes place, and what may be denied in the meantime."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydra_client.models import Policy
    from hydra_client.provisioning.results import Change, Result


class Phase(IntEnum):
    """When a write takes place. The docstring of `planning` says why."""

    WIDEN_DENIES = 1
    JOIN_DENIED_GROUPS = 2
    TAKE_ACCESS = 3
    CLIENTS = 4
    REMOVE_CLIENTS = 5
    PUT_ALLOWS = 6
    GIVE_ACCESS = 7
    DENIES_TO_ALLOWS = 8
    NARROW_DENIES = 9
    GROW_CLIENTS = 10
    OWN_CLIENT = 11
    OWN_POLICY = 12


_GIVE = (Phase.PUT_ALLOWS, Phase.GIVE_ACCESS, Phase.DENIES_TO_ALLOWS, Phase.NARROW_DENIES)


@dataclass(frozen=True)
class Step:
    """One write, or a few for the same object.

    Attributes:
        kind: `client`, `policy` or `group`.
        id: The id of the object.
        action: `create`, `update`, `delete`; `widen` for a policy that temporarily denies what it
            denied before and what it will deny; `add members`, `remove members`.
        changes: The fields that differ, with their values. The secret of a client is not among
            them.
        sets_secret: Whether the client gets another secret.
        run: Reads from the server again, and does what is still to be done. If it fails,
            `repeated` of the HydraException says whether a write may have been carried out.
    """

    kind: Literal["client", "policy", "group"]
    id: str
    action: Literal["create", "update", "delete", "widen", "add members", "remove members"]
    changes: tuple[Change, ...]
    sets_secret: bool
    _phase: Phase = field(repr=False)
    run: Callable[[], Result] = field(repr=False, compare=False)
    # The policy, or the members of the group, afterwards.
    _after: Policy | tuple[str, ...] | None = field(default=None, repr=False, compare=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that differ."""
        names = tuple(change.field for change in self.changes)
        return (*names, "client_secret") if self.sets_secret else names


def denied_meanwhile(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the policies and groups whose changes may deny more while the steps run."""
    found = (step for at, step in enumerate(steps) if _takes(step, steps[at + 1 :]))
    return tuple(dict.fromkeys(f"{step.kind} {step.id!r}" for step in found))


def _takes(step: Step, later: Sequence[Step]) -> bool:
    """Whether a step takes access that a later step may give back."""
    if step.action == "widen":
        return any((step.kind, step.id) == (other.kind, other.id) for other in later)
    if step._phase is Phase.JOIN_DENIED_GROUPS:
        return any(
            other.kind == "policy" and other._phase is Phase.NARROW_DENIES for other in later
        )
    puts = step.action == "update" and step._phase in (Phase.WIDEN_DENIES, Phase.PUT_ALLOWS)
    takes = puts or step._phase is Phase.TAKE_ACCESS
    return takes and any(other._phase in _GIVE for other in later)
