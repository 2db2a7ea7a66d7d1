"""The time that a whole call may take, whatever it does meanwhile.

Whoever waits within a call, for a socket or for another thread, finds the deadline in its context.
"""

from __future__ import annotations

import time
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Deadline:
    """A point in time by which the call under way ends, and the calls inside it too.

    Attributes:
        at: That time, by the monotonic clock.
        expected: Statuses that the operation under way knows as a success.
    """

    __slots__ = ("at", "expected")

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self.expected: tuple[int, ...] = ()

    def run(self, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        """Call a function within this deadline, and within that of the call around it.

        A context of its own, which C code enters and leaves: after a `with`, an exception from a
        signal handler could leave a deadline behind that every later call would miss.
        """
        outer = current.get()
        if outer is not None:
            self.at = min(self.at, outer.at)
        context = copy_context()
        context.run(current.set, self)
        return context.run(function, *arguments, **keywords)

    def left(self) -> float:
        """Seconds that are left; at least a moment, so that it can be a socket's timeout."""
        return max(self.at - time.monotonic(), 1e-6)

    def passed(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self.at

    def limit(self, sock: socket.socket, parts: int = 1) -> None:
        """Give the socket's next step what is left, or a part; raise TimeoutError when nothing is.

        A peer that always has one more byte ready would never meet the socket's own timeout.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left / parts)


current: ContextVar[Deadline | None] = ContextVar("hydra_client.protocol.deadline", default=None)


def seconds_left() -> float | None:
    """Seconds that the call under way has left; None outside a call."""
    deadline = current.get()
    return None if deadline is None else deadline.left()
