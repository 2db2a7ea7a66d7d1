"""Waiting in tasks, also when the event loop of the waiting task is closed."""

from __future__ import annotations

import asyncio
from typing import Any

from support.crowded import run

from hydra_client.aio.waiting import Alarm, drive
from hydra_client.protocol.cache import Cache, Entry, shared
from hydra_client.protocol.effects import Invoke, ask


def test_an_alarm_of_a_closed_loop_rings_unheard() -> None:
    async def make() -> Alarm:
        return Alarm()

    alarm = asyncio.run(make())
    alarm.ring()


def test_an_alarm_that_rings_early_is_not_lost() -> None:
    async def main() -> None:
        alarm = Alarm()
        alarm.ring()
        await alarm.wait(20)
        await alarm.wait(0.01)

    run(main())


def test_the_old_value_is_used_while_a_task_is_at_work() -> None:
    cache: Cache[str] = Cache()

    async def main() -> None:
        async def fetch() -> str:
            await asyncio.sleep(0.05)
            cache.put("key", Entry("new", 0, 1, 1))
            return "new"

        async def get(pause: float, meanwhile: str | None) -> str:
            await asyncio.sleep(pause)
            work = ask(Invoke[Any](fetch))
            return await drive(shared(cache, "key", work, None, Alarm(), meanwhile))

        assert await asyncio.gather(get(0, None), get(0.01, "old")) == ["new", "old"]

    run(main())
