"""No token, code, secret or signed value is shown anywhere, not even in logs at DEBUG.

Whatever secret crosses the wire is noted by the server itself, those included that no test sees.
"""

from __future__ import annotations

import logging
import pickle
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import pytest
from support import both
from support.both import CachedIntrospection, CodeFlow, IdTokenVerifier
from support.variants import IDS, VARIANTS

import hydra_client
from hydra_client import ApiTypeError, ApiValueError, OAuth2Client
from hydra_client.consent import NO_BROWSER, Challenge, ConsentApp, ConsentExpired, WrongBrowser
from hydra_client.emulator import ConsentFlow, HydraEmulator
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response
from hydra_client.tokens import ClientCredentials

FOR_BOTH_CLIENTS = True

KEY = "a-key-of-this-test-with-32-characters"
CALLBACK = "http://127.0.0.1/callback"
IN_JSON = re.compile(r'"(?:access_token|refresh_token|id_token|client_secret)": ?"([^"]+)"')
IN_ADDRESS = ("code", "access_token", "id_token", "state", "nonce")
IN_FORM = ("code", "token", "refresh_token", "client_secret", "password")

# What takes an argument, or looks at it before anything is sent, has it as local variable.
ENTRIES = (
    *("call", "connect", "from_env", "__init__", "__setattr__"),
    *("encode", "_urlencode", "run", "exchange", "_read", "read", "challenge"),
    *("accept", "_acceptance", "_members", "_check_json"),
    *("verify", "_check_parties", "_split", "_decoded", "<"),
)


class Witness(HydraEmulator):
    """Notes every secret that it gives or is given."""

    def __init__(self, *arguments: Any) -> None:
        self.secrets: set[str] = {KEY}
        super().__init__(*arguments)

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        body = response.body.decode("utf-8", "replace")
        self.secrets.update(IN_JSON.findall(body))
        self.secrets.update(IN_JSON.findall(request.body.decode("utf-8", "replace")))
        for name, value in response.all_headers():
            if name == "Location":
                self._note(urlsplit(value).query + "&" + urlsplit(value).fragment, IN_ADDRESS)
            if name == "Set-Cookie":
                self.secrets.add(value.partition(";")[0].partition("=")[2])
        self._note(request.body.decode("utf-8", "replace"), IN_FORM)
        scheme, _, credential = request.header("Authorization").partition(" ")
        if scheme:
            self.secrets.add(credential)
        return response

    def _note(self, query: str, names: tuple[str, ...]) -> None:
        self.secrets.update(value for name, value in parse_qsl(query) if name in names)


class Everything:
    """All that a program, its log or its crash could show."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.errors: list[type[BaseException]] = []

    def show(self, *things: object) -> None:
        for thing in things:
            self.shown += [repr(thing), f"{thing}", f"{thing!r:>10}"]

    def fail(self, work: Callable[[], object]) -> BaseException:
        """What a failure shows: itself, its causes, its traceback, its attributes, its pickle."""
        try:
            work()
        except Exception as error:
            self.errors.append(type(error))
            self.shown += traceback.format_exception(error)
            self.shown += locals_below(error)
            link: BaseException | None = error
            while link is not None:
                # The URL where a request starts again is meant to be read.
                attributes = {k: v for k, v in vars(link).items() if not k.endswith("_url")}
                self.show(link, link.args, attributes)
                link = link.__cause__ or link.__context__
            if not isinstance(error, (ConsentExpired, WrongBrowser)):
                self.shown.append(pickle.dumps(error).decode("latin-1"))
            return error
        raise AssertionError("this was to fail")


def locals_below(error: BaseException) -> Iterator[str]:
    """The local variables of our frames, below the method that was called with arguments."""
    details = traceback.TracebackException.from_exception(error, capture_locals=True)
    for frame in details.stack:
        inside = "/hydra_client/" in frame.filename
        inside = inside and not re.search("/api/|/checks.py", frame.filename)
        if inside and not frame.name.startswith(ENTRIES):
            yield f"{frame.filename}:{frame.lineno} {frame.name}: {frame.locals}"


def chopped(secret: str) -> Iterator[str]:
    """A secret, and pieces of it that are long enough to be recognized."""
    yield secret
    if len(secret) > 40:
        yield from (secret[start : start + 24] for start in range(0, len(secret) - 24, 12))


@pytest.mark.parametrize(("version", "store"), VARIANTS, ids=IDS)
def test_nothing_secret_shows_anywhere(
    version: str,
    store: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    everything = Everything()
    with Witness(version, store) as hydra, both.Connections() as connections:
        walk(hydra, everything, connections.connect)
    for record in caplog.records:
        everything.shown += [record.getMessage(), repr(record.__dict__)]
    everything.shown += [caplog.text, *capfd.readouterr()]
    assert "hydra_client" in {record.name.partition(".")[0] for record in caplog.records}

    assert len(hydra.secrets) > 30
    assert len(everything.errors) > 25
    text = "\n".join(everything.shown)
    text += unquote_plus(text)
    found = {
        secret
        for secret in hydra.secrets
        for piece in chopped(secret)
        if len(piece) > 7 and piece in text
    }
    assert {where(secret, everything.shown) for secret in found} == set()


def where(secret: str, shown: list[str]) -> str:
    return next(
        (part for part in shown if any(piece in part for piece in chopped(secret))), secret
    )[:2000]


def walk(hydra: Witness, everything: Everything, connect: Callable[..., Any]) -> None:
    """All flows, with all that goes wrong in them."""
    show, fail = everything.show, everything.fail
    api = connect(hydra.url, *hydra.root, retries=0)
    show(api, api.api_client, api.api_client.configuration)
    if both.kind == "threads":
        show(api.api_client.authentications)
    show(vars(api.api_client), hydra)
    made = api.create_oauth2_client(
        OAuth2Client(
            redirect_uris=[CALLBACK],
            grant_types=["authorization_code", "refresh_token", "client_credentials", "implicit"],
            response_types=["code", "token", "id_token"],
            scope="openid offline photos.read",
        )
    )
    client = {"redirect_uris": [CALLBACK], "id": made.id, "client_secret": made.client_secret}
    id, secret = made.id or "", made.client_secret or ""
    assert secret in hydra.secrets
    show(made, api.with_http_info.list_oauth2_clients(), api.with_http_info.get_oauth2_client(id))

    # Client credentials.
    own = connect(hydra.url, id, secret, retries=0)
    show(own.api_client, own.oauth_token(grant_type="client_credentials", scope="photos.read"))
    show(ClientCredentials(id, secret, ["photos.read"]))
    fail(own.list_oauth2_clients)
    fail(lambda: connect(hydra.url, id, "wrong-secret-1").list_oauth2_clients())
    fail(lambda: connect(hydra.url, access_token=f"{secret}-1").list_oauth2_clients())
    fail(lambda: connect(hydra.url, id, f"{secret}\n"))
    token = api.api_client.token(("hydra.clients",))
    for broken in (
        {"reset": True},
        {"cut": 40},
        {"status": 500, "body": f'{{"error":"oops","access_token":"{token}"}}'},
        {"status": 200, "body": f'{{"access_token":"{token}","expires_in":"{token}"}}'},
        {"status": 200, "body": f'{{"access_token":"{token}"'},
        {"status": 200, "body": f'{{"access_token":["{token}"]}}'},
        {"status": 302, "headers": {"Location": f"/?access_token={token}"}},
    ):
        hydra.fail("/oauth2/token", **broken)  # type: ignore[arg-type]
        fail(lambda: own.oauth_token(grant_type="client_credentials"))

    # Consent.
    consents = ConsentApp(api, clock=hydra.clock)
    log_in = ConsentFlow(hydra)
    show(consents)

    def bound(url: str) -> Challenge:
        """The challenge that the browser gets when it was sent round."""
        sent = fail(lambda: consents.challenge(url, KEY))
        assert isinstance(sent, WrongBrowser)
        back = hydra.handle(Request("GET", sent.redirect_url.removeprefix(hydra.url)))
        return consents.challenge(dict(back.headers)["Location"], KEY)

    def decide(url: str) -> str:
        challenge = bound(url)
        ticket, value = challenge.ticket, challenge.redirect_url.split("&")[-2]
        hydra.secrets.update({ticket.split(".")[-1], value.partition("=")[2]})
        show(challenge, challenge.client())
        for browser in ("another-secret-of-another-session", KEY[:31], KEY):
            fail(lambda browser=browser: consents.challenge({"ticket": ticket + "x"}, browser))
            if browser is not KEY:
                fail(lambda browser=browser: consents.challenge({"ticket": ticket}, browser))
        challenge = consents.challenge(url, NO_BROWSER)
        fail(lambda: challenge.accept("alice", ["openid", "photos.write"]))
        fail(lambda: challenge.accept("alice", [], id_token_extra={"nonce": secret}))
        fail(lambda: challenge.accept("alice", [], access_token_extra={"secret": {secret}}))
        hydra.fail("/oauth2/consent/requests/*", reset=True)
        fail(lambda: challenge.accept("alice", ["openid"]))
        hydra.clock.advance(601)
        fail(lambda: consents.challenge({"consent": challenge.id}, NO_BROWSER))
        hydra.clock.advance(-601)
        return challenge.accept("alice", challenge.requested_scopes)

    # The code flow.
    verifier = IdTokenVerifier(api, id, clock=hydra.clock)
    flow = CodeFlow(own, CALLBACK, "openid offline photos.read", verifier=verifier)
    show(flow, verifier)
    hydra.secrets.update({flow.state, flow.nonce})
    asked = {"client": client, "scope": flow.scope, "state": flow.state, "nonce": flow.nonce}
    came = log_in(decide=decide, **asked)  # type: ignore[arg-type]
    show(came)
    other = CodeFlow(own, CALLBACK, "openid", verifier=verifier)
    fail(lambda: other.exchange(came.url))
    fail(lambda: other.exchange(f"{came.url}&state={flow.state}"))
    tokens = flow.exchange(came.url)
    show(flow, tokens, flow.claims)
    fail(lambda: flow.exchange(came.url))
    fail(lambda: CodeFlow(own, CALLBACK, "a", state=flow.state).exchange(came.url))
    stolen = log_in(decide=decide, **asked).params["code"]  # type: ignore[arg-type]
    fail(lambda: other.exchange({"code": stolen, "state": other.state}))
    fresh = flow.refresh()
    show(flow, fresh)
    hydra.fail("/oauth2/token", cut=60)
    fail(flow.refresh)

    # ID tokens.
    id_token = tokens.id_token or ""
    header, claims, signature = id_token.split(".")
    show(verifier.verify(id_token, nonce=flow.nonce))
    for forged in (
        id_token + "\n",
        id_token[:-5],
        f"{header}.{claims}",
        f"{header}.{claims}.{signature[::-1]}",
        f"{header}.{claims[::-1]}.{signature}",
        f"eyJhbGciOiJub25lIn0.{claims}.",
        f"e30.{claims}.{signature}",
        tokens.access_token,
    ):
        fail(lambda forged=forged: verifier.verify(forged, nonce=flow.nonce))  # type: ignore[misc]
    fail(lambda: verifier.verify(id_token, nonce=other.nonce))
    fail(lambda: verifier.verify(id_token, nonce=flow.nonce, access_token=tokens.access_token))
    fail(lambda: verifier.verify(id_token.encode(), nonce=None))  # type: ignore[arg-type]
    fail(lambda: IdTokenVerifier(api, "other").verify(id_token, nonce=flow.nonce))
    fail(lambda: IdTokenVerifier(own, id).verify(id_token, nonce=flow.nonce))
    hydra.fail("/.well-known/jwks.json", reset=True)
    fail(lambda: IdTokenVerifier(api, id).verify(id_token, nonce=flow.nonce))
    implicit = log_in(client=client, response_type="token id_token", scope="openid").params
    fail(lambda: verifier.verify(implicit["id_token"], nonce=None, access_token=fresh.access_token))

    # Introspection and revocation.
    cached = CachedIntrospection(api)
    live = log_in(client=client, scope="openid offline").exchange()
    for asked_about in (live["access_token"], live["refresh_token"], secret):
        show(cached(asked_about), api.with_http_info.introspect_oauth2_token(asked_about))
    show(cached)
    hydra.fail("/oauth2/introspect", status=500, body=f"token={live['access_token']}")
    fail(lambda: cached(live["access_token"], "photos.read"))
    fail(lambda: api.introspect_oauth2_token(f"{live['access_token']}\ud800"))
    hydra.fail("/oauth2/revoke", reset=True)
    fail(lambda: own.revoke_oauth2_token(live["refresh_token"]))
    own.revoke_oauth2_token(live["refresh_token"])
    # The emulator's record shows state and nonce, for tests to look at.
    show(
        *(
            re.sub(r"(state|nonce|hydra_client_browser)=[^&']*", "", repr(request))
            for request in hydra.requests
        )
    )


FAULTS: dict[str, dict[str, Any]] = {
    "reset": {"reset": True},
    "cut": {"cut": 5},
    "delay": {"delay": 1.0},
    "400": {"status": 400},
    "401": {"status": 401},
    "403": {"status": 403},
    "404": {"status": 404},
    "409": {"status": 409},
    "429": {"status": 429},
    "500": {"status": 500},
    "no JSON": {"status": 200, "body": "<html>"},
    "another type": {"status": 200, "body": "[1]"},
    "another field": {"status": 200, "body": '{"id": 1, "access_token": 1, "active": 1}'},
}


class Vault:
    """A token source that returns a plain string, in a new form each time."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._asked = 0

    def __repr__(self) -> str:
        return "Vault()"

    def token(self, scopes: tuple[str, ...], /) -> str:
        self._asked += 1
        return f"{self._token}{'.' * self._asked}"

    def call(self) -> str:
        return f"{self._token}"

    async def call_async(self) -> str:
        return f"{self._token}"


@pytest.mark.parametrize(
    "credential",
    ["client credentials", "token", "callable", "coroutine function", "token source"],
)
@pytest.mark.parametrize("fault", FAULTS)
def test_local_variables_show_no_credential(fault: str, credential: str) -> None:
    with HydraEmulator() as hydra, both.Connections() as connections:
        connect = connections.connect
        made = hydra.api().create_oauth2_client(
            OAuth2Client(grant_types=["client_credentials"], scope="hydra.clients")
        )
        id, secret = str(made.id), str(made.client_secret)
        token = hydra.api().api_client.token(("hydra.clients",))
        given: dict[str, Any] = {
            "client credentials": {"client_id": id, "client_secret": secret},
            "token": {"access_token": token},
            "callable": {"access_token": Vault(token).call},
            "coroutine function": {"access_token": Vault(token).call_async},
            "token source": {"access_token": Vault(token)},
        }[credential]
        api = connect(hydra.url, **given, retries=0, timeout=0.5)
        everywhere = connect(hydra.url, id, secret, retries=0, timeout=0.5)
        for path, call in (
            ("/clients/*", lambda: api.get_oauth2_client(id)),
            ("/clients", lambda: api.create_oauth2_client(OAuth2Client(client_secret=secret))),
            ("/oauth2/token", lambda: everywhere.get_oauth2_client(id)),
            ("/oauth2/introspect", lambda: everywhere.introspect_oauth2_token("another")),
        ):
            hydra.fail(path, **FAULTS[fault])
            with pytest.raises(hydra_client.HydraException) as caught:
                call()
            error: BaseException | None = caught.value
            while error is not None:
                details = traceback.TracebackException.from_exception(error, capture_locals=True)
                for frame in details.stack:
                    if frame.name not in ("<lambda>", "test_local_variables_show_no_credential"):
                        shown = f"{frame.name}: {frame.locals}"
                        assert secret not in shown
                        assert token not in shown
                        assert not re.search("Basic [A-Za-z0-9]", shown)
                error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "returned", ["Bearer secret-1", "secret-1 ", b"secret-1", {"access_token": "secret-1"}]
)
def test_local_variables_show_nothing_that_a_token_source_returns(returned: Any) -> None:
    async def fetch() -> Any:
        return returned

    for source in (lambda: returned, fetch):
        with both.Connections() as connections:
            api = connections.connect("http://127.0.0.1:1", access_token=source, retries=0)
            for call in (api.list_oauth2_clients, api.api_client.token):
                with pytest.raises((ApiTypeError, ApiValueError), match="access_token") as caught:
                    call()
                details = traceback.TracebackException.from_exception(
                    caught.value, capture_locals=True
                )
                frames = [frame for frame in details.stack if "/hydra_client/" in frame.filename]
                assert "secret-1" not in str([frame.locals for frame in frames])
