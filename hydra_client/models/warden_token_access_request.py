"""Access requests by token.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from typing import Any

from hydra_client.protocol.model import (
    Model,
    mapping,
    string,
    strings,
)


class WardenTokenAccessRequest(Model):
    """What the bearer of a token wants to do."""

    token: str | None = string(secret=True, default=None)
    """The access token."""

    scopes: list[str] | None = strings(default=None)
    """Scopes that the token must have. Without any, scopes are not checked."""

    action: str | None = string(default=None)
    """What the bearer wants to do."""

    resource: str | None = string(default=None)
    """What the bearer wants to do it with."""

    context: dict[str, Any] | None = mapping(default=None)
    """Values that the conditions of policies check, by name."""
