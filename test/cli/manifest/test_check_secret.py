"""Trying secrets, on answers recorded from running servers."""

from __future__ import annotations

from pathlib import Path

import pytest
import responses
from support.command import Run
from support.manifests import written
from support.recorded import NAMES, Recording

from hydra_client.cli.manifest.check_secret import can_log_in, has_secret


@pytest.fixture(params=NAMES)
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


@pytest.mark.parametrize(
    ("exchange", "right"),
    [("revoke: an unknown token", True), ("revoke: wrong secret", False)],
)
def test_at_the_revoke_endpoint(recording: Recording, exchange: str, right: bool) -> None:
    with responses.RequestsMock() as server:
        recording.play(server, exchange)
        assert has_secret(recording.api(), "my-app", "a-secret") is right


@pytest.mark.parametrize(
    ("exchange", "right"),
    [("token: the same refresh token again", True), ("token: wrong secret", False)],
)
def test_at_the_token_endpoint(recording: Recording, exchange: str, right: bool) -> None:
    for tried in (can_log_in, has_secret):
        with responses.RequestsMock() as server:
            recording.play(server, exchange)
            assert tried(recording.api(), "my:app", "a-secret") is right


def test_recorded_clients(run: Run, recording: Recording, tmp_path: Path) -> None:
    """Adopted, planned and applied: only the secret that is wrong makes a difference."""
    token = recording.answer("token: client_credentials as the root client")["access_token"]
    environment = {"HYDRA_URL": recording.issuer, "HYDRA_ACCESS_TOKEN": token}
    path = str(tmp_path / "clients.yaml")
    for arguments in (["adopt", path], ["plan", "--check", path], ["apply", path]):
        with responses.RequestsMock() as server:
            recording.play(server, "clients: list")
            assert run(*arguments, **environment).exit_code == 0
    with responses.RequestsMock() as server:
        recording.play(server, "clients: list", "revoke: wrong secret")
        changed = written(tmp_path, [{"id": "tiny", "secret": {"env": "SECRET"}}])
        result = run("plan", "--check", "-q", changed, SECRET="a-secret", **environment)
    assert result.exit_code == 3
    assert result.stdout == "tiny\n"
