"""Attacks the consent app of a guide: `python attack.py PAGE VERSION STORE`.

It runs in a separate process, because Django can be configured only once per process, and
test_docs.py runs the same page in the process of the tests.
"""

from __future__ import annotations

import asyncio
import atexit
import html
import os
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from werkzeug.test import Client, TestResponse

from hydra_client import authorization_url
from hydra_client.consent import ConsentApp
from hydra_client.emulator import ConsentFlow, HydraEmulator

ORIGIN = "http://localhost:3000"
CONSENT = f"{ORIGIN}/consent"
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def app_of(page: Path, hydra: HydraEmulator) -> Callable[..., Any]:
    """Return the app that a page defines in its first Python block."""
    os.environ["HYDRA_URL"] = hydra.url
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.S | re.M)[0], namespace)
    if "create_app" not in namespace:
        from django.core.wsgi import get_wsgi_application

        namespace["consents"] = ConsentApp(hydra.api())
        return get_wsgi_application()
    awaited = "FastAPI" in namespace
    api: Any = hydra.async_api() if awaited else hydra.api()
    app: Callable[..., Any] = namespace["create_app"](
        api,
        secrets.token_urlsafe(32),
        lambda user, password: user if (user, password) == ("alice", "wonderland") else None,
    )
    if awaited:
        from a2wsgi import ASGIMiddleware

        wrapped = ASGIMiddleware(app)  # type: ignore[arg-type]
        close = api.api_client.close
        atexit.register(lambda: asyncio.run_coroutine_threadsafe(close(), wrapped.loop).result(30))
        return wrapped
    return app


class Browser:
    """A browser with a consent page, which follows redirects between the app and Hydra."""

    def __init__(self, app: Callable[..., Any], hydra: HydraEmulator) -> None:
        self.client = Client(app)
        self.at_hydra = requests.Session()
        self.at_hydra.trust_env = False
        self.hydra = hydra
        registered = hydra.add_client(
            redirect_uris=["http://127.0.0.1/callback"],
            response_types=["code", "id_token"],
            scope="openid offline",
        )
        self.login = authorization_url(
            hydra.url, registered["id"], "http://127.0.0.1/callback", "openid offline", "a-state-1"
        )

    def begin(self) -> str:
        """Begin an authorization; return the link to the consent page."""
        return self.at(self.login)

    def at(self, url: str) -> str:
        """Visit a URL at Hydra; return where it redirects the browser to."""
        return self.at_hydra.get(url, allow_redirects=False, timeout=30).headers["Location"]

    def get(self, query: str) -> TestResponse:
        return self.follow(f"{CONSENT}?{query}")

    def follow(self, url: str) -> TestResponse:
        for _ in range(9):
            if url.startswith(self.hydra.url):
                url = self.at(url)
                continue
            place, _, query = url.partition("?")
            assert place == CONSENT, url
            response = self.client.get(f"/consent?{query}", base_url=ORIGIN)
            if response.status_code != 303:
                return response
            url = urljoin(url, response.headers["Location"])
        raise AssertionError("it redirects in circles")

    def log_in(self, page: TestResponse, password: str = "wonderland") -> TestResponse:
        return self.post("/login", **{**hidden(page), "user": "alice", "password": password})

    def logged_in(self) -> TestResponse:
        """The consent page, after a login."""
        response = self.log_in(self.follow(self.begin()))
        assert response.status_code == 303
        page = self.follow(urljoin(CONSENT, response.headers["Location"]))
        assert "Allow access?" in page.text
        return page

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(path, base_url=ORIGIN, data=fields)


def hidden(page: TestResponse) -> dict[str, str]:
    assert page.status_code == 200, page.text
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page.text))


def granted(hydra: HydraEmulator, app: Callable[..., Any], **fields: Any) -> str:
    valid = {"user": "alice", "password": "wonderland", "decision": "allow"}
    tokens = ConsentFlow(hydra)(wsgi=app, fields={**valid, **fields}).exchange()
    api = hydra.api()
    with api.api_client:
        assert api.introspect_oauth2_token(tokens["access_token"]).sub == "user:alice"
    return str(tokens["scope"])


def attack(page: Path, version: str, store: str) -> None:
    with HydraEmulator(version, store) as hydra:
        app = app_of(page, hydra)
        assert granted(hydra, app, scope=["openid", "hydra", "photos.write"]) == "openid"
        assert granted(hydra, app, scope=[]) == ""

        swap(Browser(app, hydra), Browser(app, hydra))
        forge(Browser(app, hydra), Browser(app, hydra))
        plant(Browser(app, hydra), Browser(app, hydra))
        two_tabs(Browser(app, hydra))
        log_out(Browser(app, hydra))
        without_cookies = Browser(app, hydra)
        without_cookies.client = Client(app, use_cookies=False)
        assert "needs cookies" in without_cookies.follow(without_cookies.begin()).text
        victim = Browser(app, hydra)
        for query in ("", "consent=", "consent=a&consent=b", "consent=..%2F..%2Fclients"):
            assert victim.get(query).status_code == 400
        response = victim.get("error=%3Cb%3E&error_description=%3Cscript%3E%0A%26")
        assert response.status_code == 400
        assert "&lt;b&gt;: &lt;script&gt; &amp;" in response.text

        hydra.clock.advance(-601)  # by the app's clock, new requests have already expired
        response = victim.follow(victim.begin())
        assert response.status_code == 400
        (restart,) = re.findall(r'href="(.*?)"', response.text)
        assert html.unescape(restart).startswith(f"{hydra.url}/oauth2/auth?client_id=")
        assert "consent=" not in restart
        assert "hydra_client_browser" not in restart


def swap(victim: Browser, attacker: Browser) -> None:
    """Send the victim a link to a consent page for a flow that the attacker began."""
    links = [attacker.begin()]
    first = attacker.client.get(links[0].replace(CONSENT, "/consent"), base_url=ORIGIN)
    again = attacker.client.get(first.headers["Location"].replace(ORIGIN, ""), base_url=ORIGIN)
    links.append(attacker.at(again.headers["Location"]))  # with the attacker's own value
    for link in links:
        response = victim.log_in(victim.follow(link))
        page = victim.follow(urljoin(CONSENT, response.headers["Location"]))
        response = victim.post("/decide", **hidden(page), decision="allow", scope="openid")
        assert "code=" not in attacker.at(response.headers["Location"])
        assert "code=" not in attacker.at(link_back(attacker, link))
        arrived = victim.at(response.headers["Location"])
        assert "code=" in arrived
        assert "hydra_client_browser" not in arrived
        victim.client = Client(victim.client.application)


def plant(victim: Browser, attacker: Browser) -> None:
    """Make the victim log in within the attacker's session."""
    page = attacker.follow(attacker.begin())
    (id,) = re.findall(r'value="([\w-]+)\.\d+\.[\w-]{43}"', page.text)
    victim.client = attacker.client
    response = victim.log_in(victim.get(f"consent={id}"))
    page = victim.follow(urljoin(CONSENT, response.headers["Location"]))
    response = victim.post("/decide", **hidden(page), decision="allow", scope="openid")
    assert "code=" not in attacker.at(response.headers["Location"])
    assert "code=" in victim.at(response.headers["Location"])


def two_tabs(user: Browser) -> None:
    """Allow in the older tab, then in the newer one."""
    older = hidden(user.logged_in())
    user.login += "2"
    newer = hidden(user.follow(user.begin()))
    for tab in (older, newer):
        response = user.post("/decide", **tab, decision="allow", scope="openid")
        page = user.follow(response.headers["Location"])
        assert "Another login began in this browser" in page.text
        response = user.post("/decide", **hidden(page), decision="allow", scope="openid")
        assert "code=" in user.at(response.headers["Location"])


def log_out(user: Browser) -> None:
    """Log out in one tab, while another one shows a consent page."""
    page = user.logged_in()
    for name, value in HEADERS.items():
        assert value in page.headers[name]
    old = hidden(page)
    response = user.post("/logout", **old)
    page = user.follow(urljoin(CONSENT, response.headers["Location"]))
    assert "Password" in page.text
    response = user.post("/decide", **old, decision="allow", scope="openid")
    page = user.follow(response.headers["Location"])
    assert "You have logged in or out" in page.text
    assert "Password" in page.text


def link_back(attacker: Browser, link: str) -> str:
    (id,) = parse_qs(urlsplit(link).query)["consent"]
    return f"{attacker.login}&consent={id}"


def forge(victim: Browser, attacker: Browser) -> None:
    """Submit forms that the victim's session did not show."""
    theirs = hidden(attacker.logged_in())
    own = hidden(victim.logged_in())
    decided = patches(victim.hydra)
    form = {"decision": "allow", "scope": "openid", "user": "alice", "password": "wonderland"}
    for forged in ({}, theirs, {**own, "ticket": theirs["ticket"]}, {**own, "ticket": "x"}):
        for path in ("/login", "/decide"):
            response = victim.post(path, **{**form, **forged})
            assert response.status_code in (303, 400, 403), response.text
            assert "consent=" not in response.headers.get("Location", "")
    assert Browser(victim.client.application, victim.hydra).post(
        "/decide", **{**form, **own}
    ).status_code in (400, 403)
    assert patches(victim.hydra) == decided


def patches(hydra: HydraEmulator) -> int:
    return sum(request.method == "PATCH" for request in hydra.requests)


if __name__ == "__main__":
    attack(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
