"""Clients as code against recorded responses."""

from __future__ import annotations

from pathlib import Path

import pytest
import responses
from support.command import Run
from support.manifests import written
from support.recorded import NAMES, Recording


@pytest.fixture(params=NAMES)
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


def test_recorded_clients(run: Run, recording: Recording, tmp_path: Path) -> None:
    """Exported, planned and applied: only the secret that is wrong makes a difference."""
    token = recording.body("token: client_credentials as the root client")["access_token"]
    environment = {"HYDRA_URL": recording.issuer, "HYDRA_ACCESS_TOKEN": token}
    path = str(tmp_path / "clients.yaml")
    for arguments in (["export", path], ["plan", "--check", path], ["apply", path]):
        with responses.RequestsMock() as server:
            recording.play(server, "clients: list")
            if arguments[0] == "export":
                server.get(f"{recording.issuer}/policies", status=403)
            result = run(*arguments, **environment)
            assert result.exit_code == 0, result.output
    with responses.RequestsMock() as server:
        recording.play(server, "clients: list", "revoke: wrong secret")
        changed = written(tmp_path, [{"id": "tiny", "secret": {"env": "SECRET"}}])
        result = run("plan", "--check", "-q", changed, SECRET="a-secret", **environment)
    assert result.exit_code == 3
    assert result.stdout == "tiny\n"
