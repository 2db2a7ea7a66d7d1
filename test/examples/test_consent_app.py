"""The example app against the emulator, over HTTP: what users do, and what attackers try."""

from __future__ import annotations

import base64
import json
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from consent_app import create_app, from_env
from consent_app.store import Store
from consent_app.users import Users
from support.browsing import Browser, parameters_of
from werkzeug.security import generate_password_hash
from werkzeug.serving import make_server

import hydra_client
from hydra_client import OAuth2Api
from hydra_client.emulator import ConsentFlow, HydraEmulator

if TYPE_CHECKING:
    from flask import Flask

FOLDER = Path(__file__).parents[2] / "examples" / "consent_app"
CALLBACK = "http://127.0.0.1/callback"
ENTERED = {"user": "alice", "password": "wonderland"}


@pytest.fixture
def users(tmp_path: Path) -> Users:
    # Few rounds: it is not this hash that is tested.
    hashed = {"alice": generate_password_hash("wonderland", "pbkdf2:sha256:10")}
    (tmp_path / "users.json").write_text(json.dumps(hashed))
    return Users(tmp_path / "users.json")


@pytest.fixture(params=["0.9", "0.10"])
def hydra_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"version": request.param, "store": "sql"}


@pytest.fixture
def hydra(hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch) -> HydraEmulator:
    """A server whose clock, which the app shares, stands still until a test moves it."""
    now = time.time()
    monkeypatch.setattr(hydra.clock, "_source", lambda: now)
    return hydra


@pytest.fixture
def store(hydra: HydraEmulator, tmp_path: Path) -> Store:
    return Store(tmp_path / "consent.sqlite", hydra.clock)


@pytest.fixture
def app(hydra: HydraEmulator, hydra_api: OAuth2Api, users: Users, store: Store) -> Flask:
    return create_app(users, store, hydra_api, is_local=True, clock=hydra.clock)


@pytest.fixture
def url(hydra: HydraEmulator, app: Flask) -> Iterator[str]:
    """The app behind a socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    hydra.consent_url = f"http://127.0.0.1:{server.server_port}/consent"
    yield hydra.consent_url
    server.shutdown()
    thread.join(10)
    server.server_close()


class Forms(HTMLParser):
    """The forms of a page: their actions and hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.queries: dict[str, str] = {}
        self.scopes: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert attributes["method"] == "post"
            path, _, query = attributes["action"].partition("?")
            self.fields = self.found.setdefault(path, {})
            self.queries[path] = query
        if attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]
        if attributes.get("type") == "checkbox" and attributes["name"] == "scope":
            self.scopes.append(attributes["value"])


class User:
    """A browser with a user in front of it."""

    def __init__(self, hydra: HydraEmulator, **client: Any) -> None:
        self.client = hydra.add_client(
            **{
                "client_name": "Photo app",
                "redirect_uris": [CALLBACK],
                "response_types": ["code", "id_token"],
                "scope": "openid offline photos.read",
                **client,
            }
        )
        self.hydra = hydra
        self.browser = Browser()
        self.session = self.browser.session
        self.base = hydra.consent_url.removesuffix("/consent")

    def authorize_url(self, **query: str) -> str:
        return hydra_client.authorization_url(
            self.hydra.url,
            self.client["id"],
            query.pop("redirect_uri", CALLBACK),
            "openid offline photos.read",
            "some-random-state",
            "some-random-nonce",
        )

    def arrive(self, **query: str) -> requests.Response:
        return self.session.get(self.browser(self.authorize_url(**query)), timeout=30)

    def send(self, action: str, fields: dict[str, Any]) -> requests.Response:
        return self.session.post(self.base + action, data=fields, allow_redirects=False, timeout=30)

    def submit(self, page: requests.Response, action: str, **fields: Any) -> requests.Response:
        """Submit a form of the page."""
        forms = Forms(page.text)
        return self.send(f"{action}?{forms.queries[action]}", {**forms.found[action], **fields})

    def log_in(self, page: requests.Response, password: str = "wonderland") -> requests.Response:
        return self.submit(page, "/login", user="alice", password=password)

    def logged_in(self) -> requests.Response:
        """The consent page, after a login."""
        response = self.log_in(self.arrive())
        assert response.status_code == 303
        page = self.session.get(self.base + response.headers["Location"], timeout=30)
        assert page.status_code == 200
        return page


@pytest.fixture
def user(hydra: HydraEmulator, url: str) -> User:
    return User(hydra)


def test_the_whole_way_through_sockets(
    hydra: HydraEmulator, hydra_api: OAuth2Api, url: str, consent_flow: ConsentFlow
) -> None:
    callback = consent_flow(
        url=url,
        fields={**ENTERED, "decision": "allow", "scope": ["openid", "photos.read"]},
        scope="openid offline photos.read",
    )
    tokens = callback.exchange()
    assert tokens["scope"] == "openid photos.read"
    # No client has this id, so no policy and no API takes the user for a client.
    assert hydra_api.introspect_oauth2_token(tokens["access_token"]).sub == "user:alice"
    payload = tokens["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert (claims["sub"], claims["preferred_username"]) == ("user:alice", "alice")


def test_the_user_says_no(app: Flask, consent_flow: ConsentFlow) -> None:
    callback = consent_flow(wsgi=app, fields={**ENTERED, "decision": "deny"})
    assert callback.params["error"] == "rejected_consent_request"
    assert callback.params["error_description"] == "The user declined."


def test_pages_show_who_asks_for_what(user: User) -> None:
    login = user.arrive()
    assert "<title>Log in to Photo app – Example accounts</title>" in login.text
    page = user.logged_in()
    assert "<title>Allow Photo app? – Example accounts</title>" in page.text
    assert "You are logged in as <bdi>alice</bdi>." in page.text
    assert Forms(page.text).scopes == ["openid", "offline", "photos.read"]
    for response in (login, page):
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'; style-src 'self'; " in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    first = login.history[0]
    assert "HttpOnly" in first.headers["Set-Cookie"]
    assert "SameSite=Lax" in first.headers["Set-Cookie"]


def test_who_is_logged_in_decides_at_once_and_may_log_out(user: User) -> None:
    user.logged_in()
    page = user.arrive()
    assert "You are logged in as <bdi>alice</bdi>." in page.text
    response = user.submit(page, "/logout")
    page = user.session.get(user.base + response.headers["Location"], timeout=30)
    assert "/login" in Forms(page.text).found


def test_a_wrong_password(user: User) -> None:
    page = user.arrive()
    for fields in ({**ENTERED, "password": "x"}, {**ENTERED, "user": "bob"}, {}):
        response = user.submit(page, "/login", **fields)
        assert response.status_code == 401
        assert "The name or the password is wrong" in response.text
    assert user.log_in(response).status_code == 303


def test_too_many_attempts(hydra: HydraEmulator, store: Store, user: User) -> None:
    page = user.arrive()
    for _ in range(5):
        assert user.log_in(page, "wrong").status_code == 401
    response = user.log_in(page)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "301"
    hydra.clock.advance(299)
    assert "Please try again in 1 minute." in user.log_in(page).text
    hydra.clock.advance(2)
    assert user.log_in(page).status_code == 303
    # Success forgives the account; the address only gets its own attempt back.
    assert store.attempt("alice", "127.0.0.1") == 0
    # Whole networks count as one address.
    for number in range(30):
        assert store.attempt(f"user {number}", f"2001:db8::{number:x}") == 0
    assert store.attempt("dave", "2001:db8::ffff") > 0
    assert store.attempt("dave", "2001:db8:0:1::1") == 0
    for number in range(31):
        assert store.attempt(f"user {number}", f"::ffff:192.0.2.{number}") == 0


def test_a_new_password_ends_the_sessions(users: Users, user: User) -> None:
    page = user.logged_in()
    users.add("alice", "another password")
    response = user.submit(page, "/decide", decision="allow", scope="openid")
    assert "/login" in Forms(response.text).found
    assert "<title>Log in – " in user.session.get(user.base, timeout=30).text


def test_a_form_of_another_site_does_nothing(hydra: HydraEmulator, user: User) -> None:
    victim, attacker = user, User(hydra)
    page = victim.logged_in()
    theirs = Forms(attacker.logged_in().text).found["/decide"]
    own = Forms(page.text).found["/decide"]
    changed = {"ticket": own["ticket"][:-1] + ("A" if own["ticket"][-1] != "A" else "B")}
    for ticket in ({}, theirs, changed, {"ticket": ""}):
        for action in ("/decide", "/login", "/logout", "/forget"):
            response = victim.send(action, {**ticket, "decision": "allow", "scope": "openid"})
            assert response.status_code in (303, 400)
            # Nothing is decided: at most, this browser is sent round to begin a flow of its own.
            location = response.headers.get("Location", "/")
            assert location == "/" or location.startswith(f"{hydra.url}/oauth2/auth?")
            assert "consent=" not in location
            assert "Set-Cookie" not in response.headers
    assert [r for r in hydra.requests if r.method == "PATCH"] == []
    # A browser without a session gets no further, and no session from a form.
    attacker.browser.session.cookies.clear()
    for action in ("/decide", "/login", "/logout", "/forget"):
        response = attacker.send(action, theirs)
        assert response.status_code == 303
        assert "Set-Cookie" not in response.headers
    # The victim is still logged in, and decides: on a new page, as another flow may have begun.
    response = victim.send("/decide", {**own, "decision": "allow", "scope": "openid"})
    page = victim.session.get(response.headers["Location"], timeout=30)
    assert "Another login began in this browser" in page.text
    response = victim.submit(page, "/decide", decision="allow", scope="openid")
    assert parameters_of(victim.browser(response.headers["Location"]))["scope"] == "openid"


def test_a_form_from_before_the_login_does_not_decide(user: User) -> None:
    before = Forms(user.arrive().text).found["/login"]
    # Not logged in yet: the login page comes, whatever is decided.
    response = user.send("/decide", {**before, "decision": "allow"})
    assert "/login" in Forms(response.text).found
    assert user.log_in(response).status_code == 303
    # The session began anew with the login.
    response = user.send("/decide", {**before, "decision": "allow"})
    assert "hydra_client_browser=" in response.headers["Location"]
    page = user.session.get(response.headers["Location"], timeout=30)
    assert "You have logged in or out since this page was opened" in page.text


def test_scopes_that_nobody_asked_for_are_not_granted(user: User) -> None:
    scopes = ["openid", "photos.write", "hydra"]
    response = user.submit(user.logged_in(), "/decide", decision="allow", scope=scopes)
    assert parameters_of(user.browser(response.headers["Location"]))["scope"] == "openid"


def test_what_is_needed(user: User) -> None:
    page = user.submit(user.logged_in(), "/decide", decision="allow", scope="offline")
    assert page.status_code == 422
    assert "<title>Not allowed yet: " in page.text
    assert 'value="offline" id="scope-2" aria-describedby="detail-2" checked>' in page.text


def test_the_same_form_twice(hydra: HydraEmulator, user: User) -> None:
    """The second time, the browser goes where it has been sent already; later, it is sent round."""
    page = user.logged_in()
    with ThreadPoolExecutor(4) as pool:
        clicks = [
            pool.submit(user.submit, page, "/decide", decision="allow", scope="openid")
            for _ in range(4)
        ]
    (url,) = {click.result().headers["Location"] for click in clicks}
    assert url.startswith(f"{hydra.url}/oauth2/auth?")
    assert len([r for r in hydra.requests if r.method == "PATCH"]) == 1
    hydra.clock.advance(3)
    later = user.submit(page, "/decide", decision="allow", scope="openid")
    assert "hydra_client_browser=" in later.headers["Location"]
    assert "&consent=" not in later.headers["Location"]


def test_a_remembered_choice(hydra: HydraEmulator, store: Store, user: User) -> None:
    response = user.submit(
        user.logged_in(), "/decide", decision="allow", scope=["openid"], remember="yes"
    )
    assert parameters_of(user.browser(response.headers["Location"]))["scope"] == "openid"
    (kept,) = store.all_remembered("alice")
    assert (kept.client_id, kept.name, kept.scopes) == (user.client["id"], "Photo app", ["openid"])
    response = user.session.get(user.authorize_url(), timeout=30, allow_redirects=False)
    for _ in range(6):  # round to Hydra, and back to the application without a question
        location = response.headers["Location"]
        if location.startswith(CALLBACK):
            break
        response = user.session.get(location, timeout=30, allow_redirects=False)
    assert parameters_of(location)["scope"] == "openid"
    page = user.session.get(user.base, timeout=30)
    assert "Know who you are" in page.text
    user.submit(page, "/forget")
    assert store.all_remembered("alice") == []
    assert "/decide" in Forms(user.arrive().text).found


def test_no_choice_for_a_public_client_is_remembered(
    hydra: HydraEmulator, url: str, store: Store
) -> None:
    """Anybody can pretend to be such a client."""
    user = User(hydra, public=True)
    page = user.logged_in()
    assert "Remember my choice" not in page.text
    user.submit(page, "/decide", decision="allow", scope=["openid"], remember="yes")
    assert store.all_remembered("alice") == []
    client = hydra.api().get_oauth2_client(user.client["id"])
    requested = ["openid", "offline", "photos.read"]
    store.remember("alice", client, requested, requested)  # by an earlier version of the app
    assert "/decide" in Forms(user.arrive().text).found


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("max_age=10", 10),
        ("prompt=login&max_age=10", 10),
        ("max_age=600&max_age=10", 10),
        ("max_age=600", 120),
        ("max_age=soon", 120),
        (f"max_age={'9' * 400}", 120),
        ("max_age=0", 5),  # a browser needs some time from the login to the next page
    ],
)
def test_a_login_that_is_new_enough(
    hydra: HydraEmulator, user: User, query: str, seconds: int
) -> None:
    user.logged_in()
    url = f"{user.authorize_url()}&{query}"
    hydra.clock.advance(seconds - 1)
    assert "/decide" in Forms(user.session.get(user.browser(url), timeout=30).text).found
    hydra.clock.advance(1)
    page = user.session.get(user.browser(url), timeout=30)
    assert "/login" in Forms(page.text).found
    page = user.session.get(user.base + user.log_in(page).headers["Location"], timeout=30)
    assert "/decide" in Forms(page.text).found


def test_who_has_to_log_in_again_cannot_decide_before(hydra: HydraEmulator, user: User) -> None:
    """Whoever finds an open browser can send the ticket of the login page elsewhere."""
    user.logged_in()
    url = f"{user.authorize_url()}&prompt=login"
    hydra.clock.advance(300)
    page = user.session.get(user.browser(url), timeout=30)
    assert "Password" in page.text
    fields = {"decision": "allow", "scope": ["openid", "offline"]}
    page = user.send("/decide", {**Forms(page.text).found["/login"], **fields})
    assert page.status_code == 200
    assert "Password" in page.text
    page = user.session.get(user.base + user.log_in(page).headers["Location"], timeout=30)
    hydra.clock.advance(300)  # to read the page takes a while
    assert user.submit(page, "/decide", **fields).status_code == 303


def test_a_copied_cookie_is_dead_after_the_logout(user: User) -> None:
    page = user.logged_in()
    copied = dict(user.session.cookies)
    user.submit(page, "/logout")
    response = requests.get(user.base, cookies=copied, timeout=30, allow_redirects=False)
    assert response.headers["Location"] == "/?cookies=set"
    response = requests.get(f"{user.base}/?cookies=set", cookies=copied, timeout=30)
    assert "This page needs cookies" in response.text


def test_an_error_arrives(user: User) -> None:
    page = user.arrive(redirect_uri="http://elsewhere.example/")
    assert page.status_code == 400
    assert "<code>invalid_request: The request is missing" in page.text
    page = user.session.get(
        user.hydra.consent_url + "?error=<script>&error_description=%3Cb%3E\n<i>", timeout=30
    )
    assert page.status_code == 400
    assert "&lt;script&gt;: &lt;b&gt; &lt;i&gt;" in page.text
    for query in ("", "?consent=", "?consent=a&consent=b", "?consent=unknown"):
        page = user.session.get(user.hydra.consent_url + query, timeout=30)
        assert page.status_code == 400
        assert "This login cannot continue" in page.text


def test_other_pages(user: User) -> None:
    assert user.session.get(f"{user.base}/elsewhere", timeout=30).status_code == 404
    assert user.send("/consent", {}).status_code == 405
    assert user.send("/login", {"user": "x" * 70_000}).status_code == 413


def test_a_user_who_takes_too_long_begins_again(hydra: HydraEmulator, user: User) -> None:
    page = user.logged_in()
    hydra.clock.advance(601)
    page = user.submit(page, "/decide", decision="allow", scope="openid")
    assert page.status_code == 400
    assert "This login has expired" in page.text
    (restart,) = re.findall('class="button main" href="(.*?)"', page.text)
    assert restart.replace("&amp;", "&") == user.authorize_url()
    assert "/decide" in Forms(user.arrive().text).found


def test_names_and_addresses_are_clients_words(hydra: HydraEmulator, url: str) -> None:
    user = User(
        hydra,
        client_name="<b>App</b>",
        logo_uri='https://app.example/a.png?b="c',
        policy_uri="https://app.example/policy",
        tos_uri="data:text/html,<script>alert(1)</script>",
    )
    page = user.logged_in()
    assert "Allow <bdi>&lt;b&gt;App&lt;/b&gt;</bdi>" in page.text
    assert '<img class="sign" src="https://app.example/a.png?b=&#34;c" alt="">' in page.text
    assert 'href="https://app.example/policy" target="_blank" rel="noopener' in page.text
    assert "terms of service" not in page.text
    assert f"<bdi>{'x' * 60}…</bdi>" in User(hydra, client_name="x" * 99).logged_in().text
    for logo in ("javascript:alert(1)", "https://[bad", ""):
        nameless = User(hydra, client_name="", logo_uri=logo)
        page = nameless.logged_in()
        assert f"<bdi>{nameless.client['id']}</bdi>" in page.text
        assert '<img class="sign"' not in page.text


def test_hydra_is_away(hydra: HydraEmulator, user: User) -> None:
    page = user.logged_in()
    hydra.fail("/oauth2/consent/requests/*", status=500, times=None)
    response = user.submit(page, "/decide")
    assert response.status_code == 502
    assert "try again later" in response.text


def test_without_settings_it_takes_those_of_the_environment(
    hydra: HydraEmulator, users: Users, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "HYDRA_URL": hydra.url,
        "HYDRA_CLIENT_ID": hydra.root[0],
        "HYDRA_CLIENT_SECRET": hydra.root[1],
        "CONSENT_APP_USERS": str(users.path),
        "CONSENT_APP_DATABASE": str(tmp_path / "own.sqlite"),
    }.items():
        monkeypatch.setenv(name, value)
    response = from_env().test_client().get("/", base_url="https://consent.example")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-consent_app=")
    assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in cookie
    assert stat.S_IMODE((tmp_path / "own.sqlite").stat().st_mode) == 0o600
    monkeypatch.setenv("CONSENT_APP_IS_LOCAL", "yes")
    callback = ConsentFlow(hydra)(wsgi=from_env(), fields={**ENTERED, "decision": "allow"})
    assert "code" in callback.params


def command(
    *arguments: str, database: Path | None = None, **settings: Any
) -> subprocess.CompletedProcess[str]:
    environment = {
        "HYDRA_URL": "http://127.0.0.1:4444",
        "PYTHONPATH": f"{hydra_client.__path__[0]}/..",
        "CONSENT_APP_DATABASE": str(database),
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=FOLDER.parents[1],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **settings,
    )


def test_the_command_of_its_readme(tmp_path: Path) -> None:
    (app,) = re.findall(r"flask --app (\S+) run", (FOLDER / "README.md").read_text("utf-8"))
    finished = command("-m", "flask", "--app", app, "routes", database=tmp_path / "own.sqlite")
    assert urlsplit("http://localhost:3000/consent").path in finished.stdout, finished.stderr


def test_the_command_for_users(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    script = str(FOLDER / "users.py")
    for password, status in (("short", 2), ("wonderland", 0), ("wonderland 2", 0)):
        finished = command(script, str(file), "Alice", input=f"{password}\n")
        assert finished.returncode == status, finished.stderr
    assert "at least 8 characters" in command(script, str(file), "bob", input="x\n").stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(json.loads(file.read_text())) == ["alice"]
    users = Users(file)
    assert users.check("alice", "wonderland 2")
    assert not users.check("alice", "wonderland")
    assert not users.check("bob", "wonderland")
