"""What would change: a manifest held against what a server has. Pure functions.

Values are compared as Hydra understands them. An empty value and none are the same. The order of
a list means nothing, nor does that of scopes; SQL stores keep a list as one text with '|' between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.cli.manifest.reader import FIELDS, Entry, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hydra_client import OAuth2Client

CREATE, UPDATE, DELETE = "create", "update", "delete"


class Change(NamedTuple):
    """A field, what the server has in it, and what the manifest wants."""

    field: str
    old: Any
    new: Any


class Step(NamedTuple):
    """What is to be done about one client.

    Attributes:
        action: `create`, `update` or `delete`.
        id: The client's id.
        changes: Fields that change.
        secret: Where the secret that it gets comes from; None when it keeps its own.
    """

    action: str
    id: str
    changes: list[Change]
    secret: str | None = None


def normal(field: str, value: Any) -> Any:
    """Give a field's value in the form in which values are compared."""
    kind = FIELDS[field]
    if kind is bool:
        return bool(value)
    if kind is list:
        text = "|".join(value or [])
        return sorted(text.split("|")) if text else []
    if field == "scope":
        return sorted(scope for scope in (value or "").split(" ") if scope)
    return value or ""


def differences(wanted: Mapping[str, Any], kept: Mapping[str, Any]) -> list[Change]:
    """Compare the fields that are wanted with those of a client as the server tells it."""
    return [
        Change(field, kept.get(field), value)
        for field, value in wanted.items()
        if normal(field, value) != normal(field, kept.get(field))
    ]


def step_for(entry: Entry, kept: OAuth2Client | None, secret_is_right: bool) -> Step | None:
    """Tell what is to be done about one client; None when it is as it should be.

    Args:
        entry: What the manifest wants.
        kept: What the server has, if it has such a client.
        secret_is_right: Whether the client has the secret that the manifest names.
    """
    source = entry.secret.source if entry.secret is not None else None
    if kept is None:
        given = {field: value for field, value in entry.fields.items() if value}
        return Step(CREATE, entry.id, differences(given, {}), source)
    changes = differences(entry.fields, kept.to_dict())
    if source is None or secret_is_right:
        return Step(UPDATE, entry.id, changes) if changes else None
    return Step(UPDATE, entry.id, changes, source)


def doomed(
    manifest: Manifest, kept: Iterable[OAuth2Client], caller: str | None = None
) -> list[str]:
    """Name the clients of the manifest's owner that are not in the manifest.

    Never the caller: what comes after it could not be done any more.
    """
    spared = {entry.id for entry in manifest.entries} | {caller}
    return sorted(
        client.id
        for client in kept
        if client.id and client.id not in spared and client.owner == manifest.owner
    )
