"""Compares objects as Hydra understands them. Pure functions.

An empty value equals a missing one, and lists have no order. The servers differ in both: they send
null, `""` or `[]` for a field that is empty, and SQL stores return lists in another order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hydra_client.provisioning.results import Change

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hydra_client.protocol.model import Model

# The option of each type of condition. Servers fill it in if it is missing, and drop all others.
CONDITION_OPTIONS = {
    "CIDRCondition": ("cidr",),
    "EqualsSubjectCondition": (),
    "StringEqualCondition": ("equals",),
    "StringMatchCondition": ("matches",),
    "StringPairsEqualCondition": (),
}


def differing(
    wanted: Mapping[str, Any], current: Model | None, known: Collection[str]
) -> tuple[Change, ...]:
    """Return the wanted fields that the object on the server holds differently.

    Servers ignore fields that they do not know. A field outside `known`, the fields that every
    server knows, is therefore compared only if the server has it.
    """
    stored = {} if current is None else current.to_dict()
    return tuple(
        Change(name, stored.get(name), value)
        for name, value in wanted.items()
        if (name in known or name in stored)
        and comparable(name, value) != comparable(name, stored.get(name))
    )


def comparable(field: str, value: Any) -> object:
    """Return the value of a field in a form that can be compared."""
    if field == "scope":
        return set((value or "").split(" ")) - {""}
    if field in ("subjects", "resources", "actions"):
        return set(value or ())
    if field == "conditions":
        return {name: condition_value(condition) for name, condition in (value or {}).items()}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        # SQL stores keep a client's list as one string.
        text = "|".join(value)
        return sorted(text.split("|")) if text else None
    return value or None


def condition_value(condition: Mapping[str, Any]) -> object:
    """Return a condition of a policy in a form that can be compared."""
    kind, options = condition.get("type"), condition.get("options") or {}
    known = CONDITION_OPTIONS.get(kind or "", options)
    return kind, {name: options.get(name) or "" for name in known}
