"""`clients`: their effect on the server, and how they treat secrets."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command import Run, Start, add_caller, wait_for_request
from support.manifests import works

from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

APP = ("--id", "my-app", "--scope", "photos.read", "--grant-type", "client_credentials")


def stored(run: Run, id: str = "my-app") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("clients", "get", id, "--output", "json").output)
    return document


def sent(hydra: HydraEmulator) -> list[str]:
    """What wait_for_request in, requests for tokens aside."""
    return [str(request) for request in hydra.requests if request.path != "/oauth2/token"]


# --- create


def test_create_on_every_server(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    options = {
        "--client-name": "Prints",
        "--redirect-uri": "https://app.example.com/cb",
        "--response-type": "code",
        "--response-type ": "id_token",
        "--owner": "me",
        "--policy-uri": "https://app.example.com/policy",
        "--tos-uri": "https://app.example.com/tos",
        "--client-uri": "https://app.example.com",
        "--logo-uri": "https://app.example.com/logo",
        "--contact": "me@example.com",
    }
    arguments = [part.strip() for pair in options.items() for part in pair]
    result = run(
        "clients", "create", *APP, "--scope", "openid", *arguments, "--secret-out", str(file)
    )
    assert result.exit_code == 0, result.output
    secret = file.read_text().removesuffix("\n")
    assert works(every_root, "my-app", secret)
    assert secret not in result.output
    assert result.stderr == f"Saved the secret to {file}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stored(run) == {
        "id": "my-app",
        "client_name": "Prints",
        "redirect_uris": ["https://app.example.com/cb"],
        "grant_types": ["client_credentials"],
        "response_types": ["code", "id_token"],
        "scope": "photos.read openid",
        "owner": "me",
        "policy_uri": "https://app.example.com/policy",
        "tos_uri": "https://app.example.com/tos",
        "client_uri": "https://app.example.com",
        "logo_uri": "https://app.example.com/logo",
        "contacts": ["me@example.com"],
        "public": False,
    }
    again = run("clients", "create", "--id", "my-app", "--secret-out", str(tmp_path / "other"))
    assert again.exit_code == 1
    assert "the client my-app already exists" in again.stderr
    assert not (tmp_path / "other").exists()
    assert works(every_root, "my-app", secret)


def test_a_generated_secret_is_long_and_needs_no_encoding(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    secrets = set()
    for number in range(20):
        file = tmp_path / str(number)
        assert run("clients", "create", "-q", "--secret-out", str(file)).exit_code == 0
        secrets.add(file.read_text().removesuffix("\n"))
    assert len(secrets) == 20
    unreserved = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    assert all(len(secret) >= 32 and unreserved.issuperset(secret) for secret in secrets)


def test_an_id_is_made_here(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    """So that what was asked for can be looked for, whatever becomes of the response."""
    result = run("clients", "create", "-q", "--secret-out", str(tmp_path / "secret"))
    assert len(result.output) == 37
    assert stored(run, result.output.strip())
    assert sent(root)[:1] == ["POST /clients"]


@pytest.mark.parametrize("arguments", [[], ["--show-secret", "--quiet"]])
def test_a_secret_needs_a_place_to_go(run: Run, root: HydraEmulator, arguments: list[str]) -> None:
    result = run("clients", "create", *APP, *arguments)
    assert result.exit_code == 2
    assert "the generated secret would be lost" in result.stderr
    assert root.requests == []


def test_show_secret(run: Run, root: HydraEmulator) -> None:
    result = run("clients", "create", *APP, "--show-secret", "-o", "json")
    assert works(root, "my-app", json.loads(result.output)["client_secret"])
    result = run("clients", "patch", "my-app", "--generate-secret", "--show-secret", "-qo", "json")
    assert works(root, "my-app", json.loads(result.output)["client_secret"])
    hidden = run("clients", "create", "--secret-env", "S", "-o", "json", S="a-secret")
    assert json.loads(hidden.output)["client_secret"] == "***"
    assert "a-secret" not in hidden.output


def from_file(path: Path) -> dict[str, Any]:
    (path / "given").write_text("p+q%41 r:s\n")
    return {"arguments": ["--secret-file", str(path / "given")]}


SOURCES: list[Callable[[Path], dict[str, Any]]] = [
    from_file,
    lambda _: {"arguments": ["--secret-env", "S"], "S": "p+q%41 r:s"},
    lambda _: {"arguments": ["--secret-stdin"], "input": "p+q%41 r:s\r\n"},
]


@pytest.mark.parametrize("source", SOURCES)
def test_a_given_secret(
    run: Run, root: HydraEmulator, tmp_path: Path, source: Callable[[Path], dict[str, Any]]
) -> None:
    settings = source(tmp_path)
    result = run("clients", "create", *APP, *settings.pop("arguments"), **settings)
    assert result.exit_code == 0
    assert "p+q%41" not in result.output
    assert works(root, "my-app", "p+q%41 r:s")


def test_a_secret_is_asked_for_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("clients", "create", *APP, "--secret-stdin", "-o", "json", input="a-secret\n")
    assert "The client's secret:" in result.stderr
    assert "a-secret" not in result.output
    assert works(root, "my-app", "a-secret")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--secret-file", "a", "--secret-env", "b"], "--secret-file and --secret-env cannot"),
        (["--secret-file", "no-such-file"], "no-such-file: No such file or directory"),
        (["--secret-env", "NOT_SET"], "NOT_SET is not set"),
        (["--secret-stdin"], "stdin is empty"),
        (["--secret-env", "SHORT"], "client_secret must have at least 6 characters"),
        (["--id", "a/b", "--show-secret"], "cannot be addressed"),
    ],
)
def test_usage(run: Run, root: HydraEmulator, arguments: list[str], message: str) -> None:
    result = run("clients", "create", *arguments, input="", SHORT="abc")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert "POST /clients" not in sent(root)


def test_a_public_client_gets_no_secret(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    result = run("clients", "create", "--id", "phone", "--public", "-o", "json")
    assert result.exit_code == 0
    assert json.loads(result.output)["client_secret"] == "***"
    assert b"client_secret" not in root.requests[-1].body.encode()
    file = tmp_path / "secret"
    assert run("clients", "create", "--public", "--secret-out", str(file)).exit_code == 0
    assert len(file.read_text()) == 44


@pytest.mark.parametrize("occupied", ["exists", "missing/secret"])
def test_nothing_is_sent_when_the_secret_cannot_be_kept(
    run: Run, root: HydraEmulator, tmp_path: Path, occupied: str
) -> None:
    (tmp_path / "exists").write_text("mine")
    result = run("clients", "create", *APP, "--secret-out", str(tmp_path / occupied))
    assert result.exit_code == 2
    assert "nothing was sent" in result.stderr
    assert root.requests == []
    assert (tmp_path / "exists").read_text() == "mine"


def test_a_refusal_takes_the_secret_away(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    root.fail("/clients", method="POST", status=400)
    file = tmp_path / "secret"
    assert run("clients", "create", *APP, "--secret-out", str(file)).exit_code == 1
    assert not file.exists()


@pytest.mark.parametrize("fault", [{"cut": 10}, {"status": 502}])
def test_an_unknown_outcome_keeps_the_secret(
    run: Run, root: HydraEmulator, tmp_path: Path, fault: dict[str, int]
) -> None:
    root.fail("/clients", method="POST", **fault)  # type: ignore[arg-type]
    file = tmp_path / "secret"
    result = run("clients", "create", *APP, "--secret-out", str(file))
    assert result.exit_code == 1
    assert "The server may have the new secret" in result.stderr
    if "cut" in fault:
        assert works(root, "my-app", file.read_text().removesuffix("\n"))


def test_a_caller_who_may_create_and_not_look(run: Run, every_root: HydraEmulator) -> None:
    """Not over what duplicate id."""
    caller = add_caller(every_root)
    every_root.add_client(id="theirs", client_secret="their-secret")
    every_root.allow("caller", resources="rn:hydra:clients", actions="create")
    assert run("clients", "create", *APP, "--show-secret", **caller).exit_code == 0
    for id in ("theirs", "my-app"):
        refused = run("clients", "create", "--id", id, "--show-secret", **caller)
        assert refused.exit_code == 1
        assert f"the client {id} already exists, and cannot be read: " in refused.stderr
    assert sent(every_root).count("POST /clients") == 1


# --- files


@pytest.mark.parametrize("kind", ["json", "yaml", "stdin"])
def test_a_client_from_a_file(run: Run, root: HydraEmulator, tmp_path: Path, kind: str) -> None:
    members = {"id": "my-app", "client_name": "Prints", "client_secret": "a-secret", "scope": "a"}
    text = json.dumps(members) if kind != "yaml" else "id: my-app\nclient_secret: a-secret\n"
    file = tmp_path / "client"
    file.write_text(text)
    place = "-" if kind == "stdin" else str(file)
    result = run("clients", "create", "-f", place, "--client-name", "Frames", input=text)
    assert result.exit_code == 0
    assert "a-secret" not in result.output
    assert stored(run)["client_name"] == "Frames"


def test_merged_names_are_there_once(run: Run, root: HydraEmulator) -> None:
    text = "<<: &a {scope: a, owner: me}\nid: my-app\nscope: b\ncontacts: &b []\ngrant_types: *b\n"
    assert run("clients", "create", "--show-secret", "-f", "-", input=text).exit_code == 0
    client = stored(run)
    assert (client["scope"], client["owner"]) == ("b", "me")


# --- update and patch


@pytest.fixture
def my_app(root: HydraEmulator) -> HydraEmulator:
    root.add_client(
        id="my-app",
        client_name="Prints",
        client_secret="a-secret",
        grant_types=["client_credentials"],
        scope="photos.read",
        owner="me",
    )
    return root


def test_update_replaces(run: Run, every_root: HydraEmulator) -> None:
    every_root.add_client(id="my-app", client_name="Prints", client_secret="a-secret", owner="me")
    result = run("clients", "update", "my-app", *APP[2:])
    assert result.exit_code == 0
    assert result.stderr == ""
    assert stored(run)["owner"] == ("" if every_root.variant.is_sql else "me")
    assert works(every_root, "my-app", "a-secret")


def test_patch_keeps_the_rest(run: Run, every_root: HydraEmulator) -> None:
    every_root.add_client(
        id="my-app",
        client_name="Prints",
        client_secret="a-secret",
        grant_types=["client_credentials"],
        scope="photos.read",
        redirect_uris=["http://127.0.0.1/cb"],
    )
    before = stored(run)
    result = run("clients", "patch", "my-app", "--owner", "you", "-q")
    assert result.output == "my-app\n"
    assert stored(run) == before | {"owner": "you"}
    assert works(every_root, "my-app", "a-secret")


def test_patch_keeps_fields_that_nobody_knows(run: Run, my_app: HydraEmulator) -> None:
    my_app.fail("/clients/my-app", status=200, body='{"id": "my-app", "new_field": [1]}')
    assert run("clients", "patch", "my-app", "--owner", "you").exit_code == 0
    assert json.loads(my_app.requests[-1].body) == {
        "id": "my-app",
        "new_field": [1],
        "owner": "you",
    }


def test_patch_empties(run: Run, every_root: HydraEmulator) -> None:
    """Where the store lets it, and else it says so."""
    every_root.add_client(id="my-app", owner="me", redirect_uris=["http://127.0.0.1/cb"])
    result = run("clients", "patch", "my-app", "--owner", "", "--redirect-uri", "")
    assert result.exit_code == 0
    if every_root.variant.is_sql:
        assert result.stderr == ""
        assert stored(run)["owner"] == ""
        assert not stored(run)["redirect_uris"]
    else:
        assert result.stderr == (
            "Warning: the server did not empty redirect_uris\n"
            "Warning: the server did not empty owner\n"
        )


@pytest.mark.parametrize("command", ["update", "patch"])
def test_a_new_secret(run: Run, my_app: HydraEmulator, tmp_path: Path, command: str) -> None:
    fields = APP[2:] if command == "update" else ()
    file = tmp_path / "secret"
    result = run(
        "clients", command, "my-app", *fields, "--generate-secret", "--secret-out", str(file)
    )
    assert result.exit_code == 0, result.output
    secret = file.read_text().removesuffix("\n")
    assert secret not in result.output
    assert works(my_app, "my-app", secret)
    assert not works(my_app, "my-app", "a-secret")
    assert run("clients", command, "my-app", *fields, "--secret-env", "S", S="third-secret")
    assert works(my_app, "my-app", "third-secret")


@pytest.mark.parametrize("command", ["update", "patch"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--generate-secret"], "the generated secret would be lost"),
        (["--generate-secret", "--show-secret", "-q"], "the generated secret would be lost"),
        (["--secret-out", "x"], "needs a new secret"),
        (["--generate-secret", "--secret-env", "S"], "--generate-secret cannot be used"),
    ],
)
def test_usage_of_new_secrets(
    run: Run, my_app: HydraEmulator, command: str, arguments: list[str], message: str
) -> None:
    result = run("clients", command, "my-app", *arguments, S="a-new-secret")
    assert result.exit_code == 2
    assert message in result.stderr
    assert my_app.requests == []


def test_nothing_to_patch(run: Run, my_app: HydraEmulator) -> None:
    assert run("clients", "patch", "my-app").exit_code == 2
    assert run("clients", "update", "nobody", "--owner", "x").exit_code == 4
    assert run("clients", "patch", "nobody", "--owner", "x").exit_code == 4


@pytest.mark.parametrize(
    "arguments",
    [(), ("--secret-env", "S"), ("--file", "-"), ("--generate-secret", "--secret-out", "new")],
)
def test_an_update_without_a_field_empties_nothing(
    run: Run, every_root: HydraEmulator, arguments: tuple[str, ...]
) -> None:
    every_root.add_client(id="my-app", client_secret="a-secret", scope="photos.read")
    before = stored(run)
    result = run("clients", "update", "my-app", *arguments, input='{"id": "my-app"}', S="a-secret")
    assert result.exit_code == 2
    assert "no fields: add --file FILE or the option of a field" in result.stderr
    assert stored(run) == before


@pytest.mark.parametrize("kind", ["clients", "policies", "groups"])
def test_an_empty_id_is_refused(run: Run, root: HydraEmulator, kind: str) -> None:
    """As an unset variable of the shell gives it."""
    member = ("--member", "alice") if kind == "groups" else ()
    result = run(kind, "create", "--id", "", *member)
    assert result.exit_code == 2
    assert "--id: must not be empty" in result.stderr.replace("'", "")
    assert root.requests == []


def test_a_client_that_was_shown_can_be_put_back(
    run: Run, my_app: HydraEmulator, tmp_path: Path
) -> None:
    file = tmp_path / "my-app.yaml"
    file.write_text(run("clients", "get", "my-app", "-o", "yaml").output)
    before = stored(run)
    assert run("clients", "update", "my-app", "--file", str(file)).exit_code == 0
    assert stored(run) == before
    assert run("clients", "patch", "my-app", "--file", str(file)).exit_code == 0
    assert stored(run) == before


@pytest.mark.parametrize("command", [("create", "--public"), ("update", "x"), ("patch", "x")])
@pytest.mark.parametrize("option", ["--grant-type", "--response-type", "--scope"])
def test_lists_with_commas(
    run: Run, root: HydraEmulator, command: tuple[str, ...], option: str
) -> None:
    """As Hydra's own command takes them."""
    result = run("clients", *command, option, "a,b, c")
    assert result.exit_code == 2
    assert f"{option} takes one value; repeat it: {option} a {option} b {option} c" in result.stderr
    assert root.requests == []


def test_the_warnings_are_those_of_plan(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    client = {
        "id": "x",
        "redirect_uris": ["https://*.example.com", "http://example.com"],
        "grant_types": ["code", "refresh_token"],
        "response_types": ["code token"],
        "scope": "openid photo*",
        "contacts": ["a@x b@x"],
        "public": True,
    }
    manifest, file = tmp_path / "manifest.json", tmp_path / "client.json"
    manifest.write_text(json.dumps({"clients": [client]}))
    file.write_text(json.dumps(client))
    planned = run("plan", str(manifest)).stderr
    expected = sorted(re.findall(r"Warning: .+?:\d+:\d+: (.*)", planned))
    assert len(expected) >= 6
    for command in (("create",), ("update", "x")):
        warned = run("clients", *command, "--file", str(file)).stderr
        assert sorted(re.findall("Warning: (.*)", warned)) == expected


# --- list


def test_list_some(run: Run, root: HydraEmulator) -> None:
    root.add_client(id="a", owner="Team", client_name="Photos", grant_types=["x y", "z"])
    root.add_client(id="b", owner="team", redirect_uris=["https://photos.example.com/"])
    assert run("clients", "list", "-q", "--owner", "Team").output == "a\n"
    assert run("clients", "list", "-q", "--owner", "").output == "admin\n"
    assert run("clients", "list", "-q", "--search", "PHOTOS").output == "a\nb\n"
    assert run("clients", "list", "-q", "--search", "photos", "--owner", "team").output == "b\n"
    columns = ("--column", "id", "--column", "grant_types")
    shown = run("clients", "list", "--owner", "Team", *columns)
    assert shown.output == 'id  grant_types\na   ["x y", "z"]\n'
    assert run("clients", "list", "--column", "secret").exit_code == 2


# --- delete


def test_delete(run: Run, every_root: HydraEmulator) -> None:
    every_root.add_client(id="a b?c")
    result = run("clients", "delete", "-y", "a b?c")
    assert (result.exit_code, result.output) == (0, "Deleted a b?c.\n")
    assert run("clients", "list", "-q").output == "admin\n"


@pytest.mark.parametrize("kind", ["clients", "policies", "groups", "keys"])
def test_nothing_is_deleted_unasked(run: Run, root: HydraEmulator, kind: str) -> None:
    result = run(kind, "delete", "x")
    assert result.exit_code == 2
    assert result.stderr.endswith("Without a terminal, confirm with --yes\n")
    assert root.requests == []


def test_delete_tries_all(run: Run, root: HydraEmulator) -> None:
    root.add_client(id="one")
    root.add_client(id="two")
    result = run("clients", "delete", "-y", "one", "nobody", "two", "-q")
    assert result.exit_code == 4
    assert result.stdout == "one\ntwo\n"
    assert "delete_oauth2_client: 404" in result.stderr


@pytest.mark.parametrize(("arguments", "asked"), [([], True), (["--yes"], False)])
def test_delete_asks_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    root: HydraEmulator,
    arguments: list[str],
    asked: bool,
) -> None:
    root.add_client(id="one")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("clients", "delete", "one", *arguments, input="y\n")
    assert result.exit_code == 0
    assert ("Delete one? [y/N]" in result.stderr) == asked


def test_what_is_deleted_cannot_hide_itself(
    monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    asked = run("clients", "delete", "important", "\x1b[2K\r\nDelete tmp", input="n\n")
    assert "Delete important \\x1b[2K\\r\\nDelete tmp? [y/N]" in asked.stderr


# --- import


def write(path: Path, document: object) -> str:
    path.write_text(json.dumps(document))
    return str(path)


def test_import(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    file = write(
        tmp_path / "clients.json",
        [
            {"id": "my-app", "scope": "photos.read", "grant_types": ["client_credentials"]},
            {"id": "own", "client_secret": "own-secret"},
            {"id": "phone", "public": True},
            {"client_name": "no id"},
        ],
    )
    out = tmp_path / "secrets.json"
    result = run("clients", "import", file, "--secret-out", str(out))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Created my-app.\nCreated own.\nCreated phone.\nCreated ")
    assert result.stderr == f"Saved the secrets to {out}.\n"
    secrets = json.loads(out.read_text())
    assert len(secrets) == 2
    assert works(every_root, "my-app", secrets["my-app"])
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert not any(secret in result.output for secret in [*secrets.values(), "own-secret"])

    again = run("clients", "import", file, "--secret-out", str(tmp_path / "more.json"))
    assert again.exit_code == 1
    assert "my-app already exists; use --replace to update it" in again.stderr
    assert works(every_root, "my-app", secrets["my-app"])

    file = write(tmp_path / "clients.json", {"id": "my-app", "client_name": "Prints"})
    replaced = run("clients", "import", file, "--replace", "--secret-out", str(tmp_path / "none"))
    assert (replaced.exit_code, replaced.output) == (0, "Updated my-app.\n")
    assert not (tmp_path / "none").exists()
    assert stored(run)["client_name"] == "Prints"


def test_import_in_other_forms(run: Run, root: HydraEmulator) -> None:
    text = "- {id: one, client_secret: one-secret}\n- {id: two, client_secret: two-secret}\n"
    result = run("clients", "import", "-", "--output", "json", input=text)
    assert [client["id"] for client in json.loads(result.stdout)] == ["one", "two"]
    assert "one-secret" not in result.output
    text = '{"id": "three", "client_secret": "one-secret"}'
    assert run("clients", "import", "-", "--quiet", input=text).output == "three\n"


def test_import_names_all_faults_before_anything_is_sent(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "clients.json",
        [
            {"id": "good", "client_secret": "a-secret"},
            {"id": "good", "client_secret": "a-secret"},
            {"id": "a/b"},
            {"client_secret": "short"},
            {"redirect_uris": "x"},
            7,
        ],
    )
    result = run("clients", "import", file)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 6
    faults = ["duplicate id", "cannot be addressed", "6 characters", "a list", "object"]
    for number, message in enumerate(faults, 2):
        line = lines[number - 2]
        assert f"{file}: client {number}: " in line
        assert message in line
    assert lines[-1] == "Nothing was sent."
    assert "short" not in result.stderr.replace("shorter", "")
    assert root.requests == []


def test_import_says_where_secrets_would_go(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    file = write(tmp_path / "clients.json", [{"id": "one"}])
    result = run("clients", "import", file)
    assert result.exit_code == 2
    assert "1 client without a secret: add --secret-out FILE" in result.stderr
    assert sent(root) == ["GET /clients"]


@pytest.mark.parametrize(
    ("fault", "left"), [({"status": 400}, 0), ({"reset": True}, 1), ({"status": 401}, 1)]
)
def test_import_goes_on_after_a_refusal(
    run: Run, root: HydraEmulator, tmp_path: Path, fault: dict[str, Any], left: int
) -> None:
    file = write(
        tmp_path / "clients.json",
        [{"id": id, "client_secret": "a-secret"} for id in ("one", "two", "three")],
    )
    root.fail("/clients", method="POST", delay=0)
    root.fail("/clients", method="POST", **fault, times=2 if "status" in fault else 1)
    result = run("clients", "import", file)
    assert result.exit_code == (5 if fault.get("status") == 401 else 1)
    assert ("1 client not tried." in result.stderr) == bool(left)
    assert result.stdout == "Created one.\n" or not left


# --- what others on the machine could see


def test_no_secret_in_the_list_of_processes(
    start: Start, root: HydraEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = threading.Event()
    dispatch = root._dispatch

    def wait(request: Request) -> Response:
        if request.raw_path == "/clients":
            listing.wait(30)
        return dispatch(request)

    monkeypatch.setattr(root, "_dispatch", wait)
    (tmp_path / "caller").write_text("demo-password\n")
    (tmp_path / "own").write_text("my-own-secret\n")
    process = start(
        *("clients", "create", "--id", "my-app", "--verbose"),
        *("--client-secret-file", str(tmp_path / "caller")),
        *("--secret-file", str(tmp_path / "own")),
        env={"HYDRA_CLIENT_SECRET": ""},
    )
    wait_for_request(root, "/clients")
    # -ww: whole, however wide the terminal is.
    command = ["ps", "-ww", "-o", "args", "-p", str(process.pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    listing.set()
    out, err = process.communicate(timeout=60)
    assert "clients create" in listed
    for secret in ("demo-password", "my-own-secret"):
        assert secret not in listed + out + err
