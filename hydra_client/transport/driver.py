"""Carries out the steps of a call in the thread that makes it."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, Any, TypeVar

from hydra_client.exceptions import ApiTypeError
from hydra_client.protocol.effects import Attempt, Block, Effect, Invoke, Pause, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.protocol.effects import Steps

T = TypeVar("T")


def drive(steps: Steps[T]) -> T:
    """Carry out what the steps ask for, and return their result.

    Whatever ends this early, an exception from a signal handler too, also ends the steps, so that
    they hand on what others wait for.
    """
    try:
        effect = next(steps)
        while True:
            failed: BaseException | None = None
            outcome = None
            try:
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


def _attempt(effect: Attempt) -> Any:
    deadline = effect.deadline
    return deadline.run(effect.transport.attempt, effect.request, deadline)


def _pause(effect: Pause) -> None:
    time.sleep(effect.seconds)


def _wait(effect: Wait) -> None:
    effect.alarm.wait(effect.until - time.monotonic())


def _block(effect: Block[T]) -> T:
    return effect.function(*effect.arguments)


def _invoke(effect: Invoke[Any]) -> Any:
    function, arguments = effect.function, effect.arguments
    if effect.deadline is None:
        result = function(*arguments)
    else:
        result = effect.deadline.run(function, *arguments)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise ApiTypeError(
            "access_token: the token source is asynchronous, which only the clients of "
            "hydra_client.aio can await; pass a source that returns a string"
        )
    return result


_PERFORM: dict[type[Effect[Any]], Callable[[Any], Any]] = {
    Attempt: _attempt,
    Pause: _pause,
    Wait: _wait,
    Block: _block,
    Invoke: _invoke,
}
