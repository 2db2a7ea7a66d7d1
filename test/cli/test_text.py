"""Nothing that a server sends can control the terminal, hide text or reverse it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.command import Run

from hydra_client.cli.text import UNPRINTABLE, escaped, plain
from hydra_client.emulator import HydraEmulator

HOSTILE = (
    "\x1b]0;owned\x07\x1b[31mred\x1b[0m \u202edesrever\u202c \u2066iso\u2069 ze\u200bro"
    " \ufeffbom \U000e0041tag \u2028line\r\nHint: delete everything \x9b2J é 日本 🙂"
)
COMMANDS = (
    ["clients", "list"],
    ["clients", "get", "app"],
    ["plan", "manifest.yaml"],
    ["export", "-"],
    ["doctor"],
    ["discover"],
    ["jwks"],
    ["token", "introspect", "--token-file", "token"],
    ["token", "client"],
    ["consent", "get", "no-such"],
    ["rotate", "no-such", "--secret-out", "new"],
    ["clients", "patch", "app", "--owner", "x"],
    ["clients", "import", "clients.json", "--replace"],
    ["policies", "list"],
    ["policies", "get", "odd"],
    ["policies", "delete", "--yes", "odd", HOSTILE],
    ["groups", "list", "--member", "alice"],
    ["groups", "get", "odd"],
    ["groups", "remove", "odd", HOSTILE],
    ["keys", "get", "odd"],
    ["warden", "allowed", "alice", "edit", HOSTILE],
    ["userinfo", "--token-file", "token"],
    ["health"],
    ["health", "--metrics"],
)


def harmless(text: str) -> bool:
    return UNPRINTABLE.search(text.replace("\n", "")) is None


def test_what_is_escaped() -> None:
    for text in (plain(HOSTILE), escaped(HOSTILE), plain([HOSTILE]), plain({"a": HOSTILE})):
        assert harmless(text)
        assert "é 日本 🙂" in text
    assert "\n" not in plain(HOSTILE)
    assert json.loads(escaped(json.dumps(HOSTILE, ensure_ascii=False))) == HOSTILE


def odd(run: Run) -> None:
    """Store a policy, a group and a key with hostile texts."""
    conditions = {HOSTILE: {"type": "StringEqualCondition", "options": {"equals": HOSTILE}}}
    policy = {"effect": "deny", "subjects": [HOSTILE], "conditions": conditions}
    key = {"kty": "oct", "kid": HOSTILE, "k": "c2VjcmV0"}
    for arguments, document in (
        (["policies", "update", "odd"], policy | {"description": HOSTILE}),
        (["keys", "update", "odd"], {"keys": [key]}),
    ):
        run(*arguments, "--file", "-", input=json.dumps(document))
    run("groups", "create", "--id", "odd", "--member", HOSTILE, "--member", "alice")


@pytest.mark.sweep
@pytest.mark.parametrize("form", ["table", "json", "yaml"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_no_command_lets_it_through(
    run: Run,
    root: HydraEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    form: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = dict.fromkeys(("client_name", "owner", "scope", "policy_uri", "tos_uri"), HOSTILE)
    lists = {name: [HOSTILE] for name in ("redirect_uris", "contacts", "grant_types")}
    root.add_client(id="app", **texts, **lists)
    root.add_client(id=HOSTILE.replace("\r\n", ""), client_name="odd")
    odd(run)
    Path("manifest.yaml").write_text("clients:\n  - {id: app, scope: a, client_name: b}\n")
    Path("clients.json").write_text('[{"id": "app", "scope": "a"}]')
    Path("token").write_text("some-token")
    for body in (None, {"error": {"message": HOSTILE, "reason": HOSTILE}}, {"error": HOSTILE}):
        if body is not None:
            root.fail(status=400, body=json.dumps(body), times=None)
        result = run("-o", form, *command)
        assert harmless(result.stdout), result.stdout
        assert harmless(result.stderr), result.stderr
        assert not [line for line in result.output.split("\n") if line.startswith("Hint: delete")]
        if form == "json" and result.exit_code == 0 and result.stdout:
            json.loads(result.stdout)
        if form == "yaml" and result.exit_code == 0 and result.stdout:
            yaml.safe_load(result.stdout)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_programs_read_back_what_was_sent(run: Run, root: HydraEmulator, form: str) -> None:
    root.add_client(id="app", client_name=HOSTILE, contacts=[HOSTILE, "a\nb"])
    result = run("-o", form, "clients", "get", "app")
    client = json.loads(result.stdout) if form == "json" else yaml.safe_load(result.stdout)
    assert client["client_name"] == HOSTILE
    assert client["contacts"] == [HOSTILE, "a\nb"]
