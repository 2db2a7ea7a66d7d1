"""The session that sends requests for asyncio, one attempt at a time."""

from __future__ import annotations

import asyncio
import http.client
import os
import ssl
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from hydra_client.aio.transport.opening import PORTS, Opening, proxy_authorization, tls_context
from hydra_client.aio.transport.proxies import environment_proxy
from hydra_client.exceptions import ApiDecodeError, ApiValueError
from hydra_client.protocol.retry_policy import Failure
from hydra_client.transport.diagnosis import check_files, failure, is_timeout, report
from hydra_client.transport.parsing import Unreadable

if TYPE_CHECKING:
    from hydra_client.aio.transport.connection import Connection
    from hydra_client.configuration import Configuration, Origin
    from hydra_client.protocol.deadline import Deadline
    from hydra_client.protocol.operation import Call, Response

# Hosts, and so pools and proxies, that one client remembers.
_MOST_HOSTS = 32
# How often the loop turns until the socket of a connection that was aborted is closed.
_TURNS_OF_CLOSING = 3


class Request:
    """A request as it is sent. A plain class, which tracebacks with local variables do not open."""

    __slots__ = ("authorization", "call", "data", "key", "method", "origin", "target")

    def __init__(
        self, call: Call, origin: Origin, proxy: str | None, headers: dict[str, str]
    ) -> None:
        self.call = call
        self.method = call.operation.method
        self.origin = origin
        self.target = origin.prefix + call.target
        self.key = (origin, proxy)
        self.authorization = headers.get("Authorization", "")
        place = self.target
        lines = [f"Host: {origin.netloc.removesuffix(f':{PORTS[origin.scheme]}')}"]
        if proxy is not None and origin.scheme == "http":
            place = f"{origin.scheme}://{origin.netloc}{place}"
            if value := proxy_authorization(proxy):
                lines.append(f"Proxy-Authorization: {value}")
        if not any(name.lower() == "accept-encoding" for name in headers):
            lines.append("Accept-Encoding: identity")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([f"{self.method} {place} HTTP/1.1", *lines, "", ""])
        self.data = head.encode("latin-1") + (call.body or b"")


class Session:
    """Sends requests to the configured server, on one event loop.

    Each request that runs at the same time has a connection. `connection_pool_maxsize` connections
    stay open for reuse.

    Args:
        configuration: The settings of the connections.

    Raises:
        ApiValueError: A file that it names does not exist.
    """

    def __init__(self, configuration: Configuration) -> None:
        check_files(configuration)
        self._configuration = configuration.snapshot()
        self._context: ssl.SSLContext | None = None
        self._idle: OrderedDict[object, list[Connection]] = OrderedDict()
        self._proxies: OrderedDict[Origin, str | None] = OrderedDict()
        self._process = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def enter(self) -> None:
        """Bind the client to the event loop that runs when it is first used.

        Raises:
            ApiValueError: The client is closed, or it belongs to another loop or process.
        """
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._process = loop, os.getpid()
        if self._closed:
            raise ApiValueError("the client is closed: create another one")
        if os.getpid() != self._process:
            raise ApiValueError("the client was used before a fork: create one in the new process")
        if self._loop is not loop:
            raise ApiValueError(
                "the client belongs to another event loop: create one client for each event loop"
            )

    def prepare(self, call: Call, settings: Configuration, headers: dict[str, str]) -> Request:
        """Make the request that carries a call."""
        return Request(call, settings.origin, self.proxy_for(settings), headers)

    def proxy_for(self, settings: Configuration) -> str | None:
        """Return the URL of the proxy that requests go through, if any."""
        if settings.proxy is not None:
            return settings.proxy
        origin = settings.origin
        if origin not in self._proxies:
            self._proxies[origin] = environment_proxy(origin)
            if len(self._proxies) > _MOST_HOSTS:
                self._proxies.popitem(last=False)
        return self._proxies[origin]

    async def attempt(self, request: Request, deadline: Deadline) -> Response | Failure:
        """Send a request once."""
        started = time.perf_counter()
        operation = request.call.operation
        opening = Opening(self._tls_context, self._forget, deadline)
        connection = self._take(request.key)
        outcome: Response | Failure
        try:
            if connection is None:
                connection = await opening.connect(*request.key)
            outcome = await connection.exchange(
                request.data, request.method, operation.success, deadline
            )
        except Unreadable as error:
            outcome = Failure(ApiDecodeError(f"{operation.name}: {error}"))
        except (OSError, http.client.HTTPException) as error:
            outcome = failure(
                request,
                (error,),
                deadline,
                cause=error if isinstance(error, OSError) else None,
                timed_out=is_timeout(error),
                tls=isinstance(error, ssl.SSLError),
                unsent=opening.unsent,
                proxy=opening.proxy,
            )
        finally:
            if connection is not None:
                self._keep(request.key, connection)
        report(request, outcome, started)
        return outcome

    async def close(self) -> None:
        """Close the idle connections. Calls that are under way can finish."""
        self._closed = True
        idle = [connection for kept in self._idle.values() for connection in kept]
        self._idle.clear()
        for connection in idle:
            connection.abort()
        for _ in range(_TURNS_OF_CLOSING):
            await asyncio.sleep(0)

    def _take(self, key: object) -> Connection | None:
        kept = self._idle.get(key, [])
        while kept:
            connection = kept.pop()
            if not connection.is_stale():
                return connection
            connection.abort()
        return None

    def _keep(self, key: object, connection: Connection) -> None:
        kept = self._idle.setdefault(key, [])
        self._idle.move_to_end(key)
        room = len(kept) < self._configuration.connection_pool_maxsize
        if connection.usable and room and not self._closed:
            kept.append(connection)
        else:
            connection.abort()
        while len(self._idle) > _MOST_HOSTS:
            _, forgotten = self._idle.popitem(last=False)
            for connection in forgotten:
                connection.abort()

    def _forget(self, connection: Connection) -> None:
        for kept in self._idle.values():
            if connection in kept:
                kept.remove(connection)

    def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = tls_context(self._configuration)
        return self._context
