"""Reads requests from a connection as Go's net/http server does, and rejects what it rejects.

Where Go has no limit on bytes or seconds, the emulator has one, so that no request can fill the
memory or occupy a thread forever.
"""

from __future__ import annotations

import io
import re
import socket
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from hydra_client.emulator.go.http import Request

MAX_HEADER_BYTES = 1024 * 1024 + 4096  # the same as in Go
MAX_BODY_BYTES = 16 * 1024 * 1024
REQUEST_TIMEOUT = 10.0  # seconds, from the first byte of a request to its last
_DRAIN_TIMEOUT = 0.5  # seconds

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb"HTTP/(\d)\.(\d)")
_HOST = re.compile(rb"[\w!$&'()*+,;=:%.~\[\]@-]*", re.ASCII)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CHUNK = re.compile(rb"[0-9a-fA-F]{1,16}")


class RequestRejectedError(Exception):
    """Go's server rejects the request before any handler sees it, and closes the connection."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text

    def response(self) -> bytes:
        """Return the response that Go's server writes."""
        phrase = HTTPStatus(self.status).phrase
        line = f"{self.status} {phrase}{f': {self.text}' if self.text else ''}"
        # For an unknown encoding, the body differs from the status line.
        body = "Unsupported transfer encoding" if self.status == 501 else line
        return (
            f"HTTP/1.1 {line}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Connection: close\r\n\r\n{body}"
        ).encode()


class Connection(io.RawIOBase):
    """Reads one request after another from a socket, each within `REQUEST_TIMEOUT`."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._deadline: float | None = None
        self._buffered = io.BufferedReader(self)

    def readable(self) -> bool:
        """Return True, as `io.BufferedReader` requires."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has arrived. Raises TimeoutError if the request is too slow."""
        left = None if self._deadline is None else self._deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)

    def next(self) -> tuple[Request, bool] | None:
        """Wait for the next request; return None if the client closes the connection instead.

        Returns:
            The request, and whether to keep the connection open after it.

        Raises:
            RequestRejectedError: Go would reject the request.
            OSError: The connection broke, or the request is too slow.
        """
        self._deadline = None
        if not self._buffered.peek(1):
            return None
        self._deadline = time.monotonic() + REQUEST_TIMEOUT
        method, target, minor, headers = self._head()
        length = _length(headers)
        if any(value.lower() != b"100-continue" for value in headers.get(b"expect", ())):
            raise RequestRejectedError(417)
        if b"expect" in headers and minor:
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._chunks() if length is None else self._exactly(length)
        connection = b",".join(headers.get(b"connection", ())).lower().split(b",")
        options = {option.strip() for option in connection}
        keep_alive = b"close" not in options if minor else b"keep-alive" in options
        # Of a repeated header Go reads the first value, except for cookies.
        single = {name: values[0] for name, values in headers.items()}
        if b"cookie" in headers:
            single[b"cookie"] = b"; ".join(headers[b"cookie"])
        decoded = {_decode(name): _decode(value) for name, value in single.items()}
        return Request(_decode(method), _decode(target), decoded, body), keep_alive

    def drain(self) -> None:
        """Read what still arrives for a short time: closing at once could lose the response."""
        self._deadline = time.monotonic() + _DRAIN_TIMEOUT
        left = MAX_BODY_BYTES
        try:
            self._sock.shutdown(socket.SHUT_WR)
            while left > 0 and (part := self._buffered.read1(65536)):
                left -= len(part)
        except OSError:  # pragma: no cover - the client keeps sending, or resets the connection
            pass

    def _head(self) -> tuple[bytes, bytes, int, dict[bytes, list[bytes]]]:
        lines = self._lines()
        method, _, rest = next(lines, b"").partition(b" ")
        target, _, version = rest.partition(b" ")
        match = _VERSION.fullmatch(version)
        if not (_TOKEN.fullmatch(method) and match):
            raise RequestRejectedError(400)
        if match[1] != b"1":
            raise RequestRejectedError(505, "unsupported protocol version")
        target = _origin_form(target)
        headers: dict[bytes, list[bytes]] = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            value = value.strip(b" \t")
            if not (colon and _TOKEN.fullmatch(name)):
                raise RequestRejectedError(400)
            if _CONTROL.search(value):
                raise RequestRejectedError(400, "invalid header value")
            headers.setdefault(name.lower(), []).append(value)
        minor = int(match[2])
        hosts = headers.get(b"host", [])
        if len(hosts) > 1:
            raise RequestRejectedError(400, "too many Host headers")
        if minor and not hosts:
            raise RequestRejectedError(400, "missing required Host header")
        if hosts and not _HOST.fullmatch(hosts[0]):
            raise RequestRejectedError(400, "malformed Host header")
        return method, target, minor, headers

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines up to the empty one, with folded lines joined."""
        left = MAX_HEADER_BYTES
        pending: bytes | None = None
        while True:
            line = self._buffered.readline(left + 1)
            left -= len(line)
            if left < 0:
                raise RequestRejectedError(431)
            if not line.endswith(b"\n"):
                raise ConnectionError("the client closed the connection")
            line = line.rstrip(b"\r\n")
            if line[:1] in (b" ", b"\t") and pending is not None:
                pending += b" " + line.strip(b" \t")
                continue
            if pending is not None:
                yield pending
            if not line:
                return
            pending = line

    def _exactly(self, count: int) -> bytes:
        if count > MAX_BODY_BYTES:
            raise RequestRejectedError(413)
        body = self._buffered.read(count)
        if len(body) < count:
            raise ConnectionError("the client closed the connection")
        return body

    def _chunks(self) -> bytes:
        body = b""
        while True:
            line = self._buffered.readline(4096)
            size = _CHUNK.fullmatch(line.partition(b";")[0].strip())
            if not line.endswith(b"\n") or not size:
                raise ConnectionError("invalid chunk")
            count = int(size[0], 16)
            if not count:
                break
            body += self._exactly(min(count, MAX_BODY_BYTES + 1 - len(body)))
            if len(body) > MAX_BODY_BYTES:
                raise RequestRejectedError(413)
            self._exactly(2)
        list(self._lines())  # trailers
        return body


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _origin_form(target: bytes) -> bytes:
    """Return the path and query of a request target, which may be an absolute URL."""
    if re.match(rb"https?://", target, re.IGNORECASE):
        target = re.sub(rb"(?i)^https?://[^/?]*", b"", target) or b"/"
    if not re.fullmatch(rb"\*|/[^\x00-\x20\x7f]*", target):
        raise RequestRejectedError(400)
    return target


def _length(headers: dict[bytes, list[bytes]]) -> int | None:
    """Return the length of the body in bytes, or None if it is sent in chunks."""
    codings = headers.get(b"transfer-encoding", [])
    if codings:
        if len(codings) > 1 or codings[0].lower() != b"chunked":
            raise RequestRejectedError(501)
        return None
    lengths = set(headers.get(b"content-length", [b"0"]))
    length = lengths.pop()
    if lengths or not re.fullmatch(rb"[0-9]{1,18}", length):
        raise RequestRejectedError(400)
    return int(length)
