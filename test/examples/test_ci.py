"""The example for continuous integration: it passes, fails on drift, and needs what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hydra_client.emulator import HydraEmulator

WORKFLOW = Path(__file__).parents[2] / "examples" / "ci" / "check-clients.yml"


@pytest.mark.parametrize(("scope", "status"), [("photos.read", 0), ("photos.write", 3)])
def test_it_fails_if_something_differs(scope: str, status: int, tmp_path: Path) -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    (step,) = [step for step in workflow["jobs"]["check"]["steps"] if step.get("name") == "Compare"]
    manifest = tmp_path / "clients.yaml"
    manifest.write_text("clients: [{id: photo-app, scope: photos.read}]\n")
    with HydraEmulator() as hydra:
        hydra.add_client(id="photo-app", scope=scope)
        checker = hydra.add_client(
            id="checker", grant_types=["client_credentials"], scope="hydra.clients"
        )
        hydra.allow("checker", resources="rn:hydra:clients<.*>", actions="get")
        values = {
            "${{ inputs.manifest }}": str(manifest),
            "${{ inputs.url }}": hydra.url,
            "${{ secrets.client-id }}": "checker",
            "${{ secrets.client-secret }}": checker["client_secret"],
        }
        finished = subprocess.run(
            ["bash", "-c", step["run"]],
            env={
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
                **{name: values[value] for name, value in step["env"].items()},
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert finished.returncode == status, finished.stdout + finished.stderr
