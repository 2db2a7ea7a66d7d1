"""`demo`: succeeds on each server, reports failures, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
import trustme
from support.command import Run, Start, name_root, tell
from support.variants import VARIANTS

from hydra_client import OAuth2Api
from hydra_client.consent import Challenge
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

SHOWN = r"""An embedded Hydra 0\.10 \(memory store\) at http://127\.0\.0\.1:\d+\.
 1  ok  discover    its issuer is http://127\.0\.0\.1:\d+; it signs ID tokens with RS256
 2  ok  register    the application demo-\w+ may ask for openid offline photos\.read
 3  ok  list        it is one of 2 clients
 4  ok  update      its name is now "Photo prints and frames", and nothing else changed
 5  ok  authorize   the browser is sent on to the consent app, http://localhost:3000/consent
 6  ok  ask         the consent app fetches the request: openid offline photos\.read
 7  ok  accept      alice logs in and grants it
 8  ok  return      the browser is sent back to the application, with a code
 9  ok  exchange    the code becomes an access, a refresh and an ID token
10  ok  verify      the ID token's signature and claims are valid; the user is alice
11  ok  introspect  the access token is active, for alice: openid offline photos\.read
12  ok  refresh     new tokens; the old access token is no longer active
13  ok  revoke      the application revokes its tokens
14  ok  introspect  the access token is no longer active
15  ok  reject      alice declines a second login; the application gets the reason: the user said no
16  ok  clean up    demo-\w+ is deleted
All 16 steps succeeded\.
"""


def test_what_it_shows(start: Start) -> None:
    """As a newcomer runs it: no server, no setting, no terminal."""
    process = start("demo", env={"HOME": ""})
    out, err = process.communicate(timeout=60)
    assert re.fullmatch(SHOWN, out), out
    assert err == ""
    assert process.returncode == 0


@pytest.mark.parametrize(("version", "store"), VARIANTS)
def test_each_embedded_server(run: Run, version: str, store: str) -> None:
    result = run("demo", "--hydra", version, "--store", store)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"An embedded Hydra {version} ({store} store) at ")
    assert result.output.endswith("All 16 steps succeeded.\n")


@pytest.mark.parametrize("at", [0, 100])
def test_a_load_balancer_with_its_own_cookie(
    run: Run, root: HydraEmulator, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    dispatch = root._dispatch

    def balance(request: Request) -> Response:
        response = dispatch(request)
        expires = "Wed, 21 Oct 2099 07:28:00 GMT"
        response.headers.insert(at, ("Set-Cookie", f"node=1; Path=/; Expires={expires}"))
        return response

    monkeypatch.setattr(root, "_dispatch", balance)
    result = run("demo")
    assert result.exit_code == 0, result.output


def clients(hydra: HydraEmulator) -> list[str | None]:
    """Ids of the clients that are there."""
    with hydra.api().api_client as client:
        api = OAuth2Api(client)
        client.configuration.access_token = api.oauth_token(
            grant_type="client_credentials", scope="hydra.clients"
        ).access_token
        return [client.id for client in api.list_oauth2_clients()]


def test_against_a_running_server(run: Run, every_root: HydraEmulator) -> None:
    """It goes to the server that it is called by, whatever that calls itself."""
    result = run("demo")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"The Hydra at {every_root.url}.\n")
    assert result.output.endswith("All 16 steps succeeded.\n")
    assert clients(every_root) == ["admin"]


def test_a_server_with_another_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called by the name that is given, whatever it calls itself."""
    with HydraEmulator(issuer="https://hydra.example.com") as hydra:
        name_root(hydra, monkeypatch)
        result = run("demo")
    assert result.exit_code == 0, result.output
    assert "its issuer is https://hydra.example.com;" in result.output


def test_over_tls(
    run: Run, tls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser, too, trusts the CA that was named, whatever the environment names."""
    url, ca = tls
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    caller = {"HYDRA_CLIENT_ID": "admin", "HYDRA_CLIENT_SECRET": "demo-password"}
    result = run("demo", "--url", url, "--ca-cert", ca, **caller)
    assert result.exit_code == 0, result.output


def test_an_authorization_endpoint_elsewhere(run: Run, root: HydraEmulator) -> None:
    document = json.loads(run("discover", "--output", "json").output)
    document["authorization_endpoint"] = "http://127.0.0.1:1/oauth2/auth"
    root.fail("/.well-known/openid-configuration", status=200, body=json.dumps(document))
    result = run("demo")
    assert result.exit_code == 1
    assert (
        "authorize   the browser is sent to another server, http://127.0.0.1:1/oauth2/auth\n"
        in result.output
    )


FAULTS = [
    # path, method, which request to it is the first to fail, the fault, the step that fails, how
    ("/.well-known/openid-configuration", "GET", {"status": 500}, "discover", "500"),
    ("/clients", "POST", {"status": 500}, "register", "500"),
    ("/clients", "GET", {"status": 500}, "list", "500"),
    ("/clients", "GET", {"status": 200, "body": "[]"}, "list", "not in the list"),
    ("/clients/*", "PUT", {"status": 500}, "update", "500"),
    ("/oauth2/auth*", "GET", {"status": 500}, "authorize", "500"),
    (
        "/oauth2/auth*",
        "GET",
        {"status": 302, "headers": {"Location": "http://127.0.0.1/?error=odd"}},
        "ask",
        "odd",
    ),
    ("/oauth2/consent/requests/*", "GET", {"status": 404}, "ask", "404"),
    (
        "/oauth2/consent/requests/*",
        "GET",
        {"status": 200, "body": json.dumps({"clientId": "other", "requestedScopes": None})},
        "ask",
        "is missing",
    ),
    ("/oauth2/consent/requests/*", "PATCH", {"status": 403}, "accept", "403"),
    ("/oauth2/introspect", "POST", {"status": 404}, "introspect", "404"),
    (
        "/oauth2/introspect",
        "POST",
        {"status": 200, "body": '{"active":false}'},
        "introspect",
        "not",
    ),
    ("/.well-known/jwks.json", "GET", {"status": 200, "body": '{"keys":[]}'}, "verify", "no key"),
    ("/oauth2/revoke", "POST", {"status": 403}, "revoke", "403"),
]


@pytest.mark.parametrize(("path", "method", "fault", "step", "message"), FAULTS)
def test_a_step_that_fails(
    run: Run,
    root: HydraEmulator,
    path: str,
    method: str,
    fault: dict[str, object],
    step: str,
    message: str,
) -> None:
    root.fail(path, method=method, **fault)  # type: ignore[arg-type]
    result = run("demo")
    assert result.exit_code == 1
    (line,) = (line for line in result.output.splitlines() if "FAILED" in line)
    assert line.split()[2] == step
    assert message in line
    assert result.output.endswith("Not all steps succeeded.\n")
    assert clients(root) == ["admin"]


def test_tokens_end_though_a_step_failed(run: Run, root: HydraEmulator) -> None:
    """They outlive their client, so they are revoked before it is deleted."""
    root.fail("/oauth2/introspect", status=404)
    assert run("demo").exit_code == 1
    sent = [str(request) for request in root.requests if request.path != "/oauth2/token"]
    assert sent[-2] == "POST /oauth2/revoke"
    assert sent[-1].startswith("DELETE /clients/demo-")


def test_a_token_that_cannot_be_revoked_keeps_no_client_there(
    run: Run, root: HydraEmulator
) -> None:
    root.fail("/oauth2/revoke", status=403, times=None)
    result = run("demo")
    assert result.exit_code == 1
    assert re.search(r"demo-\w+ or its tokens may still exist\.\n$", result.output)
    assert clients(root) == ["admin"]


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, "Interrupted.\n"), (signal.SIGTERM, 143, "")],
)
def test_ended_early_it_leaves_nothing_there(
    start: Start, root: HydraEmulator, number: signal.Signals, status: int, said: str
) -> None:
    root.fail("/clients/*", method="PUT", delay=30)
    process = start("demo")
    assert process.stdout is not None
    assert any(line.startswith(" 3") for line in process.stdout)
    tell(process, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert err == said
    assert "ok  clean up" in out
    assert clients(root) == ["admin"]


def test_an_embedded_server_or_a_running_one(run: Run, root: HydraEmulator) -> None:
    result = run("demo", "--hydra", "0.9")
    assert result.exit_code == 2
    assert "embedded" in result.stderr
    assert root.requests == []


def test_an_application_that_is_not_refused(
    run: Run, root: HydraEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Challenge, "reject", lambda self, _: self.accept("alice", self.requested_scopes)
    )
    result = run("demo")
    assert result.exit_code == 1
    assert "15  FAILED  reject      the application gets tokens\n" in result.output
    assert result.output.endswith("Not all steps succeeded.\n")
