"""`doctor`: for each problem, its line, its advice and its exit status."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import ssl
import stat
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest
from click.testing import CliRunner
from support.command import Run, add_caller, calling
from support.loopback import Peer, Server

from hydra_client import Policy, PolicyApi
from hydra_client.cli.app import app
from hydra_client.cli.commands import doctor
from hydra_client.cli.findings import ADVICE
from hydra_client.cli.roles import ROLES
from hydra_client.emulator import ConsentFlow, HydraEmulator

DISCOVERY = "/.well-known/openid-configuration"
WELL = r"""ok      server       http://127\.0\.0\.1:\d+ responds in \d+ ms
ok      TLS          plain http, but only on this machine
ok      termination  requests need no X-Forwarded-Proto header
ok      clock        the server's clock agrees with this one
ok      log in       the token endpoint accepts admin \(id and secret form-encoded\)
ok      credentials  the revoke endpoint accepts admin \(id and secret not encoded\)
ok      clients      admin may list clients
ok      consent      admin may read, accept and reject consent requests
ok      introspect   admin may introspect tokens
ok      keys         admin may read the keys \(1\)
ok      signing key  the server publishes the key of this ID token
All is well\.
"""


def id_token_of(hydra: HydraEmulator) -> str:
    """Log a user in."""
    return str(ConsentFlow(hydra)(scope="openid").exchange()["id_token"])


def found(run: Run, *arguments: str, **environment: str) -> dict[str, dict[str, str]]:
    """Findings that are not ok, by what was tried; the exit status fits them."""
    result = run("doctor", "-o", "json", *arguments, **environment)
    findings = json.loads(result.stdout)
    bad = any(finding["state"] == "FAILED" for finding in findings)
    assert result.exit_code == (1 if bad else 0)
    for finding in findings:
        assert finding["name"] in (("",) if finding["state"] == "ok" else ADVICE)
    return {finding["check"]: finding for finding in findings if finding["state"] != "ok"}


def test_all_is_well(run: Run, every_root: HydraEmulator) -> None:
    result = run("doctor")
    assert re.fullmatch(WELL, result.output), result.output
    assert result.exit_code == 0
    sent = set(map(str, every_root.requests))
    changing = {line for line in sent if line.startswith(("PUT", "DELETE", "PATCH"))}
    assert {line for line in changing if "hydra-client-doctor" in line} == {
        "PATCH /oauth2/consent/requests/hydra-client-doctor/accept",
        "PATCH /oauth2/consent/requests/hydra-client-doctor/reject",
    }
    assert "POST /clients" not in sent
    assert run("doctor", "--quiet").output == ""


def test_what_it_shows(run: Run, root: HydraEmulator) -> None:
    result = run("doctor", "--need", "keys", HYDRA_CLIENT_SECRET="wrong-secret")
    assert result.exit_code == 1
    assert result.output.splitlines()[4:] == [
        "FAILED  log in       the token endpoint rejects admin with this secret: invalid_client",
        "                     → Check the id and the secret, and that the client exists.",
        "FAILED  credentials  the revoke endpoint rejects admin with this secret: invalid_client",
        "                     → Check the id and the secret, and that the client exists.",
        "2 to fix.",
        "The troubleshooting guide has more about: log-in.",
    ]
    assert "wrong-secret" not in result.output


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours(root: HydraEmulator, environment: dict[str, str], coloured: bool) -> None:
    """On a terminal, unless the environment says otherwise."""
    variables = {"NO_COLOR": "", "TERM": "xterm", **environment}
    result = CliRunner().invoke(app, ["doctor"], color=True, env=variables)
    assert ("\x1b[32mok" in result.output) == coloured


# --- the server


def test_no_server_there(run: Run) -> None:
    finding = found(run, "--url", "http://127.0.0.1:1")["server"]
    assert "connection refused" in finding["result"]
    assert "the port" in finding["advice"]


def test_no_response(run: Run, root: HydraEmulator) -> None:
    root.fail(DISCOVERY, delay=5, times=None)
    finding = found(run, "--timeout", "0.2")["server"]
    assert finding["result"] == f"no response from {root.url} within 0.2 seconds"


@pytest.mark.parametrize("fault", [{"status": 404}, {"status": 200, "body": "<html>"}])
def test_no_hydra(run: Run, root: HydraEmulator, fault: dict[str, Any]) -> None:
    root.fail(DISCOVERY, **fault)
    finding = found(run)["server"]
    assert "not like Hydra" in finding["result"]


LATER: list[tuple[list[str], str]] = [
    (["end_session_endpoint", "revocation_endpoint", "grant_types_supported"], "1.x or 2.x"),
    (["code_challenge_methods_supported", "id_token_signed_response_alg"], "2.x"),
]


@pytest.mark.parametrize(("names", "generation"), LATER)
def test_a_later_hydra(run: Run, root: HydraEmulator, names: list[str], generation: str) -> None:
    """It is not the secret's fault that there are no clients there."""
    said = json.loads(run("discover", "-o", "json").output)
    more = dict.fromkeys(["registration_endpoint", *names], "https://hydra.example.com/x")
    root.fail(DISCOVERY, status=200, body=json.dumps(said | more))
    before = len(root.requests)
    findings = found(run)
    assert list(findings) == ["server"]
    assert f"but a later version ({generation})" in findings["server"]["result"]
    assert f"registration_endpoint, {names[0]}, {names[1]}" in findings["server"]["result"]
    assert findings["server"]["result"].endswith(" and more") == (len(names) > 2)
    assert "This client supports 0.9 and 0.10." in findings["server"]["advice"]
    assert len(root.requests) == before + 1


def test_a_port_of_plain_http(run: Run, root: HydraEmulator) -> None:
    finding = found(run, "--url", root.url.replace("http:", "https:"))["TLS"]
    assert "does not speak TLS on this port" in finding["result"]
    assert finding["advice"] == "Check the port, or use --url http://... instead."


@pytest.mark.parametrize(
    "reply",
    [
        b"\x15\x03\x01\x00\x02\x02\x0a",
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    ],
    ids=["old Go", "new Go"],
)
def test_a_port_of_tls(run: Run, reply: bytes) -> None:
    """What Go's servers send there."""

    def step(peer: Peer) -> None:
        peer.send(reply)
        peer.close()

    with Server(step) as server:
        finding = found(run, "--url", server.url)["TLS"]
    assert finding["name"] == "tls-port"
    assert "speaks TLS on this port" in finding["result"]


def test_termination(run: Run, root: HydraEmulator) -> None:
    root.fail(
        DISCOVERY,
        status=502,
        body='{"error":{"code":500,"message":"Can not serve request over insecure http"}}',
    )
    finding = found(run)["termination"]
    assert "--header 'X-Forwarded-Proto: https'" in finding["advice"]
    output = run("doctor", "--header", "x-forwarded-proto: https").output
    assert "ok      termination  requests have the header X-Forwarded-Proto: https\n" in output


def test_another_name(run: Run, root: HydraEmulator) -> None:
    other = root.url.replace("127.0.0.1", "localhost")
    finding = found(run, "--url", other)["server"]
    assert finding["state"] == "warn"
    assert finding["result"].endswith(f"but its issuer is {root.url}")


def test_tls(run: Run, tls: tuple[str, str]) -> None:
    url, ca = tls
    caller = {"HYDRA_CLIENT_ID": "admin", "HYDRA_CLIENT_SECRET": "demo-password"}
    assert "ok      TLS          the certificate is trusted\n" in (
        run("doctor", "--url", url, "--ca-cert", ca, **caller).output
    )
    finding = found(run, "--url", url)["TLS"]
    assert "the certificate is not trusted" in finding["result"]
    assert "--ca-cert" in finding["advice"]


def test_plain_http_to_another_machine(run: Run, root: HydraEmulator) -> None:
    """By way of a proxy, which the emulator is good enough for."""
    result = run("doctor", HYDRA_URL="http://hydra.invalid", http_proxy=root.url)
    assert result.exit_code == 0
    assert re.findall(r"^warn +(\w+)", result.output, re.MULTILINE) == ["server", "TLS"]
    assert result.output.endswith(
        "2 to look at.\nThe troubleshooting guide has more about: issuer, plain-http.\n"
    )
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("date", "state", "result"),
    [
        (lambda: formatdate(time() - 30, usegmt=True), "warn", "seconds behind this one"),
        (lambda: formatdate(time() + 30, usegmt=True), "warn", "seconds ahead of this one"),
        (lambda: formatdate(time() + 3600, usegmt=True), "FAILED", "seconds ahead"),
        (lambda: "noon", "warn", "no valid Date header"),
    ],
)
def test_clock(run: Run, root: HydraEmulator, date: Any, state: str, result: str) -> None:
    raw = run("discover", "-o", "json").output
    root.fail(DISCOVERY, status=200, headers={"Date": date()}, body=raw)
    finding = found(run)["clock"]
    assert finding["state"] == state
    assert result in finding["result"]
    assert finding["advice"]


# --- the credentials


@pytest.mark.parametrize(
    ("caller", "missing"),
    [
        ({"HYDRA_CLIENT_ID": "", "HYDRA_CLIENT_SECRET": ""}, "id"),
        ({"HYDRA_CLIENT_SECRET": ""}, "secret"),
    ],
)
def test_no_credentials(
    run: Run, root: HydraEmulator, caller: dict[str, str], missing: str
) -> None:
    finding = found(run, **caller)["credentials"]
    assert finding["result"] == f"the {missing} of the calling client is missing"


def test_a_bearer_token(run: Run, root: HydraEmulator) -> None:
    token = run("token", "client", "-q", "--show-secret", "--scope", "hydra.*").stdout.strip()
    caller = {"HYDRA_CLIENT_ID": "", "HYDRA_ACCESS_TOKEN": token}
    assert found(run, **caller) == {}
    findings = found(run, **caller | {"HYDRA_ACCESS_TOKEN": "unknown-token"})
    assert set(findings) == {"clients", "consent", "introspect", "keys"}
    assert "get a new one" in findings["clients"]["advice"]


@pytest.mark.parametrize("named", ["", "admin"])
def test_a_bearer_token_is_its_clients(run: Run, root: HydraEmulator, named: str) -> None:
    """Who that is, it does not tell."""
    add_caller(root, id="app")
    asking = ("--as", "app", "--secret-env", "S", "--scope", "hydra.clients")
    token = run("token", "client", "-q", "--show-secret", *asking, S="a-secret").stdout.strip()
    caller = {"HYDRA_CLIENT_ID": named, "HYDRA_ACCESS_TOKEN": token}
    finding = found(run, "--need", "clients", **caller)["clients"]
    assert finding["result"].startswith("the token's client is not permitted: ")
    assert '"subjects": ["the token\'s client"]' in finding["advice"]


SECRET = "p+q%41 r:s"


@pytest.fixture(params=["0.9", "0.10"])
def odd_root(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HydraEmulator]:
    with HydraEmulator(version=request.param) as hydra:
        hydra.add_client(
            id="app",
            client_secret=SECRET,
            grant_types=["client_credentials"],
            scope="hydra.clients",
        )
        add_caller(hydra, id="a:b", scope="x")
        hydra.add_client(id="c", client_secret="c-secret", grant_types=["authorization_code"])
        monkeypatch.setenv("HYDRA_URL", hydra.url)
        monkeypatch.setenv("HYDRA_CLIENT_ID", "app")
        yield hydra


def test_a_secret_that_needs_encoding(run: Run, odd_root: HydraEmulator) -> None:
    """Both endpoints take it, each in its form."""
    findings = found(run, "--need", "keys", HYDRA_CLIENT_SECRET=SECRET)
    assert set(findings) == {"encoding", "keys"}
    assert findings["encoding"]["state"] == "warn"
    assert "--generate-secret" in findings["encoding"]["advice"]


@pytest.mark.parametrize(
    ("id", "secret", "result"),
    [
        ("app", "p%2Bq%2541+r%3As", "the secret is percent-encoded"),
        ("app", f" {SECRET} ", "the secret is right except for the spaces around it"),
        ("app", "wrong secret%20", None),
        ("app", "  ", None),
    ],
)
def test_a_secret_that_is_misread(
    run: Run, odd_root: HydraEmulator, id: str, secret: str, result: str | None
) -> None:
    findings = found(run, HYDRA_CLIENT_ID=id, HYDRA_CLIENT_SECRET=secret)
    assert set(findings) == {"log in", "credentials", *(["encoding"] if result else [])}
    if result:
        assert findings["encoding"]["result"] == result
    assert SECRET not in str(findings)


def test_an_id_with_a_colon(run: Run, odd_root: HydraEmulator) -> None:
    findings = found(run, "--need", "keys", HYDRA_CLIENT_ID="a:b", HYDRA_CLIENT_SECRET="a-secret")
    assert set(findings) == {"credentials", "encoding", "keys"}
    assert findings["credentials"]["state"] == "warn"
    assert "neither revoke nor introspect" in findings["credentials"]["advice"]


def test_a_client_that_gets_no_token(run: Run, odd_root: HydraEmulator) -> None:
    findings = found(run, HYDRA_CLIENT_ID="c", HYDRA_CLIENT_SECRET="c-secret")
    assert set(findings) == {"log in"}
    assert "accepts c, but issues no token" in findings["log in"]["result"]
    assert "--grant-type client_credentials" in findings["log in"]["advice"]


def test_a_token_endpoint_that_fails(run: Run, root: HydraEmulator) -> None:
    root.fail("/oauth2/token", status=500)
    assert "500" in found(run)["log in"]["result"]


def test_a_revoke_endpoint_that_is_not_there(run: Run, root: HydraEmulator) -> None:
    root.fail("/oauth2/revoke", status=404, body="404 page not found")
    finding = found(run)["credentials"]
    assert finding["result"].startswith("revoke_oauth2_token: 404 ")
    assert "secret" not in finding["result"] + finding["advice"]


def test_scopes_that_were_chosen(run: Run, odd_root: HydraEmulator) -> None:
    """The cause is not the client then, but who named them."""
    caller = {"HYDRA_CLIENT_SECRET": SECRET, "HYDRA_SCOPES": "photos"}
    finding = found(run, "--need", "clients", **caller)["clients"]
    assert finding["result"] == "app gets no token with the scopes photos: invalid_scope"
    assert "--token-scopes, HYDRA_SCOPES" in finding["advice"]
    caller.pop("HYDRA_SCOPES")
    finding = found(run, "--need", "consent", **caller)["consent"]
    assert finding["result"] == "app gets no token with the scope hydra.consent: invalid_scope"


def test_chosen_scopes_that_lack_the_needed_one(run: Run, every_root: HydraEmulator) -> None:
    """A policy, which the caller has, would not help."""
    result = run("doctor", "--need", "clients", HYDRA_SCOPES="hydra.keys.get")
    assert result.exit_code == 1
    assert "admin is not permitted: " in result.stdout
    assert "lack hydra.clients: add it to --token-scopes (HYDRA_SCOPES), or" in result.stdout
    assert "has more about: scope." in result.stdout


@pytest.mark.parametrize("secret", ["demo-password", "", "wrong-secret"])
def test_keys_for_everyone(run: Run, every_root: HydraEmulator, secret: str) -> None:
    """As set-up scripts allowed it: no credential is needed."""
    every_root.allow("", resources="rn:hydra:keys:hydra.openid.id-token:public", actions="get")
    result = run("doctor", HYDRA_CLIENT_SECRET=secret)
    assert result.exit_code == (0 if secret == "demo-password" else 1)
    assert "ok      keys         everyone may read the keys (1), without a token\n" in (
        result.output
    )
    assert "everyone" not in run("doctor", "--need", "clients").output


def test_what_the_caller_may_not(run: Run, odd_root: HydraEmulator) -> None:
    findings = found(run, HYDRA_CLIENT_SECRET=SECRET)
    rights = {"clients", "consent", "keys"}
    if odd_root.variant.version == "0.10":
        rights.add("introspect")
    assert set(findings) == {*rights, "encoding"}
    policy = '"subjects": ["app"], "resources": ["rn:hydra:clients"], "actions": ["get"]'
    assert policy in findings["clients"]["advice"]
    assert "invalid_scope" in findings["consent"]["result"]
    assert "hydra-client clients patch app --scope hydra.consent" in findings["consent"]["advice"]
    assert "hydra.keys.get" in findings["keys"]["advice"]
    odd_root.allow("app")
    assert "clients" not in found(run, HYDRA_CLIENT_SECRET=SECRET)


@pytest.mark.parametrize(
    ("allowed", "missing"), [([], "get"), (["get"], "accept"), (["get", "accept"], "reject")]
)
def test_a_policy_for_consent_requests(
    run: Run, every_hydra: HydraEmulator, allowed: list[str], missing: str
) -> None:
    caller = add_caller(every_hydra)
    resources = "rn:hydra:oauth2:consent:requests:<.*>"
    every_hydra.allow("caller", resources=resources, actions=allowed)
    findings = found(run, "--need", "consent", **caller)
    assert missing not in allowed
    policy = '["rn:hydra:oauth2:consent:requests:<.*>"], "actions": ["get", "accept", "reject"]'
    assert policy in findings["consent"]["advice"]


def test_several_keys(run: Run, root: HydraEmulator) -> None:
    root.fail("/.well-known/jwks.json", status=200, body='{"keys":[{"kid":"a"},{"kid":"b"}]}')
    assert "may read the keys (2), without a token\n" in run("doctor").output


def roles(run: Run, *arguments: str) -> dict[str, dict[str, str]]:
    result = run("doctor", "-o", "json", *arguments)
    return {line["check"]: line for line in json.loads(result.stdout)}


@pytest.mark.parametrize("name", ROLES)
def test_a_role_and_its_policy(run: Run, every_root: HydraEmulator, name: str) -> None:
    """The command that is printed creates what was missing."""
    if name == "resource-server" and every_root.variant.version == "0.9":
        return
    missing = roles(run, "--role", name, "--for", "app")[name]
    assert missing["state"] == "FAILED"
    command = missing["advice"].partition("create the policy: ")[2]
    program, *arguments = shlex.split(command)
    assert program == "hydra-client"
    assert run(*arguments).exit_code == 0
    found = roles(run, "--role", name, "--for", "app")
    assert found[name]["state"] == "ok"
    assert found[name]["result"] == "the policies allow app everything that it needs"
    assert "clients" not in found


def test_the_role_of_a_resource_server_in_0_9(run: Run) -> None:
    with HydraEmulator(version="0.9") as hydra:
        result = run("doctor", "--role", "resource-server", "--for", "app", **calling(hydra))
    assert result.exit_code == 0
    assert "0.9 needs no policy for this" in result.output


def test_a_role_needs_a_client_with_its_scopes(run: Run, every_root: HydraEmulator) -> None:
    """The command that is printed gives it to the client, which keeps its other scopes."""
    every_root.add_client(id="app", scope="openid hydra.consent")
    every_root.allow("app", resources="<.*>", actions="<.*>")
    asked = ("--role", "key-reader", "--role", "consent-app", "--for", "app")
    finding = found(run, *asked)["client"]
    assert (finding["state"], finding["name"]) == ("FAILED", "scope")
    assert finding["result"] == "app lacks the scope hydra.keys.get"
    program, *arguments = shlex.split(finding["advice"].removeprefix("Add it: "))
    assert program == "hydra-client"
    assert run(*arguments).exit_code == 0
    assert found(run, *asked) == {}
    scope = every_root.api().get_oauth2_client("app").scope
    assert scope == "openid hydra.consent hydra.keys.get"


def test_a_role_of_a_client_that_does_not_exist(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    finding = found(run, "--role", "key-reader", "--for", "nope", "--fix", "--yes")["client"]
    assert (finding["state"], finding["result"]) == ("warn", "there is no client nope")
    command = finding["advice"].removeprefix("Create it: hydra-client ")
    file = str(tmp_path / "secret")
    assert run(*shlex.split(command.replace("FILE", file))).exit_code == 0
    assert found(run, "--role", "key-reader", "--for", "nope") == {}


def test_a_resource_server_needs_no_scope(run: Run, root: HydraEmulator) -> None:
    """It introspects with its id and secret."""
    caller = add_caller(root, id="app", scope="hydra.warden")
    root.allow("app", resources="rn:hydra:oauth2:tokens", actions="introspect")
    assert found(run, "--role", "resource-server", "--for", "app") == {}
    assert found(run, "--need", "introspect", **caller) == {}


def test_what_a_role_lacks(run: Run, root: HydraEmulator) -> None:
    root.allow("app", resources="rn:hydra:oauth2:consent:requests:<.*>", actions=["get", "accept"])
    missing = roles(run, "--role", "consent-app", "--for", "app")["consent-app"]["result"]
    assert missing == (
        "no policy allows app, or one denies it: reject on rn:hydra:oauth2:consent:requests:<.*>"
    )
    own = roles(run, "--role", "consent-app", "--need", "clients")
    assert (own["consent-app"]["state"], own["clients"]["state"]) == ("ok", "ok")


def test_roles_without_a_client_or_permission(run: Run, root: HydraEmulator) -> None:
    nobody = run("doctor", "--role", "key-reader", HYDRA_CLIENT_ID="")
    assert nobody.exit_code == 2
    assert "--role needs a client" in nobody.stderr
    assert "add --role ROLE" in run("doctor", "--fix").stderr
    caller = add_caller(root, scope="hydra.warden")
    result = run("doctor", "--role", "key-reader", **caller)
    assert result.exit_code == 1
    assert "rn:hydra:warden:allowed" in result.output
    assert "  client  " not in result.output  # it may not be read


# --- applying policies


def test_fix_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    asked = ("doctor", "--role", "consent-app", "--for", "app", "--fix")
    refused = run(*asked)
    assert refused.exit_code == 2
    assert "Apply the policy app:consent-app? Without a terminal, confirm with --yes" in (
        refused.stderr
    )
    assert run("policies", "get", "app:consent-app").exit_code == 4
    fixed = run(*asked, "--yes")
    assert fixed.exit_code == 0
    assert "id: app:consent-app\nsubjects:\n- app\neffect: allow\n" in fixed.stderr
    assert "ok      consent-app  the policies allow app everything" in fixed.stdout
    assert run(*asked).exit_code == 0  # nothing to ask about


def test_fix_asks_on_a_terminal(
    run: Run, root: HydraEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("doctor", "--role", "key-reader", "--for", "app", "--fix")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    assert "cancelled" in run(*asked, input="n\n").stderr
    assert run(*asked, input="y\n").exit_code == 0


def test_what_cannot_be_fixed(run: Run, root: HydraEmulator) -> None:
    asked = ("--role", "key-reader", "--for", "app", "--fix", "--yes")
    deny = ("--effect", "deny", "--subject", "app", "--action", "get", "--resource", "rn:<.*>")
    run("policies", "create", "--id", "no", *deny)
    finding = found(run, *asked)["key-reader"]
    assert "hydra-client warden explain" in finding["advice"]
    root.fail("/policies/app*", status=500, times=None)
    assert found(run, *asked)["key-reader"]["name"] == "failed"


@pytest.mark.parametrize(
    "stored",
    [
        {"effect": "deny"},
        {"conditions": {"ip": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}}}},
        {"subjects": ["others"]},
        {"actions": ["delete"]},
        {"resources": ["photos"]},
    ],
)
def test_fix_does_not_replace_a_policy_that_somebody_wrote(
    run: Run, root: HydraEmulator, stored: dict[str, Any]
) -> None:
    policies = PolicyApi(root.api().api_client)
    role = ROLES["key-reader"].policy("key-reader", "app")
    policies.update_policy(role["id"], Policy.from_dict({**role, **stored}))
    before = policies.get_policy(role["id"])
    finding = found(run, "--role", "key-reader", "--for", "app", "--fix", "--yes")["key-reader"]
    assert "Policy app:key-reader exists, but is not the role's policy" in finding["result"]
    assert finding["advice"].endswith("hydra-client policies get app:key-reader")
    assert policies.get_policy(role["id"]) == before


def test_fix_completes_the_policy_of_a_role(run: Run, root: HydraEmulator) -> None:
    add_caller(root, id="app")
    policies = PolicyApi(root.api().api_client)
    role = {**ROLES["consent-app"].policy("consent-app", "app"), "actions": ["get"]}
    policies.update_policy(role["id"], Policy.from_dict(role))
    asked = ("--role", "consent-app", "--for", "app", "--fix", "--yes")
    assert found(run, *asked) == {}


@pytest.mark.parametrize("id", ["<.*>", "a<b", "a>b"])
def test_the_id_of_a_client_is_not_pattern(run: Run, root: HydraEmulator, id: str) -> None:
    result = run("doctor", "--role", "key-reader", "--for", id, "--fix", "--yes")
    assert result.exit_code == 2
    assert "is a pattern, which may match other clients" in result.stderr


# --- the key that signs ID tokens


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_a_signing_key_that_was_replaced(run: Run, tmp_path: Path, version: str) -> None:
    with HydraEmulator(version=version, store="sql") as hydra:
        server = calling(hydra)
        file = tmp_path / "tokens.json"
        asked = ("--id-token-file", str(file))

        def log_in() -> None:
            file.write_text(json.dumps({"id_token": id_token_of(hydra)}))

        log_in()
        assert found(run, *asked, **server) == {}
        own = "hydra.openid.id-token"
        assert run("keys", "delete", own, "--yes", **server).exit_code == 0
        for need in ((), asked):
            (finding,) = found(run, *need, **server).values()
            assert finding["name"] == "no-keys"
            assert f"hydra-client keys create {own} --alg RS256" in finding["advice"]
        assert run("keys", "create", own, "--alg", "RS256", **server).exit_code == 0
        log_in()
        finding = found(run, *asked, **server)["signing key"]
        assert finding["name"] == "signing-key"
        assert finding["advice"].startswith("Restart the server: ")
        hydra.restart()
        assert found(run, *asked, **server)  # the token is an earlier one
        log_in()
        assert found(run, *asked, **server) == {}


def test_a_signing_key_that_was_replaced_is_noticed_by_itself(run: Run) -> None:
    with HydraEmulator(store="sql") as hydra:
        server = calling(hydra)
        own = "hydra.openid.id-token"
        run("keys", "delete", own, "--yes", **server)
        run("keys", "create", own, "--alg", "RS256", **server)
        (finding,) = found(run, **server).values()
        assert finding["name"] == "signing-key"
        assert finding["advice"].startswith("Restart the server: ")
        hydra.restart()
        assert found(run, **server) == {}


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/clients/admin", "status": 500},
        {"path": "/clients/admin", "status": 200, "body": '{"id": "admin"}'},
        {"path": "/oauth2/auth", "status": 302, "headers": {"Location": "http://x/?error=y"}},
        {"path": "/.well-known/jwks.json", "status": 500},
    ],
)
def test_a_signing_key_that_cannot_be_found_out(
    run: Run, root: HydraEmulator, fault: dict[str, Any]
) -> None:
    root.fail(times=None, **fault)
    result = run("doctor", "--need", "keys")
    assert "signing key" not in result.output


def test_a_file_without_an_id_token(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    file = tmp_path / "id-token"
    file.write_text("not-a-token")
    assert found(run, "--id-token-file", str(file))["signing key"]["name"] == "id-token"
    file.write_text(id_token_of(root))
    root.fail("/.well-known/jwks.json", status=500, times=None)
    assert found(run, "--id-token-file", str(file))["signing key"]["name"] == "failed"


# --- a certificate that the server made for itself


def test_save_ca(run: Run, tls: tuple[str, str], tmp_path: Path) -> None:
    url, _ = tls
    file = tmp_path / "server.pem"
    asked = ("doctor", "--url", url, "--save-ca", str(file))
    refused = run(*asked)
    assert refused.exit_code == 2
    assert not file.exists()
    saved = run(*asked, "--yes")
    assert saved.exit_code == 0, saved.output
    der = ssl.PEM_cert_to_DER_cert(file.read_text())
    digest = hashlib.sha256(der).hexdigest().upper()
    assert digest in saved.stdout.replace(":", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(*asked, "--yes").exit_code == 2  # the file exists


def test_another_project_of_the_same_name(
    run: Run, root: HydraEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "other_project", lambda: "hydra-client 1.2.3 is installed, too")
    finding = found(run, "--need", "keys")["package"]
    assert (finding["state"], finding["name"]) == ("warn", "other-package")


def test_what_has_no_certificate(run: Run, root: HydraEmulator) -> None:
    asked = ("doctor", "--save-ca", "x.pem")
    assert "needs an https URL" in run(*asked).stderr
    assert "without other checks" in run(*asked, "--need", "keys").stderr
    plain = run(*asked, "--url", root.url.replace("http:", "https:"))
    assert (plain.exit_code, "no TLS on this port" in plain.stderr) == (1, True)
    nowhere = run(*asked, "--url", "https://127.0.0.1:1")
    assert "cannot read the certificate of 127.0.0.1:1: Connection refused" in nowhere.stderr
    misspelt = run(*asked, "--url", "https://hydra..example")
    assert "of hydra..example: the name of the host is not valid" in misspelt.stderr


def test_every_name_is_used() -> None:
    """Names that no finding has would need no page either."""
    folder = Path(doctor.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("doctor*.py"))
    assert [name for name in ADVICE if f'"{name}"' not in source] == []
