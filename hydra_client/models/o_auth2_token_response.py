"""What the token endpoint gives.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    integer,
    string,
)


class OAuth2TokenResponse(Model):
    """Tokens fresh from the token endpoint.

    They come as RFC 6749 section 5.1 and OpenID Connect Core section 3.1.3.3 say.

    Attributes:
        access_token: The access token, to be sent as `Authorization` with the word `Bearer` (RFC
            6750).
        token_type: How to use the access token; always `bearer`.
        expires_in: Seconds that the access token will live from the answer on. One less than the
            lifetime that the server is set to (3599 by default).
        scope: Scopes granted, with spaces between.
        refresh_token: Token to get the next ones with, present when the scope `offline` was
            granted. It works once and outlives the access token.
        id_token: Signed statement of who the user is (OpenID Connect Core section 2), present when
            the scope `openid` was granted. Verify it before believing it.
    """

    access_token: str = string(secret=True)
    token_type: str | None = string(default=None)
    expires_in: int | None = integer(default=None)
    scope: str | None = string(default=None)
    refresh_token: str | None = string(secret=True, default=None)
    id_token: str | None = string(secret=True, default=None)
