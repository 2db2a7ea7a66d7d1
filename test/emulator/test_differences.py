"""What running servers do that one would not expect, each played alike."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlencode

import jwt
import pytest
from support.emulator import CALLBACK, Wire, make_wire

from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.connection import MAX_BODY_BYTES


def say(hydra: HydraEmulator, raw: bytes, *, then: bytes = b"") -> bytes:
    """Send bytes and read all that comes, until the server hangs up."""
    with socket.create_connection((hydra.host, hydra.port), 20) as sock:
        sock.sendall(raw)
        if then:
            sock.sendall(then)
        response = b""
        while part := sock.recv(65536):
            response += part
        return response


GET = b"GET /health/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


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
def test_a_request_is_read_as_go_does(raw: bytes, line: bytes) -> None:
    with HydraEmulator() as hydra:
        response = say(hydra, raw)
        assert response.startswith(line), response[:200]
        if b" 200 " not in line and b" 100 " not in line and b"405" not in line:
            assert b"Connection: close\r\n" in response


@pytest.mark.parametrize(
    "chunks",
    [b"ffffffffffff\r\nx", b"zz\r\n", b"5", b"5\r\nab", b"", b"1\r\nx\r\n" * 3],
)
def test_chunks_that_end_early_end_the_connection(chunks: bytes) -> None:
    """A size beyond all bounds, and a client that hangs up, once made it spin and grow."""
    head = b"POST /clients HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with HydraEmulator() as hydra:
        with socket.create_connection((hydra.host, hydra.port), 20) as sock:
            sock.sendall(head + chunks)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        assert hydra.requests == []
        assert say(hydra, GET + b"\r\n").startswith(b"HTTP/1.1 200")


def test_chunks_are_bounded_in_all_and_may_have_trailers() -> None:
    head = b"POST /clients HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    chunk = b"%x\r\n%b\r\n" % (MAX_BODY_BYTES // 2, b"x" * (MAX_BODY_BYTES // 2))
    with HydraEmulator() as hydra:
        assert say(hydra, head + b"\r\n" + chunk * 3).startswith(b"HTTP/1.1 413")
        good = b"Connection: close\r\n\r\n2;x=y\r\n{}\r\n0\r\nX: trailer\r\n\r\n"
        assert say(hydra, head + good).startswith(b"HTTP/1.1 401")
        (recorded,) = hydra.requests
        assert recorded.body == "{}"


@pytest.mark.parametrize("seconds", [0.3, 0.0])
def test_a_request_that_is_half_sent_ends(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("hydra_client.emulator.go.connection.REQUEST_TIMEOUT", seconds)
    with HydraEmulator() as hydra:
        assert say(hydra, GET) == b""
        assert say(hydra, GET + b"Content-Length: 5\r\n\r\n", then=b"ab") == b""


def trickle(sock: socket.socket) -> None:
    for _ in range(200):
        sock.sendall(b"X: y\r\n")
        time.sleep(0.02)


def test_a_request_that_trickles_or_breaks_off_ends(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_record_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra_client.emulator.hydra._MAX_RECORDED_SIZE", 10_000)
    wire = make_wire()
    for number in range(20):
        wire("POST", f"/nowhere/{number}", "x" * 2000)
    assert 1 <= len(wire.hydra.requests) <= 5
    assert wire.hydra.requests[-1].path == "/nowhere/19"


def test_a_program_that_forgets_to_stop_it_ends() -> None:
    program = (
        "from hydra_client.emulator import HydraEmulator\n"
        "hydra = HydraEmulator().start()\n"
        "hydra.api().get_well_known()\n"
        "raise SystemExit(3)"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == 3


def test_it_ends_while_a_client_is_connected() -> None:
    before = set(threading.enumerate())
    with HydraEmulator() as hydra:
        sock = socket.create_connection((hydra.host, hydra.port), 20)
        sock.sendall(GET[:10])
    sock.close()
    assert set(threading.enumerate()) <= before


def test_of_two_authorization_headers_the_first_counts_and_blanks_are_trimmed() -> None:
    with HydraEmulator() as hydra:
        wire = Wire(hydra)
        for headers, status in (
            (f"Authorization: bearer {wire.root} \r\nAuthorization: bearer x", b"200"),
            (f"Authorization: bearer x\r\nAuthorization: bearer {wire.root}", b"401"),
        ):
            request = f"GET /clients HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n\r\n"
            assert say(hydra, request.encode()).split(b" ")[1] == status


def test_two_blanks_after_bearer(wire: Wire) -> None:
    reply = wire("GET", "/clients", headers={"authorization": f"Bearer  {wire.root}"})
    message = "illegal base64 data at input byte 0" if wire.is_0_9 else "error"
    assert (reply.status, reply.json["error"]["message"]) == (500, message)
    unknown = wire("GET", "/clients", headers={"authorization": "Bearer  a.b"})
    assert unknown.status == (500 if wire.is_0_9 else 401)


def test_a_path_that_becomes_the_root(wire: Wire) -> None:
    """All paths of the method begin alike, so the router finds that only the end is missing."""
    reply = wire("PATCH", "/clients/..")
    assert (reply.status, reply.headers["Location"]) == (307, "/")
    assert wire("PATCH", "/").status == 404
    assert wire("GET", "/nowhere/..").status == 404


def test_every_origin_may_call_0_10(wire: Wire) -> None:
    def headers(method: str, **sent: str) -> list[tuple[str, str]]:
        from hydra_client.emulator.go.http import Request

        sent = {name.replace("_", "-"): value for name, value in sent.items()}
        answer = wire.hydra.handle(Request(method, "/health/status", sent))
        assert answer.status == (405 if wire.is_0_9 and method == "OPTIONS" else 200)
        return [h for h in answer.headers if h[0] == "Vary" or h[0].startswith("Access-Control")]

    origin = "https://app.example.com"
    asked = {"access_control_request_method": "PUT", "access_control_request_headers": "x-a"}
    if wire.is_0_9:
        assert headers("GET", origin=origin) == headers("OPTIONS", origin=origin, **asked) == []
        return
    allowed = ("Access-Control-Allow-Origin", origin)
    assert headers("GET") == [("Vary", "Origin")]
    assert allowed in headers("GET", origin=origin)
    assert allowed not in headers("OPTIONS")
    preflight = headers("OPTIONS", origin=origin, **asked)
    assert allowed in preflight
    assert ("Access-Control-Allow-Methods", "PUT") in preflight
    assert ("Access-Control-Allow-Headers", "x-a") in preflight
    del asked["access_control_request_headers"]
    assert allowed in headers("OPTIONS", origin=origin, **asked)


def test_a_zero_in_a_consent_answer(wire: Wire) -> None:
    id, _, _ = wire.start(wire.app())
    path = f"/oauth2/consent/requests/{id}"
    for action, body in (
        ("accept", {"subject": "bob\0", "grantScopes": []}),
        ("accept", {"subject": "bob", "grantScopes": ["a\0"]}),
        ("reject", {"reason": "\0"}),
    ):
        reply = wire.admin("PATCH", f"{path}/{action}", body)
        if wire.is_0_9 or not wire.hydra.variant.is_sql:
            assert reply.status == 204
        else:
            text = 'pq: invalid byte sequence for encoding "UTF8": 0x00'
            assert (reply.status, reply.json["error"]["message"]) == (500, text)


def test_a_scope_that_is_not_utf_8(wire: Wire) -> None:
    query = wire.query(wire.app(), scope=None) + "&scope=%FF"
    reply = wire.authorize(query)
    if wire.is_0_9 or not wire.hydra.variant.is_sql:
        assert "consent" in reply.told
    else:
        assert reply.location.startswith(CALLBACK)
        assert reply.told["error"] == "error"


def test_the_key_has_4096_bits(wire: Wire) -> None:
    (key,) = wire.admin("GET", "/.well-known/jwks.json").json["keys"]
    assert len(key["n"]) == 683  # 512 bytes as base64url


def test_acr_values_in_userinfo(wire: Wire) -> None:
    if wire.is_0_9:
        return
    app = wire.app()
    for acr_values, acr in (("2 1", "0"), ("", None)):
        token = wire.redeem(app, wire.code(app, acr_values=acr_values)).json["access_token"]
        assert wire("GET", "/userinfo", token=token).json.get("acr") == acr


def test_a_hint_is_an_id_token_of_the_same_user(wire: Wire) -> None:
    app = wire.app()
    good = wire.redeem(app, wire.code(app)).json["id_token"]
    foreign = jwt.encode({"sub": "bob"}, "x" * 32, algorithm="HS256")
    id, query, cookie = wire.start(app)
    wire.accept(id, subject="alice")
    code = wire.authorize(query, cookie).told["code"]
    others = wire.redeem(app, code).json["id_token"]
    for hint, status in ((good, 200), (others, 400), (foreign, 500), ("x", 500), ("", 200)):
        reply = wire.redeem(app, wire.code(app, id_token_hint=hint))
        assert reply.status == (200 if wire.is_0_9 else status), hint


def test_a_scheme_comes_back_in_lower_case(wire: Wire) -> None:
    written = "HTTP://127.0.0.1/CB?a=B"
    app = wire.app(redirect_uris=[written])
    for more in ({}, {"response_type": "token"}, {"state": "x"}):
        reply = (
            wire.authorize(wire.query(app, redirect_uri=written, **more))
            if "state" in more
            else wire.arrive(app, redirect_uri=written, **more)
        )
        assert reply.location.startswith("http://127.0.0.1/CB?a=B"), urlencode(more)
