"""`HydraEmulator`: its settings, its addresses, and what tests can do with it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.emulator import (
    ROOT,
    SCOPES,
    Wire,
    get,
    make_wire,
    stop,
)

from hydra_client.emulator import HydraEmulator


def test_url(hydra: HydraEmulator) -> None:
    assert hydra.url == f"http://127.0.0.1:{hydra.port}"
    assert get(hydra) == (200, b'{"status": "ok"}')
    document = json.loads(get(hydra, "/.well-known/openid-configuration")[1])
    assert document["issuer"] == hydra.url
    assert repr(hydra) == f"<HydraEmulator 0.10 memory at {hydra.url}>"


def test_a_given_issuer() -> None:
    with HydraEmulator(issuer="https://login.example/") as hydra:
        document = json.loads(get(hydra, "/.well-known/openid-configuration")[1])
        assert document["issuer"] == "https://login.example"
        assert hydra.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::", ""])
def test_hosts_that_are_not_loopback_addresses(host: str) -> None:
    with pytest.raises(ValueError, match="for tests and demos"):
        HydraEmulator(host=host)
    assert HydraEmulator(host=host, allow_any_host=True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_hosts(host: str) -> None:
    assert HydraEmulator(host=host).host == host


@pytest.mark.parametrize(
    "argument",
    [
        {"host": None},
        {"port": "4444"},
        {"root": "admin:a-password"},
        {"root": ("admin", None)},
        {"consent_url": None},
        {"issuer": 5},
        {"clock": 5},
    ],
)
def test_arguments_of_a_wrong_type(argument: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"^{next(iter(argument))} must be a") as raised:
        HydraEmulator(**argument)
    assert "a-password" not in str(raised.value)


def test_url_before_the_start() -> None:
    hydra = HydraEmulator()
    with pytest.raises(RuntimeError, match="no URL yet"):
        _ = hydra.url
    assert repr(hydra) == "<HydraEmulator 0.10 memory not started>"


def test_start_on_a_running_server() -> None:
    hydra = HydraEmulator().start()
    port = hydra.port
    with hydra.start() as same:
        assert same is hydra
        assert (hydra.port, get(hydra)[0]) == (port, 200)
        stop(hydra)
    with pytest.raises(ConnectionError):
        get(hydra)
    with hydra:
        assert (hydra.port, get(hydra)[0]) == (port, 200)


def test_start_logs_a_notice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "hydra_client.emulator"), HydraEmulator():
        assert "for tests and demos only" in caplog.text
        assert "demo-password" not in caplog.text


def test_wsgi(wire: Wire) -> None:
    from werkzeug.test import Client

    client = Client(wire.hydra)
    response = client.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=ROOT)
    assert response.status == "200 OK"
    assert response.headers["Cache-Control"] == "no-store"
    assert client.head("/clients").data == b""
    assert client.delete("/clients/x").status_code == 404
    wire.hydra.fail(status=599)
    assert client.get("/").status_code == 599
    for fault in ({"reset": True}, {"cut": 1}):
        wire.hydra.fail(**fault)
        with pytest.raises(ConnectionResetError):
            client.get("/clients")
    odd: dict[str, Any] = {"CONTENT_LENGTH": "x", "wsgi.input": None, "REQUEST_METHOD": "GET"}
    assert b"".join(wire.hydra({**odd, "PATH_INFO": "/nope"}, lambda *_: None))


def test_recorded_requests_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra_client.emulator.hydra._MAX_RECORDED_SIZE", 10_000)
    wire = make_wire()
    for number in range(20):
        wire("POST", f"/nowhere/{number}", "x" * 2000)
    assert 1 <= len(wire.hydra.requests) <= 5
    assert wire.hydra.requests[-1].path == "/nowhere/19"


def test_reset(wire: Wire) -> None:
    wire.hydra.allow("app")
    token = wire.root
    wire.hydra.reset()
    assert wire("GET", "/clients", token=token).status == (500 if wire.is_0_9 else 401)
    wire.forget_root()
    assert wire("GET", "/clients", token=wire.client_token(ROOT, SCOPES)).status == 200


@pytest.mark.parametrize("template", ["<a", "a>", "<a>>b<", "><", "<a**>", "<(?=a)>"])
def test_allow_with_a_template_that_does_not_compile(template: str) -> None:
    hydra = make_wire().hydra
    for arguments in (
        (template, {}),
        ("a", {"resources": template}),
        ("a", {"actions": [template]}),
    ):
        with pytest.raises(ValueError, match=r"Unbalanced braces|error parsing regexp"):
            hydra.allow(arguments[0], **arguments[1])


def test_allow_adds_a_policy(wire: Wire) -> None:
    wire.hydra.allow("app", resources="rn:x:<.*>", actions=["get", "put"])
    _, policy = wire.admin("GET", "/policies").json
    if policy["id"] == "default-admin-policy":  # SQL sorts by id
        policy, _ = wire.admin("GET", "/policies").json
    assert policy.pop("id")
    assert policy == {
        "description": "",
        "subjects": ["app"],
        "effect": "allow",
        "resources": ["rn:x:<.*>"],
        "actions": ["get", "put"],
        "conditions": {},
    }


def test_add_client() -> None:
    wire = make_wire()
    client = wire.hydra.add_client(id="x", grant_types=["client_credentials"], scope="foo")
    assert wire.client_token(("x", client["client_secret"]), "foo")
    given = wire.hydra.add_client(client_secret="my-own-secret")
    assert given["client_secret"] == "my-own-secret"
    with pytest.raises(TypeError, match="these members: nickname"):
        wire.hydra.add_client(nickname="x")
    bare = wire.hydra.add_client(id="bare", scope=None, redirect_uris=None, public=None)
    assert (bare["scope"], bare["redirect_uris"], bare["public"]) == ("", None, False)


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"id": 5}, "id must be a string, not int"),
        ({"scope": ["a"]}, r"scope must be a string, not list\(str\)"),
        ({"redirect_uris": "http://x"}, "redirect_uris must be a list of strings, not str"),
        ({"contacts": [5]}, r"contacts must be a list of strings, not list\(int\)"),
        ({"public": "yes"}, "public must be a bool, not str"),
        ({"client_secret": b"secret"}, "client_secret must be a string, not bytes"),
    ],
)
def test_add_client_with_a_wrong_type(member: dict[str, Any], message: str) -> None:
    wire = make_wire()
    with pytest.raises(TypeError, match=f"^{message}$"):
        wire.hydra.add_client(**member)
    assert len(wire.admin("GET", "/clients").json) == 1


def test_add_client_with_an_id_that_is_taken() -> None:
    hydra = make_wire("0.10", "sql").hydra
    hydra.add_client(id="x")
    with pytest.raises(ValueError, match="the store rejects the client: "):
        hydra.add_client(id="x")


def test_accept_consent() -> None:
    wire = make_wire()
    app = wire.app()
    every = "openid offline photos.read"
    for scopes, granted in ((None, every), (["foo"], "foo"), ("openid foo", "openid foo")):
        id, _, cookie = wire.start(app)
        url = urlsplit(wire.hydra.accept_consent(id, "alice", scopes))
        assert wire.authorize(url.query, cookie).params["scope"] == granted
    for store in ("memory", "sql"):
        for id in ("nope", "no\0pe"):
            with pytest.raises(LookupError, match="no consent request 'no"):
                make_wire("0.10", store).hydra.accept_consent(id, "alice")
    with pytest.raises(TypeError, match="subject must be a string, not NoneType"):
        wire.hydra.accept_consent("nope", None)  # type: ignore[arg-type]
