"""A browser that goes from the authorization endpoint through a consent app to the callback.

With pytest, it is the fixture `consent_flow`:

    def test_my_consent_app(hydra, consent_flow):
        callback = consent_flow(wsgi=my_app, fields={"user": "alice", "scope": ["openid"]})
        assert callback.exchange()["scope"] == "openid"
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit

import requests

from hydra_client.emulator import arguments
from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.go.http import FORM, Request, query_escape
from hydra_client.emulator.responses import Response

if TYPE_CHECKING:
    from hydra_client.emulator.hydra import HydraEmulator
    from hydra_client.models import OAuth2Client

REDIRECT_URI = "http://127.0.0.1/callback"
_MAX_STEPS = 20
_KINDS = {
    "wsgi": "a function or None",
    "url": "a string or None",
    "decide": "a function or None",
    "fields": "a mapping",
}
_TEXTAREA = re.compile(r"(<textarea\b[^>]*>)(.*?)(?=</textarea)", re.IGNORECASE | re.DOTALL)
_NEWLINE = re.compile(r"\r\n?|\n")  # which a form sends as CRLF

Fields = Mapping[str, "str | list[str]"]


class BrowserStuckError(AssertionError):
    """The browser cannot reach the callback.

    `str()` says where it is, contains the page, and names the `fields` that no form had.
    """


@dataclass(frozen=True)
class Callback:
    """The URL at which the browser arrived: the client's redirect URI with Hydra's parameters."""

    url: str
    client_id: str
    client_secret: str
    _hydra: HydraEmulator

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the query and the fragment."""
        parts = urlsplit(self.url)
        return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))

    def exchange(self) -> dict[str, Any]:
        """Exchange the code at the token endpoint; return its response, which may be an error."""
        credentials = f"{query_escape(self.client_id)}:{query_escape(self.client_secret)}".encode()
        headers = {
            "content-type": FORM,
            "authorization": f"Basic {b64encode(credentials).decode()}",
        }
        form = {
            "grant_type": "authorization_code",
            "code": self.params.get("code", ""),
            "redirect_uri": _without_query(self.url),
        }
        request = Request("POST", "/oauth2/token", headers, urlencode(form).encode("ascii"))
        members: dict[str, Any] = json.loads(self._hydra.handle(request).body)
        return members

    def __repr__(self) -> str:
        return f"<Callback {_without_query(self.url)} {sorted(self.params)}>"


class ConsentFlow:
    """Runs authorizations at an emulator. The fixture `consent_flow` is an instance."""

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
        client: Mapping[str, Any] | OAuth2Client | None = None,
        scope: str | Sequence[str] = "openid offline",
        response_type: str = "code",
        **query: str,
    ) -> Callback:
        """Go from the authorization endpoint to the callback.

        Args:
            wsgi: The consent app to test, as a WSGI application.
            url: The consent app to test, as the URL at which it listens.
            decide: The consent app to test, as a function. It receives the URL that the browser is
                sent to, and returns the URL to send it on to.
            subject: The user who grants all requested scopes, if you pass no consent app.
            fields: What the user enters into the app's forms, by the name of the field. A field
                that no form has is ignored, because an app may skip a form.
            client: The client, as `hydra.add_client` or `api.create_oauth2_client` returns it. Only
                `id` is required, and `client_secret` for `exchange`. The default is a new client
                that may use every flow.
            scope: The scopes to request, a list or a space-separated string.
            response_type: The response type to request.
            query: Other parameters of the authorization request, such as `state` or `nonce`.

        Raises:
            TypeError: An argument, or what `decide` returns, has the wrong type.
            ValueError: You passed `decide` together with `wsgi` or `url`, or the client has no id
                or no redirect URI.
            BrowserStuckError: A page cannot be fetched, has another status than 200 or no form, the
                browser is redirected in circles, or Hydra rejects the authorization.
        """
        has_app = wsgi is not None or url is not None
        if decide is not None and has_app:
            raise ValueError("pass only one consent app: decide, or wsgi or url")
        fields = {} if fields is None else fields
        arguments.check(_KINDS, locals())
        arguments.check(dict.fromkeys(fields, "a string or a list of strings"), fields)
        scope = scope if isinstance(scope, str) else " ".join(scope)
        members = self._new_client(scope) if client is None else self._members(client)
        redirect_uri = query.pop("redirect_uri", None) or _redirect_uri(members)
        parameters = {
            "client_id": members["id"],
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
        decide = None if has_app else decide or partial(self._accept, subject)
        start = f"{self.hydra.url}/oauth2/auth?{urlencode(parameters)}"
        try:
            with requests.Session() as session:
                session.trust_env = False
                browser = _Browser(self.hydra, wsgi, fields, decide, session)
                arrived = browser.go(start, redirect_uri)
        finally:
            self.hydra.consent_url = consent_url
        return Callback(arrived, members["id"], members.get("client_secret", ""), self.hydra)

    def _members(self, client: Mapping[str, Any] | OAuth2Client) -> dict[str, Any]:
        """Return the members of a client, with missing ones taken from the emulator's store."""
        to_dict = getattr(client, "to_dict", None)
        given = client if to_dict is None else to_dict()
        if not isinstance(given, Mapping):
            raise TypeError(
                "client must be a mapping or model, as hydra.add_client or "
                f"api.create_oauth2_client returns it, not {type(client).__name__}"
            )
        if not given.get("id"):
            raise ValueError("client must have an id")
        arguments.check({"id": "a string"}, given)
        state = self.hydra._state
        try:
            with state.lock:
                stored = state.clients.get(given["id"]).to_json()
        except HydraError:
            stored = {}  # Hydra rejects the authorization
        return {**stored, **{name: value for name, value in given.items() if value}}

    def _new_client(self, scope: str) -> dict[str, Any]:
        return self.hydra.add_client(
            redirect_uris=[REDIRECT_URI],
            grant_types=["authorization_code", "refresh_token", "implicit"],
            response_types=["code", "token", "id_token"],
            scope=scope,
        )

    def _accept(self, subject: str, consent_url: str) -> str:
        ids = parse_qs(urlsplit(consent_url).query).get("consent")
        if not ids:
            raise BrowserStuckError(f"Hydra rejected the authorization: {consent_url}")
        return self.hydra.accept_consent(ids[0], subject)


@dataclass
class _Browser:
    hydra: HydraEmulator
    wsgi: Callable[..., Any] | None
    fields: Fields
    decide: Callable[[str], str] | None
    session: requests.Session
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    """By origin."""
    unused: set[str] = field(init=False)
    """The names in `fields` that no form had so far."""

    def __post_init__(self) -> None:
        self.unused = set(self.fields)

    def go(self, url: str, end: str) -> str:
        """Follow redirects and submit forms up to `end`; return the URL with its parameters."""
        try:
            return self._go(url, end)
        except BrowserStuckError as error:
            if not self.unused:
                raise
            names = ", ".join(map(repr, sorted(self.unused)))
            raise BrowserStuckError(f"{error}\nNo form had these fields: {names}") from None

    def _go(self, url: str, end: str) -> str:
        method, data = "GET", ""
        for _ in range(_MAX_STEPS):
            if _is_at(url, end):
                return url
            if self.decide is not None and _is_at(url, self.hydra.consent_url):
                url = self.decide(url)
                if not isinstance(url, str):
                    raise TypeError(
                        "decide must return the URL to send the browser to, "
                        f"not {type(url).__name__}"
                    )
                continue
            response = self._fetch(method, url, data)
            if response.status in (301, 302, 303, 307, 308):
                headers = {name.lower(): value for name, value in response.headers}
                method, url, data = "GET", urljoin(url, headers.get("location", "")), ""
            else:
                method, url, data = self._submit(url, response)
        raise BrowserStuckError(f"{end} not reached within {_MAX_STEPS} steps; last URL: {url}")

    def _fetch(self, method: str, url: str, data: str) -> Response:
        origin = _origin(url)
        cookies = self.cookies.setdefault(origin, {})
        headers = {"content-type": FORM} if method == "POST" else {}
        if cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        target = url[len(origin) :].partition("#")[0] or "/"
        if origin == _origin(self.hydra.url):
            response = self.hydra.handle(Request(method, target, headers, data.encode()))
        elif self.wsgi is not None and origin == _origin(self.hydra.consent_url):
            from werkzeug.test import Client

            app = Client(self.wsgi, use_cookies=False)
            with app.open(
                target, base_url=origin, method=method, headers=headers, data=data
            ) as result:
                response = Response(result.status_code, list(result.headers), result.data)
        else:
            try:
                sent = self.session.request(
                    method, url, data=data, headers=headers, allow_redirects=False, timeout=30
                )
            except requests.RequestException as error:
                raise BrowserStuckError(f"the page at {url} cannot be fetched: {error}") from error
            self.session.cookies.clear()
            response = Response(sent.status_code, list(sent.raw.headers.items()), sent.content)
        for name, value in response.headers:
            if name.lower() == "set-cookie":
                self._store(cookies, value)
        return response

    def _store(self, cookies: dict[str, str], header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            if morsel["max-age"] == "0" or not morsel.value:
                cookies.pop(name, None)
            else:
                cookies[name] = morsel.coded_value

    def _submit(self, url: str, response: Response) -> tuple[str, str, str]:
        page = response.body.decode(errors="replace")
        form = _Form(self.fields)
        # Some versions of HTMLParser look for tags in the text.
        form.feed(_TEXTAREA.sub(lambda found: found[1] + found[2].replace("<", "&lt;"), page))
        form.close()
        if response.status != 200:
            raise BrowserStuckError(f"the page at {url} has status {response.status}:\n{page}")
        if not form.found:
            raise BrowserStuckError(f"the page at {url} has no form to submit:\n{page}")
        action = urljoin(url, form.action or url)
        entries = form.entries()
        self.unused -= {name for name, _ in entries}
        data = urlencode([(name, _NEWLINE.sub("\r\n", value)) for name, value in entries])
        if form.method == "post":
            return "POST", action, data
        return "GET", f"{action.partition('?')[0]}?{data}", ""


@dataclass
class _Option:
    value: str | None
    selected: bool
    disabled: bool
    text: str = ""


@dataclass
class _Select:
    """A list to choose from; if nothing is selected in a drop-down list, it takes the first."""

    name: str
    multiple: bool
    is_drop_down: bool
    options: list[_Option] = field(default_factory=list)

    def entries(self) -> list[tuple[str, str]]:
        chosen = [option for option in self.options if option.selected]
        if not self.multiple:
            chosen = chosen[-1:]
        if not chosen and self.is_drop_down:
            chosen = [option for option in self.options if not option.disabled][:1]
        return [
            (self.name, " ".join(option.text.split()) if option.value is None else option.value)
            for option in chosen
            if not option.disabled
        ]


class _Form(HTMLParser):
    """The first form of a page, filled in, and sent with the button in `fields` or the first."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self._fields = fields
        self.found = self._open = False
        self.action, self.method = "", "get"
        self._inputs: list[tuple[str, str]] = []
        self._buttons: list[tuple[str, str]] = []
        self._textarea: tuple[str, str] | None = None
        self._select: _Select | None = None
        # Whether the open ones are disabled.
        self._optgroup = False
        self._fieldsets: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        disabled = "disabled" in attributes
        if tag == "form" and not self.found:
            self.found = self._open = True
            self.action = attributes.get("action", "")
            self.method = attributes.get("method", "get").lower()
        elif tag == "fieldset":
            self._fieldsets.append(disabled)
        elif tag == "optgroup":
            self._optgroup = disabled
        elif tag == "option" and self._select is not None:
            selected = "selected" in attributes
            option = _Option(attributes.get("value"), selected, disabled or self._optgroup)
            self._select.options.append(option)
        elif self._open and attributes.get("name") and not disabled and not any(self._fieldsets):
            self._add(tag, attributes["name"], attributes)

    def _add(self, tag: str, name: str, attributes: Mapping[str, str]) -> None:
        default = {"input": "text", "button": "submit"}.get(tag)
        kind = tag if default is None else attributes.get("type", default).lower()
        value = attributes.get("value", "")
        if kind == "submit":
            self._buttons.append((name, value))
        elif kind == "textarea":
            self._textarea = name, ""
        elif kind == "select":
            multiple = "multiple" in attributes
            is_drop_down = not multiple and attributes.get("size", "1") == "1"
            self._select = _Select(name, multiple, is_drop_down)
            self._optgroup = False
        elif kind in ("checkbox", "radio"):
            if "checked" in attributes or name in self._fields:
                self._inputs.append((name, attributes.get("value", "on")))
        elif default is not None and kind not in ("button", "reset"):
            self._inputs.append((name, value))

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            name, text = self._textarea
            self._textarea = name, text + data
        elif self._select is not None and self._select.options:
            self._select.options[-1].text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "fieldset" and self._fieldsets:
            self._fieldsets.pop()
        elif tag == "optgroup":
            self._optgroup = False
        elif tag == "textarea" and self._textarea is not None:
            name, text = self._textarea
            self._inputs.append((name, _NEWLINE.sub("\n", text).removeprefix("\n")))
            self._textarea = None
        elif tag == "select" and self._select is not None:
            entered = self._select.name in self._fields
            self._inputs += [(self._select.name, "")] if entered else self._select.entries()
            self._select = None

    def entries(self) -> list[tuple[str, str]]:
        entries = [entry for entry in self._inputs if entry[0] not in self._fields]
        for name in dict.fromkeys(name for name, _ in self._inputs if name in self._fields):
            value = self._fields[name]
            entries += [(name, text) for text in ([value] if isinstance(value, str) else value)]
        chosen = [entry for entry in self._buttons if self._fields.get(entry[0]) == entry[1]]
        return entries + (chosen or self._buttons)[:1]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _redirect_uri(client: Mapping[str, Any]) -> str:
    uris = client.get("redirect_uris")
    if not uris:
        raise ValueError("client has no redirect_uris: register one, or pass redirect_uri")
    arguments.check({"redirect_uris": "a list of strings"}, client)
    return str(uris[0])


def _without_query(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]


def _is_at(url: str, place: str) -> bool:
    return _without_query(url) == _without_query(place)
