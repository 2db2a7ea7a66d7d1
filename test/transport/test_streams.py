"""Bytes that are not exactly one response: no call gets what was meant for another.

Every call asks about a token of its own, and everything that is said in reply names that token, so
that a response in the wrong hands is seen.
"""

from __future__ import annotations

import json
import os
import random
import threading
from typing import NamedTuple

import pytest
from support.loopback import LONG, Peer, Server, api

import hydra_client

FOR_BOTH_CLIENTS = True

SEEDS = int(os.environ.get("HYDRA_TEST_STREAMS", "80"))
"""How many streams are tried; some thousands take minutes."""

# Long enough for every pause, short enough for those that never end.
TIMEOUT = 0.3
PAUSES = [0.002, 0.01, 0.03]


class Part(NamedTuple):
    """Bytes that are sent at once."""

    data: bytes
    # A flawless response, after which the connection may be kept.
    whole: bool = False


def about(token: str, pad: int = 0) -> bytes:
    return json.dumps({"active": True, "sub": f"{token}!", "x": "y" * pad}).encode()


def head(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


def interim(luck: random.Random, token: str) -> list[Part]:
    status = luck.choice(["100 Continue", "102 Processing", "103 Early Hints", "199 ?"])
    status = luck.choice([status] * 9 + ["101 Switching Protocols"])
    headers = luck.choice([[], ["Link: </x>"], ["Content-Length: 5"], ["X: y"] * 20])
    return [Part(head(status, *headers))] * luck.choice([1, 1, 2, 9])


def flawless(luck: random.Random, token: str) -> list[Part]:
    body = about(token, luck.choice([0, 0, 100, 9000]))
    status = luck.choice(["200 OK"] * 4 + ["404 Not Found", "500 Oops", "403 Forbidden"])
    if luck.random() < 0.7:
        first = head(status, f"Content-Length: {len(body)}")
    else:
        first = head(status, "Transfer-Encoding: chunked")
        cut = luck.randrange(1, len(body))
        body = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (
            *(cut, body[:cut]),
            *(len(body) - cut, body[cut:]),
        )
    if luck.random() < 0.5:
        return [Part(first + body, whole=True)]
    cut = luck.randrange(len(body))
    return [Part(first), Part(body[:cut]), Part(body[cut:], whole=True)]


def odd(luck: random.Random, token: str) -> list[Part]:
    """Make a response that leaves open what comes after it."""
    body = about(token)
    size = len(body)
    first = luck.choice(
        [
            head("204 No Content"),
            head("204 No Content", f"Content-Length: {size}"),
            head("204 No Content", "Transfer-Encoding: chunked"),
            head("304 Not Modified", f"Content-Length: {size}"),
            head("205 Reset Content", "Content-Length: 0"),
            head("201 Created", f"Content-Length: {size}"),
            head("302 Found", "Location: /x", f"Content-Length: {size}"),
            head("408 Request Timeout", "Content-Length: 0"),
            head("200 OK"),
            head("200 OK", f"Content-Length: {size}", "Connection: close"),
            head("200 OK", f"Content-Length: {size - luck.randrange(1, size)}"),
            head("200 OK", f"Content-Length: {size + luck.randrange(1, 99)}"),
            head("200 OK", f"Content-Length: {size}", f"Content-Length: {size - 1}"),
            head("200 OK", f"Content-Length: {size}", "Transfer-Encoding: chunked"),
            head("200 OK", f"Content-Length: +{size}"),
            head("200 OK", f"Content-Length: {size}_"),
            head("200 OK", "Content-Length: -1"),
            head("200 OK", "Transfer-Encoding: gzip, chunked"),
            head("200 OK", "Transfer-Encoding: chunked") + b"%x\r\n" % (size - 3),
            head("200 OK", "Transfer-Encoding: chunked") + b"+%x\r\n" % size,
        ]
    )
    tail = luck.choice([b"", b"\r\n", b"\r\n0\r\n\r\n", b"xx0\r\n\r\n"])
    return [Part(first), Part(body + tail)] if luck.random() < 0.7 else [Part(first + body + tail)]


def garbage(luck: random.Random, token: str) -> list[Part]:
    return [
        Part(
            luck.choice(
                [
                    b"\r\n",
                    b"\r\n\r\n",
                    b"x",
                    b"HTTP/1.1 2",
                    b"HTTP/1.1 200 OK\r\n",
                    b"0\r\n\r\n",
                    b"GET / HTTP/1.1\r\n\r\n",
                    about(token),
                    luck.randbytes(50),
                ]
            )
        )
    ]


KINDS = [interim, interim, flawless, flawless, flawless, odd, odd, garbage]


def stream(luck: random.Random, token: str) -> list[Part]:
    parts: list[Part] = []
    for kind in luck.choices(KINDS, k=luck.choice([1, 2, 2, 3, 4])):
        parts += kind(luck, token)
    return parts


@pytest.mark.parametrize("shard", range(4))
def test_each_call_gets_its_own_response_or_an_error(shard: int) -> None:
    own = 0
    for seed in range(shard, SEEDS, 4):
        own += one_stream(seed)
    # Most of what is asked after a stream gets a response: nothing else was meant to fail.
    assert own > SEEDS / 4 * 1.5


def one_stream(seed: int) -> int:
    """Send a stream in reply to one call, or to two; count the calls that got their own."""
    luck = random.Random(seed)
    streams = luck.choice([1, 1, 1, 2])
    whole = [threading.Event() for _ in range(streams)]
    said = [threading.Event() for _ in range(streams)]

    def step(peer: Peer) -> None:
        token = peer.last.form["token"]
        number = int(token)
        if number >= streams:
            peer.send(head("200 OK", f"Content-Length: {len(about(token))}") + about(token))
            return
        together = b""
        try:
            for part in stream(luck, token):
                together += part.data
                if part.whole:
                    whole[number].set()
                if luck.random() < 0.6:
                    peer.send(together)
                    together = b""
                    peer.server.ended.wait(luck.choice(PAUSES))
            peer.send(together)
        finally:
            said[number].set()
        if luck.random() < 0.3:
            peer.close()

    own = 0
    with Server(step) as server, api(server, retries=0, timeout=TIMEOUT) as client:
        for number in range(streams + 3):
            token = str(number)
            try:
                subject = client.introspect_oauth2_token(token).sub
            except hydra_client.HydraException as error:
                shown = f"{error} {getattr(error, 'body', '')}"
                others = [f'"{other}!"' for other in range(5) if other != number]
                assert not any(other in shown for other in others), (seed, shown)
            else:
                assert subject == f"{token}!", (seed, subject)
                own += number >= streams
            if number < streams and whole[number].is_set():
                # A second response, unasked and flawless, that comes once the next request is
                # under way is one that no client could tell from the right one.
                assert said[number].wait(LONG)
    return own
