"""Which HTTP library carries the asyncio client: what a call costs, and what each does by itself.

`hydra_client.aio` has no HTTP library: it writes requests to the event loop's streams and reads
responses with http.client's parser, as the threaded client does. Here is why. The first table is
the client's CPU time per request and `json.loads`; the server is another process. The second table
is what decides whether a library can keep the promises of the threaded client.

    tox -e bench
    python benchmark/aio_libraries.py --calls 2000
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from hydra_client.aio.transport.connection import Connection
from hydra_client.protocol.deadline import Deadline

CONCURRENT = (1, 32, 256)
Get = Callable[[], Awaitable[Any]]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


async def aiohttp(stack: AsyncExitStack, url: str, timeout: float) -> Get:
    """Make aiohttp do as little as it can be asked to."""
    library = import_module("aiohttp")
    session = await stack.enter_async_context(
        library.ClientSession(
            cookie_jar=library.DummyCookieJar(),
            auto_decompress=False,
            connector=library.TCPConnector(limit=0),
            timeout=library.ClientTimeout(total=timeout),
        )
    )

    async def get() -> Any:
        async with session.get(url, allow_redirects=False) as response:
            return json.loads(await response.read())

    return get


async def httpx(stack: AsyncExitStack, url: str, timeout: float) -> Get:
    """Make httpx do as little as it can be asked to."""
    library = import_module("httpx")
    limits = library.Limits(max_connections=None, max_keepalive_connections=256)
    client = await stack.enter_async_context(
        library.AsyncClient(trust_env=False, limits=limits, timeout=timeout)
    )

    async def get() -> Any:
        return json.loads((await client.get(url)).content)

    return get


async def streams(stack: AsyncExitStack, url: str, timeout: float) -> Get:
    """Use what `hydra_client.aio` uses, without the rest of it."""
    _, _, host, path = url.split("/", 3)
    name, port = host.split(":")
    request = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode()
    idle: list[Connection] = []
    loop = asyncio.get_running_loop()

    def close() -> None:
        for connection in idle:
            connection.abort()

    stack.callback(close)

    async def get() -> Any:
        while idle:
            connection = idle.pop()
            if not connection.is_stale():
                break
            connection.abort()
        else:
            _, connection = await loop.create_connection(
                lambda: Connection(lambda _: None), name, int(port)
            )
        try:
            received = await connection.exchange(request, "GET", (200,), Deadline(timeout))
            return json.loads(received.body)
        finally:
            if connection.usable:
                idle.append(connection)
            else:
                connection.abort()

    return get


LIBRARIES = {"aiohttp": aiohttp, "httpx": httpx, "http.client's parser": streams}


async def cost(library: str, url: str, concurrent: int, calls: int) -> float:
    """Return the CPU time of a call, in seconds."""
    async with AsyncExitStack() as stack:
        get = await LIBRARIES[library](stack, url, 30.0)

        async def several(count: int) -> None:
            for _ in range(count):
                await get()

        await asyncio.gather(*(several(1) for _ in range(concurrent)))
        gc.collect()
        each = max(calls // concurrent, 2)
        start = time.process_time()
        await asyncio.gather(*(several(each) for _ in range(concurrent)))
        return (time.process_time() - start) / (each * concurrent)


async def with_server(
    library: str, timeout: float, handler: Handler, check: Callable[[Get], Awaitable[str]]
) -> str:
    """Let a library call a server of a few lines, and return what was found."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer, connections)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, AsyncExitStack() as stack:
        port = server.sockets[0].getsockname()[1]
        get = await LIBRARIES[library](stack, f"http://127.0.0.1:{port}/x", timeout)
        return await check(get)


def response(number: int) -> bytes:
    """Write a response that says which one it is."""
    body = json.dumps({"number": number}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def cancelled(library: str) -> str:
    """Cancel a call in the middle of its response, and check which response the next one gets."""

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            whole = response(connection)
            writer.write(whole[:-3])
            await asyncio.sleep(0.05)
            writer.write(whole[-3:])

    async def check(get: Get) -> str:
        task = asyncio.ensure_future(get())
        await asyncio.sleep(0.03)
        task.cancel()
        await asyncio.wait([task])
        number = (await get())["number"]
        return "closes the connection" if number == 2 else "goes on with the connection"

    return await with_server(library, 5.0, handler, check)


async def trickled(library: str) -> str:
    """Send a body byte by byte, and look when the call ends that has half a second."""

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _connection: int
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(30):
            writer.write(b" ")
            await asyncio.sleep(0.1)

    async def check(get: Get) -> str:
        start = time.monotonic()
        with suppress(Exception):
            await get()
        return f"ends after {time.monotonic() - start:.1f} s of 0.5 s"

    return await with_server(library, 0.5, handler, check)


async def repeated(library: str) -> str:
    """Close a kept connection on its second request, and count the requests."""
    requests = 0

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        nonlocal requests
        while await reader.readuntil(b"\r\n\r\n"):
            requests += 1
            if requests == 2:
                return
            writer.write(response(connection))

    async def check(get: Get) -> str:
        await get()
        with suppress(Exception):
            await get()
        return "sends it again, unasked" if requests > 2 else "leaves it to the caller"

    return await with_server(library, 5.0, handler, check)


async def unasked(library: str) -> str:
    """Send a second response at once, and look who gets it."""

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        first = True
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(response(connection) + response(99) * first)
            first = False

    async def check(get: Get) -> str:
        numbers = []
        for _ in range(2):
            try:
                numbers.append((await get())["number"])
            except Exception:
                return "fails a call"
        return "hands it to the next call" if 99 in numbers else "closes the connection"

    return await with_server(library, 5.0, handler, check)


async def interim(library: str) -> str:
    """Send interim responses, many more than anybody means to."""

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(100):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            await writer.drain()
        writer.write(response(connection))

    async def check(get: Get) -> str:
        try:
            await get()
        except Exception:
            return "refuses them"
        return "reads them all"

    return await with_server(library, 10.0, handler, check)


QUESTIONS = {
    "a call that is cancelled in the middle of a response": cancelled,
    "a body that trickles in": trickled,
    "a kept connection that closes on a request": repeated,
    "a second response that nobody asked for": unasked,
    "10,000 interim responses (1xx)": interim,
}


def compare(url: str, calls: int, rounds: int) -> None:
    """Print the costs, as medians over interleaved rounds."""
    print("\nCPU time per request and json.loads, by the number of calls under way")
    print(f"  {'':24}" + "".join(f"{count:>12,}" for count in CONCURRENT))
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for concurrent in CONCURRENT:
            for library in installed():
                spent = asyncio.run(cost(library, url, concurrent, calls))
                taken.setdefault((library, concurrent), []).append(spent)
    for library in installed():
        medians = [statistics.median(taken[library, concurrent]) for concurrent in CONCURRENT]
        print(f"  {library:24}" + "".join(f"{median * 1e6:9,.0f} µs" for median in medians))


def installed() -> list[str]:
    """Return the libraries that can be compared here."""
    found = []
    for library in LIBRARIES:
        with suppress(ModuleNotFoundError):
            if " " not in library:
                import_module(library)
            found.append(library)
    return found


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1000, help="calls in each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="how often each library runs")
    options = parser.parse_args()
    versions = [f"{name} {metadata.version(name)}" for name in installed() if " " not in name]
    print(f"Python {sys.version.split()[0]}, {', '.join(versions)}")
    command = [sys.executable, str(Path(__file__).with_name("core.py")), "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            compare(f"http://127.0.0.1:{port}/clients/x", options.calls, options.rounds)
        finally:
            server.terminate()
    for question, ask in QUESTIONS.items():
        print(f"\n{question}")
        for library in installed():
            print(f"  {library:24}{asyncio.run(ask(library))}")


if __name__ == "__main__":
    main()
