"""A server on one event loop, in its own thread, that accepts a thousand connections."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

LONG = 20.0


def body_of(form: dict[str, str], path: str) -> dict[str, Any]:
    """What a Hydra says: a token, or whom a token belongs to."""
    if path == "/oauth2/token":
        return {"access_token": "token-1", "token_type": "bearer", "expires_in": 3600}
    return {"active": True, "sub": form.get("token", "")}


class CrowdedServer:
    """Answers each request with what it asked about, after some time, or not at all.

    Args:
        delay: Seconds before a response.
        dropped: Part of the requests whose connection is closed instead, from 0 to 1.
        split: Part of the responses that come in two pieces.
        seed: Decides which, with what is asked: the order of the requests does not matter.
    """

    def __init__(
        self, delay: float = 0.0, dropped: float = 0.0, split: float = 0.0, seed: int = 1
    ) -> None:
        self.delay = delay
        self.dropped = dropped
        self.split = split
        self.seed = seed
        self.asked: Counter[tuple[str, ...]] = Counter()
        self.paths: list[str] = []
        self.answer: Callable[[dict[str, str], str], dict[str, Any]] = body_of
        self.open = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> CrowdedServer:
        self._thread.start()
        assert self._ready.wait(LONG)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(LONG)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(self._talk(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=2048)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._ended.wait()
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._respond(reader, writer):
                    pass
        finally:
            self.open -= 1
            writer.close()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        form = dict(parse_qsl((await reader.readexactly(length)).decode()))
        path = head.split(" ")[1]
        self.paths.append(path)
        question = (path, *form.values())
        self.asked[question] += 1
        luck = random.Random(f"{self.seed} {question} {self.asked[question]}")
        if self.delay:
            await asyncio.sleep(self.delay)
        if luck.random() < self.dropped:
            return False
        body = json.dumps(self.answer(form, path)).encode()
        response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        cut = luck.randrange(len(response)) if luck.random() < self.split else 0
        if cut:
            writer.write(response[:cut])
            await asyncio.sleep(0.001)
        writer.write(response[cut:])
        return True


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a test on a loop of its own; nothing may be left of it, nor complained about."""

    async def main() -> Any:
        complaints: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        result = await work
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert complaints == []
        return result

    return asyncio.run(main())
