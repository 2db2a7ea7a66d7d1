"""The asyncio client behind the threaded one's interface, so that the same tests hold for both.

Its event loop runs in a thread, so threads of a test that call at the same time become tasks that
run at the same time. Whatever is left behind fails the test: a task, a connection, an exception
that nobody retrieved.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import pytest
import requests

import hydra_client
from hydra_client import aio
from hydra_client.aio.consent import Challenge
from hydra_client.aio.transport.connection import Connection
from hydra_client.protocol.names import Named
from hydra_client.transport.adapter import Adapter

KINDS = ("threads", "asyncio")
kind = KINDS[0]
"""What the test runs for. `test/conftest.py` sets it for modules that say FOR_BOTH_CLIENTS."""

_send = requests.adapters.HTTPAdapter.send
_made: weakref.WeakSet[Connection] = weakref.WeakSet()
_connection_made = Connection.connection_made


def _note_connection(connection: Connection, transport: Any) -> None:
    _made.add(connection)
    _connection_made(connection, transport)


Connection.connection_made = _note_connection  # type: ignore[method-assign]


class Background:
    """An event loop in a thread, with clients that it closes at its end."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.complaints: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.complaints.append(context))
        self.clients: list[aio.ApiClient] = []
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Let the loop await something."""

        async def wait() -> Any:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(wait(), self.loop).result(60)

    def end(self) -> None:
        """Close everything, and see that nothing is left."""
        tasks = self.run(_other_tasks())
        for client in self.clients:
            self.run(client.close())
        self.run(self.loop.shutdown_default_executor())
        left = [made for made in list(_made) if made._loop is self.loop and not made._ended]
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(60)
        self.loop.close()
        assert tasks == set()
        assert left == self.complaints == []


async def _other_tasks() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


_background: Background | None = None


def background() -> Background:
    """The loop of the test, made when it is first needed."""
    global _background  # noqa: PLW0603
    _background = _background or Background()
    return _background


def end() -> None:
    """End the loop of the test, if there is one."""
    global _background
    ended, _background = _background, None
    if ended is not None:
        ended.end()


class Blocking:
    """An object of `hydra_client.aio` whose coroutine functions return when they are done."""

    def __init__(self, wrapped: Any) -> None:
        vars(self).update(wrapped=wrapped)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.wrapped, name)
        return partial(_call, value) if inspect.isroutine(value) else _blocking(value)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.wrapped, name, value)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return _call(self.wrapped, *arguments, **keywords)

    def __repr__(self) -> str:
        return repr(self.wrapped).replace("aio.ApiClient", "ApiClient")


def _call(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    result = function(*arguments, **keywords)
    return _blocking(background().run(result) if inspect.isawaitable(result) else result)


def _blocking(value: Any) -> Any:
    is_ours = isinstance(value, (aio.ApiClient, Challenge, Named))
    return Blocking(value) if is_ours else value


@contextlib.contextmanager
def client_of(configuration: hydra_client.Configuration) -> Iterator[Any]:
    """Make a client of the kind that the test runs for."""
    kinds = {"threads": hydra_client.ApiClient, "asyncio": aio.ApiClient}
    client = _blocking(kinds[kind](configuration))
    with contextlib.closing(client):
        yield client


def api_of(client: Any, api: type[Any] = hydra_client.OAuth2Api) -> Any:
    """Make an API for a client of either kind."""
    if isinstance(client, Blocking):
        return Blocking(getattr(aio, api.__name__)(client.wrapped))
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


class InThreads:
    """An API whose methods are awaited while the threaded API does the work.

    It stands in where a test replaces what is below the threaded API.
    """

    def __init__(self, api: Any) -> None:
        self.kind = type(api)
        self.api_client = api.api_client

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(asyncio.to_thread, getattr(self.kind(self.api_client), name))


def awaited(api: Any) -> Any:
    """The same API for tasks."""
    client = api.api_client
    intercepted = requests.adapters.HTTPAdapter.send is not _send
    if intercepted or any(type(it) is not Adapter for it in client.session.adapters.values()):
        return InThreads(api)
    twin = aio.ApiClient(client.configuration)
    twin.default_headers = client.default_headers
    background().clients.append(twin)
    return aio.OAuth2Api(twin)


def twin(module: str, name: str, api: Any, *arguments: Any, **keywords: Any) -> Blocking:
    """Make an object of `hydra_client.aio` for an API of either kind."""
    verifier = keywords.get("verifier")
    if isinstance(verifier, Blocking):
        keywords["verifier"] = verifier.wrapped
    api = api.wrapped if isinstance(api, Blocking) else awaited(api)
    made = getattr(import_module(f"hydra_client.aio.{module}"), name)
    return Blocking(made(api, *arguments, **keywords))


def _of_either_kind(module: str, name: str) -> Callable[..., Any]:
    def make(*arguments: Any, **keywords: Any) -> Any:
        if kind == "threads":
            return getattr(import_module(f"hydra_client.{module}"), name)(*arguments, **keywords)
        return twin(module, name, *arguments, **keywords)

    return make


CodeFlow = _of_either_kind("code_flow", "CodeFlow")
IdTokenVerifier = _of_either_kind("id_token", "IdTokenVerifier")
CachedIntrospection = _of_either_kind("introspection", "CachedIntrospection")


def record_pauses(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    """Note the pauses of either client instead of making them."""

    async def pause(effect: Any) -> None:
        pauses.append(effect.seconds)

    monkeypatch.setattr("hydra_client.transport.waiting.time.sleep", pauses.append)
    monkeypatch.setitem(aio.waiting._PERFORM, hydra_client.protocol.effects.Pause, pause)
