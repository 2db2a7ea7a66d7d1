"""The asyncio client behind the threaded one's interface, so that the same tests hold for both.

It runs in the test's own thread, on a loop of its own that ends with the client. Whatever a call
leaves behind fails the test: a task, a connection, an exception that nobody retrieved.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import hydra_client
from hydra_client import aio
from hydra_client.aio.transport.connection import Connection
from hydra_client.protocol.names import Named

KINDS = ("threads", "asyncio")
kind = KINDS[0]
"""What the test runs for. `test/conftest.py` sets it for modules that say FOR_BOTH_CLIENTS."""


_MADE: weakref.WeakSet[Connection] = weakref.WeakSet()
_connection_made = Connection.connection_made


def _note_connection(connection: Connection, transport: Any) -> None:
    _MADE.add(connection)
    _connection_made(connection, transport)


Connection.connection_made = _note_connection  # type: ignore[method-assign]


class Blocking:
    """An object of `hydra_client.aio` whose coroutine functions return when they are done."""

    def __init__(self, wrapped: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.wrapped = wrapped
        self.loop = loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.wrapped, name)
        if isinstance(value, (aio.ApiClient, Named)):
            return Blocking(value, self.loop)
        return self._blocking(value) if inspect.isroutine(value) else value

    def _blocking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            result = function(*arguments, **keywords)
            return self.loop.run_until_complete(result) if inspect.isawaitable(result) else result

        return call


@contextlib.contextmanager
def asyncio_client(configuration: hydra_client.Configuration) -> Iterator[Blocking]:
    """Make an asyncio client that blocks, and see that nothing of it is left."""
    loop = asyncio.new_event_loop()
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    client = aio.ApiClient(configuration)
    try:
        yield Blocking(client, loop)
        assert asyncio.all_tasks(loop) == set()
    finally:
        loop.run_until_complete(client.close())
        loop.run_until_complete(loop.shutdown_default_executor())
        left = [made for made in _MADE if made._loop is loop and not made._ended]
        loop.close()
    assert left == complaints == []


@contextlib.contextmanager
def client_of(configuration: hydra_client.Configuration) -> Iterator[hydra_client.ApiClient]:
    """Make a client of the kind that the test runs for."""
    if kind == "threads":
        with hydra_client.ApiClient(configuration) as client:
            yield client
    else:
        with asyncio_client(configuration) as blocking:
            yield blocking  # type: ignore[misc]


def api_of(client: Any, api: type[Any] = hydra_client.OAuth2Api) -> Any:
    """Make an API for a client of either kind."""
    if isinstance(client, Blocking):
        return Blocking(getattr(aio, api.__name__)(client.wrapped), client.loop)
    return api(client)


class Connections(contextlib.ExitStack):
    """Makes APIs of the kind that the test runs for, and closes them all."""

    def connect(
        self,
        host: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        **settings: Any,
    ) -> Any:
        """Make an API as `hydra_client.connect` does."""
        configuration = hydra_client.Configuration(host, client_id, client_secret, **settings)
        return api_of(self.enter_context(client_of(configuration)))


def record_pauses(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    """Note the pauses of either client instead of making them."""

    async def pause(effect: Any) -> None:
        pauses.append(effect.seconds)

    monkeypatch.setattr("hydra_client.transport.waiting.time.sleep", pauses.append)
    monkeypatch.setitem(aio.waiting._PERFORM, hydra_client.protocol.effects.Pause, pause)
