"""The result of a token introspection.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from typing import Any

from hydra_client.protocol.model import (
    Model,
    boolean,
    integer,
    mapping,
    string,
)


class OAuth2TokenIntrospection(Model):
    """What Hydra knows about an access token (RFC 7662 section 2.2).

    If `active` is false, nothing else is set.
    """

    active: bool = boolean()
    """Whether the token is valid now and has the scopes that you asked for."""

    scope: str | None = string(default=None)
    """Scopes of the token, separated by spaces."""

    client_id: str | None = string(default=None)
    """Id of the client to which the token was issued."""

    sub: str | None = string(default=None)
    """Subject of the token: the subject of the acceptance, or the client itself for a token by
    client credentials."""

    exp: int | None = integer(default=None)
    """When the token expires, in seconds since 1970-01-01 UTC."""

    iat: int | None = integer(default=None)
    """When the token was issued, in seconds since 1970-01-01 UTC."""

    nbf: int | None = integer(default=None)
    """The token is not valid before this time, in seconds since 1970-01-01 UTC. Not seen from
    running servers."""

    aud: str | None = string(default=None)
    """Audience of the token. 0.9 sends the client's id, 0.10 sends nothing."""

    iss: str | None = string(default=None)
    """Issuer of the token: the server's URL."""

    username: str | None = string(default=None)
    """Human-readable name of the user. Not seen from running servers."""

    ext: dict[str, Any] | None = mapping(default=None)
    """The `access_token_extra` of the acceptance."""
