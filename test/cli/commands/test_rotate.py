"""`rotate`: saves the new secret before it is sent, and verifies it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from support.command import Run
from support.manifests import server_has, works, writes

from hydra_client.emulator import HydraEmulator

MISSING = '{"error":{"message":": Not found"}}'
OLD = "the-old-secret"


@pytest.mark.parametrize("id", ["my-app", "with:colon", "é %?#"])
@pytest.mark.parametrize("grants", [["client_credentials"], ["authorization_code"], None])
def test_rotating(
    run: Run, every_root: HydraEmulator, tmp_path: Path, id: str, grants: list[str] | None
) -> None:
    client = {"client_name": "Kept", "scope": "a b", "owner": "me", "contacts": ["x"]}
    every_root.add_client(id=id, client_secret=OLD, grant_types=grants, **client)
    before = server_has(every_root, id)
    file = tmp_path / "new"
    result = run("rotate", id, "--secret-out", str(file))
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert result.stderr == (
        f"{id} has a new secret, saved to {file}. The token endpoint accepts it.\n"
    )
    secret = file.read_text().removesuffix("\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(secret) == 43
    assert works(every_root, id, secret)
    assert not works(every_root, id, OLD)
    assert server_has(every_root, id) == before
    assert len(writes(every_root)) == 1


def test_as_json(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.add_client(id="a", client_secret=OLD)
    result = run("rotate", "a", "--secret-out", str(tmp_path / "new"), "-o", "json")
    assert json.loads(result.stdout) == {
        "id": "a",
        "secret_out": str(tmp_path / "new"),
        "verified": True,
    }


def test_a_public_client_proves_nothing(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.add_client(id="phone", public=True)
    result = run("rotate", "phone", "--secret-out", str(tmp_path / "new"))
    assert result.exit_code == 0
    assert "It was not verified: a public client does not use its secret." in result.stderr
    again = run("rotate", "phone", "--secret-out", str(tmp_path / "newer"), "-o", "json")
    assert json.loads(again.stdout)["verified"] is None


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"status": 401, "body": '{"error":"invalid_client"}'}, "but the token endpoint rejects"),
        ({"status": 503}, "but it could not be verified: oauth_token: 503"),
        (
            {"status": 404, "body": "404 page not found"},
            "but it could not be verified: oauth_token: 404",
        ),
        (
            {"status": 429, "body": '{"error":"slow"}'},
            "but it could not be verified: oauth_token: 429",
        ),
    ],
)
def test_what_is_not_proven_is_reported(
    run: Run, root: HydraEmulator, tmp_path: Path, fault: dict[str, Any], message: str
) -> None:
    root.add_client(id="a", client_secret=OLD)
    # The caller's own token is there already when the token endpoint breaks.
    token = root.api().oauth_token(grant_type="client_credentials", scope="hydra.clients")
    root.fail("/oauth2/token", times=None, **fault)
    file = tmp_path / "new"
    result = run(
        "rotate", "a", "--secret-out", str(file), HYDRA_ACCESS_TOKEN=token.access_token,
        HYDRA_CLIENT_SECRET="",
    )  # fmt: skip
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: a has a new secret, saved to {file}, {message}")
    root.reset()
    assert len(file.read_text()) == 44


def test_nothing_is_set_without_a_place(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.add_client(id="a", client_secret=OLD)
    assert run("rotate", "a").exit_code == 2
    (tmp_path / "there").write_text("mine")
    for path in ("there", "missing/new"):
        result = run("rotate", "a", "--secret-out", str(tmp_path / path))
        assert result.exit_code == 2
        assert "nothing was sent" in result.stderr
    assert root.requests == []
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.parametrize(
    ("method", "fault", "status", "stays"),
    [
        ("GET", {"status": 404, "body": MISSING}, 4, False),
        ("PUT", {"status": 400}, 1, False),
        ("PUT", {"reset": True, "times": None}, 1, True),
        ("PUT", {"cut": 5, "times": None}, 1, True),
    ],
)
def test_a_secret_that_may_have_been_set_is_not_lost(
    run: Run,
    root: HydraEmulator,
    tmp_path: Path,
    method: str,
    fault: dict[str, Any],
    status: int,
    stays: bool,
) -> None:
    root.add_client(id="a", client_secret=OLD)
    root.fail("/clients/a", method=method, **fault)
    file = tmp_path / "new"
    result = run("rotate", "a", "--secret-out", str(file))
    assert result.exit_code == status
    assert file.exists() is stays
    if stays:
        assert f"so {file} was kept" in result.stderr
        secret = file.read_text().removesuffix("\n")
        assert works(root, "a", secret if "cut" in fault else OLD)
    else:
        assert works(root, "a", OLD)
