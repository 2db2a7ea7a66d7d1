"""A guard for APIs (resource servers): `hydra_client.resource_server` for asyncio.

    guard = Guard(api)
    await guard.check_credentials()
    introspection = await guard.check(authorization, scopes="photos.read")

`AsgiGuard` protects a whole ASGI application.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hydra_client._resource_server import (
    AccessError,
    CredentialsError,
    Policy,
    asgi_messages,
    asgi_request,
    check_credentials,
    is_guarded,
    parts,
    remember,
    required_scopes,
)
from hydra_client.aio.waiting import drive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from hydra_client.aio.api import OAuth2Api
    from hydra_client.aio.introspection import CachedIntrospection
    from hydra_client.models import OAuth2TokenIntrospection

__all__ = ["AccessError", "CredentialsError", "Guard", "AsgiGuard"]


class Guard:
    """Checks the access tokens that come with requests. For the tasks of one event loop.

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

    async def check(
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
            introspection: OAuth2TokenIntrospection = await self._introspect(attempt.token)
        return attempt.granted(introspection)

    async def check_credentials(self) -> None:
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
        await drive(check_credentials(self._api))

    def __repr__(self) -> str:
        return f"aio.Guard({self._api.api_client!r})"


class AsgiGuard:
    """An ASGI application behind a guard.

    The wrapped application finds the introspection in `scope["hydra_client.introspection"]`.

    Args:
        app: The ASGI application.
        guard: Checks each request, and each handshake of a WebSocket.
        scopes: Scopes that each request needs.

    Raises:
        ApiTypeError, ApiValueError: `scopes` are not scopes.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], guard: Guard, scopes: str | Iterable[str] = ()
    ) -> None:
        self._app, self._guard, self._scopes = app, guard, required_scopes(scopes)

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Respond to a request.

        Raises:
            ApiValueError: The scope is neither `http` nor `websocket` nor `lifespan`.
        """
        if is_guarded(scope):
            try:
                headers, query = asgi_request(scope)
                remember(scope, await self._guard.check(headers, self._scopes, query=query))
            except AccessError as error:
                for message in asgi_messages(scope, error):
                    await send(message)
                return
        await self._app(scope, receive, send)
