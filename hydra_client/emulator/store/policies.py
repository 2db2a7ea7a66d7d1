"""Access control: the subset of ladon's policies that the emulator needs.

Subjects, resources and actions are templates: literal text with regular expressions between `<`
and `>`. A template has to match the whole value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Policy:
    """Allows its subjects to perform its actions on its resources."""

    subjects: tuple[str, ...]
    resources: tuple[str, ...]
    actions: tuple[str, ...]

    def allows(self, subject: str, action: str, resource: str) -> bool:
        """Return whether the policy allows the subject to perform the action on the resource."""
        return (
            _any_matches(self.subjects, subject)
            and _any_matches(self.actions, action)
            and _any_matches(self.resources, resource)
        )


def templates(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return the template or templates as a tuple. Raises ValueError if one is not valid."""
    found = (value,) if isinstance(value, str) else tuple(value)
    for template in found:
        _compiled(template)  # so that an error shows where the template is written
    return found


def _any_matches(allowed: Iterable[str], value: str) -> bool:
    return any(_compiled(template).fullmatch(value) for template in allowed)


@lru_cache(maxsize=1024)
def _compiled(template: str) -> re.Pattern[str]:
    parts, depth, start = [], 0, 0
    for at, char in enumerate(template):
        if char == "<":
            if depth == 0:
                parts.append(re.escape(template[start:at]))
                start = at + 1
            depth += 1
        elif char == ">":
            depth -= 1
            if depth == 0:
                parts.append(f"({template[start:at]})")
                start = at + 1
            elif depth < 0:
                break
    if depth != 0:
        raise ValueError(f"every < must have a matching >, but the template is {template!r}")
    parts.append(re.escape(template[start:]))
    return re.compile("".join(parts))
