"""Connections that keep to the deadline and never hand a response to the wrong call."""

from __future__ import annotations

import http.client
import io
import queue
import socket
import ssl
import sys
from collections import deque
from contextlib import suppress
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from hydra_client.protocol.deadline import Deadline, current
from hydra_client.transport.parsing import (
    MOST_HEADERS,
    TOO_MANY_HEADERS,
    StrictResponse,
    Unreadable,
)

_CHUNK = 1024 * 1024


class _Reader(io.RawIOBase):
    """Reads a response from a socket; no read waits longer than the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline | None) -> None:
        self.sock = sock
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)
        self.headers_left: int | None = MOST_HEADERS
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.over:
            return 0
        if self._deadline is not None:
            self._deadline.limit(self.sock)
        count = self._raw.readinto(buffer)
        if self.headers_left is not None:
            if not count:  # http.client would take it for the end of the headers
                raise http.client.RemoteDisconnected("no end of the headers")
            self.headers_left -= count
            if self.headers_left < -len(buffer):
                raise Unreadable(TOO_MANY_HEADERS)
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Open the file that http.client reads, in the place of a socket."""
        return io.BufferedReader(self)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _innermost(sock: Any) -> socket.socket:
    # urllib3's own class, for TLS to the server inside TLS to the proxy, wraps another socket.
    return sock if isinstance(sock, socket.socket) else _innermost(sock.socket)


def _pending(sock: Any) -> bool:
    """Whether TLS has received more than was read."""
    if isinstance(sock, ssl.SSLSocket):
        return sock.pending() > 0
    if isinstance(sock, socket.socket):
        return False
    return bool(sock.incoming.pending or sock.sslobj.pending()) or _pending(sock.socket)


class _Response(StrictResponse):
    """A response that returns its connection to the pool only if nothing more can arrive on it."""

    def __init__(self, sock: socket.socket, *arguments: Any, **keywords: Any) -> None:
        deadline = current.get()
        self._reader = _Reader(sock, deadline)
        # Users may send other requests through the session.
        expected = range(200, 300) if deadline is None else deadline.expected
        super().__init__(self._reader, expected, *arguments, **keywords)

    def begin(self) -> None:
        super().begin()
        self._reader.headers_left = None

    def _close_conn(self) -> None:
        # The body has ended. Bytes that were read after it show that the connection is out of sync.
        if not self.will_close:
            self._reader.over = True
            if self.fp.peek(1) or _pending(self._reader.sock):
                with suppress(OSError):  # the peer was faster, by a moment
                    _innermost(self._reader.sock).shutdown(socket.SHUT_RDWR)
        super()._close_conn()  # type: ignore[misc]

    def _get_chunk_left(self) -> int | None:
        if self.chunk_left == 0:
            # http.client takes any two bytes for the end of a chunk.
            if self.fp.read(2) != b"\r\n":
                raise http.client.IncompleteRead(b"")
            self.chunk_left = None
        left: int | None = super()._get_chunk_left()  # type: ignore[misc]
        return left


class _Deadlined(HTTPConnection):
    """A connection whose every step ends by the deadline of the call that uses it."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        deadline = current.get()
        if deadline is None:
            return super()._new_conn()
        try:
            addresses = socket.getaddrinfo(
                self._dns_host.strip("[]"), self.port, 0, socket.SOCK_STREAM
            )
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        last: OSError | None = None
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = None
            try:
                sock = socket.socket(family, kind, protocol)
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                # A share for each address, so that a dead one leaves time for the others.
                deadline.limit(sock, len(addresses) - tried)
                sock.connect(address)
            except OSError as error:
                if sock is not None:
                    sock.close()
                last = error
            else:
                sock.settimeout(deadline.left())
                sys.audit("http.client.connect", self, self.host, self.port)
                return sock
        if isinstance(last, TimeoutError) and last.errno is None:
            raise ConnectTimeoutError(self, "connection timed out") from last
        raise NewConnectionError(self, "no connection") from last

    def send(self, data: Any) -> None:
        deadline = current.get()
        if deadline is None:
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), _CHUNK):
            deadline.limit(self.sock)  # pyright: ignore[reportArgumentType]
            super().send(data[start : start + _CHUNK])


class _DeadlinedTls(_Deadlined, HTTPSConnection):
    pass


class IdleConnections:
    """The idle connections of a pool, without the lock of the queue that urllib3 uses.

    An exception from a signal handler can leave the queue's `threading.Condition` held, and every
    later call would wait for a connection forever.
    """

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.connections: deque[Any] = deque()

    def get(self, block: bool = False, timeout: float | None = None) -> Any:
        """Take a connection; never wait for one."""
        try:
            return self.connections.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, connection: Any, block: bool = False, timeout: float | None = None) -> None:
        """Give a connection back."""
        if len(self.connections) >= self.maxsize:
            raise queue.Full
        self.connections.append(connection)

    def qsize(self) -> int:
        """Return how many there are."""
        return len(self.connections)


class Pool(HTTPConnectionPool):
    """Connections by http."""

    QueueCls = IdleConnections  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    ConnectionCls = _Deadlined  # pyright: ignore[reportAssignmentType]


class TlsPool(HTTPSConnectionPool):
    """Connections by https."""

    QueueCls = IdleConnections  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    ConnectionCls = _DeadlinedTls  # pyright: ignore[reportAssignmentType]


def connections_are_replaced() -> bool:
    """Whether a tool such as vcrpy has put other connections in the place of urllib3's."""
    return HTTPConnectionPool.ConnectionCls.__module__ != "urllib3.connection"
