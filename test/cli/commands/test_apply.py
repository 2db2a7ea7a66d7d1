"""`apply`: its effect on the server, also when requests fail or the command is interrupted."""

from __future__ import annotations

import json
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.command import Run, Start, add_caller, inherited, name_root, tell
from support.manifests import server_has, works, writes, written

from hydra_client import OAuth2Client
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response
from hydra_client.provisioning import Plan, Step

SECRET = "a-very-good-secret"
ANOTHER = "another-good-secret"
MISSING = '{"error":{"message":": Not found"}}'


class Meddler(HydraEmulator):
    """A server at which something happens right before, or after, a request is answered."""

    before: Callable[[Request], object] = staticmethod(lambda _: None)
    after: Callable[[Request, Response], object] = staticmethod(lambda *_: None)

    def handle(self, request: Request) -> Response:
        self.before(request)
        response = super().handle(request)
        self.after(request, response)
        return response


@pytest.fixture(params=["memory", "sql"])
def meddler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Meddler]:
    with meddling(monkeypatch, request.param) as hydra:
        yield hydra


@pytest.fixture
def sql(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meddler]:
    with meddling(monkeypatch, "sql") as hydra:
        yield hydra


@contextmanager
def meddling(monkeypatch: pytest.MonkeyPatch, store: str) -> Iterator[Meddler]:
    with Meddler(store=store) as hydra:
        name_root(hydra, monkeypatch)
        yield hydra


def once(method: str, path: str, action: Callable[[], object]) -> Callable[[Request], object]:
    """Do something before the first such request."""
    waiting = [action]

    def before(request: Request) -> None:
        if (request.method, request.raw_path) == (method, path) and waiting:
            waiting.pop()()

    return before


# --- what it does


def test_every_server_becomes_what_the_manifest_says(
    run: Run, every_root: HydraEmulator, tmp_path: Path
) -> None:
    for id in ("old", "as-it-is"):
        every_root.add_client(
            id=id, client_secret=SECRET, client_name="Old", logo_uri="https://example.com/logo"
        )
    every_root.add_client(id="not-mine", client_name="Not mine")
    clients = [
        {"id": "old", "client_name": "New", "scope": "a b", "contacts": ["x"]},
        {"id": "as-it-is", "client_name": "Old", "secret": {"env": "SECRET"}},
        {"id": "é %?#:", "secret": {"generate": {"out": "odd.secret"}}, "public": False},
        {"id": "given", "secret": {"env": "SECRET"}, "grant_types": ["client_credentials"]},
        {"id": "phone", "public": True},
    ]
    path = written(tmp_path, clients, defaults={"owner": "me"})
    result = run("apply", path, SECRET=SECRET)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "3 created, 2 updated."
    assert sorted(result.stdout.splitlines()[:-1]) == [
        "Created given.",
        "Created phone.",
        "Created é %?#:.",
        "Updated as-it-is: owner.",
        "Updated old: client_name, scope, owner, contacts.",
    ]
    assert server_has(every_root, "old") == {
        "id": "old",
        "client_name": "New",
        "scope": "a b",
        "owner": "me",
        "logo_uri": "https://example.com/logo",
        "contacts": ["x"],
    }
    assert server_has(every_root, "not-mine") == {"id": "not-mine", "client_name": "Not mine"}
    assert server_has(every_root, "phone") == {"id": "phone", "owner": "me", "public": True}
    for id in ("old", "as-it-is", "given"):
        assert works(every_root, id, SECRET)
    file = tmp_path / "odd.secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert works(every_root, "é %?#:", file.read_text().removesuffix("\n"))
    assert SECRET not in result.output
    assert file.read_text().strip() not in result.output

    before = writes(every_root)
    again = run("apply", path, SECRET=SECRET)
    assert again.exit_code == 0
    assert again.output == "5 unchanged.\n"
    assert writes(every_root) == before
    assert run("plan", "--check", path, SECRET=SECRET).exit_code == 0


def test_a_secret_that_drifted_is_set(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    for id in ("a", "b:c"):
        every_root.add_client(id=id, client_secret=ANOTHER, client_name="Kept", scope="kept")
    clients = [{"id": id, "secret": {"env": "SECRET"}} for id in ("a", "b:c")]
    path = written(tmp_path, clients)
    result = run("apply", path, "--jobs", "1", SECRET=SECRET)
    assert result.stdout == "Updated a: secret.\nUpdated b:c: secret.\n2 updated.\n"
    for id in ("a", "b:c"):
        assert works(every_root, id, SECRET)
        assert server_has(every_root, id) == {"id": id, "client_name": "Kept", "scope": "kept"}
    assert run("apply", path, SECRET=SECRET).stdout == "2 unchanged.\n"


def test_a_secret_is_made_once(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.add_client(id="a", client_secret=SECRET)
    path = written(tmp_path, [{"id": "a", "secret": {"generate": {"out": "out"}}}])
    assert run("apply", path).stdout == "Updated a: secret.\n1 updated.\n"
    made = (tmp_path / "out").read_text()
    assert works(root, "a", made.removesuffix("\n"))
    assert run("apply", path).stdout == "1 unchanged.\n"
    assert (tmp_path / "out").read_text() == made


@pytest.mark.parametrize("exists", [False, True])
def test_a_secret_is_kept_before_it_is_sent(
    run: Run, meddler: Meddler, tmp_path: Path, exists: bool
) -> None:
    if exists:
        meddler.add_client(id="a", client_secret=SECRET)
    kept = []

    def before(request: Request) -> None:
        if request.method in ("POST", "PUT") and request.raw_path.startswith("/clients"):
            kept.append(
                (tmp_path / "out").read_text() == json.loads(request.body)["client_secret"] + "\n"
            )

    meddler.before = before
    path = written(tmp_path, [{"id": "a", "secret": {"generate": {"out": "out"}}}])
    assert run("apply", path).exit_code == 0
    assert kept == [True]


def test_fields_that_nobody_knows_survive(run: Run, meddler: Meddler, tmp_path: Path) -> None:
    """As a later server may have them."""
    meddler.add_client(id="a", client_name="Old")

    def more(request: Request, response: Response) -> None:
        if request.method == "GET" and request.raw_path.startswith("/clients"):
            response.body = response.body.replace(b'"scope":', b'"audience":["x"],"scope":')

    meddler.after = more
    assert run("apply", written(tmp_path, [{"id": "a", "client_name": "New"}])).exit_code == 0
    (put,) = (request for request in meddler.requests if request.method == "PUT")
    assert json.loads(put.body)["audience"] == ["x"]
    assert "client_secret" not in json.loads(put.body)


def test_a_field_is_emptied(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    """By a memory store too, where the secret is known: there a creation overwrites."""
    for id, public in (("a", False), ("b", True)):
        every_root.add_client(
            id=id,
            client_secret=SECRET,
            client_name="Old",
            owner="me",
            scope="kept",
            contacts=["x"],
            public=public,
        )
    empty: dict[str, Any] = {"client_name": "", "owner": None, "contacts": [], "public": False}
    path = written(
        tmp_path, [{"id": id, "secret": {"env": "SECRET"}, "tos_uri": "t", **empty} for id in "ab"]
    )
    assert run("apply", path, SECRET=SECRET).exit_code == 0
    for id in "ab":
        assert server_has(every_root, id) == {"id": id, "scope": "kept", "tos_uri": "t"}
        assert works(every_root, id, SECRET)
    assert run("plan", "--check", path, SECRET=SECRET).exit_code == 0


def test_a_memory_store_that_cannot_empty_a_field(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    for id in "ab":
        root.add_client(id=id, client_secret=SECRET, owner="me", client_name="Old")
    path = written(
        tmp_path, [{"id": "a", "owner": "", "client_name": "New"}, {"id": "b", "client_name": "B"}]
    )
    result = run("apply", path, "--jobs", "1")
    assert result.exit_code == 1
    assert result.stdout == "Updated b: client_name.\n1 updated, 1 failed.\n"
    assert result.stderr == (
        "Error: client 'a': the server stored different values of owner. Memory stores cannot "
        "empty a field by an update, unless the secret is written with it.\n"
        "Failed: a.\nRun the command again to complete it.\n"
    )
    assert works(root, "a", SECRET)
    assert '    owner           "me" → ""\n' in run("plan", path).stdout


def test_a_public_client_is_written_anew_without_a_secret(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    root.add_client(id="phone", public=True, client_name="Old", scope="kept")
    path = written(tmp_path, [{"id": "phone", "client_name": ""}])
    result = run("apply", path)
    assert result.stdout == "Updated phone: client_name.\n1 updated.\n"
    assert server_has(root, "phone") == {"id": "phone", "public": True, "scope": "kept"}
    assert run("plan", "--check", path).exit_code == 0


def test_as_json(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.add_client(id="a", client_name="Old")
    root.add_client(id="b")
    root.fail("/clients/b", method="PUT", status=500, body="no")
    clients = [{"id": id, "client_name": "New"} for id in "abc"]
    result = run("apply", written(tmp_path, [*clients, {"id": "admin"}]), "-o", "json")
    assert result.exit_code == 1
    *found, admin = json.loads(result.stdout)
    error = found[1].pop("error")
    assert error.startswith("b: update_oauth2_client: 500")
    assert found == [
        {
            "kind": "client",
            "id": "a",
            "result": "updated",
            "fields": ["client_name"],
            "error": None,
        },
        {"kind": "client", "id": "b", "result": "failed", "fields": []},
        {"kind": "client", "id": "c", "result": "created", "fields": [], "error": None},
    ]
    assert (admin["id"], admin["result"], admin["error"]) == ("admin", "unchanged", None)
    quiet = run("apply", written(tmp_path, [*clients, {"id": "d"}]), "--quiet")
    assert sorted(quiet.stdout.split()) == ["b", "d"]
    assert run("apply", written(tmp_path, [])).stdout == "Nothing to do.\n"


# --- deleting


@pytest.fixture
def team(root: HydraEmulator, tmp_path: Path) -> str:
    """A manifest of one client, on a server where its owner has three more."""
    for id in ("mine", "old-1", "old-2", "old-3"):
        root.add_client(id=id, owner="team", client_secret=SECRET)
    root.add_client(id="others", owner="another-team")
    return written(tmp_path, [{"id": "mine"}], owner="team")


ASKED = """\
These clients of team are not in the manifest:
- old-1
- old-2
- old-3
"""


def ids(hydra: HydraEmulator) -> list[str]:
    return sorted(client.id or "" for client in hydra.api().list_oauth2_clients())


def test_prune(run: Run, root: HydraEmulator, team: str) -> None:
    assert run("apply", team).stdout == "1 unchanged.\n"
    refused = run("apply", "--prune", team)
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"{ASKED}Error: Delete these 3? Without a terminal, confirm with --yes\n"
    )
    assert writes(root) == []
    result = run("apply", "--prune", "--yes", team, "--jobs", "1")
    assert result.exit_code == 0
    assert result.stderr == ASKED
    assert result.stdout.endswith("Deleted old-3.\n3 deleted, 1 unchanged.\n")
    assert ids(root) == ["admin", "mine", "others"]
    again = run("apply", "--prune", team)
    assert again.stdout == "1 unchanged.\n"


@pytest.mark.parametrize("answer", ["y", "n"])
def test_prune_asks_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator, team: str, answer: str
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("apply", "--prune", team, input=f"{answer}\n")
    assert f"{ASKED}Delete these 3? [y/N]: " in result.stderr
    if answer == "y":
        assert result.exit_code == 0
        assert ids(root) == ["admin", "mine", "others"]
    else:
        assert result.exit_code == 1
        assert result.stderr.endswith("Error: cancelled: nothing was changed\n")
        assert writes(root) == []


def test_prune_spares_who_calls(run: Run, root: HydraEmulator, team: str) -> None:
    """Else nothing could be done after it."""
    caller = add_caller(root, owner="team", scope="hydra.clients")
    root.allow("caller")
    result = run("apply", "--prune", "--yes", team, **caller)
    assert result.exit_code == 0
    assert ids(root) == ["admin", "caller", "mine", "others"]


def test_prune_leaves_out_what_cannot_be_addressed(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    for id in ("old", "x/y"):
        root.add_client(id=id, owner="team")
    path = written(tmp_path, [], owner="team")
    result = run("apply", "--prune", "--yes", path)
    assert result.exit_code == 0
    assert result.stdout == "Deleted old.\n1 deleted.\n"
    assert result.stderr.startswith("Warning: skipped 'x/y': the API cannot address it: ")
    plan = run("plan", "--prune", "--check", path)
    assert plan.exit_code == 0
    assert plan.stderr.startswith("Warning: skipped 'x/y': the API cannot address it: ")
    assert ids(root) == ["admin", "x/y"]


def test_one_to_delete(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.add_client(id="old", owner="team")
    result = run("apply", "--prune", written(tmp_path, [], owner="team"))
    assert "Delete it? Without a terminal, confirm with --yes" in result.stderr


def test_nothing_is_deleted_after_a_failure(run: Run, root: HydraEmulator, team: str) -> None:
    root.api().update_oauth2_client("mine", OAuth2Client(owner="another-team"))
    before = writes(root)
    root.fail("/clients/mine", method="PUT", status=400)
    result = run("apply", "--prune", "--yes", team)
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "Failed: mine.\nNot tried: old-1, old-2, old-3.\nRun the command again to complete it.\n"
    )
    assert writes(root)[len(before) :] == ["PUT /clients/mine"]


def test_what_others_did_meanwhile_is_seen_before_deleting(
    run: Run, meddler: Meddler, tmp_path: Path
) -> None:
    for number in range(1, 4):
        meddler.add_client(id=f"old-{number}", owner="team")
    api = meddler.api()
    actions = [
        once("GET", "/clients/old-1", lambda: api.delete_oauth2_client("old-1")),
        once("DELETE", "/clients/old-2", lambda: api.delete_oauth2_client("old-2")),
        once(
            "GET",
            "/clients/old-3",
            lambda: api.update_oauth2_client("old-3", OAuth2Client(owner="you")),
        ),
    ]
    meddler.before = lambda request: [action(request) for action in actions]
    path = written(tmp_path, [], owner="team")
    result = run("apply", "--prune", "--yes", path)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "2 deleted, 1 unchanged."
    assert ids(meddler) == ["admin", "old-3"]


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ({"status": 403, "body": '{"error":{"message":"Request was denied by default"}}'}, 5,
         "2 deleted, 1 unchanged, 1 failed."),
        ({"reset": True}, 1, "1 unchanged, 1 unknown, 2 not tried."),
    ],
)  # fmt: skip
def test_a_deletion_that_fails(
    run: Run, root: HydraEmulator, team: str, fault: dict[str, Any], status: int, message: str
) -> None:
    root.fail("/clients/old-1", method="DELETE", times=None, **fault)
    result = run("apply", "--prune", "--yes", team, "--jobs", "1")
    assert result.exit_code == status
    assert result.stdout.splitlines()[-1] == message


# --- what goes wrong on the way


def test_a_response_to_a_creation_that_is_lost(run: Run, meddler: Meddler, tmp_path: Path) -> None:
    """It was carried out; a second one would overwrite it in a memory store."""
    meddler.fail("/clients", method="POST", cut=10)
    path = written(tmp_path, [{"id": "a", "client_name": "A", "secret": {"env": "SECRET"}}])
    result = run("apply", path, SECRET=SECRET)
    assert result.exit_code == 0
    assert result.stdout == "Created a.\n1 created.\n"
    assert writes(meddler) == ["POST /clients"]
    assert works(meddler, "a", SECRET)


def test_a_creation_that_is_lost(run: Run, meddler: Meddler, tmp_path: Path) -> None:
    meddler.fail("/clients", method="POST", reset=True)
    path = written(tmp_path, [{"id": "a", "secret": {"generate": {"out": "out"}}}])
    result = run("apply", path)
    assert result.exit_code == 0
    assert writes(meddler) == ["POST /clients", "POST /clients"]
    assert works(meddler, "a", (tmp_path / "out").read_text().removesuffix("\n"))


def test_somebody_else_creates_it(run: Run, sql: Meddler, tmp_path: Path) -> None:
    sql.before = once(
        "POST", "/clients", lambda: sql.add_client(id="a", client_secret=ANOTHER, scope="theirs")
    )
    path = written(tmp_path, [{"id": "a", "client_name": "A", "secret": {"env": "SECRET"}}])
    result = run("apply", path, SECRET=SECRET)
    assert result.stdout == "Updated a: client_name, secret.\n1 updated.\n"
    assert server_has(sql, "a") == {"id": "a", "client_name": "A", "scope": "theirs"}
    assert works(sql, "a", SECRET)


def test_somebody_else_deletes_it(run: Run, meddler: Meddler, tmp_path: Path) -> None:
    meddler.add_client(id="a", client_name="Old")
    api = meddler.api()
    meddler.before = once("GET", "/clients/a", lambda: api.delete_oauth2_client("a"))
    result = run("apply", written(tmp_path, [{"id": "a", "client_name": "A"}]))
    assert result.stdout == "Created a.\n1 created.\n"
    assert server_has(meddler, "a") == {"id": "a", "client_name": "A"}


def test_somebody_else_changes_it(run: Run, meddler: Meddler, tmp_path: Path) -> None:
    """What was changed since the list was fetched is kept; what was done is not done again."""
    for id in "ab":
        meddler.add_client(id=id, client_name="Old", scope="old")
    theirs = OAuth2Client(client_name="Old", scope="theirs", tos_uri="theirs")
    mine = OAuth2Client(client_name="A", scope="old")
    api = meddler.api()
    actions = [
        once("GET", "/clients/a", lambda: api.update_oauth2_client("a", theirs)),
        once("GET", "/clients/b", lambda: api.update_oauth2_client("b", mine)),
    ]
    meddler.before = lambda request: [action(request) for action in actions]
    result = run("apply", written(tmp_path, [{"id": id, "client_name": "A"} for id in "ab"]))
    assert result.stdout == "Updated a: client_name.\n1 updated, 1 unchanged.\n"
    assert server_has(meddler, "a") == {
        "id": "a", "client_name": "A", "scope": "theirs", "tos_uri": "theirs",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "method", "fault", "status", "result"),
    [
        # The server is gone: nobody knows what became of the last request.
        ("/clients", "POST", {"reset": True}, 1, "1 unknown, 1 not tried."),
        ("/clients/a", "PUT", {"reset": True}, 1, "1 created, 1 unknown."),
        ("/clients/a", "PUT", {"status": 504, "body": "?"}, 1, "1 created, 1 unknown."),
        ("/clients/a", "PUT", {"status": 200, "body": "<html>"}, 1, "1 created, 1 unknown."),
        # It says no.
        ("/clients/a", "PUT", {"status": 500, "body": "no"}, 1, "1 created, 1 failed."),
        ("/clients", "POST", {"status": 500, "body": "no"}, 1, "1 updated, 1 failed."),
        ("/clients", "POST", {"status": 503, "body": "no"}, 1, "1 updated, 1 unknown."),
        ("/clients", "POST", {"status": 400, "body": "no"}, 1, "1 updated, 1 failed."),
        ("/clients", "POST", {"status": 200, "body": "<html>"}, 1, "1 updated, 1 unknown."),
        ("/clients", "POST", {"status": 500, "body": "duplicate"}, 1, "1 updated, 1 failed."),
        ("/clients/a", "PUT", {"status": 404, "body": MISSING}, 4, "1 created, 1 failed."),
        (
            "/clients", "POST",
            {"status": 403, "body": '{"error":{"message":"Request was denied by default"}}'},
            5, "1 updated, 1 failed.",
        ),
        # It says no to everything.
        ("/clients", "POST", {"status": 401}, 5, "1 failed, 1 not tried."),
    ],
)  # fmt: skip
def test_failures_are_reported_and_the_rest_is_done(
    run: Run,
    root: HydraEmulator,
    tmp_path: Path,
    path: str,
    method: str,
    fault: dict[str, Any],
    status: int,
    result: str,
) -> None:
    root.add_client(id="a", client_secret=SECRET)
    manifest = written(tmp_path, [{"id": id, "client_name": "A"} for id in "ab"])
    script = root.fail(path, method=method, times=None, **fault)
    failed = run("apply", manifest, "--jobs", "1")
    assert failed.exit_code == status, failed.output
    assert failed.stdout.splitlines()[-1] == result
    assert failed.stderr.endswith("Run the command again to complete it.\n")
    script.times = 0
    again = run("apply", manifest)
    assert again.exit_code == 0
    assert server_has(root, "a") == {"id": "a", "client_name": "A"}
    assert server_has(root, "b") == {"id": "b", "client_name": "A"}
    assert works(root, "a", SECRET)


def test_a_client_that_the_caller_may_not_look_at_stops_no_other(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    """Policies go by id."""
    caller = add_caller(root, scope="hydra.clients")
    root.allow("caller", resources=["rn:hydra:clients", "rn:hydra:clients:ok<.*>"])
    ids = ["denied", "ok-1", "ok-2"]
    for id in ids:
        root.add_client(id=id)
    path = written(tmp_path, [{"id": id, "client_name": "New"} for id in ids])
    result = run("apply", "--jobs", "1", path, **caller)
    assert result.exit_code == 5
    assert result.stdout.endswith("2 updated, 1 failed.\n")
    assert "Failed: denied.\n" in result.stderr


def test_a_response_that_is_lost_and_cannot_be_looked_for(
    run: Run, meddler: Meddler, tmp_path: Path
) -> None:
    scripts = [meddler.fail("/clients", method="POST", cut=10)]
    meddler.before = once(
        "POST",
        "/clients",
        lambda: scripts.append(meddler.fail("/clients/a", times=None, method="GET", status=500)),
    )
    path = written(tmp_path, [{"id": "a", "secret": {"generate": {"out": "out"}}}])
    result = run("apply", path)
    assert result.exit_code == 1
    assert result.stdout == "1 unknown.\n"
    scripts[1].times = 0
    assert run("apply", path).stdout == "1 unchanged.\n"
    assert works(meddler, "a", (tmp_path / "out").read_text().removesuffix("\n"))


def test_many_that_were_not_tried_are_counted(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    root.fail("/clients", method="POST", times=None, status=401)
    path = written(tmp_path, [{"id": f"c{number}"} for number in range(30)])
    result = run("apply", path, "--jobs", "1")
    assert "Failed: c0.\nNot tried: c1, c2, " in result.stderr
    assert ", c20 and 9 more.\n" in result.stderr


def test_a_secret_that_cannot_be_kept_is_never_sent(
    run: Run, meddler: Meddler, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    meddler.before = once("GET", "/clients", lambda: out.symlink_to(tmp_path / "elsewhere"))
    path = written(tmp_path, [{"id": "a", "secret": {"generate": {"out": "out"}}}])
    result = run("apply", path)
    assert result.exit_code == 2
    assert f"Error: a: {tmp_path}/out: " in result.stderr
    assert writes(meddler) == []


@pytest.mark.parametrize(("method", "id"), [("POST", "b"), ("PUT", "a")])
def test_a_server_that_stores_something_else(
    run: Run, sql: Meddler, tmp_path: Path, method: str, id: str
) -> None:
    sql.add_client(id="a", client_secret=SECRET, client_name="Old")

    def otherwise(request: Request, response: Response) -> None:
        if request.method == method:
            response.body = response.body.replace(b'"client_name":"A"', b'"client_name":"a"')

    sql.after = otherwise
    clients = [{"id": id, "client_name": "A", "secret": {"env": "SECRET"}} for id in "ab"]
    result = run("apply", written(tmp_path, clients), SECRET=SECRET)
    assert result.exit_code == 1
    message = f"Error: client '{id}': the server stored different values of client_name. "
    assert result.stderr.startswith(message)
    assert "1 failed." in result.stdout


# --- side by side


@pytest.mark.parametrize("jobs", [1, 8])
def test_so_many_requests_are_under_way_at_once(
    run: Run, meddler: Meddler, tmp_path: Path, jobs: int
) -> None:
    """Each waits at the server until so many others have come; more never come."""
    together = threading.Barrier(jobs)
    under_way = set()
    most = []

    def before(request: Request) -> None:
        if request.method == "POST" and request.raw_path == "/clients":
            under_way.add(request.body)
            most.append(len(under_way))
            together.wait(30)
            under_way.discard(request.body)

    meddler.before = before
    path = written(tmp_path, [{"id": f"c{number}"} for number in range(4 * jobs)])
    result = run("apply", path, "--jobs", str(jobs))
    assert result.exit_code == 0
    assert max(most) == jobs


# --- ended half way


class Gate:
    """Holds creations at the server until it is opened."""

    def __init__(self, hydra: Meddler, held: int) -> None:
        self._open = threading.Event()
        self._held = threading.Semaphore(0)
        hydra.before = self.pass_
        self._count = held

    def pass_(self, request: Request) -> None:
        if request.method == "POST" and request.raw_path == "/clients":
            self._held.release()
            self._open.wait(30)

    def __enter__(self) -> Gate:
        return self

    def wait(self) -> None:
        """Until so many creations are held."""
        for _ in range(self._count):
            assert self._held.acquire(timeout=30)

    def open(self) -> None:
        self._open.set()

    def __exit__(self, *_: object) -> None:
        self.open()


@pytest.mark.parametrize(
    ("number", "status", "end"),
    [
        (signal.SIGINT, 130, "Interrupted.\n"),
        (signal.SIGTERM, 143, ""),
        (signal.SIGHUP, 129, ""),
    ],
)
def test_interrupted(
    start: Start, run: Run, meddler: Meddler, tmp_path: Path, number: int, status: int, end: str
) -> None:
    """It waits for requests in progress, and reports what was done and what was not."""
    path = written(tmp_path, [{"id": f"c{number}"} for number in range(5)])
    with Gate(meddler, 2) as gate:
        with inherited(signal.SIGHUP, signal.SIG_DFL):
            process = start("apply", path, "--jobs", "2")
        gate.wait()
        tell(process, number)
        assert process.stderr is not None
        assert (
            process.stderr.readline()
            == "Waiting for requests in progress. Repeat to stop at once.\n"
        )
        gate.open()
        out, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert sorted(out.splitlines()[:-1]) == ["Created c0.", "Created c1."]
    assert out.splitlines()[-1] == "2 created, 3 not tried."
    assert err == f"Not tried: c2, c3, c4.\nRun the command again to complete it.\n{end}"
    again = run("apply", path)
    assert again.exit_code == 0
    assert again.stdout.splitlines()[-1] == "3 created, 2 unchanged."


def test_interrupted_twice(start: Start, run: Run, meddler: Meddler, tmp_path: Path) -> None:
    """Nothing is waited for."""
    path = written(
        tmp_path,
        [{"id": f"c{number}", "secret": {"generate": {"out": f"{number}"}}} for number in range(3)],
    )
    with Gate(meddler, 2) as gate:
        process = start("apply", path, "--jobs", "2")
        gate.wait()
        tell(process)
        assert process.stderr is not None
        process.stderr.readline()
        tell(process)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == "2 unknown, 1 not tried.\n"
    assert err.startswith("Unknown: c0, c1.\nNot tried: c2.\n")
    assert run("apply", path).exit_code == 0
    for number in range(3):
        secret = (tmp_path / str(number)).read_text().removesuffix("\n")
        assert works(meddler, f"c{number}", secret)


def test_deletions_do_not_begin_after_an_interruption(
    start: Start, meddler: Meddler, tmp_path: Path
) -> None:
    meddler.add_client(id="old", owner="team")
    path = written(tmp_path, [{"id": "a"}], owner="team")
    with Gate(meddler, 1) as gate:
        process = start("apply", "--prune", "--yes", path)
        gate.wait()
        tell(process)
        assert process.stderr is not None
        assert any("Waiting" in line for line in process.stderr)
        gate.open()
        out, _ = process.communicate(timeout=60)
    assert out == "Created a.\n1 created, 1 not tried.\n"
    assert ids(meddler) == ["a", "admin", "old"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_between_two_stages(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    root: HydraEmulator,
    tmp_path: Path,
    number: int,
    status: int,
) -> None:
    stages = Plan.stages

    def interrupted(plan: Plan) -> Iterator[tuple[Step, ...]]:
        for stage in stages(plan):
            yield stage
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Plan, "stages", interrupted)
    root.add_client(id="old", owner="team")
    result = run("apply", "--prune", "--yes", written(tmp_path, [{"id": "a"}], owner="team"))
    assert result.exit_code == status
    assert result.stdout == "Created a.\n1 created, 1 not tried.\n"
    assert "Not tried: old.\n" in result.stderr
