"""Carries out the steps of a call in the thread that makes it."""

from __future__ import annotations

import inspect
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from hydra_client.exceptions import ApiTypeError
from hydra_client.protocol.effects import AskSource, Attempt, Block, Effect, Invoke, Pause, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.protocol.effects import Steps

T = TypeVar("T")


def drive(steps: Steps[T]) -> T:
    """Carry out what the steps ask for, and return their result.

    If this ends early, even by an exception from a signal handler, the steps end, too, so that
    they hand on what others wait for.
    """
    try:
        effect = next(steps)
        while True:
            failed: BaseException | None = None
            outcome = None
            try:
                if isinstance(effect, Attempt):  # here, so that a call has one frame less
                    run, deadline = effect.deadline.run, effect.deadline
                    outcome = run(effect.transport.attempt, effect.request, deadline)
                else:
                    outcome = _PERFORM[type(effect)](effect)
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
    """A plain lock as an event: no interruption can leave it held for others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake the thread that waits."""
        if self._lock.locked():
            self._lock.release()

    def wait(self, seconds: float) -> None:
        """Wait to be woken, for at most this many seconds."""
        self._lock.acquire(timeout=max(seconds, 0))


def _invoke(effect: Invoke[Any]) -> Any:
    if effect.deadline is None:
        result = effect.function(*effect.arguments)
    else:
        result = effect.deadline.run(effect.function, *effect.arguments)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        if isinstance(effect, AskSource):
            name = "access_token: the token source"
        else:
            name = getattr(effect.function, "__name__", "the function")
        raise ApiTypeError(
            f"{name} is asynchronous, which only the clients of hydra_client.aio can await; pass "
            "one for threads"
        )
    return result


_PERFORM: dict[type[Effect[Any]], Callable[[Any], Any]] = {
    Pause: lambda pause: time.sleep(pause.seconds),
    Wait: lambda wait: wait.alarm.wait(wait.until - time.monotonic()),
    Block: lambda block: block.function(*block.arguments),
    Invoke: _invoke,
    AskSource: lambda effect: effect.hide(_invoke(effect)),
}
