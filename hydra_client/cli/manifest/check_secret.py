"""Whether a client has a secret: found by trying it, where trying it changes nothing."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from hydra_client.exceptions import ApiException, ServiceException, UnauthorizedException

if TYPE_CHECKING:
    from hydra_client import OAuth2Api


def is_right(api: OAuth2Api, id: str, secret: str) -> bool:
    """Tell whether this is the client's secret. A public client has any.

    A token that nobody has is revoked by it. An id with a ':' works at the token endpoint alone.

    Raises:
        HydraException: It cannot be told.
    """
    if ":" in id:
        return logs_in(api, id, secret)
    try:
        _as(api, id, secret).revoke_oauth2_token(secrets.token_urlsafe())
    except UnauthorizedException:
        return False
    return True


def logs_in(api: OAuth2Api, id: str, secret: str) -> bool:
    """Tell whether the token endpoint takes the client's secret (RFC 6749 section 2.3.1).

    A refresh token that nobody has is used. Its refusal comes after the client's own, and says
    that the client is known; no token is issued.

    Raises:
        HydraException: It cannot be told.
    """
    try:
        _as(api, id, secret).oauth_token(
            grant_type="refresh_token", refresh_token=secrets.token_urlsafe()
        )
    except UnauthorizedException:
        return False
    except ServiceException:
        raise
    except ApiException as error:
        if error.error is None or error.status == 429:  # no OAuth answer
            raise
    return True


def _as(api: OAuth2Api, id: str, secret: str) -> OAuth2Api:
    """Give the API of the same server, over the same connections, as this client uses it."""
    client = api.api_client
    return type(api)(client._with(client.configuration, username=id, password=secret))
