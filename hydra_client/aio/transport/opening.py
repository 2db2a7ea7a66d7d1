"""Opens connections: names, addresses, proxies and TLS, each step before the deadline."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import warnings
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

import certifi

from hydra_client.aio.transport.connection import Connection
from hydra_client.exceptions import ApiConnectionError, InsecureTransportWarning

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hydra_client.configuration import Configuration, Origin
    from hydra_client.protocol.deadline import Deadline

T = TypeVar("T")

PORTS = {"http": 80, "https": 443}


class Place(NamedTuple):
    """Where a connection goes: to a server, or to a proxy in front of it."""

    scheme: str
    host: str
    port: int


def place_of(url: str) -> Place:
    """Read scheme, host and port of a URL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return Place(parts.scheme, host, parts.port or PORTS[parts.scheme])


def tls_context(configuration: Configuration) -> ssl.SSLContext:
    """Make the context for servers and proxies; the environment adds nothing to it.

    Raises:
        OSError: A file cannot be read, or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not configuration.verify_ssl:
        warnings.warn(
            "the server's certificate is not verified: anyone in between can read everything",
            InsecureTransportWarning,
            stacklevel=2,
        )
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        trusted = configuration.ssl_ca_cert or certifi.where()
        if os.path.isdir(trusted):
            context.load_verify_locations(capath=trusted)
        else:
            context.load_verify_locations(cafile=trusted)
    if configuration.cert_file is not None:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


class Opening:
    """Opens a connection, and knows how far it came if that fails.

    Args:
        context: Makes the TLS context.
        lost: Called when the connection is lost.
        deadline: When it must be open.

    Attributes:
        unsent: Whether it is certain that no request went out.
        proxy: The proxy, as long as a failure is its fault.
    """

    def __init__(
        self,
        context: Callable[[], ssl.SSLContext],
        lost: Callable[[Connection], object],
        deadline: Deadline,
    ) -> None:
        self._context, self._lost, self._deadline = context, lost, deadline
        self.unsent = False
        self.proxy: str | None = None

    async def connect(self, origin: Origin, proxy: str | None) -> Connection:
        """Open a connection to a server, through a proxy if there is one.

        Raises:
            TimeoutError: The deadline passed.
            OSError: It cannot be made.
            http.client.HTTPException: The proxy does not speak HTTP.
        """
        server = place_of(origin.base_url)
        if proxy is None:
            return await self._open(server)
        self.proxy = urlsplit(proxy).netloc.rpartition("@")[2]
        connection = await self._open(place_of(proxy))
        if server.scheme == "https":
            try:
                self.unsent = True
                await connection.tunnel(_connect_request(server, proxy), self._deadline)
                self.unsent, self.proxy = False, None
                await self._start_tls(connection, server.host)
            except BaseException:
                connection.abort()
                raise
        self.proxy = None
        return connection

    async def _open(self, place: Place) -> Connection:
        self.unsent = True
        context = self._context() if place.scheme == "https" else None
        sock = await self._connected(place)
        self.unsent = False
        how: dict[str, Any] = {}
        if context is not None:
            how = {
                "ssl": context,
                "server_hostname": place.host,
                "ssl_handshake_timeout": self._deadline.left() + 1,  # the deadline comes first
            }
        loop = asyncio.get_running_loop()
        made = loop.create_connection(lambda: Connection(self._lost), sock=sock, **how)
        _, connection = await bounded(made, self._deadline.left(), lambda pair: _abort(pair[0]))
        connection.sock = sock
        return connection

    async def _connected(self, place: Place) -> socket.socket:
        loop = asyncio.get_running_loop()
        try:
            found = loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
            addresses = await bounded(found, self._deadline.left())
        except UnicodeError:
            raise socket.gaierror(socket.EAI_NONAME, "the host name is not valid") from None
        last: OSError = OSError("the host name has no address")
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = None
            try:
                if self._deadline.passed():
                    raise TimeoutError
                sock = socket.socket(family, kind, protocol)
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # A share for each address, so that a dead one leaves time for the others.
                share = self._deadline.left() / (len(addresses) - tried)
                await bounded(loop.sock_connect(sock, address), share)
            except BaseException as error:
                if sock is not None:
                    sock.close()
                if not isinstance(error, OSError):
                    raise
                last = error
            else:
                return sock
        if last.errno is not None:
            # The event loop's own words name the address only.
            raise OSError(last.errno, os.strerror(last.errno))
        raise last

    async def _start_tls(self, connection: Connection, host: str) -> None:
        started = asyncio.get_running_loop().start_tls(
            connection.transport,
            connection,
            self._context(),
            server_hostname=host,
            ssl_handshake_timeout=self._deadline.left() + 1,
        )
        try:
            transport = await bounded(started, self._deadline.left(), _abort)
        except TypeError:
            raise ApiConnectionError(
                "TLS to the server inside TLS to the proxy requires Python 3.11 with asyncio: use "
                "a proxy with an http:// URL"
            ) from None
        if transport is None:
            raise ConnectionResetError("connection lost")
        connection.connection_made(transport)


def proxy_authorization(proxy: str) -> str | None:
    """Write the credentials of a proxy's URL, if it has any."""
    parts = urlsplit(proxy)
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + b64encode(pair.encode("latin-1")).decode("ascii")


def _connect_request(server: Place, proxy: str) -> bytes:
    host = f"[{server.host}]" if ":" in server.host else server.host
    lines = [f"CONNECT {host}:{server.port} HTTP/1.1", f"Host: {host}:{server.port}"]
    if authorization := proxy_authorization(proxy):
        lines.append(f"Proxy-Authorization: {authorization}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _abort(transport: asyncio.WriteTransport | None) -> None:
    if transport is not None:
        transport.abort()


async def bounded(
    work: Awaitable[T], seconds: float, discard: Callable[[T], object] | None = None
) -> T:
    """Await something for at most this many seconds; never leave a task behind.

    `asyncio.wait_for` loses a cancellation, or what was made, where both come at the same time.

    Args:
        work: What to await.
        seconds: How long.
        discard: What to do with the outcome if the caller has gone.

    Raises:
        TimeoutError: The time is up.
    """
    task = asyncio.ensure_future(work)
    taken = interrupted = False
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        taken = True
        return task.result()
    finally:
        if not taken:
            task.cancel()
            task.add_done_callback(lambda done: _dispose(done, discard))
            while not task.done():
                try:
                    await asyncio.wait({task})
                except asyncio.CancelledError:
                    interrupted = True
        del task  # otherwise its exception would refer to itself through this frame
        if interrupted:
            raise asyncio.CancelledError


def _dispose(task: asyncio.Future[T], discard: Callable[[T], object] | None) -> None:
    if not task.cancelled() and task.exception() is None and discard is not None:
        discard(task.result())
