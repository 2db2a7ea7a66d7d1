"""From the settings of a run to a configuration and a client; confirmations."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Run

from hydra_client.emulator import HydraEmulator


@pytest.mark.parametrize("text", ["not a certificate", None])
def test_a_ca_file_that_is_not_valid(
    run: Run, tmp_path: Path, text: str | None, tls: tuple[str, str]
) -> None:
    path = tmp_path / "own.pem"
    if text is not None:
        path.write_text(text)
    result = run("discover", "--url", tls[0], "--ca-cert", str(path))
    assert result.exit_code == 2
    why = "contains no certificate in PEM format" if text else "No such file or directory"
    assert f"--ca-cert (HYDRA_CA_CERT) '{path}': {why}" in result.stderr
    assert run("discover", "--url", tls[0], "--ca-cert", str(tmp_path)).exit_code == 1


def test_a_certificate_that_is_not_trusted(run: Run, tls: tuple[str, str]) -> None:
    result = run("discover", "--url", tls[0])
    assert result.exit_code == 1
    assert "Hint: Use --ca-cert with the CA" in result.stderr
    assert "hydra-client doctor --save-ca FILE" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--timeout", "0"),
        ("--timeout", "nan"),
        ("--url", "hydra.example.com"),
        ("--header", "Authorization: Bearer x"),
        ("--header", "Odd name: x"),
        ("--ca-cert", "no-such-file"),
        ("--token-scopes", 'a"b'),
        ("--output", "xml"),
    ],
)
def test_settings_that_cannot_be_right(
    run: Run, root: HydraEmulator, arguments: tuple[str, ...]
) -> None:
    result = run("clients", "list", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert root.requests == []


def test_no_server(run: Run) -> None:
    result = run("discover")
    assert result.exit_code == 2
    assert "no server" in result.stderr


def test_a_credential_over_plain_http_is_warned_of(run: Run) -> None:
    result = run(
        "clients",
        "list",
        "--url",
        "http://hydra.invalid",
        HYDRA_ACCESS_TOKEN="some-token",
        http_proxy="http://127.0.0.1:1",
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("Warning: a credential is sent over plain http")


def test_no(monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("clients", "delete", "admin", input="n\n")
    assert result.exit_code == 1
    assert result.stderr.endswith("Error: cancelled: nothing was changed\n")
    assert root.requests == []


@pytest.mark.parametrize("chosen", [("--profile", "staging"), ()])
def test_nothing_is_deleted_where_hydra_url_overrides_the_chosen_profile(
    run: Run, root: HydraEmulator, tmp_path: Path, chosen: tuple[str, ...]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[profiles.staging]\nurl = "http://127.0.0.1:9"\nclient_id = "deployer"\n')
    named = {} if chosen else {"HYDRA_PROFILE": "staging"}
    root.add_client(id="a", owner="me")
    manifest = tmp_path / "a.yaml"
    manifest.write_text("owner: me\nclients: []\n")
    secret = tmp_path / "secret"
    deleting = (
        ("clients", "delete", "a", "--yes"),
        ("policies", "delete", "a", "--yes"),
        ("groups", "delete", "a", "--yes"),
        ("keys", "delete", "a", "--yes"),
        ("apply", "--prune", "--yes", str(manifest)),
        ("rotate", "a", "--secret-out", str(secret)),
    )
    common = (*chosen, "--config", str(config))
    for command in deleting:
        result = run(*common, *command, **named)
        assert result.exit_code == 2, command
        assert f"Warning: HYDRA_URL overrides the profile: calling {root.url}" in result.stderr
        assert "unset HYDRA_URL, or name the server with --url" in result.stderr
    assert {request.method for request in root.requests} <= {"GET", "POST"}
    assert run("clients", "list", "-q").output == "a\nadmin\n"
    assert not secret.exists()
    result = run(*common, "--url", root.url, "clients", "delete", "a", "--yes", **named)
    assert (result.exit_code, result.stderr) == (0, "")
