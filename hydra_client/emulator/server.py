"""The socket side: HTTP/1.1 with connections that stay open, and an end that does not wait."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import format_datetime
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Lock, Thread
from typing import Any

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.server import SLOWEST, Connection, RefusedError
from hydra_client.emulator.responses import Answer

Handle = Callable[[Request], Answer]
_POLL = 0.02  # seconds between two looks at whether to stop


class Listener:
    """A server on one address, from `start` to `stop`; it can be started again."""

    def __init__(self, handle: Handle, stopping: Event) -> None:
        self._handle, self._stopping = handle, stopping
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def start(self, host: str, port: int) -> int:
        """Listen; return the port. Raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(128)
        except OSError:
            listening.close()
            raise
        self._server = _Server(listening, self._handle)
        self._stopping.clear()
        self._thread = Thread(
            target=self._server.serve_forever, args=(_POLL,), name="hydra-emulator", daemon=True
        )
        self._thread.start()
        return int(listening.getsockname()[1])

    def stop(self) -> None:
        """End waits and connections, and return when every thread has ended."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None


class _Server(ThreadingTCPServer):
    # Daemons, so that a program which forgets to stop the server ends all the same.
    daemon_threads = True

    def __init__(self, listening: socket.socket, handle: Handle) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.handle = handle
        self._connections: dict[socket.socket, Thread] = {}
        self._connections_lock = Lock()
        self._closed = False

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._connections_lock:
            closed = self._closed
            if not closed:
                self._connections[request] = thread
        if closed:  # pragma: no cover - a connection that came in between two lines of stop()
            self.shutdown_request(request)
        else:
            thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exc_info()[1], OSError):  # pragma: no cover - a fault of ours
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """Hang up on everybody, and wait for those who are being answered."""
        with self._connections_lock:
            self._closed = True
            threads = list(self._connections.values())
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # the other side was faster
        for thread in threads:
            thread.join()


class _Handler(BaseRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    request: socket.socket

    def handle(self) -> None:
        """Answer one request after the other, until somebody hangs up."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self.request)
        try:
            while (arrived := connection.next()) is not None:
                answer = self.server.handle(arrived.request)
                if answer.reset:
                    # Closing with this option sends RST at once.
                    linger = struct.pack("ii", 1, 0)
                    self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.request.close()
                    return
                keep_alive = arrived.keep_alive and answer.cut is None
                self.request.settimeout(SLOWEST)
                self.request.sendall(_written(answer, arrived.request.method, keep_alive))
                if not keep_alive:
                    return
        except RefusedError as refused:
            self.request.settimeout(SLOWEST)
            self.request.sendall(refused.response())
            connection.drain()


def _written(answer: Answer, method: str, keep_alive: bool) -> bytes:
    headers = [*answer.all_headers(), ("Date", _http_date())]
    if not keep_alive:
        headers.append(("Connection", "close"))
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
    body = b"" if method == "HEAD" else answer.body
    return head + (body if answer.cut is None else body[: answer.cut])


def _http_date() -> str:
    return format_datetime(datetime.now(timezone.utc), usegmt=True)
