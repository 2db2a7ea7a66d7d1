"""Decisions on access requests by token.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hydra_client.protocol.model import (
    Model,
    boolean,
    date_time,
    mapping,
    string,
    strings,
)


class WardenTokenAccessRequestResponse(Model):
    """The decision of the warden, with what the server knows about the token.

    If `allowed` is false, nothing else is set.
    """

    allowed: bool = boolean()
    """Whether the token is valid, has the scopes, and the policies allow it."""

    subject: str | None = string(default=None)
    """The subject of the token, a user or a client."""

    granted_scopes: list[str] | None = strings("grantedScopes", default=None)
    """Scopes of the token."""

    issuer: str | None = string(default=None)
    """Issuer of the token: the server's URL."""

    client_id: str | None = string("clientId", default=None)
    """Id of the client to which the token was issued."""

    issued_at: datetime | None = date_time("issuedAt", default=None)
    """When the token was issued, as an aware datetime (RFC 3339 in JSON)."""

    expires_at: datetime | None = date_time("expiresAt", default=None)
    """When the token expires, as an aware datetime (RFC 3339 in JSON)."""

    access_token_extra: dict[str, Any] | None = mapping("accessTokenExtra", default=None)
    """The `access_token_extra` of the acceptance."""
