"""The progress bar."""

from __future__ import annotations

from pathlib import Path

from support.command import Start
from support.manifests import on_a_terminal, written

from hydra_client.emulator import HydraEmulator


def test_a_bar_for_long_work(start: Start, root: HydraEmulator, tmp_path: Path) -> None:
    path = written(tmp_path, [{"id": f"client-{number}"} for number in range(30)])
    root.fail("/clients", method="POST", status=400, body="no")
    status, shown = on_a_terminal(start, "apply", path, env={})
    assert status == 1
    assert "applying" in shown
    assert "30/30" in shown
    assert "Created client-29.\n" in shown
    assert "Error: client-" in shown
    assert "29 created, 1 failed." in shown
    status, shown = on_a_terminal(start, "plan", path, env={})
    assert "comparing" in shown
    assert "applying" not in on_a_terminal(start, "apply", "--quiet", path, env={})[1]
