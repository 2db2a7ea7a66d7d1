"""The socket side: HTTP/1.1 with connections that stay open, and an end that does not wait."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import format_datetime
from threading import Event, Lock, Thread
from typing import Any, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from .answers import Answer
from .go_http import Request

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
        with socket.socket(family, socket.SOCK_STREAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(128)
            # Werkzeug would end the process over a port that is taken; a bound socket is safe.
            self._server = _Server(host, self._handle, listening.fileno())
        self._stopping.clear()
        self._thread = Thread(
            target=self._server.serve_forever, args=(_POLL,), name="hydra-emulator", daemon=True
        )
        self._thread.start()
        return self._server.port

    def stop(self) -> None:
        """End waits and connections, and return when every thread has ended."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.close_connections()
        self._thread.join()
        self._server = self._thread = None


class _Server(ThreadedWSGIServer):
    daemon_threads = False  # so that closing waits for them

    def __init__(self, host: str, handle: Handle, fd: int) -> None:
        super().__init__(host, 0, _no_app, handler=_Handler, fd=fd)
        self.handle = handle
        self._connections: set[socket.socket] = set()
        self._connections_lock = Lock()
        self._closed = False

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
            closed = self._closed
        if closed:  # pragma: no cover - a connection that came in between two lines of stop()
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._connections_lock:
            self._closed = True
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # the other side was faster


def _no_app(environ: Any, start_response: Any) -> Any:
    raise AssertionError("the handler answers by itself")  # pragma: no cover


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        # Werkzeug unescapes the path; the raw one is in the first line.
        environ["REQUEST_URI"] = self.requestline.split(" ")[1]
        handle = cast(_Server, self.server).handle
        answer = handle(Request.from_environ(environ, self._body(environ)))
        if answer.reset:
            # Closing with this option sends RST at once.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self._write(answer)

    def _body(self, environ: dict[str, Any]) -> bytes:
        stream = environ["wsgi.input"]
        if environ.get("wsgi.input_terminated"):  # chunked
            return bytes(stream.read())
        length = self.headers.get("Content-Length", "0")
        return bytes(stream.read(int(length))) if length.isdecimal() else b""

    def _write(self, answer: Answer) -> None:
        headers = [*answer.all_headers(), ("Date", _http_date())]
        if answer.cut is not None:
            self.close_connection = True
        if self.close_connection:
            headers.append(("Connection", "close"))
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in headers]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        body = b"" if self.command == "HEAD" else answer.body
        self.wfile.write(head + (body if answer.cut is None else body[: answer.cut]))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no HTTP gets Go's one line."""
        self.close_connection = True
        self.wfile.write(
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Connection: close\r\n\r\n400 Bad Request"
        )

    def log(self, type: str, message: str, *args: Any) -> None:
        """Silent: a test looks at `HydraEmulator.requests`."""

    def connection_dropped(
        self, error: BaseException, environ: dict[str, Any] | None = None
    ) -> None:
        """Silent as well."""


def _http_date() -> str:
    return format_datetime(datetime.now(timezone.utc), usegmt=True)
