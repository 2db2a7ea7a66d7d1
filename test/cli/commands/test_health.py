"""`health`: the status without credentials, the metrics with."""

from __future__ import annotations

import json

from support.command import Run

from hydra_client.emulator import HydraEmulator


def test_status_on_every_server(run: Run, every_hydra: HydraEmulator) -> None:
    assert run("health", HYDRA_URL=every_hydra.url).output == "status  ok\n"
    assert run("health", "-q", HYDRA_URL=every_hydra.url).output == "ok\n"
    every_hydra.fail("/health/status", status=503, times=None)
    assert run("health", HYDRA_URL=every_hydra.url).exit_code == 1


def test_metrics_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    assert isinstance(json.loads(run("health", "--metrics", "-o", "json").output), dict)
    assert run("health", "--metrics").exit_code == 0
