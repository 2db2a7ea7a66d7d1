"""`userinfo`: the claims of a user, whose token is never on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import Run
from support.emulator import CONSENT, Wire

from hydra_client.emulator import HydraEmulator

CLAIMS: dict[str, Any] = {"sub": "alice", "name": "Alice", "rat": 0, "team": "blue\x1b[31m"}


@pytest.fixture
def token(hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token of a user; the server responds with claims to no other."""
    monkeypatch.setenv("HYDRA_URL", hydra.url)
    return "users-token"


def test_every_place_of_the_token(
    run: Run, hydra: HydraEmulator, token: str, tmp_path: Path
) -> None:
    hydra.fail("/userinfo", status=200, body=json.dumps(CLAIMS), times=None)
    file = tmp_path / "token.json"
    file.write_text(json.dumps({"access_token": token}))
    result = run("userinfo", "--token-file", str(file))
    assert result.exit_code == 0, result.output
    assert "sub   alice\n" in result.output
    assert "\x1b" not in result.output
    assert json.loads(run("userinfo", "-o", "json", input=token).output) == CLAIMS
    assert run("userinfo", "-q", "--token-env", "T", T=token).output == "alice\n"
    for request in hydra.requests:
        assert request.path == "/userinfo"
    assert run("userinfo", input="").exit_code == 2


def test_on_every_server(run: Run, every_hydra: HydraEmulator) -> None:
    every_hydra.consent_url = CONSENT
    wire = Wire(every_hydra)
    token = wire.tokens(wire.app(), idTokenExtra={"name": "Bob"})["access_token"]
    result = run("userinfo", "-o", "json", input=token, HYDRA_URL=every_hydra.url)
    unknown = run("userinfo", input="no-such-token", HYDRA_URL=every_hydra.url)
    assert "no-such-token" not in unknown.output
    if wire.is_0_9:
        assert (result.exit_code, unknown.exit_code) == (1, 1)
        assert "Hint: " in result.stderr
    else:
        assert (result.exit_code, unknown.exit_code) == (0, 5)
        claims = json.loads(result.output)
        assert (claims["sub"], claims["name"]) == ("bob", "Bob")
