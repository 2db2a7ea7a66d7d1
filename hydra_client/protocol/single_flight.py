"""One request where many callers want the same: one asks, the others share what it got.

No thread is started: the work is done by a caller, in its own time. Private to this package.
"""

from __future__ import annotations

import copy
import math
import os
import threading
import time
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from hydra_client.exceptions import ApiConnectionError, ApiTimeoutError, HydraException
from hydra_client.protocol.deadline import seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_NOBODY = -math.inf
_GRACE = 1.0  # seconds in which a leader says that its time was up
_LONGEST_WAIT = 86400.0  # seconds, of callers that have no deadline


class _Flight(Generic[T]):
    """What several callers wait for."""

    __slots__ = ("done", "error", "leader_until", "process", "result", "waiting")

    def __init__(self) -> None:
        self.process = os.getpid()
        # When the leader's time is up (monotonic); it cannot be at work later.
        self.leader_until = _NOBODY
        # A locked lock for each caller that waits, and when its time is up.
        self.waiting: dict[threading.Lock, float] = {}
        self.done = False
        self.result: T | None = None
        self.error: HydraException | None = None

    def needs(self, until: float) -> bool:
        """Whether a caller who waits until then has to lead.

        Of those who wait, the most patient one takes over from a leader whose time was up: when its
        time is up too, so is everybody's. Else each of them would ask once more.
        """
        now = time.monotonic()
        others = (other for other in self.waiting.values() if other > now)
        return now >= self.leader_until and until >= max(others, default=until)

    def outcome(self) -> T:
        """What the work brought."""
        if self.error is None:
            return cast("T", self.result)
        # Threads that raise one and the same exception would write into each other's traceback.
        raise copy.copy(self.error) from self.error.__cause__


class SingleFlight(Generic[T]):
    """Lets one caller at a time lead: do the work for a key, while the others wait for its outcome.

    Everybody waits no longer than the call that is under way in its thread may take. Nobody is
    given another caller's time-out: whoever has time left takes over. After a failure nothing
    is remembered: the next caller tries anew.

    Args:
        once: Never take over. Whoever waits shares the outcome, a time-out too: for work that must
            not be done a second time while nobody knows whether it was done.
    """

    # One for the process and all its flights: held for moments only, never during work or a wait.
    # A plain lock in a `with`, since an exception from a signal handler can leave a Condition held.
    # Reentrant, since a signal handler or a finalizer may call in between.
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, once: bool = False) -> None:
        self._once = once
        self._flights: dict[Hashable, _Flight[T]] = {}

    def do(self, key: Hashable, work: Callable[[], T], meanwhile: T | None = None) -> T:
        """Return what `work` returns, called here or by somebody else at this time.

        Args:
            key: What the work is for.
            work: Does it. Another caller's may be used in its place.
            meanwhile: Returned at once, when given, while somebody else is at work.

        Raises:
            ApiTimeoutError: Others were at work until the caller's own deadline.
            HydraException: What `work` raised, a copy where another caller's did.
        """
        left = seconds_left()
        until = time.monotonic() + (_LONGEST_WAIT if left is None else left)
        flight = self._join(key, until, meanwhile)
        if flight is None:
            return cast("T", meanwhile)
        if flight.done:
            return flight.outcome()
        return self._lead(key, flight, until, work)

    def _lead(self, key: Hashable, flight: _Flight[T], until: float, work: Callable[[], T]) -> T:
        result: T | None = None
        shared: HydraException | None = None
        done = self._once
        if done:
            shared = _stopped()
        try:
            result = work()
            shared, done = None, True
            return result
        except ApiTimeoutError as error:
            shared = error  # the caller's own, unless nobody may try again
            raise
        except HydraException as error:
            shared, done = error, True
            raise
        finally:
            with self._lock:
                if done:
                    flight.result, flight.error, flight.done = result, shared, True
                if flight.leader_until == until:
                    flight.leader_until = _NOBODY
                self._leave(key, flight)

    def _join(self, key: Hashable, until: float, meanwhile: T | None) -> _Flight[T] | None:
        """Wait until a flight is done, or the caller leads it; None when it need not wait."""
        woken = threading.Lock()
        woken.acquire()
        with self._lock:
            flight = self._flights.get(key)
            if flight is None or flight.process != os.getpid():
                flight = self._flights[key] = _Flight()
            elif meanwhile is not None:
                return None
            flight.waiting[woken] = until
        try:
            while True:
                with self._lock:
                    if self._once and _NOBODY < flight.leader_until < time.monotonic() - _GRACE:
                        # Its leader was stopped before it could say so.
                        flight.error, flight.done = _stopped(), True
                    if flight.done:
                        return flight
                    if (not self._once or flight.leader_until == _NOBODY) and flight.needs(until):
                        flight.leader_until = until
                        return flight
                    now = time.monotonic()
                    # A leader may overstay where nothing interrupts it: in name resolution.
                    leader_until = flight.leader_until
                if now >= until:
                    raise ApiTimeoutError("timed out waiting for another thread's request")
                leader_until += _GRACE * self._once
                wait = until if now >= leader_until else min(until, leader_until)
                woken.acquire(timeout=wait - now)
        finally:
            with self._lock:
                flight.waiting.pop(woken, None)
                if flight.done or flight.leader_until == _NOBODY:
                    self._leave(key, flight)

    def _leave(self, key: Hashable, flight: _Flight[T]) -> None:
        """Wake those who wait; forget the flight when it is over or nobody is left."""
        over = flight.done or (flight.leader_until == _NOBODY and not flight.waiting)
        if over and self._flights.get(key) is flight:
            del self._flights[key]
        for woken in flight.waiting:
            if woken.locked():
                woken.release()


def _stopped() -> HydraException:
    return ApiConnectionError("whether it was done is not known: the thread at work was stopped")


def _after_fork() -> None:  # pragma: no cover - runs in forked processes only, which exit at once
    # A thread that the fork left behind may hold it for ever. Flights of the parent count as none.
    SingleFlight._lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
