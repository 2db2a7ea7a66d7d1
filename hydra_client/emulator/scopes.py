"""Whether the scopes a client has cover the scope that is asked for."""

from __future__ import annotations

from collections.abc import Iterable


def covers(granted: Iterable[str], wanted: str) -> bool:
    """Segment by segment between the dots; `*` stands for one segment, at the end for any number.

    A `*` matches no empty segment, and `photos` alone does not cover `photos.read`.
    """
    return any(_matches(pattern.split("."), wanted.split(".")) for pattern in granted)


def _matches(pattern: list[str], wanted: list[str]) -> bool:
    if len(pattern) > len(wanted) or (len(pattern) < len(wanted) and pattern[-1] != "*"):
        return False
    return all(
        part == segment or (part == "*" and segment != "")
        for part, segment in zip(pattern, wanted, strict=False)
    )
