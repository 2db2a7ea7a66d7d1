"""requests' adapter, with pools, certificates and proxies that are looked up only once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from hydra_client.protocol.operation import Call
from hydra_client.transport.connections import Pool, TlsPool, connections_are_replaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hydra_client.configuration import Origin


# Hosts, and so pools and proxies, that one client remembers.
MOST_HOSTS = 32
_POOLS = {"http": Pool, "https": TlsPool}


class Headers(CaseInsensitiveDict[str]):
    """requests' headers over a plain dict: every call makes one and copies it."""

    _store: dict[str, tuple[str, str]]

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._store = {name.lower(): (name, value) for name, value in headers.items()}

    def copy(self) -> Headers:
        """Return a copy, which urllib3 asks for."""
        headers = Headers({})
        headers._store = self._store.copy()
        return headers


class Request(requests.PreparedRequest):
    """A request that needs no preparation: no cookie, no hook, no URL to parse."""

    url: str
    method: str
    headers: CaseInsensitiveDict[str]

    def __init__(
        self,
        call: Call,
        origin: Origin,
        proxies: dict[str, str],
        headers: CaseInsensitiveDict[str],
    ) -> None:
        self.call = call
        self.proxies = proxies
        self.method = call.operation.method  # pyright: ignore[reportIncompatibleVariableOverride]
        self.origin = origin
        self.target = origin.prefix + call.target
        address = f"{origin.scheme}://{origin.netloc}{self.target}"
        self.url = address  # pyright: ignore[reportIncompatibleVariableOverride]
        self.authorization = headers.get("Authorization", "")
        self.headers = headers  # pyright: ignore[reportIncompatibleVariableOverride]
        self.body = call.body
        self.hooks = {"response": []}
        self._cookies = None
        self._body_position = None


class Adapter(HTTPAdapter):
    """requests' adapter, with look-ups that are made once instead of at every call."""

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        """Make the pools, with connections that keep to the deadline."""
        super().init_poolmanager(*arguments, **keywords)
        self._pools: dict[object, Any] = {}
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **keywords: Any) -> Any:
        """Make the pools behind a proxy in the same way."""
        manager = super().proxy_manager_for(proxy, **keywords)
        manager.pool_classes_by_scheme = _POOLS
        forget_oldest(self.proxy_manager)
        return manager

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Look up the pool for an origin and its TLS settings, once."""
        if not isinstance(request, Request):
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        if connections_are_replaced():
            # vcrpy writes headers to YAML, which takes no subclass of str.
            request.headers = CaseInsensitiveDict(
                (name, str(value)) for name, value in request.headers.items()
            )
            return HTTPAdapter().get_connection_with_tls_context(request, verify, proxies, cert)
        key = (request.origin, verify, cert, *(proxies or {}).values())
        pool = self._pools.get(key)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._pools[key] = pool
            forget_oldest(self._pools)
        return pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Check certificate files, once for each pool."""
        if not getattr(conn, "has_certificates", False):
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
            conn.has_certificates = True

    def close(self) -> None:
        """Close idle connections; the next call makes new ones."""
        super().close()
        self._pools.clear()

    def forget(self) -> None:
        """Close idle connections in a forked process, without a lock that the fork left held."""
        for pool in self._pools.values():
            for connection in pool.pool.connections:
                if connection is not None:
                    connection.close()
        self.__setstate__(self.__getstate__())  # type: ignore[attr-defined]

    def request_url(self, request: Any, proxies: Any) -> Any:
        """Return the request target, which is known already."""
        if isinstance(request, Request) and not proxies:
            return request.target
        return super().request_url(request, proxies)

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """Make a response without a cookie jar."""
        if not isinstance(req, Request):
            return super().build_response(req, resp)
        response = _CookielessResponse()
        response.status_code = resp.status
        response.reason = resp.reason
        response.headers = resp.headers
        response.raw = resp
        response.url = req.url
        response.request = req
        return response


class _CookielessResponse(requests.Response):
    def __init__(self) -> None:
        # requests makes a cookie jar here, which costs as much as reading the response.
        self._content: Any = False
        self._content_consumed = False
        self.encoding = None
        self.history = []

    @cached_property
    def cookies(self) -> RequestsCookieJar:  # type: ignore[override]
        """An empty jar, for tools that look into it."""
        return RequestsCookieJar()


class RequestsSession(requests.Session):
    """requests' session, which does not look for the next request after one of ours."""

    def resolve_redirects(
        self,
        resp: requests.Response,
        req: requests.PreparedRequest,
        *arguments: Any,
        **keywords: Any,
    ) -> Iterator[requests.Response]:
        """Follow redirects of the requests that users send themselves."""
        if not isinstance(req, Request):
            yield from super().resolve_redirects(resp, req, *arguments, **keywords)


def forget_oldest(remembered: dict[Any, Any]) -> None:
    """Keep what one client remembers of hosts within bounds."""
    if len(remembered) > MOST_HOSTS:
        # A copy, made in one step, because other threads change it.
        for key in list(remembered)[:-MOST_HOSTS]:
            remembered.pop(key, None)
