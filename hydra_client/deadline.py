"""The time that a whole call may take, whatever it does meanwhile.

Whoever waits within a call, for a socket or for another thread, finds the deadline in the thread.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from typing_extensions import Self


class Deadline:
    """A point in time by which the call under way in this thread ends, the calls inside it too."""

    __slots__ = ("_outer", "at")

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def __enter__(self) -> Self:
        self._outer = current.deadline
        if self._outer is not None:
            self.at = min(self.at, self._outer.at)
        current.deadline = self
        return self

    def __exit__(self, *_: object) -> None:
        current.deadline = self._outer

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


class _Current(threading.local):
    """What is under way in this thread."""

    deadline: Deadline | None = None
    # Statuses that the operation under way knows as a success.
    expected: tuple[int, ...] = ()


current = _Current()


def seconds_left() -> float | None:
    """Seconds that the call under way in this thread has left; None outside a call."""
    deadline = current.deadline
    return None if deadline is None else deadline.left()
