"""A connection between two calls, and when the deadline passes."""

from __future__ import annotations

import asyncio
import http.client
import io
import random
import threading
from typing import Any

import pytest
from support.crowded import run
from support.loopback import LONG, ONE, Peer, Server, chunked

from hydra_client import ApiConnectionError, aio
from hydra_client.aio.transport.connection import Connection
from hydra_client.protocol.deadline import Deadline
from hydra_client.transport.parsing import StrictResponse, Unreadable


def idle(api: aio.OAuth2Api) -> int:
    return sum(map(len, api.api_client._transport._idle.values()))


@pytest.mark.parametrize("turns", [0, 1, 50])
def test_what_arrives_between_two_calls_ends_the_connection(turns: int) -> None:
    """Whether the loop has noticed it or not."""
    received, sent = threading.Event(), threading.Event()

    def twice(peer: Peer) -> None:
        peer.send(ONE)
        assert received.wait(LONG)
        received.clear()
        peer.send(ONE)
        sent.set()

    with Server(twice) as server:

        async def main() -> None:
            async with aio.connect(server.url, access_token="t", timeout=10) as api:
                for _ in range(2):
                    assert (await api.get_oauth2_client("photos")).id == "photos"
                    received.set()
                    assert sent.wait(LONG)  # the loop stands still
                    sent.clear()
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    assert idle(api) == (turns != 50)

        run(main())
    assert server.connections == 2


def test_nothing_is_sent_on_an_open_connection_once_the_deadline_has_passed() -> None:
    with Server(ONE) as server:

        async def main() -> None:
            async with aio.connect(server.url, access_token="t", timeout=10) as api:
                await api.get_oauth2_client("photos")
                [[connection]] = api.api_client._transport._idle.values()
                with pytest.raises(TimeoutError):
                    await connection.exchange(b"GET / HTTP/1.1", "GET", (200,), Deadline(0))
                assert connection.usable

        run(main())
    assert len(server.requests) == 1


def test_a_trailer_that_is_too_long_is_refused() -> None:
    raw = chunked(b'{"id": "photos"}')[:-2] + b"X: " + b"x" * 70_000 + b"\r\n\r\n"
    with Server(raw) as server:

        async def main() -> None:
            async with aio.connect(server.url, access_token="t", timeout=10, retries=0) as api:
                with pytest.raises(ApiConnectionError, match="not HTTP"):
                    await api.get_oauth2_client("photos")

        run(main())


PARTS = [
    *(b"HTTP/1.1 103 E\r\n", b"HTTP/1.1 100\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 101 S\r\n"),
    *(b"HTTP/1.1 +103 x\r\n", b"HTTP/1.1 2_00\r\n", b"HTTP/1.1\xa0103 \n", b"HTTP/1.1\x1c200\n"),
    *(b"HTTP/1.1 ", b"HTTP/1.1\r\n", b"\r\n", b"\n", b" \r\n", b"\t\n", b"\x0b\r\n", b"\xa0\n"),
    *(b"X: y\r\n", b"Content-Length: 2\r\n", b"103 ", b"\r", b" ", b"{}", ONE),
]


class Arrived(io.RawIOBase):
    """A response that ends, as `hydra_client.transport.connections` reads it."""

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not (count := self.data.readinto(buffer)):
            raise http.client.RemoteDisconnected("the end")
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def parsed(data: bytes) -> object:
    response = StrictResponse(Arrived(data), (200,), method="GET")
    try:
        response.begin()
    except (http.client.HTTPException, Unreadable) as error:
        return type(error)
    return response.status, dict(response.headers)


async def collected(data: bytes, luck: random.Random) -> object:
    connection = Connection(lambda _: None)
    head = asyncio.ensure_future(connection._head("GET", (200,)))
    while data and not head.done():
        size = luck.choice([1, 1, 2, 5, 50])
        connection.data_received(data[:size])
        data = data[size:]
        for _ in range(3):
            await asyncio.sleep(0)
    connection.eof_received()
    try:
        response = await head
    except (http.client.HTTPException, Unreadable) as error:
        return type(error)
    finally:
        del head  # in a cycle with its error, from which Python 3.13 warns of closed files
    return response.status, dict(response.headers)


def test_however_a_head_arrives_it_is_what_the_parser_reads_from_the_whole() -> None:
    luck = random.Random(5)

    async def main() -> None:
        for _ in range(3000):
            data = b"".join(luck.choices(PARTS, k=luck.randint(1, 8)))
            assert await collected(data, luck) == parsed(data), data

    run(main())
