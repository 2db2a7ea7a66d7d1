"""What scopes mean, in the words that users see. Add those of your own APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

MEANINGS = {
    "openid": ("Know who you are", "It learns your user name."),
    "offline": (
        "Stay connected while you are away",
        "It keeps the access that you allow here until it logs out.",
    ),
    "photos.read": ("See your photos", "All of them, with their titles."),
    "photos.write": ("Add photos", "It can add photos in your name."),
}

NEEDED_BY_ALL = frozenset({"openid"})
"""Without it, an application does not learn who logged in."""

NEEDED: dict[str, frozenset[str]] = {}
"""What single clients cannot do without, by the client's id."""


class Scope(NamedTuple):
    """A scope, as the page shows it."""

    name: str
    title: str
    detail: str
    is_needed: bool


def explain(names: Sequence[str], client_id: str) -> list[Scope]:
    """Return what a client's scopes mean."""
    needed = NEEDED_BY_ALL | NEEDED.get(client_id, frozenset())
    return [
        Scope(
            name, *MEANINGS.get(name, (name, "The application's own name for it.")), name in needed
        )
        for name in names
    ]
