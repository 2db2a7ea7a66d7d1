"""A guard for APIs (resource servers): `hydra_client.resource_server` for asyncio.

    guard = Guard(api)
    await guard.check_credentials()
    introspection = await guard.check(authorization, scopes="photos.read")

`AsgiGuard` protects a whole ASGI application.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from hydra_client._resource_server import (
    AccessError,
    BaseGuard,
    CredentialsError,
    asgi_messages,
    asgi_request,
    check_app,
    introspected,
    is_guarded,
    remember,
    required_scopes,
    responding,
)
from hydra_client.aio.waiting import drive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from hydra_client.aio import api, introspection  # noqa: F401 - for the base class
    from hydra_client.models import OAuth2TokenIntrospection

__all__ = ["AccessError", "CredentialsError", "Guard", "AsgiGuard"]


class Guard(BaseGuard["api.OAuth2Api", "introspection.CachedIntrospection"]):
    __doc__ = BaseGuard.__doc__

    async def check(
        self,
        authorization: str | Iterable[str] | None,
        scopes: str | Collection[str] = (),
        *,
        query: str | bytes = "",
    ) -> OAuth2TokenIntrospection:
        required = required_scopes(scopes)
        token = self._token(authorization, query)
        with responding(token):
            introspection = introspected(await self._introspect(token))
        return self._granted(introspection, required)

    async def check_credentials(self) -> None:
        await drive(self._credentials_checked())


class AsgiGuard:
    """An ASGI application behind a guard.

    The wrapped application finds the introspection in `scope["hydra_client.introspection"]`.

    Args:
        app: The ASGI application.
        guard: Checks each request, and each handshake of a WebSocket.
        scopes: Scopes that each request needs.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid. The guard must be one for asyncio.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], guard: Guard, scopes: str | Collection[str] = ()
    ) -> None:
        check_app(self, app, guard)
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
