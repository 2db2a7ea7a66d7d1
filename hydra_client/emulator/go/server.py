"""Requests read off a connection as Go's net/http server reads them, within bounds.

What Go refuses is refused in its words. Where Go has no bound on bytes or seconds the emulator has
one, so that no request can fill the memory or hold a thread.
"""

from __future__ import annotations

import io
import re
import socket
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from hydra_client.emulator.go.http import Request

MOST_HEADERS = 1024 * 1024 + 4096  # bytes, as in Go
MOST_BODY = 16 * 1024 * 1024  # bytes
_LAST_MOMENT = 0.5  # seconds
SLOWEST = 10.0  # seconds that a request may take to arrive, once it has begun

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb"HTTP/(\d)\.(\d)")
_HOST = re.compile(rb"[\w!$&'()*+,;=:%.~\[\]@-]*", re.ASCII)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CHUNK = re.compile(rb"[0-9a-fA-F]{1,16}")


class RefusedError(Exception):
    """What Go answers by itself, before any handler, and then hangs up."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text

    def response(self) -> bytes:
        """Write the response, as Go's server does."""
        phrase = HTTPStatus(self.status).phrase
        said = f"{self.status} {phrase}{f': {self.text}' if self.text else ''}"
        # Of an encoding that it does not know, Go has more to say in the body than in the line.
        body = "Unsupported transfer encoding" if self.status == 501 else said
        return (
            f"HTTP/1.1 {said}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Connection: close\r\n\r\n{body}"
        ).encode()


class Arrived(NamedTuple):
    """A request, and whether the connection stays open after it."""

    request: Request
    keep_alive: bool


class Connection(io.RawIOBase):
    """The bytes that arrive on a socket; those of a request that has begun arrive in time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._until: float | None = None
        self._buffered = io.BufferedReader(self)

    def readable(self) -> bool:
        """Whether it can be read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there; raise TimeoutError when the request is too slow."""
        left = None if self._until is None else self._until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)

    def next(self) -> Arrived | None:
        """Wait for the next request, for as long as the connection lasts; None at its end.

        Raises:
            RefusedError: Go would refuse it.
            OSError: The connection broke, or the request is too slow.
        """
        self._until = None
        if not self._buffered.peek(1):
            return None
        self._until = time.monotonic() + SLOWEST
        method, target, minor, headers = self._head()
        length = _length(headers)
        if any(value.lower() != b"100-continue" for value in headers.get(b"expect", ())):
            raise RefusedError(417)
        if b"expect" in headers and minor:
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._chunks() if length is None else self._exactly(length)
        words = {
            word.strip().lower()
            for value in headers.get(b"connection", ())
            for word in value.split(b",")
        }
        keep_alive = b"close" not in words if minor else b"keep-alive" in words
        # Go looks at the first of several, and at all cookies.
        chosen = {name: values[0] for name, values in headers.items()}
        if b"cookie" in headers:
            chosen[b"cookie"] = b"; ".join(headers[b"cookie"])
        texts = {_text(name): _text(value) for name, value in chosen.items()}
        return Arrived(Request(_text(method), _text(target), texts, body), keep_alive)

    def drain(self) -> None:
        """Read what is still arriving, for a moment: closing at once could lose the response."""
        self._until = time.monotonic() + _LAST_MOMENT
        left = MOST_BODY
        try:
            self._sock.shutdown(socket.SHUT_WR)
            while left > 0 and (part := self._buffered.read1(65536)):
                left -= len(part)
        except OSError:  # pragma: no cover - a peer that sends on, or resets
            pass

    def _head(self) -> tuple[bytes, bytes, int, dict[bytes, list[bytes]]]:
        lines = self._lines()
        method, blank, rest = next(lines, b"").partition(b" ")
        target, second, version = rest.partition(b" ")
        read = _VERSION.fullmatch(version)
        if not (blank and second and _TOKEN.fullmatch(method) and read):
            raise RefusedError(400)
        if read[1] != b"1":
            raise RefusedError(505, "unsupported protocol version")
        target = _origin_form(target)
        headers: dict[bytes, list[bytes]] = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            value = value.strip(b" \t")
            if not (colon and _TOKEN.fullmatch(name)):
                raise RefusedError(400)
            if _CONTROL.search(value):
                raise RefusedError(400, "invalid header value")
            headers.setdefault(name.lower(), []).append(value)
        minor = int(read[2])
        hosts = headers.get(b"host", [])
        if len(hosts) > 1:
            raise RefusedError(400, "too many Host headers")
        if minor and not hosts:
            raise RefusedError(400, "missing required Host header")
        if hosts and not _HOST.fullmatch(hosts[0]):
            raise RefusedError(400, "malformed Host header")
        return method, target, minor, headers

    def _lines(self) -> Iterator[bytes]:
        """The lines of the head up to the empty one, continued lines put together."""
        left = MOST_HEADERS
        pending: bytes | None = None
        while True:
            line = self._buffered.readline(left + 1)
            left -= len(line)
            if left < 0:
                raise RefusedError(431)
            if not line.endswith(b"\n"):
                raise ConnectionError("the peer hung up")
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
        if count > MOST_BODY:
            raise RefusedError(413)
        body = self._buffered.read(count)
        if len(body) < count:
            raise ConnectionError("the peer hung up")
        return body

    def _chunks(self) -> bytes:
        body = b""
        while True:
            line = self._buffered.readline(4096)
            size = _CHUNK.fullmatch(line.partition(b";")[0].strip())
            if not line.endswith(b"\n") or not size:
                raise ConnectionError("no chunk")
            count = int(size[0], 16)
            if not count:
                break
            body += self._exactly(min(count, MOST_BODY + 1 - len(body)))
            if len(body) > MOST_BODY:
                raise RefusedError(413)
            self._exactly(2)
        for _ in self._lines():
            pass  # trailers
        return body


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _origin_form(target: bytes) -> bytes:
    """The path and query of a request target; Go takes a whole URL as well."""
    if re.match(rb"https?://", target, re.IGNORECASE):
        target = re.sub(rb"(?i)^https?://[^/?]*", b"", target) or b"/"
    if target != b"*" and not target.startswith(b"/"):
        raise RefusedError(400)
    if re.search(rb"[\x00-\x20\x7f]", target):
        raise RefusedError(400)
    return target


def _length(headers: dict[bytes, list[bytes]]) -> int | None:
    """How many bytes the body has; None where it comes in chunks."""
    codings = headers.get(b"transfer-encoding", [])
    if codings:
        if len(codings) > 1 or codings[0].lower() != b"chunked":
            raise RefusedError(501)
        return None
    lengths = set(headers.get(b"content-length", [b"0"]))
    (length, *others) = lengths
    if others or not re.fullmatch(rb"[0-9]{1,18}", length):
        raise RefusedError(400)
    return int(length)
