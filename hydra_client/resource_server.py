"""A guard for APIs (resource servers): checks the access token of each request (RFC 6750).

    guard = Guard(api)
    guard.check_credentials()                              # when the API starts
    introspection = guard.check(authorization, scopes="photos.read")

`check` raises `AccessError` for a request that is rejected. The error holds the whole response:
status, headers and body. `WsgiGuard` protects a whole WSGI application and sends that response.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hydra_client._resource_server import (
    AccessError,
    CredentialsError,
    Policy,
    check_credentials,
    parts,
    remember,
    required_scopes,
)
from hydra_client.transport.waiting import drive

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from hydra_client.api import OAuth2Api
    from hydra_client.introspection import CachedIntrospection
    from hydra_client.models import OAuth2TokenIntrospection

__all__ = ["AccessError", "CredentialsError", "Guard", "WsgiGuard"]


class Guard:
    """Checks the access tokens that come with requests. Thread-safe.

    Args:
        source: The API, which then asks Hydra about each request; or a `CachedIntrospection`, which
            asks less often, but lets a revoked token pass for some seconds.
        realm: The name of the protected API in `WWW-Authenticate`.

    Raises:
        ApiTypeError, ApiValueError: `realm` is not valid.
    """

    def __init__(self, source: OAuth2Api | CachedIntrospection, *, realm: str = "api") -> None:
        self._api, self._introspect = parts(source)
        self._policy = Policy(realm)

    def check(
        self,
        authorization: str | Iterable[str] | None,
        scopes: str | Iterable[str] = (),
        *,
        query: str | bytes = "",
    ) -> OAuth2TokenIntrospection:
        """Check the access token of a request.

        Args:
            authorization: The request's Authorization header, or a list of all its Authorization
                headers; None if it has none.
            scopes: Scopes that the token must have: a list, or a string with spaces. They are
                compared as whole words: `photos.*` does not stand for `photos.read`.
            query: The request's query string. A token in it is never accepted.

        Returns:
            What Hydra knows about the token: `sub` is the user, `client_id` the application.

        Scope: hydra.introspect. Policy: action "introspect" on "rn:hydra:oauth2:tokens".

        Raises:
            AccessError: The request is rejected. Send the error's `status`, `headers` and `body`:
                401 without a valid token, 403 without the scopes, 400 for a malformed request, and
                503 if Hydra cannot be asked.
            ApiTypeError, ApiValueError: `scopes` are not scopes.
        """
        attempt = self._policy.read(authorization, scopes, query)
        with attempt.introspection():
            introspection: OAuth2TokenIntrospection = self._introspect(attempt.token)
        return attempt.granted(introspection)

    def check_credentials(self) -> None:
        """Check that the API's own credential can introspect tokens. Call it when the API starts.

        Otherwise a wrong secret can remain unnoticed: if the secret for Basic authentication is
        wrong, Hydra 0.10 responds that the token is not active, and every request gets 401. With
        Basic authentication, this method therefore introspects a token of its own, for which the
        API's client needs the grant type `client_credentials`.

        Raises:
            CredentialsError: The credential cannot introspect tokens, or this could not be
                determined.
            HydraException: The credential is rejected, or Hydra cannot be asked.
        """
        drive(check_credentials(self._api))

    def __repr__(self) -> str:
        return f"Guard({self._api.api_client!r})"


class WsgiGuard:
    """A WSGI application behind a guard.

    The wrapped application finds the introspection in `environ["hydra_client.introspection"]`.

    Args:
        app: The WSGI application.
        guard: Checks each request.
        scopes: Scopes that each request needs.

    Raises:
        ApiTypeError, ApiValueError: `scopes` are not scopes.
    """

    def __init__(
        self, app: Callable[..., Iterable[bytes]], guard: Guard, scopes: str | Iterable[str] = ()
    ) -> None:
        self._app, self._guard, self._scopes = app, guard, required_scopes(scopes)

    def __call__(
        self, environ: MutableMapping[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Respond to a request."""
        try:
            header, query = environ.get("HTTP_AUTHORIZATION"), environ.get("QUERY_STRING", "")
            remember(environ, self._guard.check(header, self._scopes, query=query))
        except AccessError as error:
            start_response(error.status_line, list(error.headers.items()))
            return [error.body]
        return self._app(environ, start_response)
