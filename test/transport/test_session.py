"""The session: which requests are repeated, proxies, certificates, and connections kept open."""

from __future__ import annotations

import email.utils
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import requests
import urllib3
from support import both
from support.both import record_pauses
from support.crowd import seconds_left, wait_until
from support.loopback import (
    CODE,
    LONG,
    ONE,
    OPERATIONS,
    Authority,
    Peer,
    Server,
    api,
    chunked,
    raw_response,
    refusing_port,
)

import hydra_client
from hydra_client import (
    ApiClient,
    ApiConnectionError,
    ApiDecodeError,
    ApiTimeoutError,
    ApiTlsError,
    ApiValueError,
    Configuration,
    HydraException,
    InsecureTransportWarning,
    NotFoundException,
    OAuth2Client,
    ServiceException,
    TooManyRequestsException,
)
from hydra_client.protocol.deadline import Deadline
from hydra_client.transport.adapter import forget_oldest

FOR_BOTH_CLIENTS = True

PACKAGE = Path(hydra_client.__file__).parent
BASIC: dict[str, Any] = {"username": "admin", "password": "demo-password"}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no test wait, and tell how long it would have."""
    pauses: list[float] = []
    record_pauses(monkeypatch, pauses)
    return pauses


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(ONE) as server:
        yield server


def reset(peer: Peer) -> None:
    peer.reset()


def hang_up(peer: Peer) -> None:
    peer.sock.close()


def cut_short(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
    peer.sock.close()


UNKNOWN: dict[str, Any] = {
    "reset": reset,
    "closed": hang_up,
    "cut short": cut_short,
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "502": raw_response(b"Bad Gateway", 502, "Bad Gateway"),
    "503": raw_response(b"", 503, "Service Unavailable"),
    "503 with Retry-After": raw_response(b"", 503, "Service Unavailable", Retry_After="1"),
    "504": raw_response(b"", 504, "Gateway Timeout"),
}
NOTHING: dict[str, Any] = {
    "429": raw_response(b"", 429, "Too Many Requests"),
    "429 with Retry-After": raw_response(b"", 429, "Too Many Requests", Retry_After="1"),
}
FINAL: dict[str, Any] = {
    "400": raw_response(b"", 400, "Bad Request"),
    "404": raw_response(b"", 404, "Not Found"),
    "500": raw_response(b"", 500, "Internal Server Error"),
    "501": raw_response(b"", 501, "Not Implemented"),
    "insecure http": raw_response(
        {"error": {"code": 500, "message": "Can not serve request over insecure http"}},
        502,
        "Bad Gateway",
    ),
    "not what was promised": raw_response(b"<html>"),
    "302": raw_response(b"", 302, "Found"),
}


@pytest.mark.parametrize("outcome", [*UNKNOWN, *NOTHING, *FINAL])
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_sent_again(server: Server, pauses: list[float], name: str, outcome: str) -> None:
    operation = OPERATIONS[name]
    step = {**UNKNOWN, **NOTHING, **FINAL}[outcome]
    again = outcome in NOTHING or (outcome in UNKNOWN and operation.repeatable)
    server.steps = [step, step, operation.success]
    with api(server, **BASIC) as client:
        if again:
            operation.call(client)
        else:
            with pytest.raises(HydraException):
                operation.call(client)
    assert len(server.requests) == (3 if again else 1)
    assert len(pauses) == (2 if again else 0)
    assert len({request.head for request in server.requests}) == 1
    assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_connection_that_was_never_made_is_tried_again(
    server: Server, pauses: list[float], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    closed = refusing_port()
    ports = iter([closed, closed, server.port])
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda host, port, *more: resolve(host, next(ports), *more)
    )
    server.steps = [OPERATIONS[name].success]
    with api(server, **BASIC) as client:
        OPERATIONS[name].call(client)
    assert len(server.requests) == 1
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ({"grant_type": "authorization_code", "code": CODE}, 1),
        ({"grant_type": "refresh_token", "refresh_token": "rt-0001"}, 1),
        ({"grant_type": "client_credentials", "scope": "a"}, 3),
    ],
)
def test_what_a_grant_uses_up_is_not_sent_again(
    server: Server, pauses: list[float], form: dict[str, str], sent: int
) -> None:
    server.steps = [reset]
    with api(server, **BASIC) as client, pytest.raises(ApiConnectionError):
        client.oauth_token(**form)
    assert len(server.requests) == sent


def test_a_browsers_return_is_not_sent_again(server: Server, pauses: list[float]) -> None:
    server.steps = [reset]
    with api(server) as client, pytest.raises(ApiConnectionError):
        client.oauth_auth(client_id="photos", consent="c1")
    assert len(server.requests) == 1


def test_the_last_outcome_stands(server: Server, pauses: list[float]) -> None:
    server.steps = [reset, UNKNOWN["502"], UNKNOWN["504"], ONE]
    with api(server) as client, pytest.raises(ServiceException) as caught:
        client.get_oauth2_client("photos")
    assert caught.value.status == 504
    assert len(server.requests) == 3


@pytest.mark.parametrize(("retries", "sent"), [(0, 1), (1, 2), (5, 6)])
def test_retries_can_be_set(server: Server, pauses: list[float], retries: int, sent: int) -> None:
    server.steps = [UNKNOWN["503"]]
    with api(server, retries=retries) as client, pytest.raises(ServiceException):
        client.get_oauth2_client("photos")
    assert len(server.requests) == sent


def test_pauses_grow_and_are_jittered(server: Server, pauses: list[float]) -> None:
    server.steps = [UNKNOWN["503"]]
    with api(server, retries=8, timeout=3600) as client:
        for _ in range(3):
            with pytest.raises(ServiceException):
                client.get_oauth2_client("photos")
    for number, longest in enumerate([0.2, 0.4, 0.8, 1.6, 3.2, 4, 4, 4]):
        drawn = pauses[number::8]
        assert all(longest / 2 <= pause <= longest for pause in drawn)
        assert len(set(drawn)) == 3


def test_no_pause_goes_beyond_the_deadline(server: Server, pauses: list[float]) -> None:
    server.steps = [raw_response(b"", 503, "Busy", Retry_After="10")]
    with api(server, timeout=5) as client, pytest.raises(ServiceException) as caught:
        client.get_oauth2_client("photos")
    assert caught.value.retry_after == 10
    assert pauses == []
    assert len(server.requests) == 1


def test_a_pause_is_part_of_the_deadline(server: Server) -> None:
    server.steps = [UNKNOWN["503"], lambda peer: peer.stall()]
    with api(server, timeout=2) as client, pytest.raises(ApiTimeoutError):
        client.get_oauth2_client("photos")
    assert len(server.requests) == 2


def date(ahead: float) -> str:
    return email.utils.formatdate(time.time() + ahead, usegmt=True)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("0", 0, 0),
        ("7", 7, 7),
        (" 60 ", 60, 60),
        (lambda: date(30), 10, 30),
        (lambda: date(-3600), 0, 0),
        ("Thu, 01 Mar 2018 12:00:00 -0000", 0, 0),
        ("Mon, 01 Jan 0001 00:00:00 -0000", 0, 0),
    ],
)
def test_retry_after_is_honoured(
    server: Server, pauses: list[float], value: Any, least: float, most: float
) -> None:
    header = value() if callable(value) else value
    server.steps = [raw_response(b"", 429, "Slow Down", Retry_After=header), ONE]
    with api(server, timeout=3600) as client:
        client.get_oauth2_client("photos")
    (pause,) = pauses
    assert least + 0.1 <= pause <= most + 0.2


@pytest.mark.parametrize(
    "value", ["61", "9" * 400, lambda: date(7200), "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_a_caller_asked_to_wait_for_long_gets_the_response_at_once(
    server: Server, pauses: list[float], value: Any
) -> None:
    header = value() if callable(value) else value
    server.steps = [raw_response(b"", 429, "Slow Down", Retry_After=header)]
    with api(server, timeout=3600) as client, pytest.raises(TooManyRequestsException) as caught:
        client.get_oauth2_client("photos")
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 60
    assert pauses == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "-5",
        "1.5",
        "²",
        "0\x1c1",
        "Mon, 99 Foo 2018 99:00:00 GMT",
        "Mon, 01 Jan 2018",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
        "Mon, 99999999999 Jan 2024 00:00:00 GMT",
    ],
)
def test_an_invalid_retry_after_is_ignored(server: Server, pauses: list[float], value: str) -> None:
    server.steps = [raw_response(b"", 503, "Busy", Retry_After=value)]
    with api(server) as client, pytest.raises(ServiceException) as caught:
        client.create_oauth2_client(OAuth2Client())
    assert caught.value.retry_after is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "handled",
    [
        requests.ConnectionError(urllib3.exceptions.NewConnectionError(None, "refused")),  # type: ignore[arg-type]
        TimeoutError("their own"),
        ssl.SSLError("their own"),
        FileNotFoundError("token.txt"),
    ],
    ids=lambda handled: type(handled).__name__,
)
def test_what_the_caller_is_handling_says_nothing(
    server: Server, pauses: list[float], handled: Exception
) -> None:
    server.steps = [hang_up]
    cause = ValueError("its cause")
    with api(server) as client:
        try:
            raise handled from cause
        except Exception:
            with pytest.raises(ApiConnectionError) as caught:
                client.create_oauth2_client(OAuth2Client())
    assert (handled.__cause__, handled.__traceback__ is None) == (cause, False)
    assert type(caught.value) is ApiConnectionError
    assert caught.value.__cause__ is not handled
    assert (len(server.requests), pauses) == (1, [])


@pytest.mark.parametrize("outcome", UNKNOWN)
def test_a_deletion_that_finds_nothing_after_an_unknown_outcome_has_happened(
    server: Server, pauses: list[float], outcome: str
) -> None:
    server.steps = [UNKNOWN[outcome], FINAL["404"]]
    with api(server) as client:
        assert client.with_http_info.delete_oauth2_client("photos").status == 404
    assert len(server.requests) == 2


@pytest.mark.parametrize("outcome", NOTHING)
def test_a_deletion_that_finds_nothing_after_nothing_happened_is_an_error(
    server: Server, pauses: list[float], outcome: str
) -> None:
    server.steps = [NOTHING[outcome], FINAL["404"]]
    with api(server) as client, pytest.raises(NotFoundException):
        client.delete_oauth2_client("photos")
    assert len(server.requests) == 2


def test_an_unknown_outcome_is_remembered_over_later_ones(
    server: Server, pauses: list[float]
) -> None:
    server.steps = [reset, NOTHING["429"], FINAL["404"]]
    with api(server) as client:
        client.delete_oauth2_client("photos")
    assert len(server.requests) == 3


def test_a_response_over_a_bound_is_not_asked_for_again(
    server: Server, pauses: list[float]
) -> None:
    server.steps = [b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"]
    with api(server) as client, pytest.raises(ApiDecodeError):
        client.get_oauth2_client("photos")
    assert len(server.requests) == 1


# -- connections


@pytest.mark.parametrize(
    "step",
    [
        ONE,
        raw_response(b""),
        chunked(b'{"id": ', b'"photos"}'),
        chunked(),
        raw_response(b"", 404, "Not Found"),
        raw_response(b"<html>"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + ONE,
    ],
)
def test_a_connection_is_kept(server: Server, step: bytes) -> None:
    server.steps = [step]
    with api(server) as client:
        for _ in range(5):
            try:
                client.get_oauth2_client("photos")
            except HydraException:
                pass
    assert len(server.requests) == 5
    assert server.connections == 1


def test_a_connection_that_went_stale_is_replaced_unnoticed(server: Server) -> None:
    gone = threading.Event()

    def leave(peer: Peer) -> None:
        peer.send(ONE)
        peer.sock.close()
        gone.set()

    server.steps = [leave]
    with api(server, retries=0) as client:
        for _ in range(3):
            client.create_oauth2_client(OAuth2Client())
            assert gone.wait(LONG)
            gone.clear()
    assert server.connections == 3


def test_what_comes_after_a_response_is_not_taken_for_the_next_one(server: Server) -> None:
    evil = raw_response({"id": "evil"})
    server.steps = [ONE + evil, raw_response({"id": "good"})]
    with api(server) as client:
        assert client.get_oauth2_client("photos").id == "photos"
        assert client.get_oauth2_client("photos").id == "good"


@pytest.mark.threads_only
def test_a_client_that_is_closed_during_a_call_of_another_thread(server: Server) -> None:
    with api(server) as client:

        def close(peer: Peer) -> None:
            client.api_client.close()
            peer.send(ONE)

        server.steps = [close]
        for _ in range(3):
            assert client.get_oauth2_client("photos").id == "photos"


# -- addresses


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_a_host_may_be_a_name(server: Server) -> None:
    with api(f"http://localhost:{server.port}") as client:
        client.get_oauth2_client("photos")
    assert server.requests[0].headers["host"] == f"localhost:{server.port}"


@pytest.mark.skipif(not has_ipv6(), reason="this system has no IPv6")
def test_a_host_may_be_an_ipv6_address() -> None:
    with Server(ONE, host="::1") as server, api(server) as client:
        client.get_oauth2_client("photos")
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_the_next_address_is_tried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = refusing_port()
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, port, *more: resolve(host, closed, *more) + resolve(host, port, *more),
    )
    with api(server, retries=0) as client:
        assert client.get_oauth2_client("photos").id == "photos"


def test_an_address_of_a_family_that_is_missing_is_passed_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    alien = (12345, socket.SOCK_STREAM, 6, "", ("x", 1))
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda host, port, *more: [alien, *resolve(host, port, *more)]
    )
    with api(server, retries=0) as client:
        assert client.get_oauth2_client("photos").id == "photos"


def test_a_system_that_gives_up_is_not_a_deadline_that_passed(
    server: Server, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    def give_up(self: socket.socket, address: object) -> None:
        raise TimeoutError(110, "Connection timed out")

    monkeypatch.setattr("socket.socket.connect", give_up)
    with api(server) as client, pytest.raises(ApiConnectionError, match="timed out") as caught:
        client.create_oauth2_client(OAuth2Client())
    assert type(caught.value) is ApiConnectionError
    assert len(pauses) == 2


# -- proxies


class Proxy(Server):
    """Takes requests for other hosts; responds to those for http itself, tunnels the others."""

    def __init__(
        self, *steps: Any, to: Server | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(*steps, context=context)
        self.to = to

    def _talk(self, peer: Peer) -> None:
        if self.to is None:
            super()._talk(peer)
            return
        data = b""
        while b"\r\n\r\n" not in data:
            data += peer.sock.recv(65536)
        self.heads.append(data)
        with socket.create_connection(("127.0.0.1", self.to.port), LONG) as other:
            peer.send(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
            other.setblocking(False)
            peer.sock.setblocking(False)
            ends = {peer.sock: other, other: peer.sock}
            until = time.monotonic() + LONG
            while not self.ended.is_set() and time.monotonic() < until:
                for source, sink in ends.items():
                    try:
                        data = source.recv(65536)
                    except (BlockingIOError, ssl.SSLWantReadError):
                        self.ended.wait(0.002)
                        continue
                    if not data:
                        return
                    sink.sendall(data)

    heads: list[bytes]

    def __enter__(self) -> Proxy:
        self.heads = []
        super().__enter__()
        return self


def test_http_goes_through_a_proxy() -> None:
    with Proxy(ONE) as proxy:
        url = proxy.url.replace("http://", "http://user:p%40ss@")
        with api("http://localhost:1/x", proxy=url) as client:
            client.get_oauth2_client("a b")
            client.get_oauth2_client("c?d")
    assert [request.target for request in proxy.requests] == [
        "http://localhost:1/x/clients/a%20b",
        "http://localhost:1/x/clients/c%3Fd",
    ]
    assert proxy.requests[0].headers["host"] == "localhost:1"
    assert proxy.requests[0].headers["authorization"] == "Bearer access-token-0001"
    assert proxy.requests[0].headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"
    assert proxy.connections == 1


def test_https_goes_through_a_tunnel(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with (
        Server(ONE, context=authority.context("localhost")) as server,
        Proxy(to=server) as proxy,
        api(
            f"https://localhost:{server.port}", proxy=proxy.url, ssl_ca_cert=authority.bundle
        ) as client,
    ):
        client.get_oauth2_client("photos")
        client.get_oauth2_client("photos")
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT localhost:{server.port} HTTP/1.".encode())
    assert b"authorization" not in head.lower()
    assert server.paths == ["/clients/photos"] * 2
    assert server.connections == 1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", ApiConnectionError),
        (reset, ApiConnectionError),
        (b"nonsense\r\n\r\n", ApiConnectionError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, HydraException),
        (lambda peer: peer.trickle(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100), ApiTimeoutError),
        (lambda peer: peer.stall(), ApiTimeoutError),
    ],
)
def test_a_tunnel_that_cannot_be_made(step: Any, kind: type[HydraException]) -> None:
    timeout = 0.5 if kind is ApiTimeoutError else LONG
    with Proxy(step) as proxy:
        with (
            api("https://localhost:1", proxy=proxy.url, timeout=timeout, retries=0) as client,
            pytest.raises(kind) as caught,
        ):
            client.get_oauth2_client("photos")
        wait_until(lambda: proxy.requests, "the proxy reads the request")
    if kind is not HydraException:
        assert type(caught.value) is kind
    assert proxy.requests[0].method == "CONNECT"


def test_a_proxy_that_cannot_be_reached_is_tried_again_for_any_operation(
    pauses: list[float],
) -> None:
    proxy = f"http://user:hush@127.0.0.1:{refusing_port()}"
    with (
        api("http://localhost:1", proxy=proxy) as client,
        pytest.raises(ApiConnectionError, match="refused") as caught,
    ):
        client.create_oauth2_client(OAuth2Client())
    assert len(pauses) == 2
    assert "hush" not in str(caught.value)
    assert f"the proxy {proxy.rpartition('@')[2]} failed: " in str(caught.value)


def test_a_proxy_of_the_environment_is_named_where_it_fails(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    monkeypatch.setenv("http_proxy", "http://user:hush@no-such-proxy.invalid")
    with (
        api("http://localhost:1", retries=0) as client,
        pytest.warns(InsecureTransportWarning, match="NO_PROXY"),
        pytest.raises(ApiConnectionError, match=r"no-such-proxy\.invalid failed: the host"),
    ):
        client.get_oauth2_client("photos")
    monkeypatch.undo()
    with (
        Proxy(hang_up) as proxy,
        api("http://localhost:1", proxy=proxy.url, retries=0) as client,
        pytest.raises(ApiConnectionError) as caught,
    ):
        client.get_oauth2_client("photos")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["http://proxy.invalid:3128", "proxy.invalid", "https://10.1.2.3"]
)
@pytest.mark.parametrize("is_set", [False, True])
def test_a_credential_must_not_reach_a_proxy_elsewhere_without_a_warning(
    monkeypatch: pytest.MonkeyPatch, proxy: str, is_set: bool
) -> None:
    def resolve(*_: object) -> None:
        pytest.fail("before the warning")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    settings: dict[str, Any] = {}
    if is_set:
        settings["proxy"] = proxy if "://" in proxy else f"http://{proxy}"
    else:
        monkeypatch.setenv("http_proxy", proxy)
    credentials = {"username": "admin", "password": "demo-password", "access_token": None}
    for host in ("http://localhost:1", "http://127.0.0.1:1"):
        for credential in ({}, credentials):  # with these, a token is fetched first
            with (
                api(host, **settings, **credential) as client,
                pytest.raises(InsecureTransportWarning, match="through a proxy on another machine"),
            ):
                client.get_oauth2_client("photos")


def test_a_tunnel_that_was_refused_sent_nothing(pauses: list[float]) -> None:
    with (
        Proxy(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as proxy,
        api("https://localhost:1", proxy=proxy.url) as client,
        pytest.raises(ApiConnectionError, match="tunnel connection failed: 503"),
    ):
        client.create_oauth2_client(OAuth2Client())
    assert len(proxy.requests) == 3


def test_proxies_of_the_environment_are_looked_up_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(ONE) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with api(server) as direct, api("http://localhost:1") as client:
            direct.get_oauth2_client("photos")
            client.get_oauth2_client("photos")
            for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name)
            client.get_oauth2_client("photos")
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
            direct.get_oauth2_client("photos")
    assert len(server.requests) == len(proxy.requests) == 2


def test_a_proxy_setting_goes_before_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with api("http://localhost:1", proxy=server.url) as client:
        client.get_oauth2_client("photos")
    assert server.requests[0].target == "http://localhost:1/clients/photos"


@pytest.mark.parametrize(
    "proxy",
    [
        "nonsense://127.0.0.1:1",
        "http://127.0.0.1:99999",
        "http://",
        "http://user:hush@",
        "http://user:hush%E2%82%AC@127.0.0.1:1",
    ],
)
def test_a_proxy_of_the_environment_that_cannot_be_right(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with api("http://localhost:1") as client, pytest.raises(ApiValueError) as caught:
        client.get_oauth2_client("photos")
    assert str(caught.value).startswith("HTTP_PROXY or HTTPS_PROXY ")
    assert "hush" not in str(caught.value)


def test_a_proxy_of_the_environment_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(ONE) as proxy, api("http://localhost:1") as client:
        monkeypatch.setenv("http_proxy", proxy.url.removeprefix("http://"))
        client.get_oauth2_client("photos")
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("host", ["http://localhost:1", "https://localhost:{port}"])
def test_what_is_lost_behind_a_proxy_may_have_happened(
    tmp_path: Path, pauses: list[float], host: str
) -> None:
    authority = Authority(tmp_path)
    tunnelled = host.startswith("https")
    context = authority.context("localhost") if tunnelled else None
    with (
        Server(hang_up, context=context) as server,
        Proxy(to=server) if tunnelled else Proxy(hang_up) as proxy,
        api(host.format(port=server.port), proxy=proxy.url, ssl_ca_cert=authority.bundle) as client,
        pytest.raises(ApiConnectionError, match="closed before a response arrived"),
    ):
        client.create_oauth2_client(OAuth2Client())
    assert len(server.requests if tunnelled else proxy.requests) == 1
    assert pauses == []


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "SOCKS5h"])
def test_socks_is_refused_wherever_it_is_named(
    server: Server, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = f"{scheme}://user:hush@127.0.0.1:1080"
    with pytest.raises(ApiValueError, match=r"SOCKS proxy, .* use an HTTP proxy") as refused:
        Configuration(server.url, proxy=proxy)
    assert "hush" not in str(refused.value)
    monkeypatch.setenv("http_proxy", proxy)
    with api(server) as client, pytest.raises(ApiValueError, match=r"HTTP_PROXY .* SOCKS"):
        client.get_oauth2_client("photos")
    assert server.requests == []


def pools(client: Any, host: str, behind_proxies: bool = False) -> Any:
    """The pools of idle connections that a client remembers."""
    if both.kind == "asyncio":
        return client._transport._idle
    adapter = client.session.get_adapter(host)
    return adapter.proxy_manager if behind_proxies else adapter._pools


def test_a_client_that_moves_from_host_to_host_remembers_few(server: Server) -> None:
    with api(server) as client:
        configuration = client.api_client.configuration
        for number in range(100):
            configuration.host = f"http://127.0.0.{number + 2}:{server.port}"
            with pytest.raises(ApiConnectionError):
                client.get_oauth2_client("photos", timeout=0.01)
        configuration.host = server.url
        for _ in range(2):
            client.get_oauth2_client("photos")
        transport = client.api_client._transport
        if both.kind == "asyncio":
            assert len(transport._proxies) <= 32
        else:
            assert transport._proxies_for.cache_info().currsize <= 32
        assert len(pools(client.api_client, server.url)) <= 32
    assert server.connections == 1


def test_a_tunnel_through_a_proxy_that_speaks_tls_itself(authority: Authority) -> None:
    """What is left in a buffer of the inner TLS is found there, too."""
    steps = [raw_response({"active": True, "sub": token}) for token in "ABCDE"]
    context = authority.context("localhost")
    with (
        Server(*steps[:2], steps[2] + steps[3], steps[4], context=context) as server,
        Proxy(to=server, context=authority.context("localhost")) as proxy,
        api(
            f"https://localhost:{server.port}",
            proxy=f"https://localhost:{proxy.port}",
            ssl_ca_cert=authority.bundle,
            retries=0,
        ) as client,
    ):
        if both.kind == "asyncio" and sys.version_info < (3, 11):
            with pytest.raises(ApiConnectionError, match=r"requires Python 3\.11"):
                client.introspect_oauth2_token("A")
            return
        for token in "ABCE":
            assert client.introspect_oauth2_token(token).sub == token
    assert server.spoken == [1, 1, 1, 2]


def test_proxies_are_let_go_of() -> None:
    with Server(ONE) as proxy, api("http://localhost:1", retries=0) as client:
        for number in range(50):
            client.api_client.configuration.proxy = f"http://u{number}:p@127.0.0.1:{proxy.port}"
            client.get_oauth2_client("photos")
        assert len(pools(client.api_client, "http://localhost:1", behind_proxies=True)) == 32


@pytest.mark.threads_only
def test_hosts_are_let_go_of_by_many_threads_at_once() -> None:
    remembered: dict[object, int] = {}
    failures: list[Exception] = []

    def crowd(thread: int) -> None:
        try:
            for number in range(5000):
                remembered[thread, number] = 1
                forget_oldest(remembered)
        except RuntimeError as error:
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=crowd, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
    assert len(remembered) <= 32 + 4


# -- certificates


def test_a_server_of_plain_http_is_named_as_such() -> None:
    def greet(peer: Peer) -> bool:
        peer.sock.recv(65536)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return False

    with (
        Server(b"", greet=greet) as server,
        api(server.url.replace("http:", "https:"), retries=0) as client,
        pytest.raises(ApiTlsError, match="does not speak TLS on this port; use http://"),
    ):
        client.get_oauth2_client("photos")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_a_certificate_of_a_trusted_authority_will_do(authority: Authority) -> None:
    with Server(ONE, context=authority.context("127.0.0.1", "localhost")) as server:
        for host in (server.url, f"https://localhost:{server.port}"):
            with api(host, ssl_ca_cert=authority.bundle) as client:
                assert client.get_oauth2_client("photos").id == "photos"
                assert client.get_oauth2_client("photos").id == "photos"
    assert server.connections == 2


def test_a_folder_of_authorities_may_be_empty(authority: Authority, tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    with (
        Server(ONE, context=authority.context("127.0.0.1")) as server,
        api(server, ssl_ca_cert=str(folder)) as client,
        pytest.raises(ApiTlsError),
    ):
        client.get_oauth2_client("photos")


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_environment_adds_no_authority(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str, pauses: list[float]
) -> None:
    monkeypatch.setenv(variable, authority.bundle)
    with Server(ONE, context=authority.context("127.0.0.1")) as server, api(server) as client:
        if both.kind == "threads":
            client.api_client.session.verify = False
        with pytest.raises(ApiTlsError, match="the certificate is not trusted"):
            client.get_oauth2_client("photos")
    assert server.requests == []
    assert pauses == []


def test_who_insists_checks_no_certificate(authority: Authority) -> None:
    with (
        Server(ONE, context=authority.context("127.0.0.1")) as server,
        api(server, verify_ssl=False, ssl_ca_cert=authority.bundle) as client,
        pytest.warns((urllib3.exceptions.InsecureRequestWarning, InsecureTransportWarning)),
    ):
        assert client.get_oauth2_client("photos").id == "photos"


def test_a_client_certificate_is_shown(authority: Authority, tmp_path: Path) -> None:
    certificate = authority.issue("client.example.com")
    whole, alone, key = (str(tmp_path / name) for name in ("both.pem", "alone.pem", "key.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(whole)
    certificate.cert_chain_pems[0].write_to_path(alone)
    certificate.private_key_pem.write_to_path(key)
    context = authority.context("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    with Server(ONE, context=context) as server:
        for settings in ({"cert_file": whole}, {"cert_file": alone, "key_file": key}):
            with api(server, ssl_ca_cert=authority.bundle, **settings) as client:
                assert client.get_oauth2_client("photos").id == "photos"
        with (
            api(server, ssl_ca_cert=authority.bundle, retries=0) as client,
            pytest.raises(ApiConnectionError),
        ):
            client.get_oauth2_client("photos")
    assert len(server.requests) == 2


@pytest.mark.parametrize("setting", ["ssl_ca_cert", "cert_file", "key_file"])
def test_a_file_that_is_not_there_is_named_before_anything_is_sent(
    setting: str, tmp_path: Path
) -> None:
    missing = str(tmp_path / "Missing.pem")
    with pytest.raises(ApiValueError) as caught:
        ApiClient(Configuration("https://localhost:1", **{setting: missing}))  # type: ignore[arg-type]
    assert str(caught.value) == f"{setting}: {missing!r} does not exist"


@pytest.mark.parametrize("setting", ["ssl_ca_cert", "cert_file"])
def test_a_file_that_holds_no_certificate(setting: str, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("garbage")
    with (
        api("https://127.0.0.1:1", **{setting: str(garbage)}) as client,
        pytest.raises(ApiConnectionError),
    ):
        client.get_oauth2_client("photos")


def test_a_file_that_vanishes_later(authority: Authority) -> None:
    with api("https://127.0.0.1:1", ssl_ca_cert=authority.bundle, retries=0) as client:
        os.unlink(authority.bundle)
        with pytest.raises(ApiConnectionError):
            client.get_oauth2_client("photos")


# -- how deep a call is


def test_a_call_passes_at_most_five_frames_besides_the_driver(server: Server) -> None:
    stacks: list[list[str]] = []

    def look(frame: FrameType | None, event: str, function: Any) -> None:
        if event == "c_call" and function.__qualname__.startswith("socket.send"):
            names = []
            while frame is not None:
                if Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
                    names.append(frame.f_code.co_name)
                frame = frame.f_back
            stacks.append(names)

    with api(server) as client:
        client.get_oauth2_client("photos")
        profile: Callable[[Any], object] = sys.setprofile
        if both.kind == "asyncio":
            profile = partial(both.background().loop.call_soon_threadsafe, sys.setprofile)
        profile(look)
        try:
            client.get_oauth2_client("photos")
        finally:
            profile(None)
    (names,) = stacks
    assert names[-1] == "get_oauth2_client"
    names.remove("drive")
    assert len(names) <= 5, names


# -- the deadline itself


@pytest.mark.threads_only
def test_a_deadline_counts_down_and_nests() -> None:
    def inside(outer: Deadline) -> None:
        assert 900 < outer.left() <= 1000
        longer, shorter = Deadline(10_000), Deadline(100)
        assert (longer.run(seconds_left) or 0) <= 1000
        assert longer.at == outer.at
        assert 0 < (shorter.run(seconds_left) or 0) <= 100
        assert (seconds_left() or 0) > 900

    assert seconds_left() is None
    outer = Deadline(1000)
    outer.run(inside, outer)
    assert seconds_left() is None


@pytest.mark.threads_only
def test_a_deadline_that_has_passed_leaves_a_moment() -> None:
    deadline = Deadline(-1)
    assert deadline.passed()
    assert 0 < deadline.left() < 0.001
    with socket.socket() as sock, pytest.raises(TimeoutError):
        deadline.limit(sock)
    before = time.monotonic()
    assert before + 5 <= Deadline(5).at <= time.monotonic() + 5


@pytest.mark.threads_only
def test_a_deadline_is_forgotten_whatever_happens() -> None:
    for error in (ValueError, KeyboardInterrupt):

        def action(error: type[BaseException] = error) -> None:
            raise error

        with pytest.raises(error):
            Deadline(5).run(action)
        assert seconds_left() is None
