"""`groups`: members are added and removed, and no group is replaced by accident."""

from __future__ import annotations

import json
from typing import Any

from support.command import Run, add_caller

from hydra_client.emulator import HydraEmulator


def stored(run: Run, id: str = "editors") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("groups", "get", id, "-o", "json").output)
    return document


def test_a_group_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    create = ("groups", "create", "--id", "editors", "--member")
    assert run(*create, "alice", "--member", "bob").exit_code == 0
    again = run(*create, "carol")
    assert again.exit_code == 1
    assert "the group editors already exists; use `groups add`" in again.stderr
    assert stored(run) == {"id": "editors", "members": ["alice", "bob"]}

    added = run("groups", "add", "editors", "carol", "dave")
    assert (added.exit_code, added.stderr) == (0, "Added carol dave to editors.\n")
    assert stored(run)["members"] == ["alice", "bob", "carol", "dave"]
    removed = run("groups", "remove", "editors", "alice", "no-such")
    assert (removed.exit_code, removed.stderr) == (0, "Removed alice no-such from editors.\n")
    assert stored(run)["members"] == ["bob", "carol", "dave"]

    assert run("groups", "delete", "-y", "editors", "-q").output == "editors\n"
    assert run("groups", "get", "editors").exit_code == 4
    assert run("groups", "add", "editors", "alice").exit_code == 4


def test_list_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    for id in ("b", "a"):
        run("groups", "create", "--id", id, "--member", "alice")
    run("groups", "create", "--id", "c", "--member", "bob")
    assert run("groups", "list", "--member", "alice", "-q").output == "a\nb\n"
    table = run("groups", "list", "--member", "alice").output.splitlines()
    assert [row.split() for row in table] == [["id", "members"], ["a", "alice"], ["b", "alice"]]
    assert json.loads(run("groups", "list", "--member", "bob", "-o", "json").output) == [
        {"id": "c", "members": ["bob"]}
    ]
    assert run("groups", "list").exit_code == 2


def test_an_id_is_generated(run: Run, every_root: HydraEmulator) -> None:
    id = run("groups", "create", "-q").output.strip()
    assert len(id) == 36
    assert stored(run, id)["id"] == id


def test_a_caller_who_may_not_get(run: Run, every_root: HydraEmulator) -> None:
    caller = add_caller(every_root, scope="hydra.groups hydra.warden.groups")
    every_root.allow("caller", resources="rn:hydra:warden:groups", actions="create")
    run("groups", "create", "--id", "editors", "--member", "alice")
    result = run("groups", "create", "--id", "editors", **caller)
    assert result.exit_code == 5
    assert "cannot find out whether the group editors exists" in result.stderr
    assert stored(run)["members"] == ["alice"]
