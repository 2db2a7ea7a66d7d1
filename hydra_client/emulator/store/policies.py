"""Who may do what: ladon's policies, as far as they matter here.

Subjects, resources and actions are templates: text, with regular expressions between `<` and `>`,
that has to match from end to end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Policy:
    """Allows its subjects its actions on its resources."""

    subjects: tuple[str, ...]
    resources: tuple[str, ...]
    actions: tuple[str, ...]

    def allows(self, subject: str, action: str, resource: str) -> bool:
        """Whether this policy covers the request."""
        return (
            any(matches(template, subject) for template in self.subjects)
            and any(matches(template, action) for template in self.actions)
            and any(matches(template, resource) for template in self.resources)
        )


def templates(value: str | Iterable[str]) -> tuple[str, ...]:
    """One template or several, checked: a mistake shows when it is made."""
    found = (value,) if isinstance(value, str) else tuple(value)
    for template in found:
        _compiled(template)
    return found


def matches(template: str, text: str) -> bool:
    """Whether the text is what the template describes."""
    return _compiled(template).fullmatch(text) is not None


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
        raise ValueError(f"unbalanced < and > in the template {template!r}")
    parts.append(re.escape(template[start:]))
    return re.compile("".join(parts))
