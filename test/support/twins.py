"""What stands on top of the API, for threads or for tasks, so that the same tests hold for both.

The tasks run in one event loop in the background. Threads of a test that call at the same time
become tasks that run at the same time, which the loops of `support.both` cannot do.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import requests
from support import both

from hydra_client import aio
from hydra_client.transport.adapter import Adapter

_send = requests.adapters.HTTPAdapter.send


class Background:
    """An event loop in a thread, with the clients that belong to it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.complaints: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.complaints.append(context))
        self.clients: list[aio.ApiClient] = []
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Call a function in the loop, and wait for what it returns."""

        async def call() -> Any:
            result = function(*arguments, **keywords)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(60)

    def end(self) -> None:
        """Close everything, and see that nothing is left."""
        for client in self.clients:
            self.run(client.close)
        self.run(self.loop.shutdown_default_executor)
        left = self.run(lambda: len(asyncio.all_tasks()) - 1)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(60)
        self.loop.close()
        assert left == 0
        assert self.complaints == []


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


class Elsewhere:
    """A verifier that belongs to another event loop, which runs in a thread meanwhile."""

    def __init__(self, verifier: Twin) -> None:
        self.verifier = verifier

    def __getattr__(self, name: str) -> Any:
        return partial(asyncio.to_thread, getattr(self.verifier, name))


class Twin:
    """An object for tasks whose coroutine functions return when they are done."""

    def __init__(self, kind: type[Any], api: Any, *arguments: Any, **keywords: Any) -> None:
        verifier = keywords.get("verifier")
        if isinstance(verifier, Twin):
            blocks = isinstance(api, both.Blocking)
            keywords["verifier"] = Elsewhere(verifier) if blocks else verifier.twin
        if isinstance(api, both.Blocking):
            twin = kind(api.wrapped, *arguments, **keywords)
            vars(self).update(api=api, twin=twin, run=both.Blocking(twin, api.loop)._blocking)
        else:
            twin = kind(awaited(api), *arguments, **keywords)
            vars(self).update(api=api, twin=twin, run=lambda it: partial(background().run, it))

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.twin, name)
        return self.run(value) if inspect.iscoroutinefunction(value) else value

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.twin, name, value)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.run(self.twin)(*arguments, **keywords)

    def __repr__(self) -> str:
        return repr(self.twin).replace("aio.ApiClient", "ApiClient")


def _of_either_kind(module: str, name: str) -> Callable[..., Any]:
    def make(*arguments: Any, **keywords: Any) -> Any:
        if both.kind == "threads":
            return getattr(import_module(f"hydra_client.{module}"), name)(*arguments, **keywords)
        return Twin(
            getattr(import_module(f"hydra_client.aio.{module}"), name), *arguments, **keywords
        )

    return make


CodeFlow = _of_either_kind("code_flow", "CodeFlow")
IdTokenVerifier = _of_either_kind("id_token", "IdTokenVerifier")
CachedIntrospection = _of_either_kind("introspection", "CachedIntrospection")
