"""The clock that tests can move forward."""

from __future__ import annotations

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
