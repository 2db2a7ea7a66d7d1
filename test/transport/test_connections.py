"""Each call gets its own response or a typed error, even if bytes come early, late or twice."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.loopback import (
    LONG,
    ONE,
    OPERATIONS,
    Authority,
    Peer,
    Server,
    api,
    chunked,
    raw_response,
    within,
)

from hydra_client import (
    ApiConnectionError,
    ApiDecodeError,
    ApiTimeoutError,
    HydraException,
    OAuth2Api,
)
from hydra_client.transport.parsing import LONGEST_LINE

FOR_BOTH_CLIENTS = True

DONE = b"HTTP/1.1 204 No Content\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"


def says(subject: str) -> dict[str, object]:
    return {"active": True, "sub": subject}


def own(peer: Peer) -> bytes:
    """The response to the request that came last."""
    if "token" in peer.last.body.decode():
        return raw_response(says(peer.last.form["token"]))
    return DONE


def first(*parts: bytes | float | Callable[[Peer], bytes]) -> Callable[[Peer], None]:
    """Say these parts, with pauses of so many seconds; and to each later request its own."""

    def step(peer: Peer) -> None:
        for part in parts:
            if isinstance(part, float):
                peer.server.ended.wait(part)
            else:
                peer.send(part(peer) if callable(part) else part)

    return step


def server_that(*parts: bytes | float | Callable[[Peer], bytes], **how: Any) -> Server:
    return Server(first(*parts), lambda peer: peer.send(own(peer)), **how)


def three_more(client: OAuth2Api) -> None:
    for token in ("token-b", "token-c", "token-d"):
        assert client.introspect_oauth2_token(token).sub == token


# -- interim responses


@pytest.mark.parametrize("status", [100, 102, 103, 199])
def test_an_interim_response_is_skipped(status: int) -> None:
    interim = INTERIM.replace(b"103", str(status).encode())
    with server_that(interim, 0.2, own) as server, api(server) as client:
        assert client.introspect_oauth2_token("token-a").sub == "token-a"
        three_more(client)
    assert server.connections == 1


def test_a_line_of_blanks_ends_an_interim_response() -> None:
    with server_that(INTERIM[:-2] + b" \t\r\n", own) as server, api(server) as client:
        assert client.introspect_oauth2_token("token-a").sub == "token-a"
        three_more(client)
    assert server.connections == 1


@pytest.mark.parametrize(
    "head",
    [
        INTERIM[:-2] + b" \t\r\n\r\n",
        INTERIM[:-2] + b" \t\r\nX: y\r\n",
        b"HTTP/1.1 \r\n\r\n103 ",
    ],
)
def test_a_head_made_of_blanks_is_refused_at_once(head: bytes) -> None:
    with (
        Server(lambda peer: peer.send(head)) as server,
        api(server, timeout=LONG, retries=0) as client,
        within(0),
        pytest.raises(ApiConnectionError, match="the response is not HTTP"),
    ):
        client.introspect_oauth2_token("token-a")


@pytest.mark.parametrize(
    "line",
    [
        b" HTTP/1.1 200 OK",
        b"\rHTTP/1.1 200 OK",
        b"HTTP/1.1 +200 OK",
        b"HTTP/1.1 2_00 OK",
        b"HTTP/1.1 0200 OK",
        b"HTTP/1.1\xa0200 OK",
        b"HTTP/1.1 +103 Early Hints",
    ],
)
def test_a_malformed_status_line_is_refused_at_once(line: bytes) -> None:
    """Both clients refuse it, however its bytes arrive."""
    rest = ONE.partition(b"\r\n")[2]
    with (
        Server(first(line + b"\r\n", 0.05, rest)) as server,
        api(server, timeout=LONG, retries=0) as client,
        within(0),
        pytest.raises(ApiConnectionError, match="the response is not HTTP"),
    ):
        client.introspect_oauth2_token("token-a")


@pytest.mark.parametrize(
    "line", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX: ", INTERIM + b"x", INTERIM[:-2] + b"X: "]
)
def test_a_line_without_an_end_is_refused_at_once(line: bytes) -> None:
    with (
        Server(lambda peer: peer.send(line + b"x" * LONGEST_LINE)) as server,
        api(server, timeout=LONG, retries=0) as client,
        within(0),
        pytest.raises(ApiDecodeError, match=r"too (long|many)"),
    ):
        client.introspect_oauth2_token("token-a")


def test_a_switch_of_protocols_is_an_error_and_ends_the_connection() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
    with server_that(switch, 0.05, own) as server, api(server) as client:
        with pytest.raises(ApiDecodeError, match="switches protocols"):
            client.introspect_oauth2_token("token-a")
        three_more(client)
    assert server.spoken == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("interim", "bound"),
    [
        (INTERIM * 8, True),
        (INTERIM * 9, False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9, False),
        (b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * 64_000 + b"\r\n\r\n", True),
        (b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * 66_000 + b"\r\n\r\n", False),
        ((b"HTTP/1.1 103 Early Hints\r\n" + b"X: x\r\n" * 3000 + b"\r\n") * 5, False),
    ],
)
def test_interim_responses_are_bounded(interim: bytes, bound: bool) -> None:
    with server_that(interim, own) as server, api(server) as client:
        if bound:
            assert client.introspect_oauth2_token("token-a").sub == "token-a"
        else:
            with pytest.raises(ApiDecodeError, match="too many interim responses"):
                client.introspect_oauth2_token("token-a")
        three_more(client)


def test_interim_responses_end_by_the_deadline() -> None:
    def hint_for_ever(peer: Peer) -> None:
        peer.trickle(INTERIM * 100)

    with (
        Server(hint_for_ever) as server,
        api(server, timeout=0.5) as client,
        within(0.5),
        pytest.raises(ApiTimeoutError),
    ):
        client.introspect_oauth2_token("token-a")


def test_a_connection_that_ends_during_an_interim_response_is_an_error() -> None:
    def leave(peer: Peer) -> None:
        peer.send(INTERIM[:-2])
        peer.close()

    with (
        Server(leave) as server,
        api(server, retries=0) as client,
        pytest.raises(ApiConnectionError),
    ):
        client.introspect_oauth2_token("token-a")


# -- what is not over when it seems to be


LATE = raw_response(says("somebody else"))


@pytest.mark.parametrize("name", ["accept_oauth2_consent_request", "reject_oauth2_consent_request"])
@pytest.mark.parametrize("late", [LATE, b'{"active": true}', b"HTTP/1.1 103 Hints\r\n\r\n" + LATE])
def test_a_late_body_of_a_204_reaches_nobody(name: str, late: bytes) -> None:
    with server_that(DONE, 0.2, late) as server, api(server) as client:
        OPERATIONS[name].call(client)
        three_more(client)
        server.ended.wait(0.25)
        three_more(client)
    assert server.connections == 2


@pytest.mark.parametrize(
    "response",
    [
        raw_response(says("token-a")) + b"x",
        raw_response(says("token-a")) + LATE,
        raw_response(says("token-a")) + b"x" * 20_000,
        chunked(b'{"active": true, "sub": "token-a"}') + LATE,
        raw_response(says("token-a"), version="1.0", Connection="keep-alive"),
        chunked(b'{"active": true, "sub": "token-a"}', Content_Length="5"),
    ],
)
@pytest.mark.parametrize("tls", [False, True])
def test_what_follows_a_body_ends_the_connection(
    response: bytes, tls: bool, tmp_path: Path
) -> None:
    authority = Authority(tmp_path) if tls else None
    context = authority.context("127.0.0.1") if authority else None
    trust = {"ssl_ca_cert": authority.bundle} if authority else {}
    with server_that(response, context=context) as server, api(server, **trust) as client:
        assert client.introspect_oauth2_token("token-a").sub == "token-a"
        three_more(client)
    assert server.spoken == [1, 2, 2, 2]


@pytest.mark.parametrize(
    "raw",
    [
        raw_response(b"", 408, "Request Timeout"),
        raw_response(b"", 600, "?"),
        b"HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n" + ONE,
        b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + ONE,
    ],
)
def test_what_may_be_followed_by_more_ends_the_connection(raw: bytes) -> None:
    with Server(raw) as server, api(server, retries=0) as client:
        for _ in range(3):
            with suppress(HydraException):
                client.get_oauth2_client("photos")
    assert server.connections == 3


@pytest.mark.parametrize("size", [b"+10", b"0x10", b"1_0", b" 10", b"-0", b"10;" + b"x" * 66_000])
def test_a_chunk_size_that_others_may_read_otherwise_is_refused(size: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw = head + size + b'\r\n{"id": "photos"}\r\n0\r\n\r\n'
    with Server(raw, ONE) as server, api(server, retries=0) as client:
        with pytest.raises(ApiConnectionError):
            client.get_oauth2_client("photos")
        assert client.get_oauth2_client("photos").id == "photos"
    assert server.connections == 2


def test_a_chunk_that_does_not_end_where_it_should_is_refused() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with (
        Server(head + b'10\r\n{"id": "photos"}xx0\r\n\r\n') as server,
        api(server, retries=0) as client,
        pytest.raises(ApiConnectionError),
    ):
        client.get_oauth2_client("photos")


@pytest.mark.parametrize("status", [202, 206, 302, 304])
def test_a_status_that_the_operation_does_not_know_ends_the_connection(status: int) -> None:
    with server_that(raw_response(b"", status, "?"), 0.1, LATE) as server, api(server) as client:
        with pytest.raises(HydraException):
            client.introspect_oauth2_token("token-a")
        three_more(client)
    assert server.spoken == [1, 2, 2, 2]


# -- any of this at random


def part(draw: random.Random) -> bytes:
    return draw.choice(
        [
            b"\r\n",
            b"}",
            b"HTTP/1.1 2",
            b"HTTP/1.1 200 OK\r\n",
            draw.randbytes(draw.randint(1, 300)),
            b"x" * 9000,
        ]
    )


def exchange(draw: random.Random) -> list[bytes | float | Callable[[Peer], bytes]]:
    """A response with something wrong about it.

    A complete second response that arrives after the next request was sent looks like the response
    to that one. So late bytes are a complete response only where the connection must be closed.
    """
    kept = raw_response(says("token-a"))
    pauses = [draw.choice([0.0, 0.001, 0.01, 0.03]) for _ in range(4)]
    interim = INTERIM * draw.choice([0, 0, 1, 3, 9])
    head, _, body = kept.partition(b"\r\n\r\n")
    kind = draw.randrange(9)
    if kind == 0:
        return [interim, pauses[0], kept + draw.choice([part(draw), LATE[:-1]])]
    if kind == 1:
        return [interim, pauses[0], kept, pauses[1], part(draw), pauses[2], part(draw)]
    if kind == 2:
        return [interim, pauses[0], kept + LATE * draw.randint(1, 3)]
    if kind == 3:
        length = str(len(body) + draw.choice([-5, -1, 1, 7])).encode()
        wrong = head.replace(str(len(body)).encode(), length)
        return [interim, wrong, b"\r\n\r\n", pauses[0], body, pauses[1], part(draw)]
    if kind == 4:
        cut = draw.randrange(len(kept))
        return [interim, kept[:cut], pauses[0], kept[cut:], pauses[1], b"\r\n"]
    if kind == 5:
        status = str(draw.choice([101, 202, 204, 205, 304])).encode()
        return [interim, kept.replace(b"200 OK", status + b" ?"), pauses[0], LATE, pauses[1], LATE]
    if kind == 6:
        return [interim, pauses[0], chunked(b'{"active": true, "sub": "token-a"}'), part(draw)]
    if kind == 7:
        doubled = head + b"\r\nContent-Length: " + draw.choice([b"0", b"5", b"-1", b"many"])
        return [interim, doubled, b"\r\n\r\n", pauses[0], body, pauses[1], LATE]
    both = head + b"\r\nTransfer-Encoding: " + draw.choice([b"chunked", b"gzip", b"gzip, chunked"])
    return [interim, both, b"\r\n\r\n22\r\n", pauses[0], body, b"\r\n0\r\n\r\n", pauses[1], LATE]


# Slow, because many exchanges end by a timeout. More: HYDRA_CLIENT_FUZZ=5000 pytest …
EXCHANGES = int(os.environ.get("HYDRA_CLIENT_FUZZ", "60"))


def test_each_of_three_following_calls_gets_its_own_response_or_a_typed_error() -> None:
    outcomes = {"own": 0, "error": 0}
    for seed in range(EXCHANGES):
        draw = random.Random(seed)
        parts = exchange(draw)
        with (
            server_that(*parts) as server,
            api(server, timeout=1.0, retries=draw.choice([0, 0, 1])) as client,
        ):
            for token in ("token-a", "token-b", "token-c", "token-d"):
                try:
                    subject = client.introspect_oauth2_token(token).sub
                except HydraException:
                    outcomes["error"] += 1
                else:
                    assert subject in (token, None), (seed, parts)
                    outcomes["own"] += 1
    assert outcomes["own"] > outcomes["error"] > 0


@pytest.mark.threads_only
def test_calls_of_many_threads_stay_apart() -> None:
    def sometimes_strange(peer: Peer) -> None:
        draw = random.Random(peer.last.form["token"])
        peer.send(INTERIM * draw.randint(0, 2) + own(peer) + draw.choice([b"", b"", LATE]))

    mixed: list[str] = []
    with Server(sometimes_strange) as server, api(server) as client:

        def call(name: str) -> None:
            for number in range(20):
                token = f"token-{name}-{number}"
                if client.introspect_oauth2_token(token).sub != token:
                    mixed.append(token)

        threads = [threading.Thread(target=call, args=(str(n),)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
    assert mixed == []
