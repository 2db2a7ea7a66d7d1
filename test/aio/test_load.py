"""Many calls at once, and many in sequence."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
import tracemalloc

import pytest
from support.crowd import wait_until
from support.crowded import LONG, CrowdedServer, body_of, run

from hydra_client import ApiConnectionError, ApiTimeoutError, aio
from hydra_client.tokens import ClientCredentials

CALLS = 1_000
# Memory stays flat over more of them: HYDRA_TEST_CALLS=50000 pytest test/aio/test_load.py
LASTING = int(os.environ.get("HYDRA_TEST_CALLS", "1500"))


def test_a_thousand_calls_at_once_over_a_network_that_drops_some() -> None:
    with CrowdedServer(delay=0.05, dropped=0.05, seed=8) as server:

        async def main() -> None:
            api = aio.connect(server.url, access_token="t", timeout=60, retries=1)
            async with api:
                started = time.monotonic()
                outcomes = await asyncio.gather(
                    *(api.introspect_oauth2_token(f"token-{n}") for n in range(CALLS)),
                    return_exceptions=True,
                )
                assert time.monotonic() - started < 40  # one after another, they would take 50 s
                kept = sum(map(len, api.api_client._transport._idle.values()))
                assert kept <= api.api_client.configuration.connection_pool_maxsize
            failed = 0
            for number, outcome in enumerate(outcomes):
                if isinstance(outcome, BaseException):
                    assert type(outcome) is ApiConnectionError
                    failed += 1
                else:
                    assert outcome.sub == f"token-{number}"
            assert 0 < failed < CALLS * 0.02  # one of twenty attempts is lost, twice in a row

        run(main())
        wait_until(lambda: not server.open, "every connection is closed")


def test_a_thousand_calls_at_once_end_by_their_deadline() -> None:
    with CrowdedServer(delay=90) as server:

        async def main() -> None:
            async with aio.connect(server.url, access_token="t", timeout=1) as api:
                started = time.monotonic()
                outcomes = await asyncio.gather(
                    *(api.introspect_oauth2_token(f"token-{n}") for n in range(CALLS)),
                    return_exceptions=True,
                )
                assert time.monotonic() - started < 1 + 40
            assert {type(outcome) for outcome in outcomes} == {ApiTimeoutError}

        run(main())


def test_memory_is_flat() -> None:
    with CrowdedServer() as server:

        async def main() -> None:
            async with aio.connect(server.url, access_token="t", timeout=60) as api:

                async def several(count: int) -> None:
                    for number in range(count):
                        await api.introspect_oauth2_token(f"token-{number}")

                await asyncio.gather(*(several(20) for _ in range(10)))
                tracemalloc.start()
                try:
                    before = tracemalloc.get_traced_memory()[0]
                    await asyncio.gather(*(several(LASTING // 10) for _ in range(10)))
                    server.paths.clear()
                    server.asked.clear()
                    gc.collect()
                    assert tracemalloc.get_traced_memory()[0] - before < 300_000
                finally:
                    tracemalloc.stop()

        run(main())


# Slow, because five hundred tasks open a connection each.
def test_one_token_request_for_five_hundred_tasks() -> None:
    now = [1_000.0]
    source = ClientCredentials("id", "secret", "a", clock=lambda: now[0])
    with CrowdedServer(delay=0.02) as server:

        async def main() -> None:
            async with aio.connect(
                server.url, access_token=source, timeout=300, connection_pool_maxsize=500
            ) as api:
                for _ in range(2):
                    await asyncio.gather(
                        *(api.introspect_oauth2_token(f"token-{n}") for n in range(500))
                    )
                    now[0] += 10_000  # the token has expired

        run(main())
    assert server.paths.count("/oauth2/token") == 2
    assert len(server.paths) == 1002


# Slow, because five hundred tasks open a connection each.
@pytest.mark.parametrize("cancelled", [1, 250])
def test_a_task_that_waits_takes_over_from_a_cancelled_one(cancelled: int) -> None:
    source = ClientCredentials("id", "secret", "a")
    were_cancelled = threading.Event()

    def after_that(form: dict[str, str], path: str) -> dict[str, object]:
        assert were_cancelled.wait(LONG)
        return body_of(form, path)

    with CrowdedServer() as server:
        server.answer = after_that

        async def main() -> None:
            async with aio.connect(server.url, access_token=source, timeout=300) as api:
                tasks = [
                    asyncio.ensure_future(api.introspect_oauth2_token(f"token-{n}"))
                    for n in range(500)
                ]
                while not server.paths:  # until the leader's request is under way
                    await asyncio.sleep(0.005)
                for task in tasks[:cancelled]:
                    task.cancel()
                were_cancelled.set()
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
                for number, outcome in enumerate(outcomes):
                    if number < cancelled:
                        assert isinstance(outcome, asyncio.CancelledError)
                    else:
                        assert not isinstance(outcome, BaseException)
                        assert outcome.sub == f"token-{number}"

        run(main())
    assert server.paths.count("/oauth2/token") == 2


def test_threads_and_tasks_share_a_token_source() -> None:
    from hydra_client import connect

    source = ClientCredentials("id", "secret", "a")
    with CrowdedServer(delay=0.05) as server:
        subjects: list[str | None] = []

        def threaded() -> None:
            with connect(server.url, access_token=source, timeout=60) as api:
                subjects.append(api.introspect_oauth2_token("threaded").sub)

        async def main() -> None:
            async with aio.connect(server.url, access_token=source, timeout=300) as api:
                called = [api.introspect_oauth2_token("asyncio") for _ in range(20)]
                subjects.extend(found.sub for found in await asyncio.gather(*called))

        threads = [threading.Thread(target=threaded) for _ in range(4)]
        for thread in threads:
            thread.start()
        run(main())
        for thread in threads:
            thread.join(20)
    assert sorted(map(str, subjects)) == ["asyncio"] * 20 + ["threaded"] * 4
    assert server.paths.count("/oauth2/token") == 1
