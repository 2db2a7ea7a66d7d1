"""The example app against the emulator, through HTTP: its users' ways, and attackers'."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from support.browsing import Browser, told
from werkzeug.security import generate_password_hash
from werkzeug.serving import make_server

import hydra_client
from hydra_client import OAuth2Api
from hydra_client.emulator import ConsentFlow, HydraEmulator

if TYPE_CHECKING:
    from flask import Flask

FOLDER = Path(__file__).parents[2] / "examples" / "consent_app"
CALLBACK = "http://127.0.0.1/callback"
KEY = "a-key-of-this-test-with-32-characters"
# Few rounds: it is not this hash that is tested.
USERS = {"alice": generate_password_hash("wonderland", "pbkdf2:sha256:10")}


def load() -> Any:
    spec = importlib.util.spec_from_file_location("consent_app", FOLDER / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


EXAMPLE = load()


@pytest.fixture(params=["0.9", "0.10"])
def hydra_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"version": request.param, "store": "sql"}


@pytest.fixture
def app(hydra: HydraEmulator, hydra_api: OAuth2Api) -> Flask:
    made: Flask = EXAMPLE.create_app(USERS, hydra_api, secret_key=KEY, secure_cookie=False)
    return made


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
        self.scopes: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert attributes["method"] == "post"
            self.fields = self.found.setdefault(attributes["action"], {})
        if attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]
        if attributes.get("type") == "checkbox":
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
        return self.session.get(self.browser(self.authorize_url(**query)), timeout=10)

    def send(self, action: str, fields: dict[str, Any]) -> requests.Response:
        return self.session.post(self.base + action, data=fields, allow_redirects=False, timeout=10)

    def log_in(self, page: requests.Response, password: str = "wonderland") -> requests.Response:
        ticket = Forms(page.text).found["/login"]
        return self.send("/login", {**ticket, "user": "alice", "password": password})

    def logged_in(self) -> requests.Response:
        """The consent page, after a login."""
        answer = self.log_in(self.arrive())
        assert answer.status_code == 303
        page = self.session.get(self.base + answer.headers["Location"], timeout=10)
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
        fields={
            "user": "alice",
            "password": "wonderland",
            "decision": "allow",
            "scope": ["openid", "photos.read"],
        },
        scope="openid offline photos.read",
    )
    tokens = callback.exchange()
    assert tokens["scope"] == "openid photos.read"
    assert hydra_api.introspect_oauth2_token(tokens["access_token"]).sub == "alice"


def test_the_user_says_no(app: Flask, consent_flow: ConsentFlow) -> None:
    callback = consent_flow(
        wsgi=app, fields={"user": "alice", "password": "wonderland", "decision": "deny"}
    )
    assert callback.params["error"] == "rejected_consent_request"
    assert callback.params["error_description"] == "The user declined."


def test_pages_show_who_asks_for_what(user: User) -> None:
    login = user.arrive()
    assert "Log in to Photo app" in login.text
    page = user.logged_in()
    assert "Photo app asks for access" in page.text
    assert "You are alice." in page.text
    assert Forms(page.text).scopes == ["openid", "offline", "photos.read"]
    for answer in (login, page):
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    first = login.history[0]
    assert "HttpOnly" in first.headers["Set-Cookie"]
    assert "SameSite=Lax" in first.headers["Set-Cookie"]


def test_who_is_logged_in_decides_at_once_and_may_log_out(user: User) -> None:
    user.logged_in()
    page = user.arrive()
    assert "You are alice." in page.text
    answer = user.send("/logout", Forms(page.text).found["/logout"])
    page = user.session.get(user.base + answer.headers["Location"], timeout=10)
    assert "/login" in Forms(page.text).found


def test_a_wrong_password(user: User) -> None:
    page = user.arrive()
    for fields in (
        {"user": "alice", "password": "x"},
        {"user": "bob", "password": "wonderland"},
        {},
    ):
        answer = user.send("/login", {**Forms(page.text).found["/login"], **fields})
        assert answer.status_code == 401
        assert "not the right name and password" in answer.text
    assert user.log_in(answer).status_code == 303


def test_a_form_of_another_site_does_nothing(hydra: HydraEmulator, user: User) -> None:
    victim, attacker = user, User(hydra)
    page = victim.logged_in()
    theirs = Forms(attacker.logged_in().text).found["/decide"]
    own = Forms(page.text).found["/decide"]
    changed = {"ticket": own["ticket"][:-1] + ("A" if own["ticket"][-1] != "A" else "B")}
    for ticket in ({}, theirs, changed, {"ticket": ""}):
        for action in ("/decide", "/login", "/logout"):
            answer = victim.send(action, {**ticket, "decision": "allow", "scope": "openid"})
            assert answer.status_code in (303, 400)
            # Nothing is decided: at most, this browser is sent round to begin a flow of its own.
            location = answer.headers.get("Location", f"{hydra.url}/oauth2/auth?")
            assert location.startswith(f"{hydra.url}/oauth2/auth?")
            assert "consent=" not in location
    assert [r for r in hydra.requests if r.method == "PATCH"] == []
    # A browser without any session is no better off.
    assert attacker.browser.session.cookies
    attacker.browser.session.cookies.clear()
    assert attacker.send("/decide", theirs).status_code == 400
    # The victim is still logged in, and decides: on a new page, as another flow may have begun.
    answer = victim.send("/decide", {**own, "decision": "allow", "scope": "openid"})
    page = victim.session.get(answer.headers["Location"], timeout=10)
    assert "Another login began in this browser" in page.text
    own = Forms(page.text).found["/decide"]
    answer = victim.send("/decide", {**own, "decision": "allow", "scope": "openid"})
    assert told(victim.browser(answer.headers["Location"]))["scope"] == "openid"


def test_a_form_from_before_the_login_does_not_decide(user: User) -> None:
    before = Forms(user.arrive().text).found["/login"]
    # Not logged in yet: the login page comes, whatever is decided.
    answer = user.send("/decide", {**before, "decision": "allow"})
    assert "/login" in Forms(answer.text).found
    assert user.log_in(answer).status_code == 303
    # The session began anew with the login.
    answer = user.send("/decide", {**before, "decision": "allow"})
    assert "hydra_client_browser=" in answer.headers["Location"]
    page = user.session.get(answer.headers["Location"], timeout=10)
    assert "You have logged in or out since this page was opened" in page.text


def test_scopes_that_nobody_asked_for_are_not_granted(user: User) -> None:
    ticket = Forms(user.logged_in().text).found["/decide"]
    scopes = ["openid", "photos.write", "hydra"]
    answer = user.send("/decide", {**ticket, "decision": "allow", "scope": scopes})
    assert told(user.browser(answer.headers["Location"]))["scope"] == "openid"


def test_an_error_arrives(user: User) -> None:
    page = user.arrive(redirect_uri="http://elsewhere.example/")
    assert page.status_code == 400
    assert "invalid_request: The request is missing" in page.text
    page = user.session.get(
        user.hydra.consent_url + "?error=<script>&error_description=%3Cb%3E\n<i>", timeout=10
    )
    assert page.status_code == 400
    assert "&lt;script&gt;: &lt;b&gt; &lt;i&gt;" in page.text
    for query in ("", "?consent=", "?consent=a&consent=b", "?consent=unknown"):
        assert user.session.get(user.hydra.consent_url + query, timeout=10).status_code == 400


def test_a_user_who_takes_too_long_begins_again(hydra: HydraEmulator, user: User) -> None:
    hydra.clock.advance(-601)  # so what it starts now has ended by the app's clock
    page = user.arrive()
    assert page.status_code == 400
    assert "has expired" in page.text
    (restart,) = re.findall('href="(.*)"', page.text)
    hydra.clock.reset()
    assert restart.replace("&amp;", "&") == user.authorize_url()
    assert "/login" in Forms(user.arrive().text).found


def test_names_and_logos_are_clients_words(hydra: HydraEmulator, url: str) -> None:
    user = User(hydra, client_name="<b>App</b>", logo_uri='https://app.example/a.png?b="c')
    page = user.logged_in()
    assert "&lt;b&gt;App&lt;/b&gt; asks" in page.text
    assert '<img src="https://app.example/a.png?b=&#34;c" alt=""' in page.text
    for logo in ("javascript:alert(1)", "http://app.example/a.png", "https://[bad", ""):
        nameless = User(hydra, client_name="", logo_uri=logo)
        page = nameless.logged_in()
        assert f"<h1>{nameless.client['id']} asks" in page.text
        assert "<img" not in page.text


def test_hydra_is_away(hydra: HydraEmulator, user: User) -> None:
    page = user.logged_in()
    hydra.fail("/oauth2/consent/requests/*", status=500, times=None)
    answer = user.send("/decide", Forms(page.text).found["/decide"])
    assert answer.status_code == 502
    assert "try again later" in answer.text


def test_without_settings_it_takes_those_of_the_environment(
    hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "HYDRA_URL": hydra.url,
        "HYDRA_CLIENT_ID": hydra.root[0],
        "HYDRA_CLIENT_SECRET": hydra.root[1],
    }.items():
        monkeypatch.setenv(name, value)
    app = EXAMPLE.create_app(USERS)
    assert app.config["SESSION_COOKIE_SECURE"]
    assert len(app.config["SECRET_KEY"]) >= 32
    assert app.config["SECRET_KEY"] != EXAMPLE.create_app(USERS).config["SECRET_KEY"]
    callback = ConsentFlow(hydra)(
        wsgi=EXAMPLE.demo(),
        fields={"user": "alice", "password": "wonderland", "decision": "allow"},
    )
    assert "code" in callback.params


def test_the_command_of_its_readme() -> None:
    (app,) = re.findall(r"flask --app (\S+) run", (FOLDER / "README.md").read_text("utf-8"))
    finished = subprocess.run(
        [sys.executable, "-m", "flask", "--app", app, "routes"],
        cwd=FOLDER.parents[1],
        env={"HYDRA_URL": "http://127.0.0.1:4444", "PYTHONPATH": hydra_client.__path__[0] + "/.."},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert urlsplit("http://localhost:3000/consent").path in finished.stdout, finished.stderr
