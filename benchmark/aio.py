"""What a call of `hydra_client.aio` costs, beside HTTP libraries that do the same request.

The target is an aim to look at, not a limit that fails a build.

    tox -e bench
    python benchmark/aio.py --calls 3000
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aio_libraries import LIBRARIES, installed

from hydra_client import aio

if TYPE_CHECKING:
    from aio_libraries import Get

OURS = "await api.get_oauth2_client(id)"
TARGET = 1.25  # of the cheapest library alone


async def measure(name: str, host: str, calls: int, concurrent: int) -> float:
    """Return the CPU time of a call, in seconds."""
    async with AsyncExitStack() as stack:
        get: Get
        if name == OURS:
            api = aio.connect(
                host, access_token="not-looked-at", connection_pool_maxsize=concurrent
            )
            await stack.enter_async_context(api)

            async def ours() -> object:
                return await api.get_oauth2_client("x")

            get = ours
        else:
            get = await LIBRARIES[name](stack, f"{host}/clients/x", 30.0)

        async def several(count: int) -> None:
            for _ in range(count):
                await get()

        await asyncio.gather(*(several(2) for _ in range(concurrent)))
        gc.collect()
        start = time.process_time()
        await asyncio.gather(*(several(calls // concurrent) for _ in range(concurrent)))
        return (time.process_time() - start) / (calls // concurrent * concurrent)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1500, help="calls in each measurement")
    parser.add_argument("--rounds", type=int, default=9, help="how often each contender runs")
    options = parser.parse_args()
    command = [sys.executable, str(Path(__file__).with_name("core.py")), "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            for concurrent in (1, 32):
                compare(f"http://127.0.0.1:{port}", options.calls, concurrent, options.rounds)
        finally:
            server.terminate()


def compare(host: str, calls: int, concurrent: int, rounds: int) -> None:
    """Print medians over interleaved rounds, and their ratio to each library."""
    names = [OURS, *installed()]
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            taken[name].append(asyncio.run(measure(name, host, calls, concurrent)))
    print(f"\nCPU time per call, {concurrent} under way")
    for name in names:
        pairs = zip(taken[OURS], taken[name], strict=True)
        ratio = statistics.median(ours / its for ours, its in pairs)
        note = "" if name == OURS else f"  we take {ratio:.2f} of it (target: at most {TARGET})"
        print(f"  {name:34}{statistics.median(taken[name]) * 1e6:8,.0f} µs{note}")


if __name__ == "__main__":
    main()
