"""A server on loopback that sends one recorded response, byte for byte, and keeps requests."""

from __future__ import annotations

import http.client
import socketserver
import threading
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request as it reached the server."""

    method: str
    target: str
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header; names in lower case."""
        values = self.headers.get(name, [])
        assert len(values) < 2, f"{name} was sent {len(values)} times"
        return values[0] if values else None


def raw(response: dict[str, Any]) -> bytes:
    """A recorded response as it was on the wire, with the recorded headers only."""
    status, headers, body = response["status"], response["headers"], response["body"] or ""
    content = body.encode()
    if headers.get("Transfer-Encoding") == "chunked":
        half = len(content) // 2
        parts = [part for part in (content[:half], content[half:]) if part]
        chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
        content = b"".join([*chunks, b"0\r\n\r\n"])
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


class _Handler(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, target, version = line.decode("latin-1").split()
            assert version == "HTTP/1.1", line
            headers: dict[str, list[str]] = {}
            for name, value in http.client.parse_headers(self.rfile).items():
                headers.setdefault(name.lower(), []).append(value)
            body = self.rfile.read(int(headers.get("content-length", ["0"])[0]))
            self.server.owner.received.append(Received(method, target, headers, body))
            response = self.server.owner.response
            self.wfile.write(response)
            head = response.partition(b"\r\n\r\n")[0].lower()
            ends = (b" 204 ", b"\r\ncontent-length:", b"\r\ntransfer-encoding:")
            if not any(mark in head for mark in ends):
                return  # the end of the connection ends the body


class _Listener(socketserver.ThreadingTCPServer):
    owner: ReplayServer


class ReplayServer:
    """Responds to every request with `response`; `received` has the requests in order."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.response = b""

    def expect(self, response: dict[str, Any]) -> None:
        """Respond with this from now on, and forget earlier requests."""
        self.received.clear()
        self.response = raw(response)

    def __enter__(self) -> ReplayServer:
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.owner = self
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
