"""Deadlines: the time that a whole call may take, with its retries and the calls inside it.

The steps of a call pass their deadline as an argument. It is also in the context, for code that
they cannot pass it to: the sockets below urllib3, and token sources that make calls themselves.
Each thread and each task has its own context, so no call sees the deadline of another one.
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
    """A point in time by which a call ends, and the calls inside it, too.

    Attributes:
        at: That time, by the monotonic clock.
        expected: The statuses of a success of the current operation.
        sources: The token sources that are being asked, and for which scopes.
        is_over: Whether what it was for has ended. Tasks that it began may still have it in their
            context, but it no longer bounds them.
    """

    __slots__ = ("at", "expected", "is_over", "sources")

    def __init__(self, seconds: float, outer: Deadline | None = None) -> None:
        """End after this many seconds, or with the outer deadline, by default the context's."""
        self.at = time.monotonic() + seconds
        self.is_over = False
        outer = outer or current.get()
        if outer is not None and outer.is_over:
            outer = None
        if outer is not None:
            self.at = min(self.at, outer.at)
        self.expected: tuple[int, ...] = ()
        self.sources: tuple[object, ...] = () if outer is None else outer.sources

    def run(self, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        """Call a function within this deadline.

        It runs in its own context, which C code enters and leaves. After a `with`, an
        exception from a signal handler could leave a deadline behind that later calls would miss.
        """
        context = copy_context()
        context.run(current.set, self)
        return context.run(function, *arguments, **keywords)

    def left(self) -> float:
        """Return the seconds that are left: above 0, since a socket's timeout must be."""
        return max(self.at - time.monotonic(), 1e-6)

    def passed(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self.at

    def limit(self, sock: socket.socket, parts: int = 1) -> None:
        """Bound the socket's next step by the time that is left, or by a part of it.

        A peer that keeps sending single bytes would never exceed the socket's own timeout.

        Raises:
            TimeoutError: No time is left.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left / parts)


current: ContextVar[Deadline | None] = ContextVar("hydra_client.protocol.deadline", default=None)
