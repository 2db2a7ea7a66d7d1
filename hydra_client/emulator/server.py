"""The HTTP/1.1 server: persistent connections, and a shutdown that does not wait for clients."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable
from email.utils import formatdate
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Lock, Thread
from typing import Any

from hydra_client.emulator.go.connection import (
    REQUEST_TIMEOUT,
    Connection,
    RequestRejectedError,
)
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

Handler = Callable[[Request], Response]
_POLL_INTERVAL = 0.02  # seconds between checks for a shutdown


class Listener:
    """Listens on one address between `start` and `stop`. It can be started again."""

    def __init__(self, handle: Handler, stopping: Event) -> None:
        self._handle, self._stopping = handle, stopping
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def start(self, host: str, port: int) -> int:
        """Start listening, and return the port. Raises OSError if the port is in use."""
        self._server = _Server(host, port, self._handle)
        self._stopping.clear()
        self._thread = Thread(
            target=self._server.serve_forever,
            args=(_POLL_INTERVAL,),
            name="hydra-emulator",
            daemon=True,
        )
        self._thread.start()
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """End all delays and connections, and return when every thread has ended."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None


class _Server(ThreadingTCPServer):
    # Daemon threads, so that a program can exit without stopping the server.
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, handle: Handler) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.handle = handle
        self._connections: set[socket.socket] = set()
        self._handlers: list[Thread] = []
        self._connections_lock = Lock()
        self._closed = False
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._connections_lock:
            closed = self._closed
            if not closed:
                self._connections.add(request)
                self._handlers = [one for one in self._handlers if one.is_alive()] + [thread]
        if closed:  # pragma: no cover - a connection accepted while stop() runs
            self.shutdown_request(request)
        else:
            thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that closed their connection."""
        if not isinstance(sys.exc_info()[1], OSError):  # pragma: no cover - a bug
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """Close all connections, and wait for their threads."""
        with self._connections_lock:
            self._closed = True
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # already closed by the client
        # The threads of connections that have just ended, too.
        for thread in self._handlers:
            thread.join()


class _Handler(BaseRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
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
