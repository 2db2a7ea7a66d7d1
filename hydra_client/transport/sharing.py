"""Lets threads share the work of a `Cache`: one leads, the others wait for its outcome."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from hydra_client.protocol.cache import shared
from hydra_client.protocol.deadline import Deadline, seconds_left
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.transport.driver import drive

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from hydra_client.protocol.cache import Cache

P = ParamSpec("P")
T = TypeVar("T")


def share(cache: Cache[T], key: Hashable, work: Callable[[], T], meanwhile: T | None = None) -> T:
    """Return what `work` returns, whether it is called here or by another thread at this time.

    Args:
        cache: Decides who does the work.
        key: What the work is for.
        work: Does it, and stores the value if it is to be kept.
        meanwhile: An old value to return at once while another thread is at work.

    Raises:
        ApiTimeoutError: Other threads were at work until the caller's own deadline.
        HydraException: What `work` raised, or a copy of what another thread's raised.
    """
    return drive(shared(cache, key, ask(Invoke(work)), seconds_left(), Alarm(), meanwhile))


def within(seconds: float, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
    """Call a function that may take so many seconds, or as many as the current call has left."""
    return Deadline(seconds).run(function, *arguments, **keywords)


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
        """Wait to be woken, no longer than so many seconds."""
        self._lock.acquire(timeout=max(seconds, 0))
