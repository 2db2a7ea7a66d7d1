"""Basic and bearer credentials, as requests' AuthBase. No netrc file replaces them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requests.auth import AuthBase

from hydra_client.operations import TOKEN_ENDPOINT
from hydra_client.protocol.credentials import basic_header, bearer_header

if TYPE_CHECKING:
    from requests import PreparedRequest

    from hydra_client.api_client import ApiClient
    from hydra_client.configuration import AccessToken, Configuration


class BasicAuth(AuthBase):
    """Client id and secret (RFC 7617), as the configuration has them now."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    @property
    def username(self) -> str | None:
        """The OAuth 2.0 client id."""
        return self._configuration.username

    @username.setter
    def username(self, value: str | None) -> None:
        self._configuration.username = value

    @property
    def password(self) -> str | None:
        """The client secret."""
        return self._configuration.password

    @password.setter
    def password(self, value: str | None) -> None:
        self._configuration.password = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Authorize a request of requests."""
        path = (request.path_url or "").partition("?")[0]
        form_encoded = path.endswith(TOKEN_ENDPOINT.path)
        request.headers["Authorization"] = basic_header(self.username, self.password, form_encoded)
        return request

    def __repr__(self) -> str:
        return f"BasicAuth(username={self.username!r}, password='***')"


class BearerAuth(AuthBase):
    """Bearer token (RFC 6750), as the configuration has it now."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    @property
    def access_token(self) -> AccessToken | None:
        """The token, a callable that returns it, or a token source."""
        return self._client.configuration.access_token

    @access_token.setter
    def access_token(self, value: AccessToken | None) -> None:
        self._client.configuration.access_token = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Authorize a request of requests, with a token for the configured scopes."""
        request.headers["Authorization"] = bearer_header(self._client.token())
        return request

    def __repr__(self) -> str:
        return "BearerAuth(access_token='***')"
