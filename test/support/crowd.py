"""Runs threads at the same time, collects their results, and waits for what they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from hydra_client.protocol import deadline
from hydra_client.protocol.cache import Cache


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when a condition holds."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"it never came to pass that {what}")


def seconds_left() -> float | None:
    """Return the seconds that the call around has left; None outside a call."""
    current = deadline.current.get()
    return None if current is None else current.left()


def waiting(flights: Cache[Any], count: int) -> None:
    """Return when so many callers wait for what another one fetches."""

    def enough() -> bool:
        with flights._lock:
            return sum(len(flight.waiting) for flight in flights._flights.values()) >= count

    wait_until(enough, f"{count} wait")


class Crowd:
    """A context: on leaving, every thread has ended."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.errors: list[Any] = []
        self._threads: list[threading.Thread] = []

    def send(self, count: int, action: Callable[[], object]) -> None:
        """Let so many threads act, all at once."""
        together = threading.Barrier(count)

        def act() -> None:
            together.wait(30)
            try:
                self.results.append(action())
            except BaseException as error:
                self.errors.append(error)

        threads = [threading.Thread(target=act, daemon=True) for _ in range(count)]
        self._threads += threads
        for thread in threads:
            thread.start()

    def wait_for_errors(self, count: int) -> None:
        """Return when so many have failed."""
        wait_until(lambda: len(self.errors) >= count, f"{count} have failed")

    def __enter__(self) -> Crowd:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads)
