"""`token client`, `introspect` and `revoke`: tokens work, and are masked."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from support.command import Run

from hydra_client.emulator import HydraEmulator

AS = ("--as", "my-app", "--secret-env", "S")


def add(hydra: HydraEmulator, **members: Any) -> None:
    hydra.add_client(
        **{
            "id": "my-app",
            "client_secret": "a-secret",
            "grant_types": ["client_credentials"],
            "scope": "photos.* albums",
            **members,
        }
    )


def test_from_token_to_token(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    add(every_root)
    file = tmp_path / "token.json"
    scopes = ("--scope", "photos.read", "--scope", "albums")
    result = run("token", "client", *AS, *scopes, "--secret-out", str(file), S="a-secret")
    assert result.exit_code == 0, result.output
    tokens = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert tokens["access_token"] not in result.output
    assert result.stdout.startswith("access_token  ***\n")
    assert result.stderr == f"Saved the tokens to {file}.\n"

    result = run("token", "introspect", "--token-file", str(file), "-o", "json")
    response = json.loads(result.output)
    assert response["active"] is True
    assert response["scope"] == "photos.read albums"
    assert response["client_id"] == "my-app"
    for scope, word in (("photos.read", "active"), ("other", "inactive")):
        result = run("token", "introspect", "--token-file", str(file), "--scope", scope, "-q")
        assert result.output == f"{word}\n"

    ended = run("token", "revoke", *AS, "--token-file", str(file), S="a-secret")
    assert (ended.exit_code, ended.output) == (0, "Revoked.\n")
    assert run("token", "introspect", "--token-file", str(file), "-q").output == "inactive\n"


def test_the_token_alone(run: Run, root: HydraEmulator) -> None:
    add(root)
    result = run("token", "client", *AS, "--quiet", S="a-secret")
    token = result.stdout.strip()
    assert result.stderr == ""
    printed = json.loads(run("token", "client", *AS, "-o", "json", S="a-secret").stdout)
    assert len(printed["access_token"]) == len(token)
    assert run("token", "introspect", "-q", input=token).output == "active\n"
    assert run("token", "introspect", "-q", "--token-env", "T", T=token).output == "active\n"
    assert run("token", "introspect", "-q", "--token-stdin", input=token).output == "active\n"
    introspected = run("token", "introspect", input=token).output
    assert re.search(r"\niat +\d{10} \(20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\+00:00\)\n", introspected)
    result = run("token", "client", *AS, S="a-secret")
    assert "access_token  ***\n" in result.stdout
    assert (
        result.stderr
        == "Use --show-secret to print the tokens, or --secret-out FILE to save them.\n"
    )


@pytest.mark.parametrize("form", [("-q",), ("-o", "json")])
def test_a_token_is_masked_on_a_terminal(
    run: Run, root: HydraEmulator, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    assert "***" in run("token", "client", *form).stdout


@pytest.mark.parametrize("command", [("token", "introspect"), ("token", "revoke"), ("userinfo",)])
def test_a_token_on_the_command_line(
    run: Run, root: HydraEmulator, command: tuple[str, ...]
) -> None:
    result = run(*command, "some-token")
    assert result.exit_code == 2
    assert "use --token-file, --token-env or stdin" in result.stderr
    assert "some-token" not in result.stderr
    assert root.requests == []


@pytest.mark.parametrize("command", [("token", "introspect"), ("token", "revoke"), ("userinfo",)])
def test_a_whole_header_in_place_of_a_token(
    run: Run, root: HydraEmulator, command: tuple[str, ...]
) -> None:
    result = run(*command, input="Bearer some-token\n")
    assert result.exit_code != 0
    assert "token begins with 'Bearer': pass only the token that follows it" in result.stderr
    assert "some-token" not in result.stderr
    assert root.requests == []


def test_the_calling_client(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    """Its scopes are asked for unless others are; its token authorizes other commands."""
    file = tmp_path / "token.json"
    result = run("token", "client", "--token-scopes", "hydra.clients", "--secret-out", str(file))
    assert result.exit_code == 0
    assert json.loads(file.read_text())["scope"] == "hydra.clients"
    bearer = ("--access-token-file", str(file), "--client-id", "")
    assert run("clients", "list", "-q", *bearer).output == "admin\n"
    assert run("jwks", *bearer).exit_code == 5
    assert run("token", "client", *AS, "--token-scopes", "hydra", S="wrong-secret").exit_code == 5
    assert root.requests[-1].body == "grant_type=client_credentials"


def test_a_client_with_no_secret(run: Run, every_root: HydraEmulator) -> None:
    """It may revoke; tokens of its own it gets through a user only."""
    add(every_root, public=True)
    assert run("token", "revoke", "--as", "my-app", input="x").exit_code == 0
    result = run("token", "client", "--as", "my-app")
    assert result.exit_code == 1
    assert "invalid_grant" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["client", "--secret-env", "S"], "a secret needs the client it belongs to"),
        (["introspect", "--token-file", "a", "--token-stdin"], "cannot be used together"),
        (["introspect"], "stdin is empty"),
        (["introspect", "--token-env", "J"], "the environment variable J has no access_token"),
        (["revoke", "--token-env", "B"], "the environment variable B is not valid JSON"),
        (["revoke", "--token-env", "NONE"], "the environment variable NONE is not set"),
        (["revoke", "--as", "x", "--secret-stdin", "--token-stdin"], "stdin cannot provide both"),
    ],
)
def test_usage(run: Run, root: HydraEmulator, arguments: list[str], message: str) -> None:
    result = run(
        "token", *arguments, input="x" if "--as" in arguments else "", S="a", J="{}", B="{"
    )
    assert result.exit_code == 2
    assert message in result.stderr
    assert root.requests == []


def test_a_wrong_secret_is_not_an_inactive_token(run: Run, every_root: HydraEmulator) -> None:
    """0.10 says that the token is not active, no matter who asks."""
    result = run("token", "introspect", "-q", input="some-token", HYDRA_CLIENT_SECRET="wrong")
    assert result.exit_code == 5
    assert result.stdout == ""


def test_introspection_by_bearer(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    file = tmp_path / "token.json"
    assert run("token", "client", "--scope", "hydra.introspect", "--secret-out", str(file))
    bearer = ("--access-token-file", str(file), "--client-id", "")
    result = run("token", "introspect", "-q", *bearer, input="some-token")
    assert result.output == "inactive\n"
    assert str(root.requests[-1]) == "POST /oauth2/introspect"


def test_a_token_that_was_not_given_leaves_no_file(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    file = tmp_path / "token.json"
    for fault in ({"status": 500}, {"status": 400}):
        root.fail("/oauth2/token", **fault)  # type: ignore[arg-type]
        result = run("token", "client", "--scope", "hydra", "--secret-out", str(file))
        assert result.exit_code == 1
        assert "is not known" not in result.stderr
        assert not file.exists()


@pytest.mark.parametrize("command", ["client", "revoke"])
def test_a_wrong_secret_of_the_client_that_is_acted_as(
    run: Run, every_root: HydraEmulator, command: str
) -> None:
    every_root.add_client(id="my-app", client_secret="a-secret", grant_types=["client_credentials"])
    result = run("token", command, *AS, S="wrong-secret", input="a-token")
    assert result.exit_code == 5
    assert "the client id and secret (--as and --secret-file), and" in result.stderr
    result = run("token", command, HYDRA_CLIENT_SECRET="wrong-secret", input="a-token")
    assert result.exit_code == 5
    assert "the client id and secret (--client-id and --client-secret-file), and" in result.stderr
