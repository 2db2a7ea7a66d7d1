"""Carries out the steps of a call in the task that makes it."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, Any, TypeVar

from hydra_client.aio.transport.opening import bounded
from hydra_client.protocol.deadline import current
from hydra_client.protocol.effects import AskSource, Attempt, Block, Effect, Invoke, Pause, Wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hydra_client.protocol.effects import Steps

T = TypeVar("T")

# Seconds. A call that a token source makes ends by the same deadline, and its error says more.
_GRACE = 0.05


async def drive(steps: Steps[T]) -> T:
    """Carry out what the steps ask for, and return their result.

    A cancellation reaches the steps as an exception, so they can pass on work that others need.
    """
    try:
        effect = next(steps)
        while True:
            failed: BaseException | None = None
            outcome = None
            try:
                outcome = await _PERFORM[type(effect)](effect)
            except BaseException as error:
                failed = error
            # Not in the `except` block: what the steps raise is not a consequence of this.
            effect = steps.send(outcome) if failed is None else steps.throw(failed)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        failed = None  # otherwise its traceback would refer to itself through this frame
        steps.close()


class Alarm:
    """An event that threads and tasks of other loops can set, too: they may share the cache."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the task that waits."""
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:  # its loop is closed
            pass

    async def wait(self, seconds: float) -> None:
        """Wait to be woken, for at most `seconds`."""
        timer = self._loop.call_later(max(seconds, 0), self._event.set)
        try:
            await self._event.wait()
        finally:
            timer.cancel()
            self._event.clear()


async def _invoke(effect: Invoke[Any]) -> Any:
    before = current.set(effect.deadline or current.get())
    try:
        result = effect.function(*effect.arguments)
        if not inspect.isawaitable(result):
            return result
        if isinstance(effect, AskSource):
            if asyncio.isfuture(result):
                result = asyncio.shield(result)  # other calls may wait for it, too
            result = bounded(result, effect.deadline.left() + _GRACE)
        return await result
    finally:
        current.reset(before)


async def _ask_source(effect: AskSource) -> Any:
    return effect.hide(await _invoke(effect))


_PERFORM: dict[type[Effect[Any]], Callable[[Any], Awaitable[Any]]] = {
    Attempt: lambda attempt: attempt.transport.attempt(attempt.request, attempt.deadline),
    Pause: lambda pause: asyncio.sleep(pause.seconds),
    Wait: lambda wait: wait.alarm.wait(wait.until - time.monotonic()),
    Block: lambda block: asyncio.get_running_loop().run_in_executor(
        None, block.function, *block.arguments
    ),
    Invoke: _invoke,
    AskSource: _ask_source,
}
