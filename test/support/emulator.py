"""A short way to say a request and to look at its answer, with no help from the SDK."""

from __future__ import annotations

import json as json_module
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.http import Request

ROOT = ("admin", "demo-password")
SCOPES = "hydra.clients hydra.consent hydra.keys.get hydra.introspect hydra"
CALLBACK = "http://127.0.0.1:4900/cb"
CONSENT = "http://127.0.0.1:4900/consent"


@dataclass
class Reply:
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
    def told(self) -> dict[str, str]:
        """The fields that the redirect's query and fragment tell."""
        parts = urlsplit(self.location)
        return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))

    @property
    def error(self) -> tuple[int, str]:
        """Status and name of an OAuth error."""
        return self.status, self.json["error"]

    @property
    def message(self) -> tuple[int, str]:
        """Status and message of an admin error."""
        return self.status, self.json["error"]["message"]


class Wire:
    """An emulator that is spoken to request by request, without a socket."""

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
    ) -> Reply:
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
        answer = self.hydra.handle(Request(method, target, sent, content))
        text = answer.body.decode("utf-8", "surrogateescape")
        # 0.10 says Vary: Origin everywhere.
        told = {name: value for name, value in answer.all_headers() if name != "Vary"}
        return Reply(answer.status, told, text)

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
        reply = self.grant(encoded, grant_type="client_credentials", scope=scope)
        assert reply.status == 200, reply
        return str(reply.json["access_token"])

    def grant(self, basic: tuple[str, str] | None, **form: str) -> Reply:
        """A request to the token endpoint; Basic as given."""
        return self("POST", "/oauth2/token", form=form, basic=basic)

    def admin(self, method: str, target: str, json: Any = None, **options: Any) -> Reply:
        """A request with the root client's token."""
        return self(method, target, json=json, token=self.root, **options)

    def create(self, **members: Any) -> tuple[str, str]:
        """A client; returns its id and secret."""
        reply = self.admin("POST", "/clients", members)
        assert reply.status == 201, reply
        return reply.json["id"], reply.json["client_secret"]

    def app(self, **members: Any) -> tuple[str, str]:
        """A client that may do what most tests need."""
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

    def authorize(self, query: str, cookie: str | None = None, method: str = "GET") -> Reply:
        headers = {"cookie": cookie} if cookie else {}
        return self(method, f"/oauth2/auth?{query}", headers=headers)

    def start(self, client: tuple[str, str], **more: str | None) -> tuple[str, str, str]:
        """The first visit: the consent request's id, the query to return with, the cookie."""
        query = self.query(client, **more)
        reply = self.authorize(query)
        assert reply.location.startswith(f"{CONSENT}?consent="), reply
        id = reply.told["consent"]
        return id, f"{query}&consent={id}", reply.headers["Set-Cookie"].partition(";")[0]

    def accept(self, id: str, subject: str = "bob", scopes: str | None = None, **more: Any) -> None:
        granted = "openid offline photos.read" if scopes is None else scopes
        body = {"subject": subject, "grantScopes": granted.split(), **more}
        reply = self.admin("PATCH", f"/oauth2/consent/requests/{id}/accept", body)
        assert (reply.status, reply.text) == (204, "")

    def arrive(
        self, client: tuple[str, str], scopes: str | None = None, **more: str | None
    ) -> Reply:
        """The whole way to the callback."""
        id, query, cookie = self.start(client, **more)
        self.accept(id, scopes=scopes)
        return self.authorize(query, cookie)

    def code(self, client: tuple[str, str], **more: str | None) -> str:
        return self.arrive(client, **more).told["code"]

    def redeem(self, client: tuple[str, str], code: str, **more: str) -> Reply:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.grant(client, **{**fields, **more})

    def refresh(self, client: tuple[str, str], token: str) -> Reply:
        return self.grant(client, grant_type="refresh_token", refresh_token=token)

    def introspect(self, token: str, basic: tuple[str, str] | None = ROOT, **more: str) -> Reply:
        return self("POST", "/oauth2/introspect", form={"token": token, **more}, basic=basic)

    def is_active(self, token: str) -> bool:
        return bool(self.introspect(token).json["active"])


def make_wire(version: str = "0.10", store: str = "memory", **settings: Any) -> Wire:
    return Wire(
        HydraEmulator(version, store, issuer="http://hydra.test", consent_url=CONSENT, **settings)
    )
