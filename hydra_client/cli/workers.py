"""Runs many requests side by side, in threads that can be stopped between two items.

The threads are daemons, so that a second Ctrl-C ends the process without waiting for responses.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

import click

from hydra_client.cli import stop_signals
from hydra_client.cli.context import Invocation
from hydra_client.cli.progress import Progress

T = TypeVar("T")
R = TypeVar("R")
Each = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]

jobs_option = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 256),
    default=8,
    metavar="N",
    help="Number of requests to run at the same time. [8]",
)


class SignalReceived(Exception):  # noqa: N818 - nothing went wrong
    """SIGINT, SIGTERM or SIGHUP arrived; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Workers(Generic[T, R]):
    """Process items in threads. Iterate over it for items and results, as they come in.

    Args:
        jobs: Number of items to process at the same time.
        work: Processes an item. The iteration raises what it raises.
        items: What to process.
        is_fatal: Whether a result shows that the other items would fail too, so that no more of
            them are started.

    Attributes:
        not_started: Items that were not started before the work was stopped.
    """

    def __init__(
        self,
        jobs: int,
        work: Callable[[T], R],
        items: Iterable[T],
        is_fatal: Callable[[R], bool] = lambda _: False,
    ) -> None:
        self.not_started: list[T] = []
        self._work = work
        self._is_fatal = is_fatal
        self._items = deque(items)
        self._results: SimpleQueue[tuple[T, R] | BaseException | None] = SimpleQueue()
        self._to_start = min(jobs, len(self._items))
        self._running = 0

    def _run(self) -> None:
        try:
            for item in self._left():
                result = self._work(item)
                if self._is_fatal(result):
                    self.stop()
                self._results.put((item, result))
        except BaseException as error:
            self._results.put(error)
        self._results.put(None)

    def __iter__(self) -> Iterator[tuple[T, R]]:
        # Threads start here, because the caller may have to set up signal handlers first.
        while self._to_start:
            threading.Thread(target=self._run, daemon=True).start()
            self._to_start -= 1
            self._running += 1
        while self._running:
            result = self._results.get()
            if result is None:
                self._running -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result

    def stop(self) -> None:
        """Start no more items.

        The iteration, which can be resumed, ends once the items in progress are done.
        """
        self.not_started += self._left()

    def _left(self) -> Iterator[T]:
        """Take the items that no thread has taken."""
        with suppress(IndexError):
            while True:
                yield self._items.popleft()

    def catching_signals(self) -> AbstractContextManager[None]:
        """Make the iteration, and nothing else, raise SignalReceived on a signal to stop.

        A signal between two other lines could lose a result.
        """
        return handling_signals(lambda number: self._results.put(SignalReceived(number)))


@contextmanager
def handling_signals(handle: Callable[[int], object]) -> Iterator[None]:
    """Call a function with the number of a signal to stop; restore the handlers at the end."""
    before = {
        number: signal.signal(number, lambda number, _: handle(number))
        for number in (signal.SIGINT, *stop_signals())
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def side_by_side(
    invocation: Invocation, what: str, jobs: int, work: Callable[[T], R], items: Sequence[T]
) -> list[R]:
    """Process items with a progress bar that says `what`; return the results in their order."""
    results: dict[int, R] = {}
    workers: Workers[int, R] = Workers(jobs, lambda at: work(items[at]), range(len(items)))
    with Progress(invocation, len(items), what) as progress:
        progress.callback(workers.stop)
        for at, result in workers:
            results[at] = result
            progress.advance()
    return [results[at] for at in range(len(items))]
