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

from hydra_client.deadline import seconds_left
from hydra_client.exceptions import ApiTimeoutError, HydraException

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_NOBODY = -math.inf


class _Flight(Generic[T]):
    """What several callers wait for."""

    __slots__ = ("error", "landed", "pilot_until", "process", "result", "waiting")

    def __init__(self) -> None:
        self.process = os.getpid()
        # When the time of whoever does the work is up (monotonic); it cannot be at work later.
        self.pilot_until = _NOBODY
        self.waiting: dict[object, float] = {}
        self.landed = False
        self.result: T | None = None
        self.error: HydraException | None = None

    def free(self, until: float) -> bool:
        """Whether a caller who waits until then has to do the work.

        Of those who wait, the most patient one takes over from a caller whose time was up: when
        its time is up too, so is everybody's. Else each of them would ask once more.
        """
        return time.monotonic() >= self.pilot_until and until >= max(self.waiting.values())

    def outcome(self) -> T:
        """What the work brought."""
        if self.error is None:
            return cast("T", self.result)
        # Threads that raise one and the same exception would write into each other's traceback.
        raise copy.copy(self.error) from self.error.__cause__


class SingleFlight(Generic[T]):
    """Lets one caller at a time do the work for a key, while the others wait for its outcome.

    Everybody waits no longer than the call that is under way in its thread may take. Nobody is
    given another caller's time-out: whoever has time left takes over. After a failure nothing
    is remembered: the next caller tries anew.
    """

    # One for the process and all its flights: it is held for moments only, never during work.
    # Reentrant, since a signal handler or a finalizer may call in between.
    _changed: ClassVar[threading.Condition] = threading.Condition()

    def __init__(self) -> None:
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
        until = math.inf if left is None else time.monotonic() + left
        flight = self._board(key, until, meanwhile)
        if flight is None:
            return cast("T", meanwhile)
        if flight.landed:
            return flight.outcome()
        result: T | None = None
        shared: HydraException | None = None
        landed = False
        try:
            result = work()
            landed = True
            return result
        except ApiTimeoutError:
            raise  # the caller's own
        except HydraException as error:
            shared, landed = error, True
            raise
        finally:
            with self._changed:
                if landed:
                    flight.result, flight.error, flight.landed = result, shared, True
                if flight.pilot_until == until:
                    flight.pilot_until = _NOBODY
                self._leave(key, flight)

    def _board(self, key: Hashable, until: float, meanwhile: T | None) -> _Flight[T] | None:
        """Wait until a flight has landed, or is the caller's own; None when it need not wait."""
        me = object()
        with self._changed:
            flight = self._flights.get(key)
            if flight is None or flight.process != os.getpid():
                flight = self._flights[key] = _Flight()
            elif meanwhile is not None:
                return None
            flight.waiting[me] = until
            try:
                while not (flight.landed or flight.free(until)):
                    now = time.monotonic()
                    if now >= until:
                        raise ApiTimeoutError("timed out waiting for another thread's request")
                    # A pilot may overstay where nothing interrupts it: in name resolution.
                    moment = until if now >= flight.pilot_until else min(until, flight.pilot_until)
                    self._changed.wait(None if moment == math.inf else moment - now)
                if not flight.landed:
                    flight.pilot_until = until
            finally:
                del flight.waiting[me]
                if flight.pilot_until == _NOBODY:
                    self._leave(key, flight)
            return flight

    def _leave(self, key: Hashable, flight: _Flight[T]) -> None:
        """Tell those who wait; forget the flight when it is over or nobody is left."""
        over = flight.landed or (flight.pilot_until == _NOBODY and not flight.waiting)
        if over and self._flights.get(key) is flight:
            del self._flights[key]
        self._changed.notify_all()


def _after_fork() -> None:  # pragma: no cover - runs in forked processes only, which exit at once
    # A thread that the fork left behind may hold it for ever. Flights of the parent count as none.
    SingleFlight._changed = threading.Condition()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
