"""Requests on a connection, read and rejected as in Go."""

from __future__ import annotations

import socket
import time

import pytest
from support.emulator import (
    Wire,
    send_raw,
)

from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.connection import MAX_BODY_BYTES

GET = b"GET /health/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time to send what the server rejects."""
    monkeypatch.setattr("hydra_client.emulator.go.connection._DRAIN_TIMEOUT", 30.0)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (GET + b"\r\n", b"HTTP/1.1 200 OK"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET  /health/status HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET health HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET /a\x01b HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET /health/status HTTP/2.0\r\nHost: x\r\n\r\n", b"HTTP/1.1 505 HTTP Version"),
        (b"GET /health/status HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 Bad Request: missing"),
        (GET + b"Host: y\r\n\r\n", b"HTTP/1.1 400 Bad Request: too many"),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", b"HTTP/1.1 400 Bad Request: malformed"),
        (GET + b"X Y: z\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (GET + b"no colon\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (GET + b"X: a\x01b\r\n\r\n", b"HTTP/1.1 400 Bad Request: invalid header"),
        (GET + b"X: a\r\n b\r\n\r\n", b"HTTP/1.1 200 OK"),
        (GET + b"Content-Length: +5\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (GET + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK"),
        (GET + b"Transfer-Encoding: gzip\r\n\r\n", b"HTTP/1.1 501 Not Implemented"),
        (GET + b"Expect: x\r\n\r\n", b"HTTP/1.1 417 Expectation Failed"),
        (GET + b"Expect: 100-continue\r\n\r\n", b"HTTP/1.1 100 Continue"),
        (GET + b"X: " + b"x" * 70_000 + b"\r\n\r\n", b"HTTP/1.1 200 OK"),
        (GET + b"X: " + b"x" * 1_100_000 + b"\r\n\r\n", b"HTTP/1.1 431 Request Header"),
        (GET.replace(b"GET", b"get") + b"\r\n", b"HTTP/1.1 405 Method Not Allowed"),
        (GET.replace(b"1.1", b"1.0") + b"\r\n", b"HTTP/1.1 200 OK"),
        (GET.replace(b"GET /", b"GET http://x/") + b"\r\n", b"HTTP/1.1 200 OK"),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 OK"),
        (GET + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), b"HTTP/1.1 413 "),
    ],
)
def test_requests_are_read_as_in_go(raw: bytes, line: bytes) -> None:
    with HydraEmulator() as hydra:
        response = send_raw(hydra, raw)
        assert response.startswith(line), response[:200]
        if b" 200 " not in line and b" 100 " not in line and b"405" not in line:
            assert b"Connection: close\r\n" in response


@pytest.mark.parametrize(
    "chunks",
    [b"ffffffffffff\r\nx", b"zz\r\n", b"5", b"5\r\nab", b"", b"1\r\nx\r\n" * 3],
)
def test_invalid_chunks_close_the_connection(chunks: bytes) -> None:
    """Once, a huge size or a closed connection made the server loop and use up memory."""
    head = b"POST /clients HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with HydraEmulator() as hydra:
        with socket.create_connection((hydra.host, hydra.port), 20) as sock:
            sock.sendall(head + chunks)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        assert hydra.requests == []
        assert send_raw(hydra, GET + b"\r\n").startswith(b"HTTP/1.1 200")


def test_chunked_bodies_have_a_limit_and_may_have_trailers() -> None:
    head = b"POST /clients HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    chunk = b"%x\r\n%b\r\n" % (MAX_BODY_BYTES // 2, b"x" * (MAX_BODY_BYTES // 2))
    with HydraEmulator() as hydra:
        assert send_raw(hydra, head + b"\r\n" + chunk * 3).startswith(b"HTTP/1.1 413")
        good = b"Connection: close\r\n\r\n2;x=y\r\n{}\r\n0\r\nX: trailer\r\n\r\n"
        assert send_raw(hydra, head + good).startswith(b"HTTP/1.1 401")
        (recorded,) = hydra.requests
        assert recorded.body == "{}"


@pytest.mark.parametrize("seconds", [0.3, 0.0])
def test_an_incomplete_request_times_out(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("hydra_client.emulator.go.connection.REQUEST_TIMEOUT", seconds)
    with HydraEmulator() as hydra:
        assert send_raw(hydra, GET) == b""
        assert send_raw(hydra, GET + b"Content-Length: 5\r\n\r\n", then=b"ab") == b""


def trickle(sock: socket.socket) -> None:
    for _ in range(1500):
        sock.sendall(b"X: y\r\n")
        time.sleep(0.02)


def test_slow_and_interrupted_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra_client.emulator.go.connection.REQUEST_TIMEOUT", 0.2)
    with HydraEmulator() as hydra:
        with socket.create_connection((hydra.host, hydra.port), 20) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n")
            with pytest.raises((BrokenPipeError, ConnectionError)):
                trickle(sock)
        with socket.create_connection((hydra.host, hydra.port), 20) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHo")
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(100) == b""


def test_repeated_authorization_headers() -> None:
    with HydraEmulator() as hydra:
        wire = Wire(hydra)
        for headers, status in (
            (f"Authorization: bearer {wire.root} \r\nAuthorization: bearer x", b"200"),
            (f"Authorization: bearer x\r\nAuthorization: bearer {wire.root}", b"401"),
        ):
            request = f"GET /clients HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n\r\n"
            assert send_raw(hydra, request.encode()).split(b" ")[1] == status
