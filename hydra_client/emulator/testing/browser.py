"""A browser that walks from the authorization endpoint, through a consent app, to the callback.

def test_my_consent_app(hydra, consent_flow):
    callback = consent_flow(wsgi=my_app, fields={"user": "alice", "scope": ["openid"]})
    assert callback.exchange()["scope"] == "openid"
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit

from hydra_client.emulator.go.http import FORM, Request, query_escape

if TYPE_CHECKING:
    from hydra_client.emulator.hydra import HydraEmulator

REDIRECT_URI = "http://127.0.0.1/callback"
_STEPS = 20

Fields = Mapping[str, "str | list[str]"]


class BrowserStuckError(AssertionError):
    """The walk ended where it should not; `str()` says where, and shows the page."""


@dataclass(frozen=True)
class Callback:
    """Where the browser arrived: the client's redirect URI, with what Hydra told it."""

    url: str
    client_id: str
    client_secret: str
    _hydra: HydraEmulator

    @property
    def params(self) -> dict[str, str]:
        """The fields of query and fragment."""
        parts = urlsplit(self.url)
        return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))

    def exchange(self) -> dict[str, Any]:
        """Exchange the code at the token endpoint; return what it answers, an error as well."""
        credentials = f"{query_escape(self.client_id)}:{query_escape(self.client_secret)}".encode()
        answer = self._hydra.handle(
            Request(
                "POST",
                "/oauth2/token",
                {"content-type": FORM, "authorization": f"Basic {b64encode(credentials).decode()}"},
                urlencode(
                    {
                        "grant_type": "authorization_code",
                        "code": self.params.get("code", ""),
                        "redirect_uri": self.url.partition("#")[0].partition("?")[0],
                    }
                ).encode("ascii"),
            )
        )
        members: dict[str, Any] = json.loads(answer.body)
        return members

    def __repr__(self) -> str:
        return f"<Callback {self.url.partition('?')[0].partition('#')[0]} {sorted(self.params)}>"


class ConsentFlow:
    """Starts authorizations at one emulator; the fixture `consent_flow` is one of these."""

    def __init__(self, hydra: HydraEmulator) -> None:
        self.hydra = hydra

    def __call__(
        self,
        *,
        wsgi: Callable[..., Any] | None = None,
        url: str | None = None,
        decide: Callable[[str], str] | None = None,
        subject: str = "alice",
        fields: Fields | None = None,
        client: Mapping[str, Any] | None = None,
        scope: str = "openid offline",
        response_type: str = "code",
        **query: str,
    ) -> Callback:
        """Walk from the authorization endpoint to the callback.

        Args:
            wsgi: The consent app under test, as a WSGI application.
            url: The consent app under test, where it listens.
            decide: The consent app under test, as a function: from the URL that the browser was
                sent to, to the URL that it is sent on to.
            subject: Without an app, this user grants all that is asked for.
            fields: What the user enters into each form of the app, by the field's name.
            client: The client, with id, client_secret and redirect_uris; one that may do
                everything is made when none is given.
            scope: The scopes to ask for, with spaces between.
            response_type: The response type to ask for.
            query: Any other parameter of the authorization request, as `state` or `nonce`.

        Raises:
            BrowserStuckError: When the app shows a page without a form, or goes in circles.
        """
        client = client or self._client(scope)
        redirect_uri = query.pop("redirect_uri", None) or client["redirect_uris"][0]
        parameters = {
            "client_id": client["id"],
            "redirect_uri": redirect_uri,
            "response_type": response_type,
            "scope": scope,
            "state": "a-state-of-the-test",
            "nonce": "a-nonce-of-the-test",
            **query,
        }
        consent_url = self.hydra.consent_url
        if url is not None:
            self.hydra.consent_url = url
        browser = _Browser(self.hydra, self.hydra.consent_url, wsgi, fields or {})
        try:
            if wsgi is None and url is None:
                browser.decide = decide or self._grant(subject)
            arrived = browser.walk(
                f"{self.hydra.url}/oauth2/auth?{urlencode(parameters)}", redirect_uri
            )
        finally:
            self.hydra.consent_url = consent_url
            browser.close()
        return Callback(arrived, client["id"], client.get("client_secret", ""), self.hydra)

    def _client(self, scope: str) -> dict[str, Any]:
        return self.hydra.add_client(
            redirect_uris=[REDIRECT_URI],
            grant_types=["authorization_code", "refresh_token", "implicit"],
            response_types=["code", "token", "id_token"],
            scope=scope,
        )

    def _grant(self, subject: str) -> Callable[[str], str]:
        def decide(consent_url: str) -> str:
            ids = parse_qs(urlsplit(consent_url).query).get("consent")
            if not ids:
                raise BrowserStuckError(f"Hydra refused the authorization: {consent_url}")
            return self.hydra.accept_consent(ids[0], subject)

        return decide


class _Browser:
    def __init__(
        self,
        hydra: HydraEmulator,
        consent_url: str,
        wsgi: Callable[..., Any] | None,
        fields: Fields,
    ) -> None:
        import requests

        self._hydra, self._consent, self._wsgi, self._fields = hydra, consent_url, wsgi, fields
        self.decide: Callable[[str], str] | None = None
        self._cookies: dict[str, dict[str, str]] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    def walk(self, url: str, end: str) -> str:
        method, data = "GET", ""
        for _ in range(_STEPS):
            if _is_at(url, end):
                return url
            if self.decide is not None and _is_at(url, self._consent):
                url = self.decide(url)
                continue
            status, headers, body = self._fetch(method, url, data)
            method, data = "GET", ""
            if status in (301, 302, 303, 307, 308):
                url = urljoin(url, headers.get("location", ""))
            else:
                method, url, data = self._submit(url, status, body)
        raise BrowserStuckError(f"no end after {_STEPS} steps, at {url}")

    def _fetch(self, method: str, url: str, data: str) -> tuple[int, dict[str, str], str]:
        origin = _origin(url)
        headers = {"content-type": FORM} if method == "POST" else {}
        cookies = self._cookies.setdefault(origin, {})
        if cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        target = url[len(origin) :].partition("#")[0] or "/"
        if origin == _origin(self._hydra.url):
            answer = self._hydra.handle(Request(method, target, headers, data.encode()))
            status, pairs, body = answer.status, answer.all_headers(), answer.body
        elif self._wsgi is not None and origin == _origin(self._consent):
            status, pairs, body = self._call(origin, method, target, headers, data)
        else:
            response = self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False, timeout=30
            )
            status, body = response.status_code, response.content
            pairs = list(response.raw.headers.items())
            self._session.cookies.clear()
        for name, value in pairs:
            if name.lower() == "set-cookie":
                self._keep(cookies, value)
        return status, {name.lower(): value for name, value in pairs}, body.decode(errors="replace")

    def _call(
        self, origin: str, method: str, target: str, headers: dict[str, str], data: str
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        from werkzeug.test import Client

        client = Client(self._wsgi, use_cookies=False)  # type: ignore[arg-type]
        with client.open(
            target, base_url=origin, method=method, headers=headers, data=data
        ) as response:
            return response.status_code, list(response.headers), response.data

    def _keep(self, cookies: dict[str, str], header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            if morsel["max-age"] == "0" or not morsel.value:
                cookies.pop(name, None)
            else:
                cookies[name] = morsel.coded_value

    def _submit(self, url: str, status: int, body: str) -> tuple[str, str, str]:
        form = _Form(self._fields)
        form.feed(body)
        form.close()
        if status != 200 or not form.found:
            raise BrowserStuckError(f"{status} at {url}, and no form to go on with:\n{body}")
        action = urljoin(url, form.action or url)
        data = urlencode(form.entries())
        if form.method == "post":
            return "POST", action, data
        return "GET", f"{action.partition('?')[0]}?{data}", ""


class _Form(HTMLParser):
    """The first form of a page, filled in; of its buttons the one in `fields`, or the first."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self._fields = fields
        self.found = self._open = False
        self.action, self.method = "", "get"
        self._own: list[tuple[str, str]] = []
        self._buttons: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.found:
            self.found = self._open = True
            self.action = attributes.get("action", "")
            self.method = attributes.get("method", "get").lower()
        elif tag in ("input", "button") and self._open and attributes.get("name"):
            entry = attributes["name"], attributes.get("value", "")
            kind = attributes.get("type", "submit" if tag == "button" else "text").lower()
            if kind == "submit":
                self._buttons.append(entry)
            elif kind not in ("checkbox", "radio"):
                self._own.append(entry)
            elif "checked" in attributes or entry[0] in self._fields:
                self._own.append((entry[0], entry[1] or "on"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False

    def entries(self) -> list[tuple[str, str]]:
        button = next(
            (entry for entry in self._buttons if self._fields.get(entry[0]) == entry[1]), None
        )
        sent = [entry for entry in self._own if entry[0] not in self._fields]
        for name in dict.fromkeys(name for name, _ in self._own if name in self._fields):
            value = self._fields[name]
            sent += [(name, text) for text in ([value] if isinstance(value, str) else value)]
        chosen = button or (self._buttons[0] if self._buttons else None)
        return sent + ([chosen] if chosen else [])


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_at(url: str, place: str) -> bool:
    def without_query(url: str) -> str:
        return url.partition("#")[0].partition("?")[0]

    return without_query(url) == without_query(place)
