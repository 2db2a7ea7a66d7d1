"""Lists of scopes, grant types and response types, and whether they cover what is asked for."""

from __future__ import annotations

from collections.abc import Iterable


def words(text: str) -> list[str]:
    """The words between the spaces: scopes, response types, grant types."""
    return [word for part in text.split(" ") if (word := part.strip())]


def distinct(scopes: Iterable[str]) -> list[str]:
    """Each scope once, where it came first."""
    return list(dict.fromkeys(scopes))


def has(listed: Iterable[str], *wanted: str) -> bool:
    """Whether all the wanted words are listed, in any case of letters."""
    lower = {word.lower() for word in listed}
    return all(word.lower() in lower for word in wanted)


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
