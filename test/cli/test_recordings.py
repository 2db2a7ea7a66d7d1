"""The commands on recorded responses of real servers: their output and exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import Run
from support.loopback import Server
from support.recorded import replay
from wire.calls import Call, UnsayableError, call_for
from wire.expected import SUCCESS, error_of

import hydra_client as sdk

WIRE = Path(__file__).parents[1] / "wire"
SECRETS = {
    *("client_secret", "access_token", "refresh_token", "id_token", "redirectUrl"),
    *("d", "p", "q", "dp", "dq", "qi", "k"),  # of keys
}

STATUSES = [
    (sdk.NotFoundException, 4),
    (sdk.UnauthorizedException, 5),
    (sdk.ForbiddenException, 5),
    (sdk.ApiException, 1),
]


def command_for(call: Call) -> list[str] | None:
    """The command that does what a recorded request does, if one of them does it alone."""
    arguments = call.arguments
    id = arguments.get("id", "")
    scopes = [part for word in (arguments.get("scope") or "").split() for part in ("--scope", word)]
    match call.method:
        case "get_well_known":
            return ["discover"]
        case "well_known":
            return ["jwks"]
        case "list_oauth2_clients":
            return ["clients", "list"]
        case "get_oauth2_client":
            return ["clients", "get", "--", id]
        case "delete_oauth2_client":
            return ["clients", "delete", "--yes", "--output", "table", "--", id]
        case "update_oauth2_client":
            return ["clients", "update", "--file", "-", "--", id]
        case "create_oauth2_client" if arguments["body"].id is None:
            return ["clients", "create", "--file", "-", "--secret-out", "secret"]
        case "get_oauth2_consent_request":
            return ["consent", "get", "--", id]
        case "introspect_oauth2_token":
            return ["token", "introspect", "--token-env", "T", *scopes]
        case "revoke_oauth2_token":
            return ["token", "revoke", "--token-env", "T"]
        case "oauth_token" if arguments.get("grant_type") == "client_credentials":
            return ["token", "client", *scopes]
    return admin_command_for(call)


def admin_command_for(call: Call) -> list[str] | None:
    """The same for policies, groups, the warden, keys and health."""
    arguments = call.arguments
    id, set, body = arguments.get("id", ""), arguments.get("set", ""), arguments.get("body")
    match call.method:
        case "list_policies":
            return ["policies", "list"]
        case "get_policy":
            return ["policies", "get", "--", id]
        case "update_policy" if body.id == id and body.effect in ("allow", "deny"):
            return ["policies", "update", "--file", "-", "--", id]
        case "delete_policy":
            return ["policies", "delete", "--yes", "--output", "table", "--", id]
        case "find_groups_by_member":
            return ["groups", "list", "--member", arguments["member"]]
        case "get_group":
            return ["groups", "get", "--", id]
        case "delete_group":
            return ["groups", "delete", "--yes", "--output", "table", "--", id]
        case "add_members_to_group" if body.members:
            return ["groups", "add", "--quiet", "--", id, *body.members]
        case "remove_members_from_group" if body.members:
            return ["groups", "remove", "--quiet", "--", id, *body.members]
        case "does_warden_allow_access_request" if body.subject and body.action and body.resource:
            context = [
                f"{name}:={json.dumps(value)}" for name, value in (body.context or {}).items()
            ]
            options = [part for pair in context for part in ("--context", pair)]
            return ["warden", "allowed", *options, body.subject, body.action, body.resource]
        case "get_json_web_key_set":
            return ["keys", "get", "--quiet", "--", set]
        case "get_json_web_key":
            return ["keys", "get", "--quiet", "--", set, arguments["kid"]]
        case "delete_json_web_key_set":
            return ["keys", "delete", "--yes", "--quiet", "--output", "table", "--", set]
        case "delete_json_web_key":
            return [
                "keys",
                "delete",
                "--yes",
                "--quiet",
                "--output",
                "table",
                "--",
                set,
                arguments["kid"],
            ]
        case "get_instance_status":
            return ["health"]
        case "get_instance_metrics":
            return ["health", "--metrics"]
        case "userinfo":
            return ["userinfo", "--token-env", "T"]
    return None


def cases() -> Iterator[Any]:
    for path in sorted(WIRE.glob("recordings*/*.json")):
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]:
            try:
                call = call_for(exchange["request"])
            except UnsayableError:
                continue
            command = None if call.refused else command_for(call)
            if command is not None:
                yield pytest.param(
                    exchange, call, command, id=f"{path.parent.name}-{path.stem}-{exchange['name']}"
                )


CASES = list(cases())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def test_most_exchanges_have_a_command() -> None:
    assert len(CASES) > 500


@pytest.mark.parametrize(("exchange", "call", "command"), CASES)
def test_recorded(
    run: Run,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    exchange: dict[str, Any],
    call: Call,
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    response = exchange["response"]
    replay(server, response)
    body = call.arguments.get("body")
    result = run(
        "--output",
        "json",
        *command,
        input=body.to_json() if body is not None else "",
        HYDRA_URL=server.url,
        HYDRA_CLIENT_ID=call.settings.get("username", ""),
        HYDRA_CLIENT_SECRET=call.settings.get("password", ""),
        HYDRA_ACCESS_TOKEN=call.settings.get("access_token", ""),
        T=call.arguments.get("token") or call.arguments.get("access_token") or "",
    )
    assert server.requests[0].method == exchange["request"]["method"]
    secrets = {str(call.settings.get(name)) for name in ("password", "access_token")}
    if call.method == "userinfo":  # the caller's own credentials are words
        secrets = {call.arguments["access_token"]}
    if response["status"] in SUCCESS[call.method][0]:
        denied = (
            command[:2] == ["warden", "allowed"] and not json.loads(response["body"])["allowed"]
        )
        assert result.exit_code == (1 if denied else 0), result.output
        if command[:2] == ["token", "client"]:  # its output is for a program, so it has the token
            assert json.loads(result.stdout) == json.loads(response["body"])
        elif response["body"] and result.stdout.startswith(("{", "[")):
            secrets |= check(json.loads(result.stdout), json.loads(response["body"]))
    else:
        error = error_of(call.method, response["status"], response["body"] or "")
        status = next(code for kind, code in STATUSES if issubclass(error, kind))
        unknown_path = (response["body"] or "").startswith("404 page not found")
        assert result.exit_code == (1 if unknown_path else status)
        assert f": {response['status']} " in result.stderr
        assert result.stdout == ""
    for secret in secrets - {"None", ""}:
        assert secret not in result.output


def check(printed: Any, recorded: Any) -> set[str]:
    """What is printed is what the server said, its secrets masked; return these."""
    if isinstance(recorded, list):
        pairs = sorted(recorded, key=lambda client: str(client["id"]))
        assert len(printed) == len(pairs)
        return set().union(*(check(*pair) for pair in zip(printed, pairs, strict=True)))
    if "keys" in recorded:
        keys = recorded["keys"] or []  # Go writes an empty list as null
        assert len(printed["keys"]) == len(keys)
        return set().union(*map(check, printed["keys"], keys))
    secrets = {name: value for name, value in recorded.items() if name in SECRETS and value}
    assert printed == recorded | dict.fromkeys(secrets, "***")
    return set(map(str, secrets.values()))
