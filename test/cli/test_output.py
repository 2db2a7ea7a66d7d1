"""Output: stable for programs, safe for terminals, without secrets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Run, Start
from support.manifests import good, on_a_terminal

from hydra_client import JsonWebKey, OAuth2Client
from hydra_client.cli.output import as_json, as_yaml, document_of, plain, table, with_times
from hydra_client.emulator import HydraEmulator

ODD = "[red]Ünïcode[/red] \x1b[31m \x9b2J \u2028 \ud800"

JSON = """{
  "id": "my-app",
  "client_name": "Prints",
  "redirect_uris": [
    "http://127.0.0.1/a",
    "http://127.0.0.1/b"
  ],
  "grant_types": null,
  "response_types": null,
  "scope": "openid offline",
  "owner": "",
  "policy_uri": "",
  "tos_uri": "",
  "client_uri": "",
  "logo_uri": "",
  "contacts": null,
  "public": false
}
"""
YAML = """id: my-app
client_name: Prints
redirect_uris:
- http://127.0.0.1/a
- http://127.0.0.1/b
grant_types: null
response_types: null
scope: openid offline
owner: ''
policy_uri: ''
tos_uri: ''
client_uri: ''
logo_uri: ''
contacts: null
public: false
"""
TABLE = """id              my-app
client_name     Prints
redirect_uris   http://127.0.0.1/a http://127.0.0.1/b
grant_types
response_types
scope           openid offline
owner
policy_uri
tos_uri
client_uri
logo_uri
contacts
public          no
"""


@pytest.fixture
def my_app(root: HydraEmulator) -> HydraEmulator:
    root.add_client(
        id="my-app",
        client_name="Prints",
        client_secret="a-secret",
        redirect_uris=["http://127.0.0.1/a", "http://127.0.0.1/b"],
        scope="openid offline",
    )
    return root


@pytest.mark.parametrize(("form", "text"), [("json", JSON), ("yaml", YAML), ("table", TABLE)])
def test_one(run: Run, my_app: HydraEmulator, form: str, text: str) -> None:
    assert run("clients", "get", "my-app", "--output", form).output == text
    assert run("clients", "get", "my-app", "--output", form, "--quiet").output == (
        text if form != "table" else "my-app\n"
    )


def test_many(run: Run, my_app: HydraEmulator) -> None:
    lines = run("clients", "list").output.splitlines()
    assert lines[0].split() == ["id", "client_name", "owner", "grant_types", "scope"]
    assert lines[2].split() == ["my-app", "Prints", "openid", "offline"]
    assert lines[0].index("scope") == lines[2].index("openid")
    documents = json.loads(run("clients", "list", "-o", "json").output)
    assert documents == yaml.safe_load(run("clients", "list", "-o", "yaml").output)
    assert documents[1] == json.loads(JSON)


def test_nothing(run: Run, root: HydraEmulator) -> None:
    root.fail("/clients", status=200, body="null", times=None)
    assert run("clients", "list").output == "id  client_name  owner  grant_types  scope\n"
    assert run("clients", "list", "-o", "json").output == "[]\n"
    assert run("clients", "list", "-o", "yaml").output == "[]\n"
    assert run("clients", "list", "-q").output == ""


class Stdout:
    def __init__(self, encoding: str | None) -> None:
        self.encoding = encoding


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", None])
def test_documents_come_back(monkeypatch: pytest.MonkeyPatch, encoding: str | None) -> None:
    """Through any encoding; and no character is one that a terminal obeys."""
    monkeypatch.setattr("sys.stdout", Stdout(encoding))
    for write, read in ((as_json, json.loads), (as_yaml, yaml.safe_load)):
        text = write({"name": ODD.removesuffix("\ud800"), "long": "x " * 100})
        assert read(text) == {"name": ODD.removesuffix("\ud800"), "long": "x " * 100}
        text.encode(encoding or "ascii")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", text)
    assert json.loads(as_json([ODD])) == [ODD]
    assert as_yaml(["\ud800"]) == r'- "\uD800"'


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("text", ["089", "1e5", "0o7", "no", "\x85x", "x\x85y", "a\x85"])
def test_a_string_is_one_to_every_reader_of_yaml(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str, text: str
) -> None:
    """Ours, which is the strictest, among them."""
    monkeypatch.setattr("sys.stdout", Stdout(encoding))
    written = as_yaml({"clients": [{"id": "a", "client_name": text}]})
    assert yaml.safe_load(written)["clients"][0]["client_name"] == text
    (entry,) = good(tmp_path / "clients.yaml", written).entries
    assert entry.fields == {"client_name": text}


EVIL = "evil\x1b[31m\x1b]0;pwned\x07"


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (("clients", "list", "-q"), "/clients", [{"id": EVIL}]),
        (("clients", "get", "x", "-q"), "/clients/x", {"id": EVIL}),
        (("policies", "list", "-q"), "/policies", [{"id": EVIL}]),
        (("groups", "list", "--member", "x", "-q"), "/warden/groups", [{"id": EVIL}]),
        (("keys", "get", "x", "-q"), "/keys/x", {"keys": [{"kid": EVIL}]}),
        (("health", "-q"), "/health/status", {"status": EVIL}),
        (("jwks", "-q"), "/.well-known/jwks.json", {"keys": [{"kid": EVIL}]}),
        (
            ("discover", "-q"),
            "/.well-known/openid-configuration",
            {
                "issuer": EVIL,
                "authorization_endpoint": "",
                "token_endpoint": "",
                "jwks_uri": "",
                "subject_types_supported": [],
                "response_types_supported": [],
                "id_token_signing_alg_values_supported": [],
            },
        ),
        (("consent", "get", "x", "-q"), "/oauth2/consent/requests/x", {"requestedScopes": [EVIL]}),
        (
            ("consent", "reject", "x", "--reason", "y", "-q", "--show-secret"),
            "/oauth2/consent/requests/x",
            {"redirectUrl": EVIL},
        ),
        (
            ("token", "client", "-q", "--show-secret"),
            "/oauth2/token",
            {"access_token": EVIL, "token_type": "bearer", "expires_in": 60},
        ),
    ],
)
def test_what_a_server_sends_does_nothing_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    root: HydraEmulator,
    arguments: tuple[str, ...],
    path: str,
    body: Any,
) -> None:
    """Programs get it as it is."""
    root.fail(path, status=200, body=json.dumps(body), times=None)
    root.fail("/oauth2/consent/requests/x/reject", status=204, times=None)
    assert EVIL in run(*arguments).stdout
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    shown = run(*arguments)
    assert shown.exit_code == 0
    assert r"evil\x1b[31m\x1b]0;pwned\x07" in shown.stdout
    assert "\x1b" not in shown.output


def test_a_refusal_does_nothing_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    body = json.dumps({"error": EVIL, "error_description": EVIL})
    root.fail("/clients", method="POST", status=400, body=body, times=None)
    path = tmp_path / "clients.yaml"
    path.write_text("clients: [{id: a}]")
    for arguments in (("clients", "create", "--public"), ("apply", str(path))):
        result = run(*arguments)
        assert result.exit_code == 1
        assert r"evil\x1b[31m\x1b]0;pwned\x07" in result.stderr
        assert "\x1b" not in result.output


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (7, "7"),
        (["a", "b"], "a b"),
        (["code", "code id_token"], '["code", "code id_token"]'),
        (["a,b"], '["a,b"]'),
        ([""], '[""]'),
        ([], ""),
        ([1], "[1]"),
        ({"ü": 1}, '{"ü": 1}'),
        (ODD, r"[red]Ünïcode[/red] \x1b[31m \x9b2J \u2028 \ud800"),
    ],
)
def test_plain(value: Any, text: str) -> None:
    assert plain(value) == text


def test_a_table_in_any_encoding(start: Start, root: HydraEmulator) -> None:
    root.add_client(id="жü")
    process = start("clients", "list", encoding="latin-1", env={"PYTHONIOENCODING": "latin-1"})
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "\\u0436ü" in out


def test_secrets_are_masked() -> None:
    client = OAuth2Client.from_dict({"id": "x", "client_secret": "a-secret", "unknown": 1})
    assert document_of(client) == {"id": "x", "client_secret": "***", "unknown": 1}
    assert document_of(client, show_secret=True)["client_secret"] == "a-secret"
    key = JsonWebKey(kty="RSA", n="1", d="private", p="private")
    assert document_of(key) == {"kty": "RSA", "n": "1", "d": "***", "p": "***"}


def test_a_table_for_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """By rich: text, never markup."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    table([["a", ODD]], ("name", "value"))
    table([["a", "b"]])
    out = capsys.readouterr().out
    assert r"[red]Ünïcode[/red] \x1b[31m" in out
    assert "name" in out


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}])
def test_names_and_values_for_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, variables: dict[str, str]
) -> None:
    """Words stay whole so that they can be copied, and items can be told apart."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    url = "https://photos.example.com/call-back"
    table([["uris", [url, "b"]], ["types", ["code", "code id_token"]], ["none", []]])
    table([["text", "some words that are long enough to be wrapped"], ["", None]])
    out = capsys.readouterr().out
    assert ("\x1b[1mtypes" in out) == (not variables)
    assert re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines() == [
        f"uris   {url}",
        "       b",
        "types  code",
        "       code id_token",
        "none",
        "text  some words that are long",
        "      enough to be wrapped",
        "",
    ]
    table([])
    assert capsys.readouterr().out == ""


def test_dates_beside_seconds() -> None:
    document = {"exp": 0, "iat": 10**20, "nbf": None, "sub": "7"}
    shown = with_times(document, "exp", "iat", "nbf", "sub")
    assert shown == document | {"exp": "0 (1970-01-01 00:00:00+00:00)"}


@pytest.mark.parametrize("width", [80, 50, 30, 5])
def test_a_row_takes_one_line_of_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, width: int
) -> None:
    """Ids are whole as long as they fit."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    id = "3f1c2d34-aaaa-bbbb-cccc"
    table([[id, "Photo prints for everyone", "authorization_code"]], ("id", "name", "grant_types"))
    out = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, out.splitlines())) <= max(width, 7)
    if width >= 50:
        (row,) = out.splitlines()[1:]
        assert row.startswith(f"{id}  Photo p")
        assert ("authorization_code" in row) == (width == 80)


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}])
def test_a_terminal(start: Start, my_app: HydraEmulator, variables: dict[str, str]) -> None:
    """Columns of its width; no colour where none is wanted."""
    env = {"TERM": "xterm-256color", "COLUMNS": "60", **variables}
    status, shown = on_a_terminal(start, "clients", "list", env=env)
    assert status == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "my-app" in text
    assert max(map(len, text.splitlines())) <= 60
    assert re.search(r"\x1b\[[0-9;]*3[0-9]m", shown) is None


@pytest.mark.parametrize(
    "id", ["x\nimportant", "x\rimportant", "x\u2028important", "import\0ant", "\timportant", "a "]
)
def test_an_id_that_programs_would_read_as_another_is_not_in_a_list_of_ids(
    run: Run, root: HydraEmulator, id: str
) -> None:
    body = json.dumps([{"id": "app 1"}, {"id": id}, {"id": "app-2\x1b"}])
    root.fail("/clients", status=200, body=body, times=None)
    listed = run("clients", "list", "--quiet")
    assert listed.stdout == "app 1\napp-2\x1b\n"
    assert listed.stderr == (
        "Warning: left out ids with line breaks, tabs, NUL or outer spaces: use --output json\n"
    )
    assert id in [
        client["id"] for client in json.loads(run("clients", "list", "-o", "json").stdout)
    ]
