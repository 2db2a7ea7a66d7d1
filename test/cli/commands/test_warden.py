"""`warden allowed`: its status is the decision."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import Run, add_caller

from hydra_client.emulator import HydraEmulator

ASK = ("warden", "allowed")


def test_decisions_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    every_root.allow("alice", resources="articles:<[0-9]+>", actions="edit")
    allowed = run(*ASK, "alice", "edit", "articles:7")
    assert (allowed.exit_code, allowed.output) == (0, "allowed  yes\n")
    denied = run(*ASK, "alice", "edit", "articles:x", "-q")
    assert (denied.exit_code, denied.output) == (1, "denied\n")
    assert run(*ASK, "bob", "edit", "articles:7", "-o", "json").output == (
        '{\n  "allowed": false\n}\n'
    )


@pytest.mark.parametrize(
    ("condition", "context", "status"),
    [
        ("x=EqualsSubjectCondition", "x=alice", 0),
        ("x=EqualsSubjectCondition", "x=bob", 1),
        ("x=EqualsSubjectCondition", 'x:="alice"', 0),
        ("x=StringEqualCondition:a=b:c", "x=a=b:c", 0),
        ("x=CIDRCondition:10.0.0.0/8", "x=10.1.2.3", 0),
        ("x=StringPairsEqualCondition", 'x:=[["a", "a"]]', 0),
        ("x=StringPairsEqualCondition", 'x:=[["a", "b"]]', 1),
    ],
)
def test_the_context(
    run: Run, root: HydraEmulator, condition: str, context: str, status: int
) -> None:
    policy = ("--effect", "allow", "--subject", "alice", "--action", "edit", "--resource", "x")
    created = run("policies", "create", *policy, "--condition", condition)
    assert created.exit_code == 0, created.output
    assert run(*ASK, "alice", "edit", "x", "--context", context).exit_code == status


def test_a_token_on_every_server(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    add_caller(every_root, id="bot", scope="articles")
    every_root.allow("bot", resources="articles:7", actions="edit")
    file = tmp_path / "token.json"
    got = run(
        *("token", "client", "--as", "bot", "--secret-env", "S", "--scope", "articles"),
        *("--secret-out", str(file)),
        S="a-secret",
    )
    assert got.exit_code == 0, got.output
    token = json.loads(file.read_text())["access_token"]
    asked = ("edit", "articles:7", "--scope", "articles")
    result = run(*ASK, *asked, "--token-file", str(file), "-o", "json")
    assert result.exit_code == 0
    document = json.loads(result.output)
    assert (document["subject"], document["grantedScopes"]) == ("bot", ["articles"])
    assert token not in result.output
    assert run(*ASK, *asked, "--token-stdin", input=token).exit_code == 0
    assert run(*ASK, *asked, "--scope", "other", "--token-stdin", input=token).exit_code == 1
    unknown = run(*ASK, "edit", "articles:7", "--token-env", "T", "-q", T="unknown")
    assert (unknown.exit_code, unknown.output) == (1, "denied\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "b"], "expected 3 arguments without a token (SUBJECT ACTION RESOURCE), not 2"),
        (["a", "b", "c", "--token-env", "T"], "with a token (ACTION RESOURCE), not 3"),
        (["a", "b", "c", "--scope", "s"], "--scope needs a token"),
        (["a", "b", "c", "--context", "x"], "'x' is not NAME=VALUE or NAME:=JSON"),
        (["a", "b", "c", "--context", "=x"], "'=x' is not NAME=VALUE"),
        (["a", "b", "c", "--context", "x:=[x"], "'x:=[x' is not NAME=VALUE"),
        (["a", "b", "c", "--context", "x:=NaN"], "'x:=NaN' is not NAME=VALUE"),
    ],
)
def test_usage(run: Run, root: HydraEmulator, arguments: list[str], message: str) -> None:
    result = run(*ASK, *arguments, T="a-token")
    assert result.exit_code == 2
    assert message in result.stderr
    assert root.requests == []
