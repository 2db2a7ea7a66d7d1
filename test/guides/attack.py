"""Attacks the consent app of a guide: `python attack.py PAGE VERSION`.

It runs in a separate process, because Django can be configured only once per process, and
test_docs.py runs the same page in the process of the tests.
"""

from __future__ import annotations

import html
import os
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import Client, TestResponse

from hydra_client.consent import ConsentApp
from hydra_client.emulator import ConsentFlow, HydraEmulator

CONSENT = "http://localhost:3000/consent"


def app_of(page: Path, hydra: HydraEmulator) -> Callable[..., Any]:
    """Return the app that a page defines in its first Python block."""
    os.environ["HYDRA_URL"] = hydra.url
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.S | re.M)[0], namespace)
    if "create_app" not in namespace:
        from django.core.wsgi import get_wsgi_application

        namespace["consents"] = ConsentApp(hydra.api())
        return get_wsgi_application()
    app: Callable[..., Any] = namespace["create_app"](
        hydra.api(),
        secrets.token_urlsafe(32),
        lambda user, password: user if (user, password) == ("alice", "wonderland") else None,
    )
    if "FastAPI" in namespace:
        from a2wsgi import ASGIMiddleware

        return ASGIMiddleware(app)  # type: ignore[arg-type]
    return app


class Browser:
    """A browser at the consent page."""

    def __init__(self, app: Callable[..., Any], hydra: HydraEmulator) -> None:
        self.client = Client(app)
        self.hydra = hydra

    def arrive(self) -> TestResponse:
        """Start an authorization, and open the consent page."""
        visited: list[str] = []

        def decide(url: str) -> str:
            visited.append(url)
            return self.hydra.accept_consent(parse_qs(urlsplit(url).query)["consent"][0], "nobody")

        ConsentFlow(self.hydra)(decide=decide)
        return self.get(urlsplit(visited[0]).query)

    def get(self, query: str) -> TestResponse:
        return self.client.get(f"/consent?{query}", base_url="http://localhost:3000")

    def post(self, **fields: Any) -> TestResponse:
        return self.client.post("/consent", base_url="http://localhost:3000", data=fields)


def hidden(page: TestResponse) -> dict[str, str]:
    assert page.status_code == 200, page.text
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page.text))


def granted(hydra: HydraEmulator, app: Callable[..., Any], **fields: Any) -> str:
    valid = {"user": "alice", "password": "wonderland", "decision": "allow"}
    return str(ConsentFlow(hydra)(wsgi=app, fields={**valid, **fields}).exchange()["scope"])


def attack(page: Path, version: str) -> None:
    with HydraEmulator(version) as hydra:
        app = app_of(page, hydra)
        assert granted(hydra, app, scope=["openid", "hydra", "photos.write"]) == "openid"
        assert granted(hydra, app, scope=[]) == ""

        victim, attacker = Browser(app, hydra), Browser(app, hydra)
        own, theirs = hidden(victim.arrive()), hidden(attacker.arrive())
        requests_before = len(hydra.requests)
        form = {"user": "alice", "password": "wonderland", "decision": "allow", "scope": "openid"}
        for forged in ({}, theirs, {**own, "ticket": theirs["ticket"]}, {**own, "ticket": "x"}):
            response = victim.post(**{**form, **forged})
            assert response.status_code in (400, 403), response.text
        assert Browser(app, hydra).post(**{**form, **own}).status_code in (400, 403)
        assert len(hydra.requests) == requests_before
        assert victim.post(**{**form, **own, "password": "x"}).status_code == 401
        assert victim.post(**{**form, **own}).status_code == 303

        for query in ("", "consent=", "consent=a&consent=b", "consent=..%2F..%2Fclients"):
            assert victim.get(query).status_code == 400
        response = victim.get("error=%3Cb%3E&error_description=%3Cscript%3E%0A%26")
        assert response.status_code == 400
        assert "&lt;b&gt;: &lt;script&gt; &amp;" in response.text

        hydra.clock.advance(-601)  # by the app's clock, new requests have already expired
        response = victim.arrive()
        assert response.status_code == 400
        (restart,) = re.findall(r'href="(.*?)"', response.text)
        assert html.unescape(restart).startswith(f"{hydra.url}/oauth2/auth?client_id=")
        assert "consent=" not in restart


if __name__ == "__main__":
    attack(Path(sys.argv[1]), sys.argv[2])
