"""A consent app in three calls: the recorded flows, and unusual requests and arguments."""

from __future__ import annotations

import base64
import json
import pickle
import re
import threading
from collections import UserDict
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import responses
from hypothesis import example, given
from hypothesis import strategies as st
from support.browsing import Browser, parameters_of
from support.crowd import Crowd
from support.recorded import NAMES, Recording
from support.variants import hydra_settings  # noqa: F401 - for the fixture `hydra`
from werkzeug.datastructures import MultiDict

import hydra_client
from hydra_client import (
    ApiDecodeError,
    ApiTypeError,
    ApiValueError,
    ForbiddenException,
    NotFoundException,
    OAuth2Api,
    UnauthorizedException,
    _consent,
    aio,
)
from hydra_client.aio import consent as aio_consent
from hydra_client.consent import (
    NO_BROWSER,
    RESERVED_CLAIMS,
    AuthorizationRequestError,
    Challenge,
    ConsentApp,
    ConsentExpired,
    ConsentFlowError,
    ConsentIdError,
    RedirectUrlError,
)
from hydra_client.emulator import HydraEmulator

CALLBACK = "http://127.0.0.1/callback"
ID = "bbb62e9e-a647-461a-a344-65e16d09b2a6"
# When the recorded consent requests were young.
THEN = 1795426710.0


class Flow:
    """A browser that was sent to the consent app, and the app."""

    def __init__(self, hydra: HydraEmulator, api: OAuth2Api, **query: str) -> None:
        self.client = hydra.add_client(
            client_name="Photo app",
            redirect_uris=[CALLBACK],
            grant_types=["authorization_code", "implicit"],
            response_types=["code", "token", "id_token"],
            scope="openid offline photos.read",
        )
        self.browser = Browser()
        self.app = ConsentApp(api, clock=hydra.clock)
        self.start = f"{hydra.url}/oauth2/auth?" + urlencode(
            {
                "client_id": self.client["id"],
                "redirect_uri": CALLBACK,
                "response_type": "code",
                "scope": "openid offline photos.read",
                "state": "some-random-state",
                "nonce": "some-random-nonce",
                **query,
            }
        )
        self.arrived = self.browser(self.start)

    def challenge(self) -> Challenge:
        return self.app.challenge(self.arrived, NO_BROWSER)


@pytest.fixture
def flow(hydra: HydraEmulator, hydra_api: OAuth2Api) -> Flow:
    return Flow(hydra, hydra_api)


# --- the recorded flows


@pytest.fixture(params=NAMES)
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


def bodies(server: responses.RequestsMock) -> list[Any]:
    return [json.loads(call.request.body) for call in server.calls if call.request.body]


ACCEPTED: dict[str, dict[str, Any]] = {
    "A": {
        "subject": "alice",
        "scopes": ["openid", "offline", "photos.read"],
        "access_token_extra": {"role": "admin", "n": 1, "list": [1, 2], "nested": {"a": None}},
        "id_token_extra": {"email": "alice@example.com"},
    },
    "B": {"subject": "bob", "scopes": ("openid", "offline", "photos.read")},
    "D": {"subject": "carol", "scopes": {"photos.read", "openid"}},
}
RETURNS = {"A": "flow A browser goes back to redirectUrl"}
BEGINS = {
    "A": "flow A authorize: sends the browser to the consent app",
    "D": "flow D authorize: implicit",
}


@pytest.mark.parametrize("name", ["A", "B", "D"])
def test_recorded_acceptances(recording: Recording, name: str) -> None:
    arrived = recording.location(BEGINS.get(name, f"flow {name} authorize"))
    returns = recording.url(RETURNS.get(name, f"flow {name} browser goes back"))
    with responses.RequestsMock() as server:
        recording.play(
            server, "discovery", f"flow {name} consent: get", f"flow {name} consent: accept"
        )
        challenge = ConsentApp(recording.api(), clock=lambda: THEN).challenge(arrived, NO_BROWSER)
        request = recording.body(f"flow {name} consent: get")
        assert challenge.id == request["id"]
        assert challenge.client_id == request["clientId"]
        assert list(challenge.requested_scopes) == request["requestedScopes"]
        assert challenge.expires_at.isoformat()[:23] == request["expiresAt"][:23]
        assert challenge.accept(**ACCEPTED[name]) == returns
        assert bodies(server) == [recording.sent(f"flow {name} consent: accept")]


def test_recorded_rejection_and_a_change_of_mind(recording: Recording) -> None:
    with responses.RequestsMock() as server:
        recording.play(
            server,
            "discovery",
            "flow C consent: get",
            "flow C consent: reject",
            "flow C consent: accept after the reject",
        )
        app = ConsentApp(recording.api(), clock=lambda: THEN)
        challenge = app.challenge(recording.location("flow C authorize"), NO_BROWSER)
        returns = recording.url("flow C browser goes back")
        assert challenge.reject("the user said no") == returns
        assert challenge.accept("bob", ["openid"]) == returns
        assert bodies(server) == [
            recording.sent("flow C consent: reject"),
            recording.sent("flow C consent: accept after the reject"),
        ]


def test_recorded_errors(recording: Recording) -> None:
    with responses.RequestsMock() as server:
        recording.play(server, "consent: get an id that does not exist")
        app = ConsentApp(recording.api())
        with pytest.raises(AuthorizationRequestError) as arrival:
            app.challenge(recording.location("authorize: no parameters"), NO_BROWSER)
        assert arrival.value.error == "invalid_client"
        assert arrival.value.error_description == (
            "Client authentication failed (e.g., unknown client, no client authentication "
            "included, or unsupported authentication method)"
        )
        with pytest.raises(ConsentIdError, match="does not know") as unknown:
            app.challenge("consent=nope", NO_BROWSER)
        assert isinstance(unknown.value.__cause__, NotFoundException)


def test_recorded_lack_of_a_token(recording: Recording) -> None:
    with responses.RequestsMock() as server:
        recording.play(server, "consent: get without a token")
        arrived = recording.location(BEGINS["A"])
        with pytest.raises(UnauthorizedException):
            ConsentApp(recording.api()).challenge(arrived, NO_BROWSER)


def test_the_name_that_the_client_id_had_before() -> None:
    recording = Recording(NAMES[0])
    get = recording.exchanges["flow A consent: get"]["response"]
    get["body"] = get["body"].replace('"clientId"', '"audience"')
    with responses.RequestsMock() as server:
        recording.play(server, "discovery", "flow A consent: get")
        app = ConsentApp(recording.api(), clock=lambda: THEN)
        challenge = app.challenge(recording.location(BEGINS["A"]), NO_BROWSER)
        assert challenge.client_id == recording.body("flow A consent: get")["audience"]


# --- all ways of a browser


def test_a_user_agrees(hydra: HydraEmulator, flow: Flow) -> None:
    challenge = flow.challenge()
    assert challenge.client().client_name == "Photo app"
    url = challenge.accept(
        "alice",
        ["openid", "photos.read"],
        access_token_extra={"role": ("admin", 1.5, True)},
        id_token_extra={"email": "älice@example.com"},
    )
    arrived = parameters_of(flow.browser(url))
    assert (arrived["scope"], arrived["state"]) == ("openid photos.read", "some-random-state")
    application = hydra_client.connect(hydra.url, flow.client["id"], flow.client["client_secret"])
    tokens = application.oauth_token(
        grant_type="authorization_code", code=arrived["code"], redirect_uri=CALLBACK
    )
    known = flow.app.api.introspect_oauth2_token(tokens.access_token)
    assert (known.sub, known.ext) == ("alice", {"role": ["admin", 1.5, True]})
    claims = json.loads(base64.urlsafe_b64decode((tokens.id_token or "").split(".")[1] + "=="))
    assert (claims["sub"], claims["email"]) == ("alice", "älice@example.com")
    clients = [request for request in hydra.requests if request.path.startswith("/clients/")]
    assert len(clients) == 1


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "the user said no",
        "ünï©öde ✓ 😀",
        "two\nlines\r\nand a\ttab\x00",
        "a&b=c#d?e+f%20",
        "</a><script>",
    ],
)
def test_a_user_declines_with_odd_words(flow: Flow, reason: str) -> None:
    arrived = flow.browser(flow.challenge().reject(reason))
    assert arrived.startswith(CALLBACK)
    parameters = {**dict(parse_qsl(urlsplit(arrived).query, keep_blank_values=True))}
    assert parameters["error"] == "rejected_consent_request"
    assert parameters["error_description"] == reason.replace("\0", "")  # which SQL refuses
    assert parameters["state"] == "some-random-state"


def test_a_reason_that_is_too_long_for_an_address_is_cut(flow: Flow) -> None:
    arrived = flow.browser(flow.challenge().reject("no " * 40_000))
    assert parameters_of(arrived)["error_description"] == ("no " * 40_000)[:499] + "…"


def test_a_user_takes_too_long(hydra: HydraEmulator, flow: Flow) -> None:
    challenge = flow.challenge()
    hydra.clock.advance(601)
    for late in (flow.challenge, lambda: challenge.accept("alice", ["openid"])):
        with pytest.raises(ConsentExpired) as error:
            late()
        assert str(error.value) == "The request has expired. Please start again."
        assert error.value.restart_url == flow.start == challenge.restart_url
        assert pickle.loads(pickle.dumps(error.value)).restart_url == flow.start
    accepted = [request for request in hydra.requests if request.method == "PATCH"]
    assert accepted == []
    # The user begins again, and gets through.
    flow.arrived = flow.browser(error.value.restart_url)
    assert "code" in parameters_of(flow.browser(flow.challenge().accept("alice", ["openid"])))


def test_expiry_is_exact() -> None:
    recording = Recording(NAMES[0])
    expires_at = 1795427311.28022
    for now, expired in ((expires_at - 0.001, False), (expires_at, True)):
        with responses.RequestsMock() as server:
            recording.play(server, "discovery", "flow A consent: get")
            app = ConsentApp(recording.api(), clock=lambda now=now: now)
            if expired:
                with pytest.raises(ConsentExpired):
                    app.challenge(recording.location(BEGINS["A"]), NO_BROWSER)
            else:
                app.challenge(recording.location(BEGINS["A"]), NO_BROWSER)


def test_a_late_no_still_reaches_the_application(hydra: HydraEmulator, flow: Flow) -> None:
    challenge = flow.challenge()
    hydra.clock.advance(601)
    arrived = parameters_of(flow.browser(challenge.reject("too late")))
    assert arrived["error"] == "rejected_consent_request"


def test_another_browser_gets_nothing(hydra: HydraEmulator, flow: Flow) -> None:
    url = flow.challenge().accept("alice", ["openid"])
    foreign = parameters_of(Browser()(url))
    assert "code" not in foreign
    assert foreign["error"] == {"0.9": "unknown_error", "0.10": "error"}[hydra.variant.version]


def test_an_error_arrives_in_place_of_a_request(hydra: HydraEmulator, hydra_api: OAuth2Api) -> None:
    flow = Flow(hydra, hydra_api, redirect_uri="http://elsewhere.example/")
    before = len(hydra.requests)
    with pytest.raises(AuthorizationRequestError) as error:
        flow.challenge()
    assert error.value.error == "invalid_request"
    assert str(error.value).startswith("invalid_request: The request is missing")
    assert len(hydra.requests) == before
    copy = pickle.loads(pickle.dumps(error.value))
    assert (copy.error, copy.error_description) == (
        error.value.error,
        error.value.error_description,
    )


def test_no_scope_at_all(hydra: HydraEmulator, hydra_api: OAuth2Api) -> None:
    flow = Flow(hydra, hydra_api, scope="")
    challenge = flow.challenge()
    assert challenge.requested_scopes == ()
    assert "code" in parameters_of(flow.browser(challenge.accept("alice", [])))


def test_without_the_right_to_see_clients(hydra: HydraEmulator, flow: Flow) -> None:
    own = hydra.add_client(grant_types=["client_credentials"], scope="hydra.consent hydra.clients")
    hydra.allow(own["id"], resources="rn:hydra:oauth2:consent:requests:<.*>")
    api = hydra_client.connect(hydra.url, own["id"], own["client_secret"])
    challenge = ConsentApp(api, clock=hydra.clock).challenge(flow.arrived, NO_BROWSER)
    assert challenge.client_id == flow.client["id"]
    with pytest.raises(ForbiddenException):
        challenge.client()


def test_discovery_is_asked_once_by_many(hydra: HydraEmulator, flow: Flow) -> None:
    flow.app.api.list_oauth2_clients()
    hydra.fail("/.well-known/openid-configuration", delay=0.2)
    together = threading.Barrier(8)

    def take_up() -> None:
        together.wait(10)
        flow.challenge()

    threads = [threading.Thread(target=take_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    flow.challenge()
    asked = [request for request in hydra.requests if request.path.startswith("/.well-known/open")]
    assert len(asked) == 1


# --- where the browser is sent


def recorded_request(**members: Any) -> Recording:
    """A recording whose consent request has other members."""
    recording = Recording(NAMES[0])
    response = recording.exchanges["flow A consent: get"]["response"]
    body = {**recording.body("flow A consent: get"), **members}
    response["body"] = json.dumps({name: value for name, value in body.items() if value != ...})
    return recording


def take_up(recording: Recording, public_url: str | None = None) -> Challenge:
    with responses.RequestsMock() as server:
        server.assert_all_requests_are_fired = False
        recording.play(server, "discovery", "flow A consent: get")
        app = ConsentApp(recording.api(), public_url, clock=lambda: THEN)
        return app.challenge(recording.location(BEGINS["A"]), NO_BROWSER)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:4456/oauth2/auth?consent=x",
        "http://127.0.0.1:4457/oauth2/auth?consent=x",
        "http://127.0.0.1/oauth2/auth?consent=x",
        "http://127.0.0.2:4456/oauth2/auth?consent=x",
        "http://127.0.0.1.example:4456/oauth2/auth?consent=x",
        "http://127.0.0.1:4456/oauth2/auth/?consent=x",
        "http://127.0.0.1:4456/oauth2/authorize?consent=x",
        "http://127.0.0.1:4456/oauth2/auth/../../evil?consent=x",
        "http://127.0.0.1:4456/oauth2/%61uth?consent=x",
        "http://127.0.0.1:4456//oauth2/auth?consent=x",
        "http://127.0.0.1:4456/oauth2/auth;evil?consent=x",
        "http://user@127.0.0.1:4456/oauth2/auth?consent=x",
        "http://:@127.0.0.1:4456/oauth2/auth?consent=x",
        "http://127.0.0.1:4456@evil.example/oauth2/auth?consent=x",
        "http://127.0.0.1:4456\\@evil.example/oauth2/auth?consent=x",
        "http:\\\\127.0.0.1:4456/oauth2/auth?consent=x",
        "http://127.0.0.1:4456/oauth2/auth?consent=x#fragment",
        "http://127.0.0.1:4456/oauth2/auth?consent=x\r\nSet-Cookie: a=b",
        "http://127.0.0.1:4456/oauth2/auth?consent=x y",
        "\thttp://127.0.0.1:4456/oauth2/auth?consent=x",
        "http://127.0.0.1:4456/oauth2\t/auth?consent=x",
        "http://127.0.0.1:99999/oauth2/auth?consent=x",
        "http://127.0.0.1:port/oauth2/auth?consent=x",
        "http://[127.0.0.1:4456/oauth2/auth?consent=x",
        "//127.0.0.1:4456/oauth2/auth?consent=x",
        "/oauth2/auth?consent=x",
        "javascript:alert(1)//127.0.0.1:4456/oauth2/auth",
        "http:///oauth2/auth?consent=x",
    ],
)
def test_a_browser_is_never_sent_elsewhere(url: str) -> None:
    with pytest.raises(RedirectUrlError) as error:
        take_up(recorded_request(redirectUrl=url))
    assert "consent=x" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("/oauth2/auth?a=b", "something that is not an http URL"),
        ("https://a.example/x?y", "https://a.example:443/x"),
    ],
)
def test_the_error_says_where_to_the_browser_would_have_gone(url: str, place: str) -> None:
    with pytest.raises(RedirectUrlError) as error:
        take_up(recorded_request(redirectUrl=url))
    assert str(error.value) == (
        f"The server sends browsers to {place}, not to http://127.0.0.1:4456/oauth2/auth: "
        "correct its issuer, or public_url."
    )


@pytest.mark.parametrize(
    ("url", "public_url"),
    [
        ("HTTP://127.0.0.1:4456/oauth2/auth?consent=x", None),
        ("http://127.0.0.1:4456/oauth2/auth", None),
        ("http://127.0.0.1:4456/oauth2/auth?state=a\\b", None),
        ("https://Hydra.example.com/oauth2/auth?a=b", "https://hydra.example.com"),
        ("https://hydra.example.com:443/oauth2/auth?a=b", "https://hydra.example.com/"),
        ("https://hydra.example.com/oauth2/auth?a=b", "https://hydra.example.com:443/oauth2/auth"),
        ("http://hydra.example.com:80/oauth2/auth?a=b", "http://hydra.example.com/oauth2/auth"),
        ("https://example.com/login/oauth2/auth?a=b", "https://example.com/login/"),
        ("http://[::1]:4456/oauth2/auth?a=b", "http://[::1]:4456"),
    ],
)
def test_addresses_that_are_the_authorization_endpoint(url: str, public_url: str | None) -> None:
    assert take_up(recorded_request(redirectUrl=url), public_url).redirect_url == url


def test_a_server_that_was_given_another_name() -> None:
    """Discovery is looked at once more when a request leads elsewhere, and not too often."""
    recording = recorded_request()
    right = recording.body("discovery")
    wrong = {**right, "authorization_endpoint": "http://old.example.com/oauth2/auth"}
    now = [THEN]
    app = ConsentApp(recording.api(), clock=lambda: now[0])
    query = recording.location(BEGINS["A"])
    with responses.RequestsMock() as server:
        recording.play(server, "flow A consent: get")
        address = f"{recording.issuer}/.well-known/openid-configuration"
        asked = [server.get(address, json=document) for document in (wrong, wrong, right)]
        for later in (0, 29, 1, 29):
            now[0] += later
            with pytest.raises(RedirectUrlError, match=r"not to http://old\.example\.com"):
                app.challenge(query, NO_BROWSER)
        assert [response.call_count for response in asked] == [1, 1, 0]
        now[0] += 1
        assert app.challenge(query, NO_BROWSER).client_id
        assert app.challenge(query, NO_BROWSER).client_id
        assert [response.call_count for response in asked] == [1, 1, 1]


def test_threads_wait_for_discovery_no_longer_than_a_call_may_take() -> None:
    with HydraEmulator() as hydra, hydra.api(timeout=2).api_client as client:
        flow = Flow(hydra, OAuth2Api(client))
        client.token(("hydra.consent",))
        hydra.fail("/.well-known/openid-configuration", delay=60, times=None)
        with Crowd() as crowd:
            crowd.send(8, flow.challenge)
        assert {type(error) for error in crowd.errors} == {hydra_client.ApiTimeoutError}
        asked = [r for r in hydra.requests if r.path == "/.well-known/openid-configuration"]
        assert len(asked) <= 2


def test_public_url_counts_and_discovery_is_not_asked() -> None:
    with pytest.raises(RedirectUrlError, match=r"https://hydra\.example\.com:443/oauth2/auth"):
        take_up(recorded_request(), "https://hydra.example.com")
    with pytest.raises(RedirectUrlError, match=r"not to http://\[::1\]:80/oauth2/auth"):
        take_up(recorded_request(), "http://[::1]")


@pytest.mark.parametrize(
    "public_url",
    [
        "hydra.example.com",
        "ftp://hydra.example.com",
        "https://user:secret-word@hydra.example.com",
        "https://hydra.example.com/?",
        "https://hydra.example.com/#",
        "https://hydra.example.com/ a",
        "https://hydra.example.com:0x50",
        "",
    ],
)
def test_a_public_url_that_cannot_be_one(public_url: str) -> None:
    with pytest.raises(ApiValueError, match="public_url") as error:
        ConsentApp(Recording(NAMES[0]).api(), public_url)
    assert "secret-word" not in str(error.value)


def test_a_discovery_document_without_an_address() -> None:
    recording = Recording(NAMES[0])
    response = recording.exchanges["discovery"]["response"]
    response["body"] = json.dumps({**recording.body("discovery"), "authorization_endpoint": "x"})
    with pytest.raises(RedirectUrlError, match="discovery document"):
        take_up(recording)


@pytest.mark.parametrize("field", ["clientId", "expiresAt", "redirectUrl"])
@pytest.mark.parametrize("value", [..., None, ""])
def test_a_response_that_lacks_what_is_needed(field: str, value: Any) -> None:
    with pytest.raises(ApiDecodeError):
        take_up(recorded_request(**{field: value}))


def test_a_404_of_something_else_is_not_the_users_fault() -> None:
    recording = Recording(NAMES[0])
    with responses.RequestsMock() as server:
        server.get(f"{recording.issuer}/oauth2/consent/requests/{ID}", status=404, body="404 page")
        with pytest.raises(NotFoundException):
            ConsentApp(recording.api()).challenge({"consent": ID}, NO_BROWSER)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("a=b&state=s%20t&consent=x", "a=b&state=s%20t"),
        ("consent=x", ""),
        ("a=+&consent=x&consent=y&b", "a=+&b"),
        ("%63onsent=x&consents=1&c=consent=2", "consents=1&c=consent=2"),
    ],
)
def test_where_a_user_begins_again(query: str, kept: str) -> None:
    url = "http://127.0.0.1:4456/oauth2/auth"
    challenge = take_up(recorded_request(redirectUrl=f"{url}?{query}"))
    assert challenge.restart_url == f"{url}?{kept}"


# --- what comes with a browser


class Getall(UserDict[str, Any]):
    """As the multi-dicts of some frameworks are."""

    def __getitem__(self, name: str) -> str:
        first: str = self.data[name][0]
        return first

    def getall(self, name: str) -> list[str]:
        found: list[str] = self.data[name]
        return found


FORMS = [
    f"consent={ID}",
    f"?consent={ID}",
    f"a=b?c&consent={ID}",
    f"next=http://a/?b&consent={ID}",
    f"consent={ID}&next=http://a/?b",
    f"/consent?consent={ID}",
    f"/p=1?consent={ID}",
    f"consent?consent={ID}",
    f"http://127.0.0.1:4900/consent?a=b&consent={ID}#top",
    f"app:consent=1?consent={ID}",
    f"consent=%62{ID[1:]}",
    f"consent={ID}".encode(),
    bytearray(f"http://127.0.0.1/?consent={ID}".encode()),
    {"consent": ID},
    {"consent": [ID]},
    {"consent": (ID,)},
    {"consent": ID.encode()},
    {"consent": [ID.encode()], "other": 1},
    MappingProxyType({"consent": ID}),
    MultiDict([("consent", ID), ("a", "b"), ("a", "c")]),
    Getall({"consent": [ID]}),
]


@pytest.mark.parametrize("query", FORMS, ids=repr)
def test_forms_in_which_a_query_comes(query: object) -> None:
    recording = Recording("hydra-0.10.10-postgres")
    with responses.RequestsMock() as server:
        recording.play(server, "discovery", "flow A consent: get")
        assert ConsentApp(recording.api(), clock=lambda: THEN).challenge(query, NO_BROWSER).id == ID


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "start at the application"),
        ({}, "start at the application"),
        ("http://127.0.0.1/consent", "start at the application"),
        (f"http://127.0.0.1/consent#consent={ID}", "start at the application"),
        ("Consent=x", "start at the application"),
        ("consent=", "malformed"),
        ("consent", "malformed"),
        ({"consent": ""}, "malformed"),
        ({"consent": []}, "start at the application"),
        (f"consent={ID}&consent={ID}", "There is more than one"),
        ({"consent": [ID, "x"]}, "There is more than one"),
        (MultiDict([("consent", ID), ("consent", "x")]), "There is more than one"),
        (Getall({"consent": [ID, ID]}), "There is more than one"),
        ("consent=.", "malformed"),
        ("consent=..", "malformed"),
        ("consent=../../clients", "malformed"),
        ("consent=a%2Fb", "malformed"),
        ("consent=a%00", "malformed"),
        ("consent=a%0A", "malformed"),
        ("consent=%20a", "malformed"),
        ("consent=a+b", "malformed"),
        ("consent=a%3Fb", "malformed"),
        ("consent=%FF", "malformed"),
        (b"consent=\xff", "malformed"),
        ({"consent": "\ud800"}, "malformed"),
        ({"consent": "ä"}, "malformed"),
        ({"consent": "a" * 256}, "malformed"),
        ({"consent": None}, "is not a string"),
        ({"consent": [1]}, "is not a string"),
        ({"consent": {"a": "b"}}, "is not a string"),
        (None, "got NoneType"),
        (7, "got int"),
        ([("consent", ID)], "got list"),
    ],
)
def test_ids_that_are_not_valid(query: object, words: str) -> None:
    with responses.RequestsMock(), pytest.raises(ConsentIdError, match=words) as error:
        ConsentApp(Recording(NAMES[0]).api()).challenge(query, NO_BROWSER)
    assert (error.value.error, error.value.error_description) == (None, None)
    assert error.value.__context__ is None or isinstance(error.value.__context__, ValueError)


@pytest.mark.parametrize(
    ("query", "error", "description"),
    [
        ("error=invalid_client", "invalid_client", None),
        (f"error=a&error=b&consent={ID}", "a", None),
        ("error=", "unknown_error", None),
        ("error=a&error_description=", "a", None),
        ("error=a&error_description=&error_description=b", "a", "b"),
        ("error=a%0D%0Ab%00&error_description=c%09%E2%80%AEd%C2%85e", "a b", "c d e"),
        ({"error": "a", "error_description": "\ud800x"}, "a", "x"),
        ({"error": "<b>", "error_description": "<script>"}, "<b>", "<script>"),
        ({"error": "e" * 101, "error_description": "d" * 501}, "e" * 99 + "…", "d" * 499 + "…"),
        ({"error": "e" * 100, "error_description": "d" * 500}, "e" * 100, "d" * 500),
        ({"error": " " * 1000}, "unknown_error", None),
    ],
)
def test_errors_that_arrive(query: object, error: str, description: str | None) -> None:
    with responses.RequestsMock(), pytest.raises(AuthorizationRequestError) as arrival:
        ConsentApp(Recording(NAMES[0]).api()).challenge(query, NO_BROWSER)
    assert (arrival.value.error, arrival.value.error_description) == (error, description)
    assert str(arrival.value) == (f"{error}: {description}" if description else error)


RECORDED_API = Recording(NAMES[0]).api()
values = st.none() | st.integers() | st.text() | st.binary()
queries = (
    st.text()
    | st.binary()
    | values
    | st.text(alphabet="consetr?=&#%/:.~-0123456789abcdef", min_size=1).map("consent={}".format)
    | st.from_regex(r"\A(http:|/|\?)?[^=]{0,9}consent=[A-Za-z0-9._~%-]{1,9}[&#?]?.{0,9}\Z")
    | st.dictionaries(
        st.sampled_from(["consent", "ticket", "error", "error_description"]) | values,
        values | st.lists(values) | st.dictionaries(values, values),
    )
    | st.lists(st.tuples(st.sampled_from(["consent", "error"]), st.text())).map(MultiDict)
    | st.from_regex(r"\Aticket=[A-Za-z0-9._~-]{0,9}\.[0-9]{0,13}\.[A-Za-z0-9_-]{42,44}[&#]?\Z")
)


@given(queries, st.sampled_from([NO_BROWSER, "s" * 32]))
@example({"consent": ID}, NO_BROWSER)
@example({"ticket": f"{ID}.1.{'a' * 43}"}, "s" * 32)
def test_whatever_comes_with_a_browser_ends_in_errors_of_the_flow(
    query: object, browser: Any
) -> None:
    with responses.RequestsMock() as server:
        server.assert_all_requests_are_fired = False
        server.get(
            re.compile(".*"), status=404, body='{"error":{"code":404,"message":"Not found"}}'
        )
        with pytest.raises(ConsentFlowError) as error:
            ConsentApp(RECORDED_API).challenge(query, browser)
        assert str(error.value)
        assert str(error.value).isprintable() or error.value.error
        for call in server.calls:
            assert urlsplit(call.request.url).path.startswith("/oauth2/consent/requests/")
            assert urlsplit(call.request.url).path.count("/") == 4
            assert "?" not in call.request.url


@given(
    st.text() | st.from_regex(r"\Ahttps?:[/\\\\]{0,3}[a-z0-9.@:\[\]]{0,20}/oauth2/auth.{0,20}\Z")
)
@example("http://127.0.0.1:4456/oauth2/auth?a=b")
def test_no_address_but_the_authorization_endpoint_gets_through(url: str) -> None:
    try:
        challenge = take_up(recorded_request(redirectUrl=url))
    except (RedirectUrlError, ApiDecodeError):
        return
    # As browsers read it (and urllib3, which follows them).
    from urllib3.util import parse_url

    parts = parse_url(challenge.redirect_url)
    assert (parts.scheme, parts.host, parts.port) == ("http", "127.0.0.1", 4456)
    assert (parts.auth, parts.path, parts.fragment) == (None, "/oauth2/auth", None)


# --- what is refused before anything is sent


@pytest.fixture
def challenge() -> Challenge:
    """A challenge for three scopes; whatever it sends goes nowhere."""
    return take_up(Recording(NAMES[0]))


class Endless(dict[str, Any]):
    pass


ENDLESS = Endless()
ENDLESS["again"] = [ENDLESS]
DEEP: Any = None
for _ in range(70):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"subject": ""}, ApiValueError, "subject must identify the user"),
        ({"subject": " \n"}, ApiValueError, "subject must identify the user"),
        ({"subject": "a\x00b"}, ApiValueError, "control characters"),
        ({"subject": "\ud800"}, ApiValueError, "an unpaired surrogate"),
        ({"subject": None}, ApiTypeError, "subject must be a string"),
        ({"subject": 7}, ApiTypeError, "subject must be a string"),
        ({"scopes": "openid"}, ApiTypeError, "scopes must be a list of strings, got str"),
        ({"scopes": b"openid"}, ApiTypeError, "got bytes"),
        ({"scopes": None}, ApiTypeError, "got NoneType"),
        ({"scopes": {"openid": True}}, ApiTypeError, "got dict"),
        (
            {"scopes": ["openid", 1]},
            ApiTypeError,
            "scopes must be of type str, got int",
        ),
        ({"scopes": ["photos.write"]}, ApiValueError, "'photos.write' was not requested"),
        ({"scopes": ["openid offline"]}, ApiValueError, "not requested"),
        ({"scopes": ["OpenID"]}, ApiValueError, "not requested"),
        ({"scopes": ["openid "]}, ApiValueError, "not requested"),
        ({"scopes": ["photos.*"]}, ApiValueError, "not requested"),
        ({"scopes": [""]}, ApiValueError, "not requested"),
        ({"scopes": ["x" * 1000]}, ApiValueError, "not requested"),
        ({"access_token_extra": [1]}, ApiTypeError, "access_token_extra must be a mapping"),
        ({"id_token_extra": "x"}, ApiTypeError, "id_token_extra must be a mapping"),
        ({"id_token_extra": {1: "x"}}, ApiTypeError, "a name in id_token_extra"),
        ({"id_token_extra": {"a": {None: "x"}}}, ApiTypeError, r"a name in id_token_extra\['a'\]"),
        (
            {"id_token_extra": {"a": [float("nan")]}},
            ApiValueError,
            r"\['a'\]\[0\]: JSON has no nan",
        ),
        ({"access_token_extra": {"a": float("-inf")}}, ApiValueError, "JSON has no -inf"),
        ({"access_token_extra": {"a": b"x"}}, ApiTypeError, "JSON has no bytes"),
        ({"access_token_extra": {"a": {1}}}, ApiTypeError, "JSON has no set"),
        ({"access_token_extra": {"a": object()}}, ApiTypeError, "JSON has no object"),
        ({"access_token_extra": {"a": "\udfff"}}, ApiValueError, "an unpaired surrogate"),
        ({"access_token_extra": {"\udfff": 1}}, ApiValueError, "an unpaired surrogate"),
        ({"access_token_extra": {"a": 2**53}}, ApiValueError, "use a string"),
        ({"access_token_extra": {"a": -(10**400)}}, ApiValueError, "use a string"),
        ({"access_token_extra": ENDLESS}, ApiValueError, "contains itself"),
        ({"id_token_extra": {"a": DEEP}}, ApiValueError, "more than 64 levels"),
        *(
            ({"id_token_extra": {claim: "x"}}, ApiValueError, f"{claim} cannot be set")
            for claim in sorted(RESERVED_CLAIMS)
        ),
    ],
)
def test_what_cannot_be_accepted(
    challenge: Challenge, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with responses.RequestsMock(), pytest.raises(error, match=words) as refused:
        challenge.accept(**{"subject": "alice", "scopes": ["openid"], **arguments})
    assert len(str(refused.value)) < 400


def test_claims_of_the_server_are_all_reserved() -> None:
    """What the recorded ID tokens say that no acceptance said."""
    for name in NAMES:
        recording = Recording(name)
        tokens = [
            recording.body("flow A token: authorization_code")["id_token"],
            recording.parameters("flow D browser goes back")["id_token"],
        ]
        for token in tokens:
            claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
            assert set(claims) - {"email"} <= RESERVED_CLAIMS


def test_what_json_carries_is_sent_whole(challenge: Challenge) -> None:
    recording = Recording(NAMES[0])
    extra = {
        "": None,
        "a": [True, 0, -1.5, 2**53 - 1, "ä\x00😀", {"b": {}}],
        "acr": "urn:mace:incommon:iap:silver",
        "amr": ["pwd", "otp"],
    }
    with responses.RequestsMock() as server:
        recording.play(server, "flow A consent: accept")
        challenge.accept(
            "älice 😀", [], access_token_extra=MappingProxyType(extra), id_token_extra=extra
        )
        assert bodies(server) == [
            {
                "subject": "älice 😀",
                "grantScopes": [],
                "accessTokenExtra": extra,
                "idTokenExtra": extra,
            }
        ]


def test_scopes_are_granted_once_and_as_requested(challenge: Challenge) -> None:
    recording = Recording(NAMES[0])
    with responses.RequestsMock() as server:
        recording.play(server, "flow A consent: accept")
        challenge.accept("alice", iter(["photos.read", "openid", "photos.read"]))
        assert bodies(server) == [{"subject": "alice", "grantScopes": ["openid", "photos.read"]}]


@pytest.mark.parametrize(
    ("reason", "error"), [(None, ApiTypeError), (b"x", ApiTypeError), ("\ud800", ApiValueError)]
)
def test_what_cannot_be_a_reason(challenge: Challenge, reason: Any, error: type[Exception]) -> None:
    with responses.RequestsMock(), pytest.raises(error, match="reason"):
        challenge.reject(reason)


def test_no_address_with_state_and_nonce_shows(challenge: Challenge) -> None:
    assert "some-random" in challenge.redirect_url
    assert "some-random" not in repr(challenge)
    assert challenge.client_id in repr(challenge)
    assert repr(ConsentApp(Recording(NAMES[0]).api())) == (
        "ConsentApp(ApiClient('http://127.0.0.1:4456'))"
    )


# --- arguments


def test_a_subject_that_nobody_sees_is_refused() -> None:
    for subject in ("\u200b", "\ufeff\u2060", "\u202e \u200d", "\U000e0041"):
        with pytest.raises(ApiValueError, match="no visible character"):
            _consent._subject(subject)


class AsyncMemory:
    async def get(self, key: str) -> str | None:
        raise AssertionError

    async def set(self, key: str, value: str, timeout: int) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"clock": 5}, "clock must be callable, got int"),
        ({"memory": {}}, "memory must be a cache with the methods get and set, got dict"),
        ({"memory": AsyncMemory()}, "memory must not be asynchronous"),
    ],
)
def test_settings_that_cannot_be_right(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ApiTypeError, match=words):
        ConsentApp(hydra_client.OAuth2Api(), **settings)
    with pytest.raises(ApiTypeError, match=words):
        aio_consent.ConsentApp(aio.OAuth2Api(), **settings)


@pytest.mark.parametrize("url", [1, b"https://hydra.example.com", object()])
def test_a_public_url_is_a_string(url: Any) -> None:
    with pytest.raises(ApiTypeError, match="public_url must be a string"):
        ConsentApp(hydra_client.OAuth2Api(), public_url=url)
