"""A cache whose values one caller at a time renews, while the others wait or use the old one.

A cache decides and never waits: `shared` yields what to wait for. `hydra_client.transport.waiting`
waits for threads, `hydra_client.aio.waiting` for tasks.
"""

from __future__ import annotations

import copy
import math
import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from hydra_client.exceptions import ApiConnectionError, ApiTimeoutError, HydraException
from hydra_client.protocol.effects import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from hydra_client.protocol.effects import Alarm, Steps

T = TypeVar("T")

_NOBODY = -math.inf
_LONGEST_WAIT = 86400.0  # seconds, of callers without a deadline
_GRACE = 1.0  # seconds in which a leader reports that its time was up


class Entry(Generic[T]):
    """A value and its times, by the clock of the code that stored it."""

    __slots__ = ("fresh_until", "stored_at", "usable_until", "value")

    def __init__(self, value: T, stored_at: float, fresh_until: float, usable_until: float) -> None:
        self.value = value
        self.stored_at = stored_at
        self.fresh_until = fresh_until
        self.usable_until = usable_until

    def is_fresh(self, now: float) -> bool:
        """Whether it is usable and needs no renewal yet."""
        return now < self.fresh_until and now < self.usable_until


class Flight(Generic[T]):
    """The work for one key, while it is under way."""

    __slots__ = ("done", "error", "leader_until", "process", "result", "waiting")

    def __init__(self) -> None:
        self.process = os.getpid()
        # When the leader's time is up (monotonic); it cannot be at work later.
        self.leader_until = _NOBODY
        # What wakes each caller that waits, and when its time is up.
        self.waiting: dict[Callable[[], object], float] = {}
        self.done = False
        self.result: T | None = None
        self.error: HydraException | None = None

    def needs(self, until: float) -> bool:
        """Whether a caller whose time is up then has to lead.

        Of those who wait, the most patient one takes over from a leader whose time is up. When its
        own time is up, so is that of all others; otherwise each of them would try again.
        """
        now = time.monotonic()
        others = (other for other in self.waiting.values() if other > now)
        return now >= self.leader_until and until >= max(others, default=until)

    def outcome(self) -> T:
        """Return the result of the work, or raise its error."""
        if self.error is None:
            return cast("T", self.result)
        # Threads that raise the same exception object would write into each other's traceback.
        raise copy.copy(self.error) from self.error.__cause__


class Cache(Generic[T]):
    """Values by key, and who renews them.

    Of the callers that want the same value, one leads: it does the work while the others wait for
    the outcome, or use the old value. No caller waits past its own deadline, and none gets the
    time-out of another: a caller with time left takes over. Failures are not remembered: the next
    caller tries again.

    Args:
        max_size: Entries that are kept; the least recently used one goes first.
        once: Whether callers that wait share every outcome, a time-out too, and never take over:
            for work that must not be done again while it is not known whether it was done.
    """

    # One for the process and all its caches: held for moments, never during work or a wait.
    # A plain lock in a `with`, since an exception from a signal handler can leave a Condition held.
    # Reentrant, since a signal handler or a finalizer may call in between.
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, max_size: int = 256, once: bool = False) -> None:
        self._max_size = max_size
        self._once = once
        self._flights: dict[Hashable, Flight[T]] = {}
        self._entries: OrderedDict[Hashable, Entry[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Entry[T] | None:
        """Return the entry for a key, whether or not it is still usable."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: Hashable, entry: Entry[T]) -> None:
        """Store an entry."""
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > self._max_size:
                self._entries.popitem(last=False)

    def discard(self, key: Hashable) -> None:
        """Forget the entry for a key."""
        with self._lock:
            self._entries.pop(key, None)

    def entries(self) -> list[tuple[Hashable, Entry[T]]]:
        """Return all keys and entries, as they are now."""
        with self._lock:
            return list(self._entries.items())

    def join(
        self, key: Hashable, until: float, wake: Callable[[], object], waits: bool = True
    ) -> Flight[T] | None:
        """Take part in the work for a key: ask `decide` then what to do, and `leave` at the end.

        Args:
            key: What the work is for.
            until: When the caller's time is up (monotonic).
            wake: Called when the caller has to ask `decide` again.
            waits: Whether the caller would wait. If not, it gets None while another caller leads.
        """
        with self._lock:
            flight = self._flights.get(key)
            if flight is None or flight.process != os.getpid():
                flight = self._flights[key] = Flight()
            elif not waits:
                return None
            flight.waiting[wake] = until
            return flight

    def decide(self, flight: Flight[T], until: float) -> float | None:
        """Say what a caller that joined has to do.

        Returns:
            None when it need not wait: if the flight is `done`, it takes the outcome; otherwise it
            leads. A time (monotonic) until which it waits to be woken, before it asks again.

        Raises:
            ApiTimeoutError: The caller's own time is up.
        """
        with self._lock:
            if self._once and _NOBODY < flight.leader_until < time.monotonic() - _GRACE:
                # Its leader was stopped before it could say so.
                flight.error, flight.done = _stopped(), True
            if flight.done:
                return None
            if (not self._once or flight.leader_until == _NOBODY) and flight.needs(until):
                flight.leader_until = until
                return None
            now = time.monotonic()
            # A leader may overstay where nothing interrupts it: in name resolution.
            leader_until = flight.leader_until + _GRACE * self._once
        if now >= until:
            raise ApiTimeoutError("timed out while waiting for another caller's request")
        return until if now >= leader_until else min(until, leader_until)

    def leave(self, key: Hashable, flight: Flight[T], wake: Callable[[], object]) -> None:
        """Stop waiting."""
        with self._lock:
            flight.waiting.pop(wake, None)
            if flight.done or flight.leader_until == _NOBODY:
                self._wake(key, flight)

    def lead(self, key: Hashable, flight: Flight[T], until: float, work: Steps[T]) -> Steps[T]:
        """Do the work as the leader, and hand its outcome to those who wait.

        A leader that is cancelled hands on the lead: a caller that waits takes over.
        """
        result: T | None = None
        shared: HydraException | None = _stopped() if self._once else None
        done = self._once
        try:
            result = yield from work
            shared, done = None, True
            return result
        except ApiTimeoutError as error:
            shared = error  # the leader's own, unless the work must not be tried again
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
                self._wake(key, flight)

    def _wake(self, key: Hashable, flight: Flight[T]) -> None:
        """Wake those who wait; forget the flight when it is over or has no callers left."""
        over = flight.done or (flight.leader_until == _NOBODY and not flight.waiting)
        if over and self._flights.get(key) is flight:
            del self._flights[key]
        for wake in flight.waiting:
            wake()


def shared(
    cache: Cache[T],
    key: Hashable,
    work: Steps[T],
    seconds: float | None,
    alarm: Alarm,
    meanwhile: T | None = None,
) -> Steps[T]:
    """Return what the work returns, whether it is done here or by another caller at this time.

    Args:
        cache: Decides who does the work.
        key: What the work is for.
        work: Does it, and stores the value if it is to be kept.
        seconds: How long the caller may wait; a day if None.
        alarm: Wakes the caller.
        meanwhile: An old value to return at once while another caller is at work.

    Raises:
        ApiTimeoutError: Other callers were at work until the caller's own time was up.
        HydraException: What the work raised, or a copy of what another caller's raised.
    """
    until = time.monotonic() + (_LONGEST_WAIT if seconds is None else seconds)
    flight = cache.join(key, until, alarm.ring, waits=meanwhile is None)
    if flight is None:
        return cast("T", meanwhile)
    try:
        while (wait_until := cache.decide(flight, until)) is not None:
            yield Wait(alarm, wait_until)
    finally:
        cache.leave(key, flight, alarm.ring)
    if flight.done:
        return flight.outcome()
    return (yield from cache.lead(key, flight, until, work))


def _stopped() -> HydraException:
    return ApiConnectionError(
        "the caller that sent the shared request was stopped: the request may have succeeded"
    )


def _after_fork() -> None:  # pragma: no cover - runs in forked processes only, which exit at once
    # A thread that the fork left behind may hold it forever. The parent's flights do not count.
    Cache._lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
