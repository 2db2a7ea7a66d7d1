"""Space-separated lists of scopes, grant types and response types, and how to match them."""

from __future__ import annotations

from collections.abc import Iterable


def words(text: str) -> list[str]:
    """Split a list at its spaces, and strip other white space."""
    return [word for part in text.split(" ") if (word := part.strip())]


def has(listed: Iterable[str], *wanted: str) -> bool:
    """Return whether all wanted words are listed, ignoring case."""
    lower = {word.lower() for word in listed}
    return all(word.lower() in lower for word in wanted)


def covers(granted: Iterable[str], wanted: str) -> bool:
    """Return whether a granted pattern matches the scope, segment by segment between dots.

    `*` matches one segment that is not empty, or at the end of a pattern any number of segments.
    `photos` does not cover `photos.read`.
    """
    return any(_matches(pattern.split("."), wanted.split(".")) for pattern in granted)


def _matches(pattern: list[str], wanted: list[str]) -> bool:
    if len(pattern) > len(wanted) or (len(pattern) < len(wanted) and pattern[-1] != "*"):
        return False
    return all(
        part == segment or (part == "*" and segment != "")
        for part, segment in zip(pattern, wanted, strict=False)
    )
