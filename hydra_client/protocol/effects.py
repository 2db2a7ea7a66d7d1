"""The effects that the steps of a call yield: send, pause, wait for another caller, run code.

The logic of a call is written once, as generators that do no I/O. They yield effects, and a driver
carries these out: `hydra_client.transport.waiting` in a thread, `hydra_client.aio.waiting` in a
task. So a threaded and an asyncio client cannot differ in what they retry, renew or raise.
Logic that has to wait in the middle is a generator. Logic that only prepares or decides is a
function.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from hydra_client.protocol.operation import Response
from hydra_client.protocol.redaction import Secret
from hydra_client.protocol.retry_policy import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.protocol.deadline import Deadline

T = TypeVar("T")


class Effect(Generic[T]):
    """Something that a driver does for the generator that yields it. Its outcome is a `T`.

    Effects are plain classes, because tracebacks with local variables show what is in a tuple.
    """


Steps: TypeAlias = Generator[Effect[Any], Any, T]


def ask(effect: Effect[T]) -> Steps[T]:
    """Yield an effect and return its outcome; `yield from` keeps its type, a bare `yield` does not.

    Raises:
        BaseException: What the driver met when it carried the effect out.
    """
    outcome: T = yield effect
    return outcome


class Alarm(Protocol):
    """Wakes a caller that waits."""

    def ring(self) -> None:
        """Wake the caller, from any thread, now or as soon as it waits."""


class Attempt(Effect[Response | Failure]):
    """Send a request once."""

    def __init__(self, transport: Any, request: Any, deadline: Deadline) -> None:
        self.transport = transport
        self.request = request
        self.deadline = deadline


class Pause(Effect[None]):
    """Wait for this many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Wait(Effect[None]):
    """Wait for an alarm, until a time (monotonic)."""

    def __init__(self, alarm: Any, until: float) -> None:
        self.alarm = alarm
        self.until = until


class Invoke(Effect[T]):
    """Call a function of the user's, which may be a coroutine function, within a deadline."""

    def __init__(
        self,
        function: Callable[..., T],
        arguments: tuple[object, ...] = (),
        deadline: Deadline | None = None,
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.deadline = deadline


class AskSource(Invoke[Secret | type]):
    """Call a method of the user's token source; one that can be interrupted ends by the deadline.

    The outcome is the token, or the type of another result: tracebacks would show the result.
    """

    deadline: Deadline

    @staticmethod
    def hide(result: object) -> Secret | type:
        """Make the outcome of what the method returned."""
        return Secret(result) if isinstance(result, str) else type(result)


class Block(Effect[T]):
    """Call a function that reads or writes files, without blocking other tasks."""

    def __init__(self, function: Callable[..., T], *arguments: object) -> None:
        self.function = function
        self.arguments = arguments
