"""Warnings about clients: every command that writes clients gives the same ones."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import Run
from support.manifests import doubts, faults

from hydra_client import OAuth2Client
from hydra_client.cli.manifest.lint import lint
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.store.scopes import covers

OFFLINE = {"grant_types": ["refresh_token"], "scope": "offline"}
IMPLICIT = {"grant_types": ["implicit"]}
LATER = "Hydra 0.9 and 0.10 call it offline"
STAR = "a * matches a whole part between dots, as in photos.*; within a part it matches nothing"
SPACES = "scopes are separated by spaces only; this is one scope"
PLACEHOLDER = "contains a placeholder"
BLANKS = "URIs are compared exactly, so the spaces around it never match"
ONE = "an item must be one URI, without spaces"


def one_scope(scope: str, why: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    return {"scope": scope}, [("scope", f"{scope!r}: {why}")]


def one_item(field: str, item: str, why: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    return {field: [item]}, [(field, f"{item!r}: {why}")]


CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, []),
    ({"scope": "", "redirect_uris": [], "contacts": None, "client_secret": ""}, []),
    # scopes
    ({"scope": "photos.* *.read hydra.clients *  a.*.b"}, []),
    one_scope("hydra.consent*", STAR),
    one_scope("pho*os", STAR),
    one_scope("photos.**", STAR),
    one_scope("offline_access", LATER),
    one_scope("openid,photos", SPACES),
    one_scope("a;b", SPACES),
    one_scope("a\tb", SPACES),
    one_scope("OpenID", "did you mean openid? Scopes are case-sensitive"),
    # grant and response types
    ({"grant_types": ["Authorization_Code", "implicit", "client_credentials"]}, []),
    one_item(
        "grant_types",
        "authorize_code",
        "unknown grant type; did you mean authorization_code?",
    ),
    one_item(
        "grant_types",
        "password",
        "unknown grant type; known: authorization_code, implicit, refresh_token, "
        "client_credentials",
    ),
    one_item(
        "grant_types",
        "authorization_code,implicit",
        "never matches as one item; use one item for each: authorization_code, implicit",
    ),
    ({"response_types": ["code", "id_token"]}, []),
    one_item("response_types", "tokens", "unknown response type; did you mean token?"),
    one_item(
        "response_types",
        "code id_token",
        "never matches as one item; use one item for each: code, id_token",
    ),
    one_item(
        "response_types",
        "id_token, code",
        "never matches as one item; use one item for each: id_token, code",
    ),
    (
        {"response_types": ["token"]},
        [("response_types", "token has no effect without the grant type implicit")],
    ),
    (IMPLICIT | {"response_types": ["token"]}, []),
    (
        {"public": True, "grant_types": ["client_credentials"]},
        [("grant_types", "a public client cannot use client_credentials")],
    ),
    # redirect URIs
    (
        {"redirect_uris": ["https://app.example.com/a,b?c=d", "my-app:cb", "http://a.localhost/"]},
        [],
    ),
    one_item(
        "redirect_uris",
        "https://*.example.com/",
        "URIs are compared exactly; a * matches only itself",
    ),
    one_item("redirect_uris", " https://a.example.com/", BLANKS),
    one_item("redirect_uris", "https://a.example.com/ ", BLANKS),
    one_item("redirect_uris", "https://a.example.com/,https://b.example.com/", ONE),
    one_item("redirect_uris", "https://a.example.com/ https://b.example.com/", ONE),
    *(
        one_item("redirect_uris", f"https://{host}/cb", PLACEHOLDER)
        for host in ("${HOST}", "$HOST", "{{ host }}", "{host}", "<your-host>", "$(hostname)")
    ),
    *(
        one_item(
            "redirect_uris",
            f"http://{host}/cb",
            "over plain http, Hydra sends codes only to 127.0.0.1 and localhost",
        )
        for host in ("[::1]:80", "127.0.0.2")
    ),
    *(
        one_item(
            "redirect_uris",
            f"https://app.example.com/a{odd}b",
            "Hydra decodes the requested URI twice, so one with % or + must be encoded twice",
        )
        for odd in ("%20", "+")
    ),
    # other lists
    ({"contacts": ["Doe, Jane <jane@example.com>"]}, []),
    (
        {"contacts": ["a@example.com,b@example.com"]},
        [("contacts", "several addresses in one item; use one item for each")],
    ),
    # secrets
    ({"client_secret": "a" * 72}, []),
    ({"client_secret": "a-z.A_Z~09"}, []),
]


@pytest.mark.parametrize(("members", "expected"), CASES)
def test_findings(members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = lint(OAuth2Client.from_dict(members))
    assert [(finding.field, finding.text) for finding in found] == expected
    assert not any(finding.refused for finding in found)


@pytest.mark.parametrize("secret", ["a" * 73, "ä" * 37, "a" * 128])
def test_bytes_of_a_secret_count(secret: str) -> None:
    found = [one for one in lint(OAuth2Client(client_secret=secret)) if one.refused]
    assert [one.field for one in found] == ["client_secret"]
    assert found[0].text.startswith(
        f"{len(secret.encode())} bytes of UTF-8, of which Hydra checks "
    )
    assert secret not in found[0].text


@given(
    st.from_regex(r"[a-c*]{1,4}(\.[a-c*]{1,4}){0,2}", fullmatch=True), st.text("abc.", max_size=8)
)
def test_what_is_said_of_a_star_is_so(scope: str, asked: str) -> None:
    """As far as the embedded server matches like Hydra, which recordings say."""
    if any(finding.text.endswith("matches nothing") for finding in lint(OAuth2Client(scope=scope))):
        assert not covers([scope], asked)


TEXTS = st.lists(st.text(max_size=12) | st.text("htp:/*${},;| .a", max_size=12), max_size=3)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        name: {str: st.text(max_size=12), list: TEXTS, bool: st.booleans()}[field.json_type]
        for name, field in OAuth2Client._by_wire.items()
    },
)


@given(MEMBERS)
def test_whatever_is_in_a_client_can_be_judged(members: dict[str, Any]) -> None:
    for finding in lint(OAuth2Client.from_dict(members)):
        assert finding.field in OAuth2Client._by_wire
        assert not any(unicodedata.category(letter) == "Cc" for letter in finding.text)


# --- every command says it

BAD = {
    "id": "my-app",
    "redirect_uris": ["https://${HOST}/cb"],
    "grant_types": ["authorize_code"],
    "response_types": ["code id_token"],
    "scope": "hydra.consent* offline_access",
}
TOLD = [
    f"scope: 'hydra.consent*': {STAR}",
    f"scope: 'offline_access': {LATER}",
    "grant_types: 'authorize_code': unknown grant type; did you mean authorization_code?",
    "response_types: 'code id_token': never matches as one item; use one item for each: code, "
    "id_token",
    f"redirect_uris: 'https://${{HOST}}/cb': {PLACEHOLDER}",
]


def warnings(stderr: str) -> list[str]:
    prefix = "Warning: "
    return [line[len(prefix) :] for line in stderr.splitlines() if line.startswith(prefix)]


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["create", "--secret-out", "{}.secret", "--file", "{}"], ""),
        (["update", "my-app", "--file", "{}"], ""),
        (["patch", "my-app", "--file", "{}"], ""),
        (["import", "{}", "--replace", "--secret-out", "{}.secret"], "{}: client 1: "),
    ],
    ids=str,
)
def test_commands_warn(
    run: Run, root: HydraEmulator, tmp_path: Path, arguments: list[str], place: str
) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(BAD))
    if arguments[0] in ("update", "patch"):
        root.add_client(id="my-app")
    result = run("clients", *(argument.format(file) for argument in arguments))
    assert result.exit_code == 0, result.output
    assert warnings(result.stderr) == [place.format(file) + line for line in TOLD]


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_manifests_warn(run: Run, root: HydraEmulator, tmp_path: Path, command: str) -> None:
    path = tmp_path / "clients.json"
    path.write_text(json.dumps({"clients": [BAD]}))
    result = run(command, str(path))
    assert result.exit_code == 0
    messages = (
        re.sub(rf"^{re.escape(str(path))}:1:\d+: ", "", line) for line in warnings(result.stderr)
    )
    assert sorted(messages) == sorted(TOLD)


def test_lines(tmp_path: Path) -> None:
    """Each where it stands: a default at the default, what is missing at the client."""
    path = tmp_path / "clients.yaml"
    text = """\
defaults:
  response_types: [tokens]
clients:
- id: a
  scope: offline_access
  grant_types:
  - refresh_token
- id: b
"""
    assert doubts(path, text) == [
        "2: response_types: 'tokens': unknown response type; did you mean token?",
        f"5: scope: 'offline_access': {LATER}",
        "7: grant_types: refresh_token has no effect without the scope offline",
    ]


def test_a_patch_warns_of_what_it_changes(run: Run, root: HydraEmulator) -> None:
    root.add_client(id="my-app", scope="pho*os openid", response_types=["code", "id_token"])
    assert warnings(run("clients", "patch", "my-app", "--owner", "me").stderr) == []
    # Of another field too, when the change is to blame.
    result = run("clients", "patch", "my-app", "--response-type", "code")
    assert warnings(result.stderr) == [
        "scope: openid fails unless response_types has both code and id_token"
    ]


# --- secrets that are too long

LONG = "0123456789" * 8


@pytest.mark.parametrize(
    "arguments",
    [
        ["clients", "create", "--id", "new", "--secret-env", "S"],
        ["clients", "update", "my-app", "--owner", "me", "--secret-env", "S"],
        ["clients", "patch", "my-app", "--secret-env", "S"],
        ["clients", "patch", "my-app", "--file", "{}/client.json"],
        ["clients", "import", "{}/client.json"],
        ["plan", "{}/clients.yaml"],
        ["apply", "{}/clients.yaml"],
    ],
    ids=" ".join,
)
def test_a_long_secret_is_refused(
    run: Run, root: HydraEmulator, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "client.json").write_text(json.dumps({"id": "new", "client_secret": LONG}))
    (tmp_path / "clients.yaml").write_text("clients: [{id: new, secret: {env: S}}]")
    root.add_client(id="my-app")
    before = len(root.requests)
    arguments = [argument.format(tmp_path) for argument in arguments]
    result = run(*arguments, S=LONG)
    assert result.exit_code == 2
    assert "80 bytes of UTF-8, of which Hydra checks only the first 72" in result.stderr
    assert LONG not in result.output
    assert len(root.requests) == before
    result = run(*arguments, "--allow-long-secret", S=LONG)
    assert result.exit_code == 0, result.output
    assert "bytes of UTF-8, of which Hydra" not in result.stderr


def test_all_faults_of_a_manifest_are_reported_with_a_long_secret(tmp_path: Path) -> None:
    text = "clients:\n- {id: a, secret: {env: S}}\n- {id: b, scop: c}\n"
    found = faults(tmp_path / "clients.yaml", text, S=LONG)
    assert [line.partition(":")[0] for line in found] == ["2", "3"]


# --- files that were made for something else


@pytest.mark.parametrize(
    "arguments",
    [["create"], ["update", "my-app"], ["patch", "my-app"], ["import"]],
    ids=str,
)
@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"client_id": "my-app", "scope": "a"}, "unknown field client_id; did you mean id?"),
        ({"clients": [{"id": "my-app"}]}, "this is a manifest; use `hydra-client apply`"),
    ],
)
def test_files_for_something_else(
    run: Run,
    root: HydraEmulator,
    tmp_path: Path,
    arguments: list[str],
    document: dict[str, Any],
    why: str,
) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(document))
    given = [str(file)] if arguments == ["import"] else ["--file", str(file)]
    result = run("clients", *arguments, *given)
    assert result.exit_code == 2
    assert why in result.stderr
    assert root.requests == []


def test_fields_of_later_hydras(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text('{"id": "a", "public": true, "token_endpoint_auth_method": "none"}')
    result = run("clients", "import", str(file))
    assert result.exit_code == 0
    assert warnings(result.stderr) == [
        f"{file}: client 1: unknown field token_endpoint_auth_method; did you mean public?"
    ]


def test_several_files_at_once(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.yaml"
    one.write_text('{"id": "a", "public": true}')
    two.write_text("- {id: b, public: true}\n- {id: c, public: true}\n")
    result = run("clients", "import", str(one), str(two), "-", input='{"id": "d", "public": true}')
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [f"Created {id}." for id in "abcd"]
    assert run("clients", "import", str(one), str(one)).stderr == (
        f"Error: {one}: client 1: duplicate id 'a'\nNothing was sent.\n"
    )
    assert run("clients", "import").exit_code == 2
