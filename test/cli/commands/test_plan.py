"""`plan`: what would change, field by field; and that planning changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import Run, Start
from support.manifests import on_a_terminal, writes, written

from hydra_client.emulator import HydraEmulator

SECRET = "a-very-good-secret"


@pytest.fixture
def drifted(root: HydraEmulator, tmp_path: Path) -> str:
    """A server that differs from a manifest in every way."""
    for id in ("as-it-should-be", "other", "gone", "kept", "p:q"):
        root.add_client(
            id=id,
            client_secret=SECRET,
            client_name="\x1b[31mOld",
            owner="team" if id != "kept" else "another",
            redirect_uris=["https://b.example.com", "https://a.example.com"],
            scope="photos.read openid",
        )
    root.add_client(id="phone", public=True, owner="team")
    return written(
        tmp_path,
        [
            {
                "id": "new",
                "redirect_uris": ["https://a.example.com"],
                "secret": {"generate": {"out": "new.secret"}},
            },
            {"id": "made-by-server"},
            {"id": "new-phone", "public": True},
            {
                "id": "as-it-should-be",
                "secret": {"env": "SECRET"},
                "redirect_uris": ["https://a.example.com", "https://b.example.com"],
                "scope": "openid photos.read",
            },
            {
                "id": "other",
                "client_name": "New",
                "redirect_uris": ["https://c.example.com", "https://a.example.com"],
                "scope": "openid",
                "contacts": ["me@example.com"],
                "secret": {"env": "OTHER"},
                "public": False,
            },
            {"id": "p:q", "scope": "", "secret": {"generate": {"out": "pq.secret"}}},
            {"id": "phone", "public": True, "secret": {"env": "OTHER"}},
        ],
        owner="team",
    )


SHOWN = """\
+ new
    redirect_uris   ["https://a.example.com"]
    owner           "team"
    secret          generated in file {folder}/new.secret
+ made-by-server
    owner           "team"
    secret          random, not saved
+ new-phone
    owner           "team"
    public          true
~ other
    client_name     "\\u001b[31mOld" → "New"
    redirect_uris   + "https://c.example.com"  - "https://b.example.com"
    scope           - "photos.read"
    contacts        + "me@example.com"
    secret          → from environment variable OTHER
~ p:q
    scope           - "photos.read"  - "openid"
    secret          → generated in file {folder}/pq.secret
"""


def test_plan(run: Run, root: HydraEmulator, drifted: str, tmp_path: Path) -> None:
    secrets = {"SECRET": SECRET, "OTHER": "another-secret"}
    shown = SHOWN.replace("{folder}", str(tmp_path))
    result = run("plan", drifted, **secrets)
    assert result.exit_code == 0
    assert result.stdout == f"{shown}3 to create, 2 to update; 2 up to date.\n"
    assert SECRET not in result.output
    pruned = run("plan", "--prune", "--check", drifted, **secrets)
    assert pruned.exit_code == 3
    assert pruned.stdout == f"{shown}- gone\n3 to create, 2 to update, 1 to delete; 2 up to date.\n"
    assert run("plan", "--prune", "--quiet", drifted, **secrets).stdout.split() == [
        "new", "made-by-server", "new-phone", "other", "p:q", "gone",
    ]  # fmt: skip
    assert writes(root) == []
    assert not list(tmp_path.glob("*.secret"))


def test_as_json(run: Run, drifted: str) -> None:
    secrets = {"SECRET": SECRET, "OTHER": "another-secret"}
    result = run("plan", "--prune", "-o", "json", drifted, **secrets)
    steps = json.loads(result.stdout)
    assert steps[1] == {
        "kind": "client",
        "id": "made-by-server",
        "action": "create",
        "changes": {"owner": {"from": None, "to": "team"}},
        "secret": None,
    }
    assert steps[3]["changes"]["scope"] == {"from": "photos.read openid", "to": "openid"}
    assert steps[3]["secret"] == "from environment variable OTHER"
    assert steps[-1] == {
        "kind": "client", "id": "gone", "action": "delete", "changes": {}, "secret": None,
    }  # fmt: skip
    shown = run("plan", "--prune", "-o", "yaml", drifted, **secrets).stdout
    assert shown.startswith("- kind: client\n  id: new\n")


def test_nothing_to_do(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    path = written(tmp_path, [{"id": "admin"}])
    result = run("plan", "--check", path)
    assert result.exit_code == 0
    assert result.stdout == "Nothing to do; 1 up to date.\n"
    assert run("plan", "-q", "--check", path).stdout == ""
    assert run("plan", "-o", "json", path).stdout == "[]\n"


def test_an_items_number_matters(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.add_client(id="a", contacts=["x"])
    path = written(tmp_path, [{"id": "a", "contacts": ["x", "x"]}])
    assert '    contacts        ["x"] → ["x", "x"]\n' in run("plan", path).stdout


def test_colours_are_for_a_terminal(start: Start, run: Run, drifted: str) -> None:
    secrets = {"SECRET": SECRET, "OTHER": "another-secret", "TERM": "xterm"}
    assert "\x1b" not in run("plan", "--prune", drifted, **secrets).output
    status, shown = on_a_terminal(start, "plan", "--prune", drifted, env=secrets)
    assert status == 0
    for colour, line in ((32, "+ new"), (33, "~ other"), (31, "- gone")):
        assert f"\x1b[{colour}m{line}\x1b[0m\n" in shown
    plain = on_a_terminal(start, "plan", "--prune", drifted, env={**secrets, "NO_COLOR": "1"})[1]
    dumb = on_a_terminal(start, "plan", "--prune", drifted, env={**secrets, "TERM": "dumb"})[1]
    assert dumb == plain
    assert "\x1b" not in plain


def test_prune_needs_an_owner(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    for command in ("plan", "apply"):
        result = run(command, "--prune", written(tmp_path, []))
        assert result.exit_code == 2
        assert "--prune needs an owner" in result.stderr
    assert root.requests == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"path": "/clients", "reset": True}, 1),
        ({"path": "/clients", "status": 401}, 5),
        ({"path": "/oauth2/revoke", "status": 503}, 1),
        ({"path": "/oauth2/revoke", "status": 403, "body": "no"}, 5),
    ],
)
def test_what_cannot_be_found_out(
    run: Run, root: HydraEmulator, tmp_path: Path, fault: dict[str, Any], status: int
) -> None:
    """A secret is called wrong only when the server says so."""
    root.add_client(id="a", client_secret=SECRET)
    root.fail(times=None, **fault)
    path = written(tmp_path, [{"id": "a", "secret": {"env": "SECRET"}}])
    result = run("plan", path, SECRET=SECRET)
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")


def test_secrets_are_found_by_trying_them(
    run: Run, every_root: HydraEmulator, tmp_path: Path
) -> None:
    """Right or wrong, in every encoding, with any grant; and nothing is changed by it."""
    odd = "p+q%41 r:s é"
    ids = ["a", "with:colon", "é %?#"]
    for id in ids:
        every_root.add_client(id=id, client_secret=odd)
        every_root.add_client(id=f"{id} cc", client_secret=odd, grant_types=["client_credentials"])
    ids += [f"{id} cc" for id in ids]
    path = written(tmp_path, [{"id": id, "secret": {"env": "SECRET"}} for id in ids])
    assert run("plan", "--check", path, SECRET=odd).exit_code == 0
    wrong = run("plan", "--check", path, "-q", SECRET=f"{odd}!")
    assert wrong.exit_code == 3
    assert wrong.stdout.splitlines() == ids
    assert writes(every_root) == []
    assert "p+q" not in wrong.output


@pytest.mark.parametrize(
    ("public", "drift"), [({"public": True}, False), ({}, False), ({"public": False}, True)]
)
def test_a_public_client_takes_any_secret(
    run: Run, root: HydraEmulator, tmp_path: Path, public: dict[str, bool], drift: bool
) -> None:
    """So its secret cannot be tried; it is set when the client is to be public no longer."""
    root.add_client(id="phone", public=True, client_secret="whatever")
    path = written(tmp_path, [{"id": "phone", "secret": {"env": "SECRET"}, **public}])
    result = run("plan", path, SECRET=SECRET)
    assert ("secret          → from" in result.stdout) is drift
    assert all("/oauth2/revoke" not in str(request) for request in root.requests)


@pytest.mark.parametrize(
    "response", [{"status": 503}, {"status": 429}, {"status": 404, "body": "?"}]
)
def test_a_login_that_cannot_be_found_out(
    run: Run, root: HydraEmulator, tmp_path: Path, response: dict[str, Any]
) -> None:
    root.add_client(id="a:b", client_secret=SECRET)
    path = written(tmp_path, [{"id": "a:b", "secret": {"env": "SECRET"}}])
    assert run("plan", "--check", path, SECRET=SECRET).exit_code == 0
    # The first request for a token is the caller's own.
    root.fail("/oauth2/token", times=1, delay=0.0)
    root.fail("/oauth2/token", times=None, **response)
    result = run("plan", "--check", path, SECRET=SECRET)
    assert result.exit_code in (1, 4)
    assert result.stderr.startswith("Error: oauth_token: ")
