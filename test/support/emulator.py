"""`Wire`, which sends requests to an emulator and checks responses, without using the SDK."""

from __future__ import annotations

import json as json_module
import socket
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote_plus, urlencode

from support.browsing import parameters_of

from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.http import Request

ROOT = ("admin", "demo-password")
SCOPES = (
    "hydra.clients hydra.consent hydra.introspect hydra.policies hydra.warden hydra.groups "
    "hydra.warden.groups hydra.keys.get hydra.keys.create hydra.keys.update hydra.keys.delete "
    "hydra.health hydra"
)
CALLBACK = "http://127.0.0.1:4900/cb"
CONSENT = "http://127.0.0.1:4900/consent"


@dataclass
class Response:
    """A response, with shortcuts for what tests check."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json_module.loads(self.text)

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the redirect's query and fragment."""
        return parameters_of(self.location)

    @property
    def error(self) -> tuple[int, str]:
        """The status and the name of an OAuth error."""
        return self.status, self.json["error"]

    @property
    def message(self) -> tuple[int, str]:
        """The status and the message of an error of the admin endpoints."""
        return self.status, self.json["error"]["message"]


class Wire:
    """Sends requests to an emulator, without a socket."""

    def __init__(self, hydra: HydraEmulator) -> None:
        self.hydra = hydra
        self.is_0_9 = hydra.variant.is_0_9
        self.is_sql = hydra.variant.is_sql
        self._token: str | None = None

    def __call__(
        self,
        method: str,
        target: str,
        body: str | bytes | None = None,
        *,
        form: dict[str, str] | list[tuple[str, str]] | None = None,
        json: Any = None,
        basic: tuple[str, str] | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if form is not None:
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
            body = urlencode(form)
        if json is not None:
            sent.setdefault("content-type", "application/json")
            body = json_module.dumps(json)
        if basic is not None:
            sent["authorization"] = "Basic " + b64encode(":".join(basic).encode()).decode()
        if token is not None:
            sent["authorization"] = f"bearer {token}"
        content = body.encode() if isinstance(body, str) else body or b""
        response = self.hydra.handle(Request(method, target, sent, content))
        text = response.body.decode("utf-8", "surrogateescape")
        # 0.10 sends `Vary: Origin` with every response.
        received = {name: value for name, value in response.all_headers() if name != "Vary"}
        return Response(response.status, received, text)

    @property
    def root(self) -> str:
        """An access token of the root client."""
        if self._token is None:
            self._token = self.client_token(ROOT, SCOPES)
        return self._token

    def forget_root(self) -> None:
        self._token = None

    def client_token(self, basic: tuple[str, str], scope: str = "") -> str:
        encoded = quote_plus(basic[0]), quote_plus(basic[1])
        response = self.grant(encoded, grant_type="client_credentials", scope=scope)
        assert response.status == 200, response
        return str(response.json["access_token"])

    def grant(self, basic: tuple[str, str] | None, **form: str) -> Response:
        """Send a request to the token endpoint, with Basic credentials as they are."""
        return self("POST", "/oauth2/token", form=form, basic=basic)

    def admin(self, method: str, target: str, json: Any = None, **options: Any) -> Response:
        """Send a request with an access token of the root client."""
        return self(method, target, json=json, token=self.root, **options)

    def create(self, **members: Any) -> tuple[str, str]:
        """Create a client; return its id and secret."""
        response = self.admin("POST", "/clients", members)
        assert response.status == 201, response
        return response.json["id"], response.json["client_secret"]

    def app(self, **members: Any) -> tuple[str, str]:
        """Create a client that may do what most tests need; return its id and secret."""
        return self.create(
            **{
                "redirect_uris": [CALLBACK],
                "grant_types": [
                    "authorization_code",
                    "refresh_token",
                    "client_credentials",
                    "implicit",
                ],
                "response_types": ["code", "token", "id_token"],
                "scope": "openid offline photos.read foo",
                **members,
            }
        )

    def query(self, client: tuple[str, str], **more: str | None) -> str:
        fields = {
            "client_id": client[0],
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid offline photos.read",
            "state": "some-random-state",
            "nonce": "some-random-nonce",
            **more,
        }
        return urlencode({name: value for name, value in fields.items() if value is not None})

    def authorize(self, query: str, cookie: str | None = None, method: str = "GET") -> Response:
        headers = {"cookie": cookie} if cookie else {}
        return self(method, f"/oauth2/auth?{query}", headers=headers)

    def start(self, client: tuple[str, str], **more: str | None) -> tuple[str, str, str]:
        """Start an authorization; return consent id, query of the return, and cookie."""
        query = self.query(client, **more)
        response = self.authorize(query)
        assert response.location.startswith(f"{CONSENT}?consent="), response
        id = response.params["consent"]
        return id, f"{query}&consent={id}", response.headers["Set-Cookie"].partition(";")[0]

    def accept(self, id: str, subject: str = "bob", scopes: str | None = None, **more: Any) -> None:
        granted = "openid offline photos.read" if scopes is None else scopes
        body = {"subject": subject, "grantScopes": granted.split(), **more}
        response = self.admin("PATCH", f"/oauth2/consent/requests/{id}/accept", body)
        assert (response.status, response.text) == (204, "")

    def arrive(
        self, client: tuple[str, str], scopes: str | None = None, **more: str | None
    ) -> Response:
        """Run an authorization; return the response that redirects to the callback."""
        id, query, cookie = self.start(client, **more)
        self.accept(id, scopes=scopes)
        return self.authorize(query, cookie)

    def code(self, client: tuple[str, str], **more: str | None) -> str:
        return self.arrive(client, **more).params["code"]

    def redeem(self, client: tuple[str, str], code: str, **more: str) -> Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.grant(client, **{**fields, **more})

    def tokens(self, client: tuple[str, str], **acceptance: Any) -> dict[str, str]:
        """Run an authorization with these members of the acceptance; return the tokens."""
        id, query, cookie = self.start(client)
        self.accept(id, **acceptance)
        code = self.authorize(query, cookie).params["code"]
        tokens: dict[str, str] = self.redeem(client, code).json
        return tokens

    def refresh(self, client: tuple[str, str], token: str) -> Response:
        return self.grant(client, grant_type="refresh_token", refresh_token=token)

    def introspect(self, token: str, basic: tuple[str, str] | None = ROOT, **more: str) -> Response:
        return self("POST", "/oauth2/introspect", form={"token": token, **more}, basic=basic)

    def is_active(self, token: str) -> bool:
        return bool(self.introspect(token).json["active"])


def make_wire(version: str = "0.10", store: str = "memory", **settings: Any) -> Wire:
    return Wire(
        HydraEmulator(version, store, issuer="http://hydra.test", consent_url=CONSENT, **settings)
    )


def connect(hydra: HydraEmulator) -> HTTPConnection:
    """Open a connection to a running emulator."""
    return HTTPConnection("127.0.0.1", hydra.port, timeout=30)


def get(hydra: HydraEmulator, path: str = "/health/status") -> tuple[int, bytes]:
    """Send a GET request over a socket; return the status and the body."""
    with closing(connect(hydra)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


def stop(hydra: HydraEmulator) -> None:
    """Stop an emulator that is to be started again on its port.

    The system gives the port to nobody else for a minute, as the server closes a connection first.
    """
    with closing(connect(hydra)) as connection:
        connection.request("GET", "/health/status")
        connection.getresponse().read()
        hydra.stop()


def send_raw(hydra: HydraEmulator, raw: bytes, *, then: bytes = b"") -> bytes:
    """Send bytes, and read until the server closes the connection."""
    with socket.create_connection((hydra.host, hydra.port), 30) as sock:
        sock.sendall(raw)
        if then:
            sock.sendall(then)
        response = b""
        while part := sock.recv(65536):
            response += part
        return response
