"""What an introspection tells of a token.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
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
    """What Hydra knows of an access token (RFC 7662 section 2.2).

    When `active` is false, nothing else is set.

    Attributes:
        active: Whether the token is valid now and has the scopes asked about.
        scope: Scopes that the token was granted, with spaces between.
        client_id: Id of the client that the token was issued to.
        sub: Who the token speaks for: the subject of the acceptance, or the client itself after
            client credentials.
        exp: When the token ends, in seconds since 1970-01-01 UTC.
        iat: When the token was issued, in seconds since 1970-01-01 UTC.
        nbf: The token is not valid before this time, in seconds since 1970-01-01 UTC. Not seen from
            running servers.
        aud: Whom the token is meant for; 0.9 sends the client's id, 0.10 nothing.
        iss: Issuer of the token, the server's URL.
        username: Name of the user, for people to read. Not seen from running servers.
        ext: What the acceptance gave as `access_token_extra`.
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
