"""How threads share the work of a `Cache`: one leads, the others wait for its outcome."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar, cast

from hydra_client.protocol.deadline import seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from hydra_client.protocol.cache import Cache

T = TypeVar("T")

_LONGEST_WAIT = 86400.0  # seconds, of callers without a deadline


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
    left = seconds_left()
    until = time.monotonic() + (_LONGEST_WAIT if left is None else left)
    woken = _Alarm()
    flight = cache.join(key, until, woken.ring, waits=meanwhile is None)
    if flight is None:
        return cast("T", meanwhile)
    try:
        while (wait_until := cache.decide(flight, until)) is not None:
            woken.wait(wait_until - time.monotonic())
    finally:
        cache.leave(key, flight, woken.ring)
    return flight.outcome() if flight.done else cache.lead(key, flight, until, work)


class _Alarm:
    """A plain lock as an event: no interruption can leave it held for others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        if self._lock.locked():
            self._lock.release()

    def wait(self, seconds: float) -> None:
        self._lock.acquire(timeout=max(seconds, 0))
