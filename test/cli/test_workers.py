"""Work in threads. test/cli/commands/test_apply.py tests how signals stop it."""

from __future__ import annotations

import threading

import pytest

from hydra_client.cli.context import Invocation
from hydra_client.cli.workers import Workers, side_by_side


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    workers: Workers[int, float] = Workers(2, lambda item: 1 / item, [1, 0, 2])
    with pytest.raises(ZeroDivisionError):
        list(workers)


def test_results_side_by_side_keep_the_order_of_the_items() -> None:
    first = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert first.wait(30)  # the first is done last
        elif item == 9:
            first.set()
        return item * item

    squares = side_by_side(Invocation(), "squaring", 3, work, range(10))
    assert squares == [item * item for item in range(10)]
    assert side_by_side(Invocation(), "squaring", 3, work, []) == []


def test_an_error_side_by_side_starts_nothing_more() -> None:
    started = []

    def work(item: int) -> None:
        started.append(item)
        raise LookupError

    with pytest.raises(LookupError):
        side_by_side(Invocation(), "failing", 1, work, range(10))
    assert started == [0]
