"""Compares a manifest with the clients on a server. Pure functions.

Values are compared as Hydra understands them: an empty value equals a missing one, the order of
lists and scopes does not matter, and SQL stores keep a list as one string with '|' between items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.cli.manifest.model import FIELDS, Entry, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hydra_client import OAuth2Client

CREATE, UPDATE, DELETE = "create", "update", "delete"


class Change(NamedTuple):
    """A field with its value on the server and its value in the manifest."""

    field: str
    old: Any
    new: Any


class Step(NamedTuple):
    """What has to be done about one client.

    Attributes:
        action: `create`, `update` or `delete`.
        id: The client's id.
        changes: Fields that change.
        secret: Where its new secret comes from; None if the secret does not change.
    """

    action: str
    id: str
    changes: list[Change]
    secret: str | None = None


def normalized(field: str, value: Any) -> Any:
    """Return the value of a field in a form that can be compared."""
    kind = FIELDS[field]
    if kind is bool:
        return bool(value)
    if kind is list:
        text = "|".join(value or [])
        return sorted(text.split("|")) if text else []
    if field == "scope":
        return sorted(scope for scope in (value or "").split(" ") if scope)
    return value or ""


def differences(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[Change]:
    """Return the changes that turn the current fields of a client into the wanted ones."""
    return [
        Change(field, current.get(field), value)
        for field, value in wanted.items()
        if normalized(field, value) != normalized(field, current.get(field))
    ]


def step_for(entry: Entry, current: OAuth2Client | None, has_secret: bool) -> Step | None:
    """Return what has to be done about one client; None if it matches the manifest.

    Args:
        entry: The client in the manifest.
        current: The client on the server, if it exists.
        has_secret: Whether the client on the server has the secret that the manifest refers to.
    """
    source = entry.secret.source if entry.secret is not None else None
    if current is None:
        given = {field: value for field, value in entry.fields.items() if value}
        return Step(CREATE, entry.id, differences(given, {}), source)
    changes = differences(entry.fields, current.to_dict())
    if source is None or has_secret:
        return Step(UPDATE, entry.id, changes) if changes else None
    return Step(UPDATE, entry.id, changes, source)


def to_prune(
    manifest: Manifest, current: Iterable[OAuth2Client], caller: str | None = None
) -> list[str]:
    """Return the ids of the owner's clients that are not in the manifest.

    The calling client is never among them: without it, nothing more could be done.
    """
    spared = {entry.id for entry in manifest.entries} | {caller}
    return sorted(
        client.id
        for client in current
        if client.id and client.id not in spared and client.owner == manifest.owner
    )
