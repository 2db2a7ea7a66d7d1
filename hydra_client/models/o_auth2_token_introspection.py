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

    Attributes:
        active: Whether the token is valid now and has the scopes that you asked for.
        scope: Scopes of the token, separated by spaces.
        client_id: Id of the client to which the token was issued.
        sub: Subject of the token: the subject of the acceptance, or the client itself for a token
            by client credentials.
        exp: When the token expires, in seconds since 1970-01-01 UTC.
        iat: When the token was issued, in seconds since 1970-01-01 UTC.
        nbf: The token is not valid before this time, in seconds since 1970-01-01 UTC. Not seen from
            running servers.
        aud: Audience of the token. 0.9 sends the client's id, 0.10 sends nothing.
        iss: Issuer of the token: the server's URL.
        username: Human-readable name of the user. Not seen from running servers.
        ext: The `access_token_extra` of the acceptance.
    """

    active: bool = boolean()
    scope: str | None = string(default=None)
    client_id: str | None = string(default=None)
    sub: str | None = string(default=None)
    exp: int | None = integer(default=None)
    iat: int | None = integer(default=None)
    nbf: int | None = integer(default=None)
    aud: str | None = string(default=None)
    iss: str | None = string(default=None)
    username: str | None = string(default=None)
    ext: dict[str, Any] | None = mapping(default=None)
