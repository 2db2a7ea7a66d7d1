"""The clock that tests can move forward."""

from __future__ import annotations

from typing import Any

import pytest

from hydra_client.emulator import HydraEmulator


def test_clock() -> None:
    now = [1000.0]
    hydra = HydraEmulator(clock=lambda: now[0])
    assert hydra.clock() == 1000.0
    hydra.clock.advance(60)
    now[0] = 2000.0
    assert hydra.clock() == 2060.0
    assert repr(hydra.clock) == "<Clock +60 s>"
    hydra.reset()
    assert hydra.clock() == 2000.0


@pytest.mark.parametrize("seconds", ["1h", None, float("nan"), float("inf")])
def test_the_clock_advances_by_seconds_only(seconds: Any) -> None:
    clock = HydraEmulator(clock=lambda: 1000.0).clock
    with pytest.raises((TypeError, ValueError), match=r"must be (a finite|real) number"):
        clock.advance(seconds)
    assert clock() == 1000.0
