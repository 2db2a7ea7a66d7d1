"""A call that is cancelled at any point leaves nothing behind that affects a later call."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest
from support.crowded import CrowdedServer, run
from support.loopback import Server, raw_response

from hydra_client import aio
from hydra_client.aio.waiting import Alarm, drive
from hydra_client.protocol.cache import Cache, shared
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.tokens import ClientCredentials

# Cancellations in all; more of them: HYDRA_TEST_CANCELLATIONS=10000 pytest test/aio
CANCELLATIONS = int(os.environ.get("HYDRA_TEST_CANCELLATIONS", "1000"))
TOGETHER = 10
SHARDS = 4


@pytest.mark.parametrize("seed", range(SHARDS))
def test_the_next_call_gets_its_own_response(seed: int) -> None:
    luck = random.Random(seed)
    now = [1_000.0]
    source = ClientCredentials("id", "secret", "a", clock=lambda: now[0])
    keys: Cache[str] = Cache()
    cancelled = [0]

    with CrowdedServer(delay=0.001, split=0.5, seed=seed) as server:

        async def fetch_keys(api: aio.OAuth2Api, name: str) -> str | None:
            async def fetch() -> str:
                return str((await api.introspect_oauth2_token("keys")).sub)

            work = ask(Invoke[Any](fetch))
            assert await drive(shared(keys, "keys", work, None, Alarm())) == "keys"
            return name

        async def call(api: aio.OAuth2Api, name: str) -> str | None:
            if luck.random() < 0.3:
                return await fetch_keys(api, name)
            return (await api.introspect_oauth2_token(name)).sub

        async def one(api: aio.OAuth2Api, number: int) -> None:
            name = f"token-{number}"
            task = asyncio.ensure_future(call(api, name))
            await asyncio.sleep(luck.choice([0, luck.uniform(0, 0.004), luck.uniform(0, 0.02)]))
            task.cancel()
            try:
                assert await task == name
            except asyncio.CancelledError:
                cancelled[0] += 1
            again = f"again-{number}"
            assert await call(api, again) == again

        async def main() -> None:
            async with aio.connect(
                server.url, access_token=source, timeout=15, retries=0, connection_pool_maxsize=4
            ) as api:
                number = 0
                while cancelled[0] < CANCELLATIONS / SHARDS:
                    if luck.random() < 0.7:
                        now[0] += 10_000  # the token has expired
                    await asyncio.gather(*(one(api, number + n) for n in range(TOGETHER)))
                    number += TOGETHER
                assert keys._flights == source._tokens._flights == {}

        run(main())
    assert cancelled[0] >= CANCELLATIONS / SHARDS


def test_a_cancellation_during_each_step_of_a_connection() -> None:
    """Also while names are resolved and connections made, which are tasks of their own."""
    with CrowdedServer() as server:

        async def main() -> None:
            for turns in range(40):
                async with aio.connect(server.url, access_token="t", timeout=15) as api:
                    task = asyncio.ensure_future(api.introspect_oauth2_token("a"))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    task.cancel()
                    await asyncio.wait([task])
                    assert (await api.introspect_oauth2_token("b")).sub == "b"

        run(main())


def test_a_cancellation_during_the_pause_before_a_retry() -> None:
    with Server(raw_response(status=503, reason="Busy", Retry_After="10")) as server:

        async def main() -> None:
            async with aio.connect(server.url, access_token="t", timeout=30) as api:
                task = asyncio.ensure_future(api.introspect_oauth2_token("a"))
                while not server.requests:
                    await asyncio.sleep(0.005)
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        run(main())
    assert len(server.requests) == 1
