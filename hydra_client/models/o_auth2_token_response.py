"""Responses of the token endpoint.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    integer,
    string,
)


class OAuth2TokenResponse(Model):
    """The tokens that the token endpoint issues.

    The fields are those of RFC 6749 section 5.1 and OpenID Connect Core section 3.1.3.3.
    """

    access_token: str = string(secret=True)
    """The access token. Send it in an `Authorization` header, after the word `Bearer` (RFC
    6750)."""

    token_type: str | None = string(default=None)
    """Type of the access token; always `bearer`."""

    expires_in: int | None = integer(default=None)
    """Seconds until the access token expires, counted from the response. It is one second less than
    the lifetime that the server is configured with (3599 by default)."""

    scope: str | None = string(default=None)
    """The granted scopes, separated by spaces."""

    refresh_token: str | None = string(secret=True, default=None)
    """Token for requesting new tokens, present if the scope `offline` was granted. It works once
    and outlives the access token."""

    id_token: str | None = string(secret=True, default=None)
    """Signed statement about the user (OpenID Connect Core section 2), present if the scope
    `openid` was granted. Verify it before you trust it."""
