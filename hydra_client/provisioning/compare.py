"""Compares objects as Hydra understands them. Pure functions.

An empty value equals a missing one, and lists have no order. The servers differ in both: they send
null, `""` or `[]` for a field that is empty, and SQL stores return lists in another order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hydra_client.provisioning.results import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

# The option of each type of condition. Servers fill it in if it is missing, and drop all others.
CONDITION_OPTIONS = {
    "CIDRCondition": ("cidr",),
    "EqualsSubjectCondition": (),
    "StringEqualCondition": ("equals",),
    "StringMatchCondition": ("matches",),
    "StringPairsEqualCondition": (),
}


def differing(
    wanted: Mapping[str, Any],
    current: Mapping[str, Any],
    known: Collection[str],
    normalized: Callable[[str, Any], object],
) -> tuple[Change, ...]:
    """Return the wanted fields that the current object holds differently.

    Servers ignore fields that they do not know. A field outside `known` is therefore compared only
    if the server has it.

    Args:
        wanted: The fields that are wanted.
        current: The object on the server.
        known: The fields that every server knows.
        normalized: Returns a value in a form that can be compared.
    """
    return tuple(
        Change(name, current.get(name), value)
        for name, value in wanted.items()
        if (name in known or name in current)
        and normalized(name, value) != normalized(name, current.get(name))
    )


def client_value(field: str, value: Any) -> object:
    """Return the value of a client's field in a form that can be compared."""
    if field == "scope":
        return frozenset((value or "").split(" ")) - {""}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        # SQL stores keep a list as one string.
        text = "|".join(value)
        return sorted(text.split("|")) if text else None
    return value or None


def policy_value(field: str, value: Any) -> object:
    """Return the value of a policy's field in a form that can be compared."""
    if field in ("subjects", "resources", "actions"):
        return frozenset(value or ())
    if field == "conditions":
        return {name: _condition(condition) for name, condition in (value or {}).items()}
    return value or None


def _condition(condition: Mapping[str, Any]) -> object:
    options = condition.get("options") or {}
    kind = condition.get("type")
    return kind, {
        name: options.get(name) or "" for name in CONDITION_OPTIONS.get(kind or "", options)
    }
