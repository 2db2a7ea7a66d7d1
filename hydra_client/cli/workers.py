"""Many requests side by side: threads that work a list off, and can be told to stop.

The threads are daemons: a second Ctrl-C ends the process without waiting for an answer.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

jobs_option = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 256),
    default=8,
    metavar="N",
    help="Requests under way at the same time. [8]",
)


class ToldToEnd(Exception):  # noqa: N818 - nothing went wrong
    """A signal came; `number` is which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Crew(Generic[T, R]):
    """Does some work on each item; iterate over it for the results, in the order they come in.

    Args:
        jobs: Items worked on at the same time.
        work: What is done with an item. What it raises is raised by the iteration.
        items: The items.
        hopeless: Whether a result shows that no other item would fare better, so that it is the
            last one to be begun.

    Attributes:
        left: Items that nobody began before the work was stopped.
    """

    def __init__(
        self,
        jobs: int,
        work: Callable[[T], R],
        items: Iterable[T],
        hopeless: Callable[[R], bool] = lambda _: False,
    ) -> None:
        self.left: list[T] = []
        self._work = work
        self._hopeless = hopeless
        self._items = deque(items)
        self._results: SimpleQueue[tuple[T, R] | BaseException | None] = SimpleQueue()
        self._to_start = min(jobs, len(self._items))
        self._at_work = 0

    def _run(self) -> None:
        try:
            while True:
                try:
                    item = self._items.popleft()
                except IndexError:
                    break
                result = self._work(item)
                if self._hopeless(result):
                    self.stop()
                self._results.put((item, result))
        except BaseException as error:
            self._results.put(error)
        self._results.put(None)

    def __iter__(self) -> Iterator[tuple[T, R]]:
        # Not before somebody iterates, who may have to heed signals first.
        while self._to_start:
            threading.Thread(target=self._run, daemon=True).start()
            self._to_start -= 1
            self._at_work += 1
        while self._at_work:
            result = self._results.get()
            if result is None:
                self._at_work -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result

    def stop(self) -> None:
        """Let nobody begin another item.

        The iteration, which can be taken up again, ends when those under way have ended.
        """
        while True:
            try:
                self.left.append(self._items.popleft())
            except IndexError:
                return

    @contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM come out of the iteration as ToldToEnd, and nowhere else.

        So that no result gets lost between two lines.
        """
        before = {
            number: signal.signal(number, lambda number, _: self._results.put(ToldToEnd(number)))
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
