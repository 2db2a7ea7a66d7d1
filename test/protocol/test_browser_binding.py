"""A consent request belongs to the browser that began it: two browsers, and what they try.

The app under test does what the guides say: it keeps a secret in each browser's session, makes a
new one at login and logout, and redirects where `WrongBrowser` says.
"""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from support.both import twin
from support.browsing import Browser, parameters_of
from support.recorded import NAMES, Recording
from support.variants import VARIANTS

from hydra_client import ApiTypeError, ApiValueError, NotFoundException, OAuth2Api
from hydra_client.code_flow import authorization_url
from hydra_client.consent import (
    NO_BROWSER,
    AuthorizationRequestError,
    Challenge,
    ConsentApp,
    ConsentExpired,
    ConsentIdError,
    RedirectUrlError,
    WrongBrowser,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.protocol import browser_binding
from hydra_client.protocol.browser_binding import PARAMETER

CALLBACK = "http://127.0.0.1/callback"


# The four variants with threads, and one of them with asyncio, whose logic is the same.
FLAVOURS = [(*variant, "threads") for variant in VARIANTS] + [("0.10", "sql", "asyncio")]


@pytest.fixture(params=FLAVOURS, ids="-".join)
def hydra_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    version, store, _ = request.param
    return {"version": version, "store": store}


class World:
    """A consent app, an application, and the emulator between them."""

    def __init__(self, hydra: HydraEmulator, consent_app: Callable[..., ConsentApp]) -> None:
        self.hydra = hydra
        self.consent_app = consent_app
        self.consents = consent_app(clock=hydra.clock)
        self.client = hydra.add_client(
            redirect_uris=[CALLBACK],
            grant_types=["authorization_code", "implicit"],
            response_types=["code", "token", "id_token"],
            scope="openid photos.read",
        )

    def login_url(self, **query: Any) -> str:
        """What the application's login button redirects to, with a state of its own."""
        return authorization_url(
            self.hydra.url,
            self.client["id"],
            CALLBACK,
            "openid photos.read",
            query.pop("state", None) or secrets.token_urlsafe(9),
            **{"nonce": "a-nonce-of-the-test", **query},
        )

    @property
    def decided(self) -> int:
        """How often somebody's decision reached the server."""
        return sum(request.method == "PATCH" for request in self.hydra.requests)


class Person:
    """A browser with a session at the consent app, and its user."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.visit = Browser()
        self.secret = secrets.token_urlsafe(32)
        self.rounds = 0

    def renew(self) -> None:
        """Log in or out."""
        self.secret = secrets.token_urlsafe(32)

    def open(self, url: str) -> Challenge:
        """Open the consent page at a URL, and go where it redirects the browser."""
        for _ in range(3):
            try:
                return self.world.consents.challenge(url, self.secret)
            except WrongBrowser as error:
                self.rounds += 1
                url = self.visit(error.redirect_url)
        raise AssertionError("it redirects in circles")

    def begin(self, **query: Any) -> Challenge:
        """Start at the application, and open the consent page."""
        return self.open(self.visit(self.world.login_url(**query)))

    def submit(self, page: Challenge) -> Challenge:
        """Send the form of a page: the app takes it, or shows another page."""
        try:
            return self.world.consents.challenge({"ticket": page.ticket}, self.secret)
        except WrongBrowser as error:
            self.rounds += 1
            return self.open(self.visit(error.redirect_url))

    def allow(self, page: Challenge, user: str = "alice") -> str:
        """Press Allow; return where the browser arrives at the application."""
        return self.visit(self.submit(page).accept(user, page.requested_scopes))


@pytest.fixture
def world(request: pytest.FixtureRequest, hydra: HydraEmulator, hydra_api: OAuth2Api) -> World:
    is_threads = request.node.callspec.params["hydra_settings"][2] == "threads"
    kind = ConsentApp if is_threads else partial(twin, "consent", "ConsentApp")
    return World(hydra, partial(kind, hydra_api))


@pytest.fixture
def alice(world: World) -> Person:
    return Person(world)


@pytest.fixture
def mallory(world: World) -> Person:
    return Person(world)


def link_of(challenge: Challenge) -> str:
    return f"consent={challenge.id}"


# --- the ordinary way


@pytest.mark.parametrize("response_type", ["code", "token", "id_token token", "code id_token"])
def test_a_login_goes_round_once_and_the_application_does_not_notice(
    alice: Person, response_type: str
) -> None:
    page = alice.begin(response_type=response_type)
    assert (page.notice, alice.rounds) == ("", 1)
    arrived = alice.allow(page)
    assert arrived.startswith(CALLBACK)
    assert {"code", "access_token"} & parameters_of(arrived).keys()
    assert PARAMETER not in arrived
    assert alice.rounds == 1


@pytest.mark.parametrize("response_type", ["code", "token"])
def test_the_application_does_not_get_the_value_with_an_error(
    alice: Person, response_type: str
) -> None:
    page = alice.begin(response_type=response_type)
    arrived = alice.visit(alice.submit(page).reject("no"))
    assert parameters_of(arrived)["error"] == "rejected_consent_request"
    assert PARAMETER not in arrived
    # Scopes are checked only when the browser comes back.
    url = alice.world.login_url(response_type=response_type).replace("photos.read", "photos.write")
    arrived = alice.allow(alice.open(alice.visit(url)))
    assert parameters_of(arrived)["error"] == "invalid_scope"
    assert PARAMETER not in arrived


def test_an_error_needs_no_value(world: World, alice: Person) -> None:
    arrived = alice.visit(world.login_url().replace(CALLBACK.partition("//")[2], "evil.example"))
    arrived = arrived if "error=" in arrived else "error=invalid_client"
    with pytest.raises(AuthorizationRequestError):
        world.consents.challenge(arrived, alice.secret)


def test_a_session_may_have_any_secret(world: World, alice: Person) -> None:
    for secret in (b"\x00" * 32, "ä" * 16, "x" * 1000):
        alice.secret = secret  # type: ignore[assignment]
        assert "code" in parameters_of(alice.allow(alice.begin()))


@pytest.mark.parametrize(
    ("browser", "error", "words"),
    [
        (None, ApiTypeError, "not NoneType"),
        (32, ApiTypeError, "not int"),
        ("x" * 31, ApiValueError, "browser must have at least 32 bytes, it has 31"),
        (b"", ApiValueError, "it has 0"),
        ("\ud800" * 32, ApiValueError, "browser"),
    ],
)
def test_what_cannot_be_a_secret(
    world: World, browser: Any, error: type[Exception], words: str
) -> None:
    seen = len(world.hydra.requests)
    for query in ("consent=a", {"ticket": "a"}, "error=a"):
        with pytest.raises(error, match=words):
            world.consents.challenge(query, browser)
    assert len(world.hydra.requests) == seen


# --- the swapped browser


def test_a_swapped_link(world: World, alice: Person, mallory: Person) -> None:
    """The attack: mallory begins, and alice is to decide. Without a value, it works."""
    link = mallory.visit(world.login_url())
    stolen = world.consents.challenge(link, NO_BROWSER).accept("alice", ["openid"])
    assert "code" in parameters_of(mallory.visit(stolen))

    link = mallory.visit(world.login_url())
    theirs = world.consents.challenge(link, NO_BROWSER)
    arrived = alice.allow(alice.open(link))
    assert "code" in parameters_of(arrived)  # at alice's own browser
    back = parameters_of(mallory.visit(theirs.redirect_url))
    assert "code" not in back


def test_a_swapped_link_with_the_attackers_own_value(
    world: World, alice: Person, mallory: Person
) -> None:
    page = mallory.begin()
    for query in (link_of(page), {"ticket": page.ticket}):
        with pytest.raises(WrongBrowser) as sent:
            world.consents.challenge(query, alice.secret)
        assert page.id not in sent.value.redirect_url
        assert sent.value.redirect_url.count(PARAMETER) == 1
        assert sent.value.redirect_url.partition(f"&{PARAMETER}")[0] == page.restart_url
        world.hydra.clock.advance(11)
    assert world.decided == 0
    arrived = alice.allow(alice.open(alice.visit(sent.value.redirect_url)))
    assert "code" in parameters_of(arrived)
    assert "code" not in parameters_of(mallory.visit(page.redirect_url))


def test_a_planted_session(world: World, alice: Person, mallory: Person) -> None:
    """Mallory knows the secret of alice's session, until alice logs in."""
    alice.secret = mallory.secret
    page = mallory.begin()
    assert alice.open(link_of(page)).id == page.id  # where alice is asked to log in
    alice.renew()
    shown = alice.open(link_of(page))
    assert shown.id != page.id
    assert "code" in parameters_of(alice.allow(shown))
    assert "code" not in parameters_of(mallory.visit(page.redirect_url))


def test_a_replayed_value(world: World, alice: Person, mallory: Person) -> None:
    """Who reads the server's log has to be faster than alice's browser."""
    page = alice.begin()
    logged = page.redirect_url.rpartition("&consent=")[0]
    other = world.login_url() + logged[logged.index(f"&{PARAMETER}=") :]
    for url, later in ((logged, 0), (other, 0), (logged, 61)):
        link = mallory.visit(url)
        world.hydra.clock.advance(later)
        with pytest.raises(WrongBrowser):
            world.consents.challenge(link, alice.secret)
    assert world.decided == 0
    # What the security page says that remains.
    with pytest.raises(WrongBrowser) as sent:
        world.consents.challenge(alice.visit(world.login_url()), alice.secret)
    link = mallory.visit(sent.value.redirect_url)
    stolen = world.consents.challenge(link, alice.secret).accept("alice", ["openid"])
    assert "code" in parameters_of(mallory.visit(stolen))


@pytest.mark.parametrize(("age", "counts"), [(-61, False), (-60, True), (60, True), (61, False)])
def test_a_value_counts_for_60_seconds(
    world: World, alice: Person, monkeypatch: pytest.MonkeyPatch, age: int, counts: bool
) -> None:
    monkeypatch.setattr(world.hydra.clock, "_source", lambda: 2_000_000_000.0)
    with pytest.raises(WrongBrowser) as sent:
        world.consents.challenge(alice.visit(world.login_url()), alice.secret)
    link = alice.visit(sent.value.redirect_url)
    world.hydra.clock.advance(age)
    if counts:
        assert world.consents.challenge(link, alice.secret)
    else:
        with pytest.raises(WrongBrowser if age > 0 else (WrongBrowser, ConsentExpired)):
            world.consents.challenge(link, alice.secret)


# --- several pages of one browser


def test_two_tabs_of_which_the_older_is_decided_first(world: World, alice: Person) -> None:
    older, newer = alice.begin(), alice.begin()
    again = alice.submit(older)
    assert again.id not in (older.id, newer.id)
    assert again.notice.startswith("Another login began in this browser")
    assert parameters_of(alice.allow(again))["state"] == state_of(older)
    again = alice.submit(newer)
    assert again.notice
    assert parameters_of(alice.allow(again))["state"] == state_of(newer)
    assert world.decided == 2


def test_two_tabs_of_which_the_newer_is_decided_first(alice: Person) -> None:
    older, newer = alice.begin(), alice.begin()
    assert parameters_of(alice.allow(newer))["state"] == state_of(newer)
    assert parameters_of(alice.allow(older))["state"] == state_of(older)


def test_two_tabs_that_load_at_the_same_time(world: World, alice: Person) -> None:
    links = [alice.visit(world.login_url()) for _ in range(2)]
    sent = []
    for link in links:
        with pytest.raises(WrongBrowser) as error:
            world.consents.challenge(link, alice.secret)
        sent.append(error.value.redirect_url)
    pages = [alice.open(link) for link in [alice.visit(url) for url in sent]]
    for page in pages:
        assert parameters_of(alice.allow(page))["state"] == state_of(page)


def test_two_tabs_within_a_second(
    world: World, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer one goes to Hydra, and takes its cookie, before the older one arrives."""
    monkeypatch.setattr(world.hydra.clock, "_source", lambda: 2_000_000_000.0)
    with pytest.raises(WrongBrowser) as sent:
        world.consents.challenge(alice.visit(world.login_url()), alice.secret)
    link = alice.visit(sent.value.redirect_url)
    with pytest.raises(WrongBrowser):
        world.consents.challenge(alice.visit(world.login_url()), alice.secret)
    assert "code" in parameters_of(alice.allow(alice.open(link)))


def test_a_clock_that_is_set_back(
    world: World, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now in (2_000_000_000.0, 1_999_990_000.0):
        monkeypatch.setattr(world.hydra.clock, "_source", lambda now=now: now)
        assert "code" in parameters_of(alice.allow(alice.begin()))


def state_of(challenge: Challenge) -> str:
    return parse_qs(urlsplit(challenge.redirect_url).query)["state"][0]


def test_a_form_while_another_tab_is_under_way(world: World, alice: Person) -> None:
    page = alice.begin()
    with pytest.raises(WrongBrowser) as sent:
        world.consents.challenge(alice.visit(world.login_url()), alice.secret)
    other = alice.visit(sent.value.redirect_url)
    again = alice.submit(page)
    assert again.id != page.id
    assert parameters_of(alice.allow(again))["state"] == state_of(page)
    assert "code" in parameters_of(alice.allow(alice.open(other)))


def test_reload_and_back(world: World, alice: Person) -> None:
    page = alice.begin()
    assert alice.open(link_of(page)).id == page.id  # reloaded at once
    world.hydra.clock.advance(61)
    fresh = alice.open(link_of(page))
    assert (fresh.id != page.id, fresh.notice) == (True, "")
    arrived = alice.allow(fresh)
    assert parameters_of(arrived)["state"] == state_of(page)
    # Back to each page, after the decision.
    for old in (page, fresh):
        again = alice.open(link_of(old))
        assert again.id not in (page.id, fresh.id)
        assert "code" in parameters_of(alice.allow(again))


def test_an_older_tab_that_is_reloaded(alice: Person) -> None:
    older, newer = alice.begin(), alice.begin()
    fresh = alice.open(link_of(older))
    assert fresh.id != older.id
    assert "code" in parameters_of(alice.allow(fresh))
    assert "code" in parameters_of(alice.allow(newer))


def test_a_form_that_is_sent_twice(world: World, alice: Person) -> None:
    page = alice.begin()
    assert "code" in parameters_of(alice.allow(page))
    again = alice.submit(page)
    assert again.id != page.id
    assert world.decided == 1
    assert "code" in parameters_of(alice.visit(again.reject("no"))) or world.decided == 2


def test_logout_during_the_flow(alice: Person) -> None:
    page = alice.begin()
    alice.renew()
    again = alice.submit(page)
    assert again.notice.startswith("You have logged in or out")
    assert parameters_of(alice.allow(again, "bob"))["state"] == state_of(page)


def test_a_form_stays_open_until_the_request_expires(
    world: World, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.hydra.clock, "_source", lambda: 2_000_000_000.0)
    page = alice.begin()
    world.hydra.clock.advance(599)
    assert alice.submit(page).id == page.id
    assert "code" in parameters_of(alice.allow(page))
    page = alice.begin()
    world.hydra.clock.advance(601)
    with pytest.raises(ConsentExpired) as error:
        alice.submit(page)
    assert error.value.restart_url == page.restart_url
    assert PARAMETER not in page.restart_url
    assert "code" in parameters_of(alice.allow(alice.open(alice.visit(error.value.restart_url))))


def test_new_requests_that_have_expired_are_not_sent_round_for_ever(
    world: World, alice: Person
) -> None:
    now = world.hydra.clock()
    world.consents = world.consent_app(clock=lambda: now + 700)
    with pytest.raises(ConsentExpired):
        alice.begin()
    assert alice.rounds == 1


def test_an_app_that_was_restarted(world: World, alice: Person) -> None:
    page = alice.begin()
    world.consents = world.consent_app(clock=world.hydra.clock)
    assert alice.submit(page).id == page.id
    assert "code" in parameters_of(alice.allow(page))


class Shared:
    """As Django's cache is, and cachelib's."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.stored.get(key)

    def set(self, key: str, value: str, timeout: int) -> None:
        assert timeout >= 600
        assert len(value) < 2000  # so that a cookie can hold it
        self.stored[key] = value


class Awaited(Shared):
    """As redis.asyncio is: its methods are plain functions that return something to await."""

    def get(self, key: str) -> Any:
        return Future()

    def set(self, key: str, value: str, timeout: int) -> None:
        raise AssertionError


def test_a_memory_that_has_to_be_awaited(world: World, alice: Person) -> None:
    world.consents = world.consent_app(clock=world.hydra.clock, memory=Awaited())
    with pytest.raises(ApiTypeError, match=r"memory\.get returns must be what was set, or None"):
        alice.begin()


def test_processes_that_share_a_memory(world: World, alice: Person) -> None:
    shared = Shared()
    processes = [world.consent_app(clock=world.hydra.clock, memory=shared) for _ in range(2)]
    world.consents = processes[0]
    older = alice.begin()
    world.consents = processes[1]
    newer = alice.begin()
    world.consents = processes[0]
    assert alice.submit(older).notice
    world.consents = processes[1]
    assert "code" in parameters_of(alice.allow(newer))
    for number in range(60):
        with pytest.raises(WrongBrowser):
            world.consents.challenge(alice.visit(world.login_url()), alice.secret)
        assert len(shared.stored) == 1, number
    # What is remembered says nothing about whose it is, or where it leads.
    text = f"{shared.stored}"
    assert alice.secret not in text
    assert "oauth2" not in text


def test_processes_that_share_none_do_not_send_the_newest_form_round(
    world: World, alice: Person
) -> None:
    processes = [world.consent_app(clock=world.hydra.clock) for _ in range(2)]
    world.consents = processes[0]
    alice.begin()
    world.hydra.clock.advance(1)
    world.consents = processes[1]
    newer = alice.begin()
    world.consents = processes[0]
    assert alice.submit(newer).id == newer.id


# --- what happens on the way


def test_a_proxy_that_removes_the_value(world: World, alice: Person) -> None:
    url = world.login_url()
    with pytest.raises(WrongBrowser):
        world.consents.challenge(alice.visit(url), alice.secret)
    with pytest.raises(RedirectUrlError, match="changes URLs") as error:
        world.consents.challenge(alice.visit(url), alice.secret)
    assert "state" not in str(error.value)
    # Another request, or this one ten seconds later, gets another chance.
    assert "code" in parameters_of(alice.allow(alice.begin()))
    world.hydra.clock.advance(10)
    with pytest.raises(WrongBrowser):
        world.consents.challenge(alice.visit(url), alice.secret)


def test_another_session_gets_a_chance_of_its_own(world: World, alice: Person) -> None:
    link = alice.visit(world.login_url())
    for _ in range(3):
        with pytest.raises(WrongBrowser):
            world.consents.challenge(link, alice.secret)
        alice.renew()


@pytest.mark.parametrize(
    "changed",
    [
        lambda url: url.replace("&state=", "&&state="),
        lambda url: url.replace("openid+photos.read", "openid%20photos.read"),
        lambda url: url.replace("response_type", "respons%65_type"),
    ],
)
def test_a_proxy_that_writes_addresses_in_another_way(
    world: World, alice: Person, changed: Any
) -> None:
    """Addresses are compared as bytes; once they are as the proxy likes them, they pass."""
    visit = alice.visit
    alice.visit = lambda url: visit(changed(url) if "&&" not in url else url)  # type: ignore[assignment]
    assert "code" in parameters_of(alice.allow(alice.begin()))
    assert alice.rounds <= 2


@pytest.mark.parametrize(
    "changed",
    [
        lambda url: f"{url}&more=1",
        lambda url: url.replace(PARAMETER, PARAMETER.replace("h", "%68", 1)),
        lambda url: "%2E".join(url.rsplit(".", 1)),
        lambda url: f"{url}&{PARAMETER}=1.{'a' * 43}",
        lambda url: "&".join(sorted(url.partition("?")[2].split("&"), reverse=True)),
    ],
)
def test_what_arrives_changed_is_refused_or_sent_round(
    world: World, alice: Person, changed: Any
) -> None:
    with pytest.raises(WrongBrowser) as sent:
        world.consents.challenge(alice.visit(world.login_url()), alice.secret)
    url = changed(sent.value.redirect_url)
    if "?" not in url:
        url = f"{world.hydra.url}/oauth2/auth?{url}"
    with pytest.raises(RedirectUrlError):
        world.consents.challenge(sent_as_it_is(url), alice.secret)
    assert world.decided == 0


def sent_as_it_is(url: str) -> str:
    """Visit a URL without the corrections that `requests` makes."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("GET", url.removeprefix(f"http://{parts.netloc}"))
        return str(connection.getresponse().headers["Location"])


@pytest.mark.parametrize(
    "extra",
    [
        f"{PARAMETER}=x",
        f"{PARAMETER}",
        f"hydra_client%5Fbrowser=1.{'a' * 43}",
        f"{PARAMETER}=1.{'a' * 43}&{PARAMETER}=1.{'b' * 43}",
        f"{PARAMETER}=01.{'a' * 43}",
        f"{PARAMETER}=1.{'a' * 43}%00",
    ],
)
def test_applications_cannot_use_our_names(world: World, alice: Person, extra: str) -> None:
    link = sent_as_it_is(f"{world.login_url()}&{extra}")
    with pytest.raises(RedirectUrlError, match="parameters named consent or hydra_client_browser"):
        world.consents.challenge(link, alice.secret)


@pytest.mark.parametrize(
    "extra", [f"a=b;{PARAMETER}=x", "a=b;consent=x", "b;%63onsent", "+consent=x", "consent%00"]
)
def test_servers_may_split_at_a_semicolon(extra: str) -> None:
    url = f"http://h/oauth2/auth?client_id=a&{extra}&consent=id"
    is_ours = extra in ("+consent=x", "consent%00")
    assert (browser_binding.take_apart(url, "id") is not None) is is_ours


@pytest.mark.parametrize("name", NAMES)
def test_recorded_addresses_are_the_request_as_it_was_and_the_id(name: str) -> None:
    recording = Recording(name)
    flows = [flow for flow in "ABCD" if f"flow {flow} consent: get" in recording.exchanges]
    assert len(flows) > 2
    for flow in flows:
        (authorize,) = (n for n in recording.exchanges if n.startswith(f"flow {flow} authorize"))
        request = recording.body(f"flow {flow} consent: get")
        beginning = browser_binding.take_apart(request["redirectUrl"], request["id"])
        assert beginning is not None
        assert (beginning.url, beginning.value) == (recording.url(authorize), "")


@pytest.mark.parametrize(
    "url",
    [
        "http://h/oauth2/auth?client_id=a&consent=other",
        "http://h/oauth2/auth?client_id=a&consent=id&",
        "http://h/oauth2/auth?client_id=a&Consent=id",
        "http://h/oauth2/auth?client_id=a;consent=id",
        "http://h/oauth2/auth?consent=id",
    ],
)
def test_addresses_that_are_not_as_the_server_makes_them(url: str) -> None:
    assert browser_binding.take_apart(url, "id") is None


def test_a_value_that_was_copied_with_the_link(world: World, alice: Person) -> None:
    """Of another browser, or too old: it is replaced."""
    url = f"{world.login_url()}&{PARAMETER}=1.{'a' * 43}"
    assert "code" in parameters_of(alice.allow(alice.open(alice.visit(url))))


def test_authorization_by_post(world: World, alice: Person) -> None:
    url, _, query = world.login_url().partition("?")
    for address, browser in ((url, alice.secret), (url, NO_BROWSER), (f"{url}?a=b", alice.secret)):
        response = requests.post(
            address,
            data=query,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            allow_redirects=False,
            timeout=10,
        )
        with pytest.raises(RedirectUrlError, match="with POST") as error:
            world.consents.challenge(response.headers["Location"], browser)
        assert "state" not in str(error.value)


# --- tickets


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"ticket": ""}, "malformed"),
        ({"ticket": "x"}, "malformed"),
        ({"ticket": f"../a.1.{'a' * 43}"}, "malformed"),
        ({"ticket": f"a.01.{'a' * 43}"}, "malformed"),
        ({"ticket": f"a.1.{'a' * 43}\n"}, "malformed"),
        ({"ticket": f"a.1.{'a' * 43}", "consent": "a"}, "more than one"),
        ({"ticket": ["a", "b"]}, "more than one"),
        ({"ticket": None}, "not a string"),
        ({"ticket": []}, "start at the application"),
    ],
)
def test_forms_that_cannot_be_ours(world: World, alice: Person, query: Any, words: str) -> None:
    seen = len(world.hydra.requests)
    with pytest.raises(ConsentIdError, match=words):
        world.consents.challenge(query, alice.secret)
    assert len(world.hydra.requests) == seen


def test_a_ticket_of_a_request_that_is_unknown(world: World, alice: Person) -> None:
    with pytest.raises(ConsentIdError, match="does not know") as error:
        world.consents.challenge({"ticket": f"a.1.{'a' * 43}"}, alice.secret)
    assert isinstance(error.value.__cause__, NotFoundException)


def test_a_ticket_belongs_to_one_request_and_one_session(
    world: World, alice: Person, mallory: Person
) -> None:
    page, other = alice.begin(), mallory.begin()
    id, made, mac = page.ticket.rsplit(".", 2)
    assert id == page.id
    for forged in (
        other.ticket,
        f"{other.id}.{made}.{mac}",
        f"{id}.{int(made) + 1}.{mac}",
        f"{id}.{made}.{'A' * 43}",
    ):
        with pytest.raises(WrongBrowser):
            world.consents.challenge({"ticket": forged}, alice.secret)
    # A value is not a ticket, and a ticket is not a value.
    value = page.redirect_url.partition(f"{PARAMETER}=")[2].partition("&")[0]
    with pytest.raises(WrongBrowser):
        world.consents.challenge({"ticket": f"{id}.{value}"}, alice.secret)
    assert world.decided == 0


def test_scripts_that_play_the_browser(world: World, alice: Person) -> None:
    challenge = world.consents.challenge(alice.visit(world.login_url()), NO_BROWSER)
    assert (challenge.ticket, challenge.notice) == ("", "")
    with pytest.raises(ConsentIdError, match="start at the application"):
        world.consents.challenge({"ticket": f"a.1.{'a' * 43}"}, NO_BROWSER)
    assert "code" in parameters_of(alice.visit(challenge.accept("alice", ["openid"])))
    bound = alice.begin()
    again = world.consents.challenge(link_of(bound), NO_BROWSER)
    assert again.restart_url == bound.restart_url
    assert PARAMETER not in again.restart_url


def test_the_error_keeps_its_address_to_itself(world: World, alice: Person) -> None:
    with pytest.raises(WrongBrowser) as sent:
        world.consents.challenge(alice.visit(world.login_url()), alice.secret)
    error = pickle.loads(pickle.dumps(sent.value))
    assert error.redirect_url == sent.value.redirect_url
    for text in (str(error), repr(error), f"{error.args}"):
        assert PARAMETER not in text
        assert "state" not in text


def test_a_value_cannot_move_into_its_date() -> None:
    browser = browser_binding.Browser(b"s" * 32)
    url = "http://h/oauth2/auth?client_id=a"
    bound = browser.with_value(url, 12.9)
    beginning = browser_binding.take_apart(f"{bound}&consent=x", "x")
    assert beginning is not None
    assert (beginning.url, beginning.value.partition(".")[0]) == (url, "12")
    assert browser.began(beginning)
    beginning.value = f"1{beginning.value}"
    assert not browser.began(beginning)
    assert not browser.began(browser_binding.Beginning(url, ""))
    assert not browser.began(browser_binding.Beginning(f"{url}&b", beginning.value[1:]))
    assert browser.digest("x") not in browser.with_value("x", 0)


# --- remembered consents, and browsers without cookies


def test_a_remembered_consent_does_not_bypass_the_check(
    world: World, alice: Person, mallory: Person
) -> None:
    """An app that asks nobody accepts at once on arrival."""
    links = [mallory.visit(world.login_url()), link_of(mallory.begin())]
    theirs = world.consents.challenge(links[0], NO_BROWSER)
    for link in links:
        page = alice.open(link)
        assert "code" in parameters_of(alice.visit(page.accept("alice", page.requested_scopes)))
        assert "code" not in parameters_of(mallory.visit(theirs.redirect_url))
    # The page is opened again, with Back or Reload.
    for _ in range(2):
        page = alice.open(link_of(page))
        assert "code" in parameters_of(alice.visit(page.accept("alice", page.requested_scopes)))


def test_a_browser_without_cookies_never_gets_a_page(world: World, alice: Person) -> None:
    """Its session is another one each time: the app has to test cookies before."""
    url = alice.visit(world.login_url())
    for _ in range(3):
        alice.renew()
        with pytest.raises(WrongBrowser) as sent:
            world.consents.challenge(url, alice.secret)
        url = alice.visit(sent.value.redirect_url)
    assert world.decided == 0
