"""`keys`: private parts are saved to private files, and printed only on request."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from support.command import Run, add_caller

from hydra_client.emulator import HydraEmulator

PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k")
OCT = {"kty": "oct", "kid": "1", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldA"}


def keys(run: Run, set: str = "mine") -> list[dict[str, Any]]:
    text = run("keys", "get", set, "--show-secret", "-o", "json").output
    found: list[dict[str, Any]] = json.loads(text)["keys"]
    return found


def add(run: Run, document: Any, *arguments: str) -> Any:
    return run("keys", "update", "mine", *arguments, "-f", "-", input=json.dumps(document))


def test_private_parts_on_every_server(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    out = tmp_path / "keys.json"
    create = ("keys", "create", "mine", "--alg", "RS256", "--kid", "1")
    created = run(*create, "--out", str(out))
    assert created.exit_code == 0, created.output
    assert created.stderr == f"Saved the keys to {out}.\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    saved = json.loads(out.read_text())["keys"]
    secrets = [key[name] for key in saved for name in PRIVATE if name in key]
    assert len(secrets) == 3
    again = run(*create)
    assert again.exit_code == 1
    assert "the set mine already has the key private:1; delete it first" in again.stderr
    assert sorted(keys(run), key=str) == sorted(saved, key=str)
    shown = [created.output]
    for form in ("table", "json", "yaml"):
        result = run("keys", "get", "mine", "-o", form)
        assert "Use --show-secret" in result.stderr
        shown += [result.output, run("keys", "get", "mine", "private:1", "-o", form).output]
    assert not [secret for secret in secrets if any(secret in text for text in shown)]
    public = run("keys", "get", "mine", "public:1")
    assert (public.exit_code, public.stderr) == (0, "")
    assert secrets[0] in run("keys", "get", "mine", "--show-secret").output
    assert sorted(run("keys", "get", "mine", "-q").output.split()) == ["private:1", "public:1"]


@pytest.mark.parametrize(("alg", "kid"), [("HS256", "1"), ("HS256", ""), ("RS256", "")])
def test_a_kid_that_exists(run: Run, every_root: HydraEmulator, alg: str, kid: str) -> None:
    assert run("keys", "create", "mine", "--alg", alg, "--kid", kid).exit_code == 0
    before = keys(run)
    again = run("keys", "create", "mine", "--alg", alg, "--kid", kid)
    assert again.exit_code == 1
    assert "the set mine already has " in again.stderr
    assert keys(run) == before


def test_an_unknown_algorithm(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    out = tmp_path / "keys.json"
    result = run("keys", "create", "mine", "--alg", "XX", "--out", str(out))
    assert result.exit_code == 1
    assert "Generator" in result.stderr
    assert not out.exists()


def test_a_file_that_exists(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    result = run("keys", "get", "mine", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert root.requests == []


def test_update_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    result = add(run, {"keys": [OCT]})
    assert result.exit_code == 0, result.output
    assert OCT["k"] not in result.output
    assert keys(run) == [OCT]
    again = add(run, OCT, "1")
    assert again.exit_code == 1
    assert "the set mine already has the key 1; delete it first" in again.stderr
    assert keys(run) == [OCT]
    other = OCT | {"kid": "2"}
    assert add(run, other, "2").exit_code == 0
    assert add(run, {"keys": [OCT | {"kid": "3"}]}, "3").exit_code == 0
    assert sorted(key["kid"] for key in keys(run)) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("document", "arguments", "message"),
    [
        (OCT, [], "expected a set of keys: an object with a list `keys`"),
        (OCT, ["2"], "-: the kid of the key is not 2"),
        ({"keys": [OCT, OCT]}, ["1"], "the kid of the key is not 1"),
        ({"keys": [1]}, [], "expected an object"),
        ({"keys": [1]}, ["1"], "expected an object"),
        ([], [], "expected an object"),
    ],
)
def test_faulty_files(
    run: Run, root: HydraEmulator, document: Any, arguments: list[str], message: str
) -> None:
    result = add(run, document, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert str(OCT["k"]) not in result.output
    assert root.requests == []


def test_delete_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    run("keys", "create", "mine", "--alg", "RS256", "--kid", "1")
    run("keys", "create", "mine", "--alg", "HS256", "--kid", "2")
    result = run("keys", "delete", "-y", "mine", "private:1", "2")
    assert result.output == "Deleted private:1.\nDeleted 2.\n"
    # The memory store deletes them all.
    left = [] if every_root.variant.store == "memory" else ["public:1"]
    assert [key["kid"] for key in keys(run)] == left
    assert run("keys", "delete", "mine", "--yes").output == "Deleted mine.\n"
    assert run("keys", "get", "mine").exit_code == 4


def test_the_keys_for_id_tokens_need_a_restart(run: Run, every_root: HydraEmulator) -> None:
    for arguments in (("delete", "-y"), ("create", "--alg", "RS256")):
        verb, *options = arguments
        result = run("keys", verb, "hydra.openid.id-token", *options)
        assert result.exit_code == 0, result.output
        assert "Restart the server: until then, it signs ID tokens with the key" in result.stderr


def test_members_that_are_not_known_to_be_public(run: Run, root: HydraEmulator) -> None:
    key = {"kid": "1", "oth": [{"r": "prime"}], "key_ops": ["sign"], "secret": "", "d": "private"}
    root.fail("/keys/mine", status=200, body=json.dumps({"keys": [key]}), times=None)
    result = run("keys", "get", "mine", "-o", "json")
    assert json.loads(result.stdout)["keys"] == [key | {"oth": "***", "d": "***"}]


def test_a_caller_who_may_not_get(run: Run, every_root: HydraEmulator) -> None:
    caller = add_caller(every_root, scope="hydra.keys.create")
    every_root.allow("caller", resources="rn:hydra:keys:mine", actions="create")
    add(run, {"keys": [OCT]})
    result = run("keys", "create", "mine", "--alg", "HS256", "--kid", "2", **caller)
    assert result.exit_code == 0, result.output
    assert "Warning: cannot check whether the set mine has such a key already" in result.stderr
    assert len(keys(run)) == 2
