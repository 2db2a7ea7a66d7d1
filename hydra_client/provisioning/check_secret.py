"""Checks whether a client has a given secret, by requests that change nothing."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from hydra_client.exceptions import ApiException, ServiceException, UnauthorizedException

if TYPE_CHECKING:
    from hydra_client import OAuth2Api


def has_secret(api: OAuth2Api, id: str, secret: str) -> bool:
    """Return whether this is the client's secret. A public client accepts any secret."""
    if ":" in id:  # such a client can use its secret at the token endpoint only
        return can_log_in(api, id, secret)
    try:
        as_client(api, id, secret).revoke_oauth2_token(secrets.token_urlsafe())
    except UnauthorizedException:
        return False
    return True


def can_log_in(api: OAuth2Api, id: str, secret: str) -> bool:
    """Return whether the token endpoint accepts the client's secret (RFC 6749 section 2.3.1).

    The server authenticates the client before it rejects the random refresh token.
    """
    try:
        as_client(api, id, secret).oauth_token(
            grant_type="refresh_token", refresh_token=secrets.token_urlsafe()
        )
    except UnauthorizedException:
        return False
    except ServiceException:
        raise
    except ApiException as error:
        if error.error is None or error.status == 429:  # not an OAuth 2.0 error response
            raise
    return True


def as_client(api: OAuth2Api, id: str, secret: str) -> OAuth2Api:
    """Return the same API, over the same connections, authenticated as this client."""
    return type(api)(api.api_client.copy(username=id, password=secret, access_token=None))
