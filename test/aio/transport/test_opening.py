"""Opening connections: rare network failures, and requests to proxies."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import pytest
from support.crowded import run

from hydra_client import ApiConnectionError
from hydra_client.aio.transport import opening
from hydra_client.aio.transport.opening import Opening, Place, bounded
from hydra_client.configuration import Origin
from hydra_client.protocol.deadline import Deadline


def opening_by(deadline: Deadline) -> Opening:
    return Opening(ssl.create_default_context, lambda _: None, deadline)


def test_certificates_that_cannot_be_read_open_no_connection() -> None:
    def unreadable() -> ssl.SSLContext:
        raise FileNotFoundError

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setblocking(False)
            place = Origin("https", f"127.0.0.1:{server.getsockname()[1]}", "", insecure=False)
            with pytest.raises(FileNotFoundError):
                await Opening(unreadable, lambda _: None, Deadline(20)).connect(place, None)
            with pytest.raises(BlockingIOError):
                server.accept()

    run(main())


def test_what_takes_too_long_is_ended() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            await bounded(asyncio.sleep(20), 0.01)

    run(main())


def test_what_is_made_when_nobody_is_left_is_discarded() -> None:
    discarded: list[str] = []

    async def stubborn() -> str:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "made"

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await bounded(stubborn(), 0.01, discarded.append)
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await bounded(stubborn(), 0.01)

    run(main())
    assert discarded == ["made"]


def test_a_cancellation_during_the_end_of_something_is_not_lost() -> None:
    ending = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(20)
        finally:
            ending.set()
            await asyncio.sleep(0.01)

    async def main() -> None:
        task = asyncio.ensure_future(bounded(slow_to_end(), 0.01))
        await ending.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_no_address_is_tried_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        deadline = Deadline(10)
        resolve = socket.getaddrinfo

        def late(*arguments: Any) -> Any:
            deadline.at = 0
            return resolve(*arguments)

        monkeypatch.setattr("socket.getaddrinfo", late)
        with pytest.raises(TimeoutError):
            await opening_by(deadline)._connected(Place("http", "127.0.0.1", 1))

    run(main())


class Transport:
    aborted = False

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize(
    ("outcome", "error"), [(None, ConnectionResetError), (TypeError(), ApiConnectionError)]
)
def test_tls_in_a_tunnel_that_is_not_made(
    monkeypatch: pytest.MonkeyPatch, outcome: Any, error: type[Exception]
) -> None:
    async def start_tls(*_: object, **__: object) -> None:
        if outcome is not None:
            raise outcome

    class Made:
        transport = Transport()

    async def main() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "start_tls", start_tls)
        with pytest.raises(error):
            await opening_by(Deadline(5))._start_tls(Made(), "localhost")  # type: ignore[arg-type]

    run(main())


def test_a_transport_that_nobody_takes_is_aborted() -> None:
    transport = Transport()
    opening._abort(transport)  # type: ignore[arg-type]
    opening._abort(None)
    assert transport.aborted


@pytest.mark.parametrize(
    ("proxy", "head"),
    [
        ("http://127.0.0.1:1", "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"),
        (
            "http://user:p%40ss@127.0.0.1:1",
            "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
            "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n",
        ),
        (
            "http://user@127.0.0.1:1",
            "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
            "Proxy-Authorization: Basic dXNlcjo=\r\n\r\n",
        ),
    ],
)
def test_a_proxy_is_told_where_a_tunnel_goes(proxy: str, head: str) -> None:
    place = opening.place_of("https://[::1]")
    assert opening._connect_request(place, proxy) == head.encode()
