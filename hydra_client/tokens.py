"""Bearer tokens that renew themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.exceptions import ApiValueError

if TYPE_CHECKING:
    from hydra_client.api_client import ApiClient


class TokenSource:
    """Hands out bearer tokens. Subclasses need one method, `token`."""

    def token(self, scopes: tuple[str, ...]) -> str:
        """Return an access token that has the scopes."""
        raise NotImplementedError

    def drop(self, token: str) -> None:
        """Forget a token that the server refused."""


class _Callable(TokenSource):
    def __init__(self, function) -> None:
        self._function = function

    def token(self, scopes: tuple[str, ...]) -> str:
        return self._function()


def source_for(client: ApiClient) -> TokenSource:
    """Return where a client's tokens come from."""
    access_token = client.configuration.access_token
    if access_token is None:
        raise ApiValueError(
            "no bearer token: set access_token (HYDRA_ACCESS_TOKEN), or username and password "
            "(HYDRA_CLIENT_ID, HYDRA_CLIENT_SECRET) to have one fetched"
        )
    if callable(access_token):
        return _Callable(access_token)
    return access_token
