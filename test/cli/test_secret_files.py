"""If any request fails, the old secret still works, or the file has the new one."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from support.command import Run
from support.manifests import works

from hydra_client.emulator import HydraEmulator

OLD = "the-old-secret"
STATUSES = (400, 401, 403, 404, 409, 429, 500, 502, 503, 504)
FAULTS: dict[str, list[dict[str, Any]]] = {
    "cut": [{"cut": 3}],
    "cut whole": [{"cut": 0}],
    "reset": [{"reset": True}],
    "too slow": [{"delay": 0.4}],
    **{f"{status}": [{"status": status}] for status in STATUSES},
    # Carried out, its response lost, and then the repetition refused.
    **{f"cut, then {status}": [{"cut": 3}, {"status": status}] for status in (401, 409, 429, 503)},
    "cut, then reset": [{"cut": 3}, {"reset": True}],
    "401 for ever": [{"status": 401, "times": None}],
}
OUT = ["--secret-out", "FILE"]
COMMANDS = {
    "rotate": ["rotate", "app", *OUT],
    "patch": ["clients", "patch", "app", "--owner", "", "--generate-secret", *OUT],
    "update": ["clients", "update", "app", "--client-name", "x", "--generate-secret", *OUT],
    "create": ["clients", "create", "--id", "new", *OUT],
    "import": ["clients", "import", "clients.json", *OUT],
    "apply": ["apply", "manifest.yaml"],
}
MANIFEST = """
owner: me
clients:
  - {id: app, secret: {generate: {out: FILE}}}
  - {id: new, secret: {generate: {out: OTHER}}}
"""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra_client.transport.session.time.sleep", lambda _: None)


def exists(hydra: HydraEmulator, id: str) -> bool:
    return id in {client.id for client in hydra._state.clients.all()}


# Slow, because it runs each command some hundred times, and waits for the timeouts.
@pytest.mark.sweep
@pytest.mark.parametrize("name", COMMANDS)
def test_under_every_fault_at_every_request(
    run: Run, root: HydraEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clients.json").write_text('[{"id": "new"}]')
    Path("manifest.yaml").write_text(MANIFEST)
    cases = 0
    for fault, parts in FAULTS.items():
        for at in range(8):
            root.reset()
            root.add_client(id="app", client_secret=OLD, owner="me")
            for file in ("FILE", "OTHER"):
                Path(file).unlink(missing_ok=True)
            if at:
                root.fail(times=at)  # lets so many pass
            made = [root.fail(**part) for part in parts]
            timeout = ["--timeout", "0.2"] if fault == "too slow" else []
            result = run(*COMMANDS[name], *timeout)
            met = made[0].hits
            root._faults.clear()
            cases += 1
            for id, file in (("app", "FILE"), ("new", "OTHER" if name == "apply" else "FILE")):
                if not exists(root, id):
                    continue
                kept = Path(file).read_text() if os.path.exists(file) else ""
                secrets = [OLD] if id == "app" else []
                secrets += [word.strip('",:') for word in kept.split()]
                assert any(works(root, id, secret) for secret in secrets), (
                    fault,
                    at,
                    result.output,
                )
            if not met:
                break  # it sends no more requests than that
    assert cases >= 3 * len(FAULTS)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_secret_stays_where_the_server_has_it_and_the_repetition_was_refused(
    run: Run, root: HydraEmulator, tmp_path: Path, status: int
) -> None:
    root.add_client(id="app", client_secret=OLD)
    root.fail("/clients/app", method="PUT", cut=3)
    root.fail("/clients/app", method="PUT", status=status, times=5)
    file = tmp_path / "f"
    result = run("rotate", "app", "--secret-out", str(file))
    assert result.exit_code in (1, 5)
    assert not works(root, "app", OLD)
    assert works(root, "app", file.read_text().strip())
    assert "The server may have the new secret" in result.stderr


def test_a_secret_goes_where_the_write_was_refused_at_once(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    root.add_client(id="app", client_secret=OLD)
    root.fail("/clients/app", method="PUT", status=403)
    assert run("rotate", "app", "--secret-out", str(tmp_path / "f")).exit_code == 5
    assert works(root, "app", OLD)
    assert not (tmp_path / "f").exists()


def test_a_look_that_fails_after_the_write_removes_nothing(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    root.add_client(id="app", client_secret=OLD, owner="me")
    root.fail("/clients/app", method="GET", times=1)
    root.fail("/clients/app", method="GET", status=403, times=5)
    file = tmp_path / "f"
    arguments = ["--owner", "", "--generate-secret", "--secret-out", str(file)]
    assert run("clients", "patch", "app", *arguments).exit_code == 5
    assert works(root, "app", file.read_text().strip())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_that_came_is_in_the_file(
    run: Run, root: HydraEmulator, tmp_path: Path, fault: str
) -> None:
    for part in FAULTS[fault]:
        root.fail("/oauth2/token", **part)
    file = tmp_path / "token.json"
    timeout = ["--timeout", "0.2"] if fault == "too slow" else []
    result = run("token", "client", "--secret-out", str(file), *timeout)
    assert file.exists() == (result.exit_code == 0)


def test_a_disk_that_is_full(
    run: Run, root: HydraEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    root.add_client(id="app", client_secret=OLD)
    monkeypatch.setattr(os, "fsync", full)
    file = tmp_path / "f"
    result = run("rotate", "app", "--secret-out", str(file))
    assert result.exit_code == 1
    assert result.stderr == f"Error: {file}: No space left on device\n"
    assert works(root, "app", OLD)
    assert not file.exists()
