"""Failures of servers and networks, of every kind and at every stage, over real sockets.

Each call ends by its deadline, in an error that says what happened and shows no secret.
"""

from __future__ import annotations

import datetime
import gzip
import pickle
import socket
import ssl
import threading
import traceback
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.both import record_pauses
from support.crowd import wait_until
from support.loopback import (
    CLIENT,
    LONG,
    ONE,
    OPERATIONS,
    Authority,
    Peer,
    Server,
    api,
    black_hole,
    chunked,
    raw_response,
    refusing_port,
    within,
)

from hydra_client import (
    ApiConnectionError,
    ApiDecodeError,
    ApiException,
    ApiTimeoutError,
    ApiTlsError,
    ConsentRequestAcceptance,
    HydraException,
    OAuth2Client,
    ServiceException,
)

FOR_BOTH_CLIENTS = True

SOON = 0.2
TOKEN = "access-token-hush"
BASIC: dict[str, Any] = {"username": "admin", "password": "demo-password-hush"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    record_pauses(monkeypatch, [])


def failure(
    host: Server | str, call: Callable[[Any], object] | None = None, **settings: Any
) -> HydraException:
    """Make a call that fails, and hold what holds for all failures."""
    call = call or OPERATIONS["get_oauth2_client"].call
    settings = {"access_token": TOKEN, "timeout": LONG, "retries": 0, **BASIC, **settings}
    with (
        api(host, **settings) as client,
        within(settings["timeout"]),
        pytest.raises(HydraException) as caught,
    ):
        call(client)
    error = caught.value
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None:
        if link is not error:
            # The system's own: no request, no response hangs on it.
            assert isinstance(link, OSError)
            assert type(link).__module__ in {"builtins", "socket", "ssl", "http.client"}
            assert set(vars(link)) <= {"reason", "library", "verify_code", "verify_message", "line"}
            assert link.__traceback__ is None
        chain.append(link)
        assert not (link.__cause__ and link.__context__)
        link = link.__cause__ or link.__context__
    assert len(chain) <= 2
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), str(twin), vars(twin)) == (type(error), str(error), vars(error))
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    for shown in (trace, repr(chain), repr(vars(error)), pickle.dumps(error, 0).decode("latin-1")):
        assert "hush" not in shown
    return error


def after(*parts: bytes, then: str) -> Callable[[Peer], None]:
    """Send these parts, then do something else."""

    def step(peer: Peer) -> None:
        for part in parts:
            peer.send(part)
        getattr(peer, then)()

    return step


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LONGER = HEAD + b"Content-Length: 100\r\n\r\n"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = HEAD + b"\r\n"


# -- connections that end early


STAGES = {
    "before a response": (),
    "within the status line": (b"HTTP/1.1 2",),
    "within the headers": (HEAD + b"Content-Le",),
    "before the body": (LONGER,),
    "within the body": (LONGER, b'{"id": "photos"'),
    "before a chunk": (CHUNKS,),
    "within a chunk's size": (CHUNKS, b"1"),
    "within a chunk": (CHUNKS, b'20\r\n{"id"'),
    "before the last chunk": (CHUNKS, b"e\r\n" + b'{"id": "abcd"}'[:14] + b"\r\n"),
    "within the last chunk": (CHUNKS, b"2\r\n{}\r\n0\r"),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("then", ["reset", "close"])
def test_a_connection_that_ends_early(stage: str, then: str) -> None:
    with Server(after(*STAGES[stage], then=then)) as server:
        if (stage, then) == ("within the last chunk", "close"):
            # All of the document is there, and http.client forgives the rest.
            with api(server) as client:
                assert client.get_oauth2_client("photos").to_dict() == {}
            return
        error = failure(server)
    assert type(error) is ApiConnectionError
    words = {
        "reset": "connection reset by peer",
        "close": "the response was cut short"
        if LONGER in STAGES[stage] or CHUNKS in STAGES[stage]
        else "the connection was closed before a response arrived",
    }
    assert str(error).startswith(f"get_oauth2_client: {words[then]} (GET ")
    assert f"(GET /clients/photos at {server.url}, X-Request-ID " in str(error)


@pytest.mark.parametrize("then", ["reset", "close"])
def test_a_connection_that_ends_at_once(then: str) -> None:
    with Server(greet=lambda peer: getattr(peer, then)()) as server:
        assert type(failure(server)) is ApiConnectionError
        assert type(failure(server, retries=2)) is ApiConnectionError
    assert server.connections == 4


def test_a_connection_that_is_refused() -> None:
    error = failure(f"http://127.0.0.1:{refusing_port()}")
    assert type(error) is ApiConnectionError
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert (
        "get_oauth2_client: connection refused: check the address, and that a server is running "
        "there (GET /clients/photos at "
    ) in str(error)


def test_a_name_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    error = failure("http://hydra.localhost")
    assert type(error) is ApiConnectionError
    assert "the host name is not known" in str(error)
    assert isinstance(error.__cause__, socket.gaierror)


@pytest.mark.parametrize("host", ["http://" + "a" * 64 + ".localhost", "http://a..localhost"])
def test_a_name_that_is_not_valid(host: str) -> None:
    assert type(failure(host)) is ApiConnectionError


# -- peers that take their time


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_stalls(stage: str) -> None:
    with Server(after(*STAGES[stage], then="stall")) as server:
        error = failure(server, timeout=0.5)
        wait_until(lambda: server.requests, "the server reads the request")
    assert type(error) is ApiTimeoutError
    assert str(error).startswith("get_oauth2_client: timed out (GET /clients/photos at ")
    assert len(server.requests) == 1


def test_a_server_that_takes_a_connection_and_says_nothing() -> None:
    with Server(greet=lambda peer: peer.stall()) as server:
        assert type(failure(server, timeout=SOON)) is ApiTimeoutError


def trickle(before: bytes, data: bytes) -> Callable[[Peer], None]:
    def step(peer: Peer) -> None:
        peer.send(before)
        peer.trickle(data)

    return step


@pytest.mark.parametrize(
    "step",
    [
        trickle(b"", b"HTTP/1.1 200 " + b"OK" * 1000),
        trickle(b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n" * 100),
        trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        trickle(HEAD + b"Content-Length: 1000\r\n\r\n", b"x" * 1000),
        trickle(UNTIL_CLOSE, b"x" * 1000),
        trickle(CHUNKS, b"1\r\nx\r\n" * 1000),
        trickle(CHUNKS, b"1;" + b"x" * 1000),
        trickle(CHUNKS + b"2\r\n{}\r\n0\r\n", b"X-Trailer: y\r\n" * 100),
        trickle(HEAD + b"Content-Encoding: gzip\r\n\r\n", b"x" * 1000),
    ],
)
def test_a_server_that_trickles(step: Callable[[Peer], None]) -> None:
    with Server(step) as server:
        assert type(failure(server, timeout=SOON)) is ApiTimeoutError


def flood(before: bytes, data: bytes) -> Callable[[Peer], None]:
    """Send without end, as fast as it goes."""

    def step(peer: Peer) -> None:
        peer.send(before)
        while not peer.server.ended.is_set():
            peer.send(data * (65536 // len(data)))

    return step


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (flood(b"", b"x"), ApiDecodeError),
        (flood(b"", b"\r\n"), ApiConnectionError),
        (flood(b"HTTP/1.1 200 OK\r\n", b"X"), ApiDecodeError),
        (flood(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), ApiDecodeError),
        (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), ApiDecodeError),
        (flood(b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"), ApiDecodeError),
        (flood(CHUNKS, b"x"), ApiConnectionError),
        (flood(CHUNKS + b"0\r\n", b"X: y\r\n"), ApiTimeoutError),
        (flood(CHUNKS + b"-1\r\n", b"x"), ApiConnectionError),
        (flood(CHUNKS + b"-5\r\n", b"x"), ApiConnectionError),
    ],
)
def test_a_server_that_never_ends(step: Callable[[Peer], None], kind: type) -> None:
    with Server(step) as server:
        timeout = 0.5 if kind is ApiTimeoutError else LONG
        assert type(failure(server, timeout=timeout)) is kind


@pytest.mark.parametrize("before", [UNTIL_CLOSE, CHUNKS])
def test_a_body_that_never_ends(monkeypatch: pytest.MonkeyPatch, before: bytes) -> None:
    monkeypatch.setattr("hydra_client.transport.body.MOST_BODY", 3 * 1024 * 1024)
    data = b"x" * 256 if before is UNTIL_CLOSE else b"100\r\n" + b"x" * 256 + b"\r\n"
    with Server(flood(before, data)) as server:
        assert type(failure(server)) is ApiDecodeError


def test_a_server_that_does_not_read_what_is_sent() -> None:
    ended = threading.Event()

    def greet(peer: Peer) -> bool:
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ended.wait(LONG)
        return False

    big = ConsentRequestAcceptance(id_token_extra={"x": "y" * 20_000_000})
    with Server(greet=greet) as server:
        error = failure(
            server, lambda api: api.accept_oauth2_consent_request("c1", big), timeout=SOON
        )
        ended.set()
    assert type(error) is ApiTimeoutError


def test_a_server_that_responds_before_it_has_read_everything() -> None:
    def greet(peer: Peer) -> bool:
        peer.sock.recv(1024)
        peer.send(raw_response(b"", 413, "Too Large", Connection="close"))
        return False

    big = OAuth2Client(client_name="y" * 5_000_000)
    with Server(greet=greet) as server:
        error = failure(server, lambda api: api.create_oauth2_client(big))
    assert type(error) in (ApiConnectionError, ApiException)


def test_a_network_that_says_nothing() -> None:
    with black_hole() as (host, port):
        assert type(failure(f"http://{host}:{port}", timeout=SOON)) is ApiTimeoutError


def test_a_dead_address_leaves_time_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    with Server(ONE) as server, black_hole() as dead:
        monkeypatch.setattr(
            "socket.getaddrinfo",
            lambda host, port, *more: [
                *resolve(*dead, *more),
                *resolve(host, port, *more),
                *resolve(*dead, *more),
            ],
        )
        with within(4), api(server, timeout=4, retries=0) as client:
            assert client.get_oauth2_client("photos").id == "photos"


def test_addresses_that_are_all_dead_end_by_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    with black_hole() as dead:
        monkeypatch.setattr(
            "socket.getaddrinfo", lambda host, port, *more: resolve(*dead, *more) * 8
        )
        assert type(failure("http://hydra.localhost", timeout=SOON)) is ApiTimeoutError


def test_retries_end_by_the_deadline_too() -> None:
    with Server(after(then="reset"), after(then="reset"), after(LONGER, then="stall")) as server:
        error = failure(server, timeout=2, retries=9)
    assert type(error) is ApiTimeoutError
    assert len(server.requests) == 3


# -- headers


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * 3 * 1024 * 1024 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X-Big: " + b"x" * 60_000 + b"\r\n") * 52,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101,
        b"HTTP/1.1 200 " + b"OK" * 40_000 + b"\r\n",
    ],
    ids=["a line of 3 MiB", "3 MiB", "101 lines", "a long status line"],
)
def test_headers_over_a_bound_are_not_asked_for_again(head: bytes) -> None:
    with Server(head + b"Content-Length: 2\r\n\r\n{}") as server:
        error = failure(server, retries=2)
    assert type(error) is ApiDecodeError
    assert str(error) == ("get_oauth2_client: the response has too many headers, or too long ones")
    assert len(server.requests) == 1


def test_headers_within_the_bounds_are_fine() -> None:
    head = b"HTTP/1.1 200 OK\r\n" + (b"X-Big: " + b"x" * 60_000 + b"\r\n") * 4
    step = head + b"X: y\r\n" * 90 + b"Content-Length: 2\r\n\r\n{}"
    with Server(step) as server, api(server) as client:
        response = client.with_http_info.get_oauth2_client("photos")
    assert len(response.headers["X-Big"]) == 4 * 60_000 + 3 * len(", ")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", ApiConnectionError),
        (b"220 mail.example.com ESMTP\r\n", ApiConnectionError),
        (b'{"id": "photos"}', ApiConnectionError),
        (b"<html>HTTP/0.9 had no headers</html>", ApiConnectionError),
        (b"ICY 200 OK\r\n\r\n", ApiConnectionError),
        (b"HTTP/2.0 200 OK\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 OK\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 20 OK\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 20000 OK\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 -200 OK\r\n\r\n", ApiConnectionError),
        (b"\r\n\r\n", ApiConnectionError),
        (b"\x00" * 100, ApiConnectionError),
        (b"\x15\x03\x01\x00\x02\x02\x46", ApiConnectionError),  # a TLS alert
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ApiDecodeError),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 999 ?\r\n\r\n", ServiceException),
    ],
)
def test_what_is_not_a_response(raw: bytes, kind: type[HydraException]) -> None:
    with Server(after(raw, then="close")) as server:
        assert type(failure(server)) is kind


@pytest.mark.parametrize(
    "headers",
    [
        b"no colon\r\nContent-Length: 16\r\n",
        b"X-Folded: a\r\n b\r\n\tc\r\nContent-Length: 16\r\n",
        b"X-N\x00L: \x00\r\nContent-Length: 16\r\n",
        b"X-Latin: \xe4\xff\r\nContent-Length: 16\r\n",
        b": no name\r\nContent-Length: 16\r\n",
        b"Content-Length:16\r\nContent-Type: \r\n",
        b"Set-Cookie: a=b; Expires=never\r\nContent-Length: 16\r\n",
        b"Location: http://[::1\r\nContent-Length: 16\r\n",
        b"Retry-After: never\r\nContent-Length: 16\r\n",
        b"Content-Length: 16\nX-Bare: newline\n",
    ],
)
def test_odd_headers_do_no_harm(headers: bytes) -> None:
    raw = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n" + b'{"id": "photos"}'
    with Server(after(raw, then="close")) as server, api(server, retries=0) as client:
        try:
            id = client.get_oauth2_client("photos").id
        except (ApiConnectionError, ApiDecodeError):
            id = "photos"
    assert id == "photos"


@pytest.mark.parametrize("line", [b"X-Bad : 1", b"no colon"])
def test_headers_that_cannot_be_read_are_logged_by_nobody(
    caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    """urllib3 would, at WARNING, with the query and the headers that follow."""
    raw = b"HTTP/1.1 302 Found\r\n" + line + b"\r\nSet-Cookie: a=hidden-cookie\r\n\r\n"
    with (
        Server(after(raw, then="close")) as server,
        api(server, retries=0) as client,
        pytest.raises(ApiConnectionError, match="not HTTP"),
    ):
        client.oauth_auth(id_token_hint="hidden-token")
    assert "hidden" not in caplog.text


def test_a_port_of_tls_is_called_one() -> None:
    """By the alert that Go sends to those who speak plain HTTP."""
    alert = b"\x15\x03\x01\x00\x02\x02\x0a"
    with (
        Server(after(alert, then="close")) as server,
        api(server, retries=0) as client,
        pytest.raises(ApiConnectionError, match="speaks TLS on this port; use https://"),
    ):
        client.get_well_known()


def test_a_response_of_http_1_0_is_fine() -> None:
    raw = b'HTTP/1.0 200 OK\r\n\r\n{"id": "photos"}'
    with Server(after(raw, then="close")) as server, api(server) as client:
        assert client.get_oauth2_client("photos").id == "photos"


# -- lengths


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (b"Content-Length: 17\r\n", ApiConnectionError),
        (b"Content-Length: 15\r\n", ApiDecodeError),
        (b"Content-Length: 0\r\n", ApiDecodeError),
        (b"Content-Length: 15\r\nContent-Length: 16\r\n", ApiDecodeError),
        (b"Content-Length: 15, 16\r\n", ApiDecodeError),
        (b"Content-Length: 999999999999\r\n", ApiDecodeError),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n", HydraException),
        (b"Transfer-Encoding: chunked\r\n", ApiConnectionError),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 16\r\n", ApiConnectionError),
        (b"Content-Length: 16\r\nContent-Length: 16\r\n", None),
        (b"Content-Length: 16, 16\r\n", None),
        (b"Content-Length: -16\r\n", ApiDecodeError),
        (b"Content-Length: sixteen\r\n", ApiDecodeError),
        (b"Content-Length: \r\n", ApiDecodeError),
        (b"Content-Length: 1_6\r\n", ApiDecodeError),
        (b"Content-Length: +16\r\n", ApiDecodeError),
        (b"Content-Length: \xb2\r\n", ApiDecodeError),
        (b"Transfer-Encoding: whatever\r\n", ApiDecodeError),
        (b"", None),  # the end of the connection is the end of the body
    ],
)
def test_lengths(headers: bytes, kind: type[HydraException] | None) -> None:
    with Server(after(HEAD + headers + b"\r\n" + b'{"id": "photos"}', then="close")) as server:
        if kind is not None:
            assert isinstance(failure(server), kind)
            return
        with api(server, retries=0) as client:
            assert client.get_oauth2_client("photos").id == "photos"


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n{}",
        b"ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        b"5\r\n{}\r\n0\r\n\r\n",
        b"1\r\n{}\r\n0\r\n\r\n",
        b"2" + b";x=y" * 20_000 + b"\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}",
    ],
)
def test_chunks_that_are_garbage(chunks: bytes) -> None:
    with Server(after(CHUNKS + chunks, then="close")) as server:
        assert type(failure(server)) in (ApiConnectionError, ApiDecodeError)


def test_chunks_with_extensions_and_trailers_are_fine() -> None:
    step = CHUNKS + b'8;a=b\r\n{"id": "\r\n8\r\nphotos"}\r\n0\r\nX-Trailer: y\r\n\r\n'
    with Server(step) as server, api(server) as client:
        for _ in range(2):
            assert client.get_oauth2_client("photos").id == "photos"
    assert server.connections == 1


def body_of(size: int) -> bytes:
    return b'{"x": "' + b"y" * (size - 9) + b'"}'


@pytest.mark.parametrize("shape", ["length", "chunks", "until close", "gzip"])
def test_the_bound_of_a_body_is_exact(monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    most = 3 * 1024 * 1024
    monkeypatch.setattr("hydra_client.transport.body.MOST_BODY", most)
    for size in (most, most + 1):
        body = body_of(size)
        step: Any = {
            "length": raw_response(body),
            "chunks": chunked(body[:1000], body[1000:]),
            "until close": after(UNTIL_CLOSE, body, then="close"),
            "gzip": raw_response(gzip.compress(body), Content_Encoding="gzip"),
        }[shape]
        with Server(step) as server:
            if size == most:
                with api(server) as client:
                    assert len(client.get_oauth2_client("photos").to_dict()["x"]) == size - 9
            else:
                error = failure(server, retries=2)
                assert type(error) is ApiDecodeError
                assert "the response's body has more than 256 MiB" in str(error)
                assert len(server.requests) == 1


# -- encodings


# Slow, because it decompresses 256 MiB.
def test_a_gzip_that_explodes() -> None:
    compressor = zlib.compressobj(wbits=31)
    start = compressor.compress(b"[") + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(bytes(1024 * 1024)) + compressor.flush(zlib.Z_FULL_FLUSH)
    bomb = start + block * 256 + compressor.flush()
    assert len(bomb) < 300_000
    with Server(raw_response(bomb, Content_Encoding="gzip")) as server:
        error = failure(server, retries=2, timeout=200)
    assert type(error) is ApiDecodeError
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "encoding", "problem"),
    [
        (b'{"id": "photos"}', "br", "an unknown Content-Encoding"),
        (b'{"id": "photos"}', "gzip, gzip", "an unknown Content-Encoding"),
        (b'{"id": "photos"}', "hush", "an unknown Content-Encoding"),
        (b'{"id": "photos"}', "gzip", "does not match its Content-Encoding"),
        (b'{"id": "photos"}', "deflate", "does not match its Content-Encoding"),
        (gzip.compress(b"{}")[:-1], "gzip", "compressed body is cut short"),
        (gzip.compress(b"{}") + b"{}", "gzip", "has data after its end"),
        (gzip.compress(b"{}") * 2, "gzip", "has data after its end"),
        (gzip.compress(b"{}")[:-8] + bytes(8), "gzip", "does not match its Content-Encoding"),
    ],
)
def test_an_encoding_beyond_understanding_is_not_asked_for_again(
    body: bytes, encoding: str, problem: str
) -> None:
    with Server(raw_response(body, Content_Encoding=encoding)) as server:
        error = failure(server, retries=2)
    assert type(error) is ApiDecodeError
    assert problem in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b'{"id": "photos"}', "identity"),
        (gzip.compress(b'{"id": "photos"}'), " GZIP "),
        (gzip.compress(b'{"id": "photos"}'), "x-gzip"),
        (zlib.compress(b'{"id": "photos"}'), "deflate"),
    ],
)
def test_an_encoding_that_is_known(body: bytes, encoding: str) -> None:
    with Server(raw_response(body, Content_Encoding=encoding)) as server, api(server) as client:
        assert client.get_oauth2_client("photos").id == "photos"
        wanted = {"Accept-Encoding": "gzip, deflate"}
        assert client.get_oauth2_client("photos", headers=wanted).id == "photos"
    assert server.requests[1].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_an_encoding_in_chunks_is_undone_once_the_whole_is_there(encoding: str) -> None:
    compress = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding]
    whole = compress(b'{"id": "photos"}')
    head = HEAD + f"Content-Encoding: {encoding}\r\n\r\n".encode()
    with (
        Server(
            chunked(whole[:5], whole[5:], Content_Encoding=encoding),
            after(head, whole, then="close"),
        ) as server,
        api(server) as client,
    ):
        for _ in range(2):
            assert client.get_oauth2_client("photos").id == "photos"


def test_nothing_needs_no_decoding() -> None:
    step = raw_response(b"", status=204, reason="No Content", Content_Encoding="br")
    with Server(step) as server, api(server) as client:
        assert client.delete_oauth2_client("photos") is None


# -- documents


DOCUMENTS = {
    "HTML": b"<!DOCTYPE html><title>hush</title>",
    "nothing": b"",
    "space": b" \r\n",
    "NaN": b'{"exp": NaN}',
    "Infinity": b'{"x": [1, -Infinity]}',
    "two documents": b'{"id": "hush"}\n{"id": "hush"}',
    "half a document": b'{"id": "hush',
    "deep nesting": b"[" * 1_000_000,
    "deep nesting in an object": b'{"x":' * 100_000,
    "a huge integer": b'{"exp": ' + b"9" * 100_000 + b"}",
    "not UTF-8": b'{"id": "hush\xe4"}',
    "UTF-16": '{"id": "hush"}'.encode("utf-16"),
    "a control character": b'{"id": "hush\x00"}',
    "single quotes": b"{'id': 'hush'}",
    "a list of something else": b'["hush"]',
    "a string": b'"hush"',
    "a number": b"17",
    "true": b"true",
    "wrong fields": b'{"id": ["hush"], "active": "hush", "keys": "hush", "issuer": 5, '
    b'"access_token": {"x": "hush"}}',
}
WITH_CONTENT = [
    name
    for name, operation in OPERATIONS.items()
    if operation.success.split()[1] in (b"200", b"201") and name != "revoke_oauth2_token"
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("name", WITH_CONTENT)
def test_a_success_that_is_not_what_was_promised(name: str, document: str) -> None:
    for label in ("application/json", "text/html"):
        with Server(raw_response(DOCUMENTS[document], Content_Type=label)) as server:
            error = failure(server, OPERATIONS[name].call, retries=2)
        assert type(error) is ApiDecodeError
        assert str(error).startswith(f"{name}: ")
        assert len(server.requests) == 1


@pytest.mark.parametrize("label", ["text/plain", "text/html", "x", ""])
def test_a_wrong_label_does_no_harm(label: str) -> None:
    with Server(raw_response(CLIENT, Content_Type=label)) as server, api(server) as client:
        assert client.get_oauth2_client("photos").id == "photos"


# -- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "oauth_auth"])
def test_no_redirect_is_followed(name: str, status: int) -> None:
    with Server(OPERATIONS[name].success) as other:
        step = raw_response(b"", status, "Moved", Location=f"{other.url}/?token=hush")
        with Server(step) as server:
            error = failure(server, OPERATIONS[name].call, retries=2)
    assert type(error) is ApiException
    assert error.status == status
    assert error.headers["location"] == f"{other.url}/?…"
    assert other.connections == 0
    assert len(server.requests) == 1


def test_the_authorization_endpoint_gives_the_address_and_goes_nowhere() -> None:
    with Server(ONE) as other:
        step = raw_response(status=302, reason="Found", Location=f"{other.url}/consent?consent=c1")
        with Server(step) as server, api(server, **BASIC) as client:
            assert client.oauth_auth(client_id="photos") == f"{other.url}/consent?consent=c1"
    assert other.connections == 0


# -- TLS


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def tls(server: Server) -> str:
    return f"https://127.0.0.1:{server.port}"


def test_a_certificate_that_nobody_signed(authority: Authority, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with Server(ONE, context=authority.context("127.0.0.1")) as server:
        for settings in ({}, {"ssl_ca_cert": Authority(folder).bundle}):
            error = failure(server, retries=2, **settings)
            assert type(error) is ApiTlsError
            assert "get_oauth2_client: the certificate is not trusted: " in str(error)
            assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert server.requests == []
    assert server.connections == 2


def test_a_certificate_of_another_host(authority: Authority) -> None:
    with Server(ONE, context=authority.context("hydra.example.com", "127.0.0.2")) as server:
        for host in (tls(server), f"https://localhost:{server.port}"):
            error = failure(host, ssl_ca_cert=authority.bundle)
            assert type(error) is ApiTlsError
            assert "match" in str(error)
    assert server.requests == []


def test_a_certificate_that_has_expired(authority: Authority) -> None:
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    context = authority.context("127.0.0.1", not_after=yesterday)
    with Server(ONE, context=context) as server:
        error = failure(server, ssl_ca_cert=authority.bundle)
    assert type(error) is ApiTlsError
    assert "expired" in str(error)


def test_a_port_that_speaks_no_tls() -> None:
    def greet(peer: Peer) -> bool:
        peer.sock.recv(1024)
        peer.send(raw_response(b"", 400, "Bad Request"))
        peer.stall()
        return False

    with Server(greet=greet) as server:
        error = failure(tls(server), retries=2)
    assert type(error) is ApiTlsError
    assert server.connections == 1


def test_a_port_that_speaks_tls_to_who_does_not(authority: Authority) -> None:
    with Server(ONE, context=authority.context("127.0.0.1")) as server:
        error = failure(f"http://127.0.0.1:{server.port}")
    assert type(error) is ApiConnectionError


@pytest.mark.parametrize("then", ["reset", "close"])
def test_a_handshake_that_ends_early(then: str) -> None:
    def greet(peer: Peer) -> bool:
        peer.sock.recv(1024)
        getattr(peer, then)()
        return False

    with Server(greet=greet) as server:
        error = failure(tls(server), retries=2)
    assert type(error) is ApiConnectionError
    assert server.connections == 3


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x03\x40\x00" + b"\x02" * 1000])
def test_a_handshake_that_stalls_or_trickles(data: bytes) -> None:
    def greet(peer: Peer) -> bool:
        peer.sock.recv(1024)
        peer.trickle(data)
        peer.stall()
        return False

    with Server(greet=greet) as server:
        error = failure(tls(server), timeout=SOON)
    assert type(error) is ApiTimeoutError


@pytest.mark.parametrize("stage", STAGES)
def test_a_tls_connection_that_ends_early(authority: Authority, stage: str) -> None:
    if stage == "within the last chunk":
        return  # as without TLS
    with Server(
        after(*STAGES[stage], then="close"), context=authority.context("127.0.0.1")
    ) as server:
        error = failure(server, ssl_ca_cert=authority.bundle, retries=2)
    assert type(error) is ApiConnectionError
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "step",
    [
        after(*STAGES["before a response"], then="stall"),
        after(*STAGES["within the body"], then="stall"),
        trickle(b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n" * 100),
        trickle(LONGER, b"x" * 100),
    ],
)
def test_a_tls_server_that_takes_its_time(
    authority: Authority, step: Callable[[Peer], None]
) -> None:
    with Server(step, context=authority.context("127.0.0.1")) as server:
        error = failure(server, timeout=0.4, ssl_ca_cert=authority.bundle)
    assert type(error) is ApiTimeoutError


# -- all of them, whatever is asked


@pytest.fixture(params=OPERATIONS)
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (after(then="reset"), ApiConnectionError),
        (after(LONGER, b"{", then="close"), ApiConnectionError),
        (after(LONGER, then="stall"), ApiTimeoutError),
        (b"nonsense\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n", ApiDecodeError),
        (raw_response(b"Bad Gateway", 502, "Bad Gateway"), ServiceException),
    ],
)
def test_whatever_is_asked(name: str, step: Any, kind: type[HydraException]) -> None:
    timeout = SOON if kind is ApiTimeoutError else LONG
    with (
        Server(step) as server,
        api(server, **BASIC, retries=0, timeout=timeout) as client,
        pytest.raises(kind) as caught,
    ):
        OPERATIONS[name].call(client)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{name}: ")
