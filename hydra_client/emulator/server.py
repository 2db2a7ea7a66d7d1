"""The HTTP/1.1 server: persistent connections, and a shutdown that does not wait for clients."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable
from email.utils import formatdate
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import Any

from hydra_client.emulator.go.connection import (
    REQUEST_TIMEOUT,
    Connection,
    RequestRejectedError,
)
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

_POLL_INTERVAL = 0.02  # seconds between checks for a shutdown


class Server(ThreadingTCPServer):
    """Listens from its creation to `close`. Raises OSError if the port is in use."""

    # Daemon threads, so that a program can exit without stopping the server.
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, handle: Callable[[Request], Response]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.handle = handle
        self._connections: set[socket.socket] = set()
        self._handlers: list[Thread] = []
        self._connections_lock = Lock()
        super().__init__((host, port), _Handler)
        self._loop = Thread(
            target=self.serve_forever, args=(_POLL_INTERVAL,), name="hydra-emulator", daemon=True
        )
        self._loop.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve the connection in a thread that `close` waits for."""
        thread = Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._connections_lock:
            self._connections.add(request)
        self._handlers = [one for one in self._handlers if one.is_alive()] + [thread]
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that has ended."""
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that closed their connection."""
        if not isinstance(sys.exc_info()[1], OSError):  # pragma: no cover - a bug
            super().handle_error(request, client_address)

    def close(self) -> None:
        """End all connections, and return when every thread has ended."""
        self.shutdown()  # from here on, there are no new connections
        with self._connections_lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # already closed by the client
        # The threads of connections that have just ended, too.
        for thread in self._handlers:
            thread.join()
        self.server_close()
        self._loop.join()


class _Handler(BaseRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    request: socket.socket

    def handle(self) -> None:
        """Serve one request after another, until either side closes the connection."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self.request)
        try:
            while (received := connection.next()) is not None:
                request, keep_alive = received
                response = self.server.handle(request)
                if response.reset:
                    # With this option, closing the socket sends RST.
                    linger = struct.pack("ii", 1, 0)
                    self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.request.close()
                    return
                keep_alive = keep_alive and response.cut is None
                self.request.settimeout(REQUEST_TIMEOUT)
                self.request.sendall(_encode(response, request.method, keep_alive))
                if not keep_alive:
                    return
        except RequestRejectedError as error:
            self.request.settimeout(REQUEST_TIMEOUT)
            self.request.sendall(error.response())
            connection.drain()


def _encode(response: Response, method: str, keep_alive: bool) -> bytes:
    headers = [*response.all_headers(), ("Date", formatdate(usegmt=True))]
    if not keep_alive:
        headers.append(("Connection", "close"))
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
    body = b"" if method == "HEAD" else response.body
    return head + (body if response.cut is None else body[: response.cut])
