"""Work in threads; how signals stop it is tested with `apply`."""

from __future__ import annotations

import pytest

from hydra_client.cli.workers import Workers


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    workers: Workers[int, float] = Workers(2, lambda item: 1 / item, [1, 0, 2])
    with pytest.raises(ZeroDivisionError):
        list(workers)
