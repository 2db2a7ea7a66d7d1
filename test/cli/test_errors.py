"""Errors of commands: messages, hints and exit statuses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.command import Run, Start

from hydra_client.emulator import HydraEmulator

STATUSES = [
    ({"status": 500}, 1),
    ({"reset": True}, 1),
    ({"status": 200, "body": "<html>"}, 1),
    ({"status": 404, "body": '{"error":{"message":": Not found"}}'}, 4),
    ({"status": 404, "body": "404 page not found"}, 1),
    ({"status": 401}, 5),
    ({"status": 403, "body": '{"error":{"message":"Request was denied by default"}}'}, 5),
]


@pytest.mark.parametrize(("fault", "status"), STATUSES)
def test_exit_statuses(
    run: Run, root: HydraEmulator, fault: dict[str, object], status: int
) -> None:
    root.fail("/clients/x", times=None, **fault)  # type: ignore[arg-type]
    result = run("clients", "get", "x")
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.startswith("Error: get_oauth2_client: ")


def test_a_wrong_base_path(run: Run, root: HydraEmulator) -> None:
    """It is not the client that is not there."""
    for arguments in (("clients", "get", "x"), ("discover",)):
        result = run(*arguments, HYDRA_URL=f"{root.url}/wrong")
        assert result.exit_code == 1
        assert "404 Not Found (" in result.stderr
        assert f"check the base URL {root.url}/wrong. " in result.stderr


def test_a_missing_object_is_said_once(run: Run, root: HydraEmulator) -> None:
    assert "404 Not Found (GET /keys/x, " in run("keys", "get", "x").stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HYDRA_URL": "nonsense"}, "--url (HYDRA_URL) 'nonsense' must begin with http"),
        ({"HYDRA_ACCESS_TOKEN": "a b"}, "--access-token-file (HYDRA_ACCESS_TOKEN) is empty, or"),
        ({"HYDRA_CLIENT_SECRET": ""}, "or --client-id and --client-secret-file (HYDRA_CLIENT_ID"),
        (
            {"HYDRA_SCOPES": "hydra.keys.get"},
            "Hint: The configured scopes lack hydra.clients: add it to --token-scopes "
            "(HYDRA_SCOPES), or remove the setting.\n",
        ),
        ({"HYDRA_SCOPES": "none"}, "or request others with --token-scopes (HYDRA_SCOPES)"),
    ],
)
def test_errors_name_options(
    run: Run, root: HydraEmulator, environment: dict[str, str], words: str
) -> None:
    assert words in run("clients", "list", **environment).stderr


def test_what_is_refused_before_sending_is_usage(run: Run, root: HydraEmulator) -> None:
    result = run("clients", "get", "a/b")
    assert result.exit_code == 2
    assert "cannot be addressed" in result.stderr
    assert run("clients", "get").exit_code == 2
    assert root.requests == []


def test_a_hint_stands_on_a_line_of_its_own(run: Run, root: HydraEmulator) -> None:
    root.add_client(
        id="nobody", client_secret="secret", grant_types=["client_credentials"], scope="hydra.*"
    )
    result = run("clients", "list", HYDRA_CLIENT_ID="nobody", HYDRA_CLIENT_SECRET="secret")
    assert result.exit_code == 5
    assert (
        "\nHint: The token needs the scope hydra.clients, and its client a policy" in result.stderr
    )


def test_a_missing_module_of_this_package_is_not_a_missing_extra(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setitem(sys.modules, "hydra_client.emulator", None)
    with pytest.raises(ModuleNotFoundError):
        run("serve")


@pytest.mark.parametrize(
    ("arguments", "module"),
    [(["serve", "--port", "0"], "bcrypt"), (["demo"], "jwt")],
)
def test_without_an_extra(start: Start, tmp_path: Path, arguments: list[str], module: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules[{module!r}] = None\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    process = start(*arguments, env={"PYTHONPATH": path})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    name = module.partition(".")[0]
    assert err.startswith(f"Error: {name} is missing: pip install 'hydra-legacy-client[")
