"""Shell completion of values, such as ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from hydra_client.cli.app import app
from hydra_client.emulator import HydraEmulator


def offered(*arguments: str, incomplete: str = "") -> list[str]:
    shell = ShellComplete(app, {}, "hydra-client", "_HYDRA_CLIENT_COMPLETE")
    return [item.value for item in shell.get_completions(list(arguments), incomplete)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("clients", "get"),
        ("clients", "update"),
        ("clients", "patch"),
        ("clients", "delete", "other"),
        ("token", "client", "--as"),
        ("doctor", "--for"),
    ],
)
def test_client_ids(root: HydraEmulator, arguments: tuple[str, ...]) -> None:
    root.add_client(id="app-2")
    root.add_client(id="app-1")
    assert offered(*arguments) == ["admin", "app-1", "app-2"]
    assert offered(*arguments, incomplete="app") == ["app-1", "app-2"]


@pytest.mark.parametrize(
    "id",
    [
        "app;touch x;#",
        "app$(x)",
        "app`x`",
        "app x",
        "app\nx",
        "app'",
        "app*",
        "app~x",
        "~",
        "-q",
        "=x",
    ],
)
def test_no_id_that_a_shell_would_interpret(root: HydraEmulator, id: str) -> None:
    """Shells insert a completed word as it is, and others choose the ids of their clients."""
    root.add_client(id="App_1.0:dev@example.com%2B+x-y")
    body = json.dumps([{"id": id}, {}, {"id": "app"}])
    assert offered("clients", "get") == ["App_1.0:dev@example.com%2B+x-y", "admin"]
    root.fail("/clients", status=200, body=body, times=None)
    root.fail("/policies", status=200, body=body, times=None)
    assert offered("clients", "get") == offered("policies", "get") == ["app"]


@pytest.mark.parametrize("command", ["get", "update", "delete"])
def test_policy_ids(root: HydraEmulator, command: str) -> None:
    assert offered("policies", command, incomplete="d") == ["default-admin-policy"]


def test_the_options_before_decide_on_the_server(root: HydraEmulator) -> None:
    nowhere = ("clients", "--url", "http://127.0.0.1:1", "get")
    assert offered(*nowhere) == []
    assert offered("--client-secret-stdin", "clients", "get") == []


def test_no_warning_appears_between_the_words(
    root: HydraEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[profiles.other]\nurl = "http://127.0.0.1:9"\n')
    monkeypatch.setenv("HYDRA_CONFIG", str(config))
    assert offered("--profile", "other", "clients", "get") == ["admin"]
    assert capfd.readouterr() == ("", "")


def test_no_server() -> None:
    assert offered("clients", "get") == []


def test_words_that_hydra_knows() -> None:
    create = ("clients", "create")
    assert offered(*create, "--grant-type", incomplete="i") == ["implicit"]
    assert offered(*create, "--response-type") == ["code", "id_token", "token"]
