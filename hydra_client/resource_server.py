"""A guard for APIs (resource servers): checks the access token of each request (RFC 6750).

    guard = Guard(api)
    guard.check_credentials()                              # when the API starts
    introspection = guard.check(authorization, scopes="photos.read")

`check` raises `AccessError` for a request that is rejected. The error holds the whole response:
status, headers and body. `WsgiGuard` protects a whole WSGI application and sends that response.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from hydra_client._resource_server import (
    AccessError,
    BaseGuard,
    CredentialsError,
    check_app,
    introspected,
    remember,
    required_scopes,
    responding,
)
from hydra_client.transport.waiting import drive

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from hydra_client import api, introspection  # noqa: F401 - for the base class
    from hydra_client.models import OAuth2TokenIntrospection

__all__ = ["AccessError", "CredentialsError", "Guard", "WsgiGuard"]


class Guard(BaseGuard["api.OAuth2Api", "introspection.CachedIntrospection"]):
    __doc__ = BaseGuard.__doc__  # `help` shows no inherited one

    def check(
        self,
        authorization: str | Iterable[str] | None,
        scopes: str | Collection[str] = (),
        *,
        query: str | bytes = "",
    ) -> OAuth2TokenIntrospection:
        required = required_scopes(scopes)
        token = self._token(authorization, query)
        with responding(token):
            introspection = introspected(self._introspect(token))
        return self._granted(introspection, required)

    def check_credentials(self) -> None:
        drive(self._credentials_checked())


class WsgiGuard:
    """A WSGI application behind a guard.

    The wrapped application finds the introspection in `environ["hydra_client.introspection"]`.

    Args:
        app: The WSGI application.
        guard: Checks each request.
        scopes: Scopes that each request needs.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid. The guard must be one for threads.
    """

    def __init__(
        self, app: Callable[..., Iterable[bytes]], guard: Guard, scopes: str | Collection[str] = ()
    ) -> None:
        check_app(self, app, guard)
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
