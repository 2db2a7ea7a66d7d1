"""A connection between two calls, and when the deadline passes."""

from __future__ import annotations

import asyncio

import pytest
from support.crowded import run
from support.loopback import ONE, Peer, Server, chunked

from hydra_client import ApiConnectionError, ApiTimeoutError, aio


def idle(api: aio.OAuth2Api) -> int:
    return sum(map(len, api.api_client._transport._idle.values()))


@pytest.mark.parametrize("turns", [0, 1, 50])
def test_what_arrives_between_two_calls_ends_the_connection(turns: int) -> None:
    """Whether the loop has noticed it or not."""

    def twice(peer: Peer) -> None:
        peer.send(ONE)
        peer.server.ended.wait(0.05)
        peer.send(ONE)

    with Server(twice) as server:

        async def main() -> None:
            async with aio.connect(server.url, access_token="t", timeout=10) as api:
                for _ in range(2):
                    assert (await api.get_oauth2_client("photos")).id == "photos"
                    server.ended.wait(0.1)  # the loop stands still
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    assert idle(api) == (turns != 50)

        run(main())
    assert server.connections == 2


def test_nothing_is_sent_on_an_open_connection_once_the_deadline_has_passed() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.1)
        return "token"

    with Server(ONE) as server:

        async def main() -> None:
            async with aio.ApiClient(aio.Configuration(server.url, access_token=slow)) as client:
                api = aio.OAuth2Api(client)
                await api.get_oauth2_client("photos")
                with pytest.raises(ApiTimeoutError):
                    await api.get_oauth2_client("photos", timeout=0.05)

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
