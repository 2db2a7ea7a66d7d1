"""A server under test, and a browser. Nothing here depends on which server it is."""

from __future__ import annotations

import os
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

import hydra_client as sdk

CALLBACK = "http://127.0.0.1:4900/callback"
SCOPES = "openid offline photos.read"
STATE = "a-random-state"
NONCE = "a-random-nonce"


class Server:
    """The server at an address, as seen by one client that may do everything.

    Its behavior shows its version and store.
    """

    def __init__(self, url: str, id: str, secret: str) -> None:
        self.url, self.id, self.secret = url, id, secret
        self.prefix = f"live-{secrets.token_hex(4)}"
        self._clients: list[str] = []
        self._apis: list[sdk.OAuth2Api] = []
        self.headers: dict[str, str] = {}
        self.root = self.api(username=id, password=secret)
        if self._wants_tls_to_end_before_it():
            self.headers = {"X-Forwarded-Proto": "https"}
            self.root.api_client.default_headers.update(self.headers)
        self.well_known = self.root.get_well_known()
        self.is_0_9 = self.well_known.userinfo_endpoint is None
        self.is_sql = self._refuses_duplicates()
        self.no_list = [] if self.is_sql and not self.is_0_9 else None
        """How a list that was never given reads, once the client is stored."""
        self.shows_keys_to_all = self._shows_keys_to_all()

    def _wants_tls_to_end_before_it(self) -> bool:
        try:
            self.root.get_well_known()
        except sdk.ServiceException as error:
            return "X-Forwarded-Proto" in (error.hint or "")
        return False

    def _shows_keys_to_all(self) -> bool:
        """Whether it has the policy that its installation guide gives."""
        try:
            self.by_token("nope-nope-nope").well_known()
        except sdk.ForbiddenException:
            return False
        return True

    def _refuses_duplicates(self) -> bool:
        id = f"{self.prefix}-twice"
        self.create(id=id)
        try:
            self.create(id=id)
        except sdk.ConflictException:
            return True
        return False

    # --- callers

    def api(self, **settings: Any) -> sdk.OAuth2Api:
        """The SDK with these settings, and none of the environment's credentials."""
        certificate = os.environ.get("HYDRA_CA_CERT") or None
        configuration = sdk.Configuration(self.url, ssl_ca_cert=certificate, **settings)
        api = sdk.OAuth2Api(sdk.ApiClient(configuration))
        api.api_client.default_headers.update(self.headers)
        self._apis.append(api)
        return api

    def by_basic(self, client: sdk.OAuth2Client | None = None, **settings: Any) -> sdk.OAuth2Api:
        """The SDK as a client, root if none is given, with id and secret."""
        id, secret = (client.id, client.client_secret) if client else (self.id, self.secret)
        return self.api(username=id, password=secret, **settings)

    def by_token(self, token: str) -> sdk.OAuth2Api:
        """The SDK with this bearer token alone."""
        return self.api(access_token=token)

    def token(self, scope: str, client: sdk.OAuth2Client | None = None) -> str:
        """An access token for a client, root if none is given, by client credentials."""
        api = self.by_basic(client)
        return api.oauth_token(grant_type="client_credentials", scope=scope).access_token

    def is_active(self, token: str) -> bool:
        return self.by_basic().introspect_oauth2_token(token).active

    # --- clients

    def create(self, **fields: Any) -> sdk.OAuth2Client:
        """Creates a client that is deleted when the test is over."""
        client = self.root.create_oauth2_client(sdk.OAuth2Client(**fields))
        assert client.id is not None
        self._clients.append(client.id)
        return client

    def app(self, name: str = "", **fields: Any) -> sdk.OAuth2Client:
        """Creates a client that may use every flow; its id is made of the name."""
        may: dict[str, Any] = {
            "id": f"{self.prefix}{name}",
            "redirect_uris": [CALLBACK],
            "grant_types": [
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "implicit",
            ],
            "response_types": ["code", "token", "id_token"],
            "scope": f"{SCOPES} hydra.clients hydra.introspect",
        }
        return self.create(**{**may, **fields})

    def clean_up(self) -> None:
        while self._clients:
            try:
                self.root.delete_oauth2_client(self._clients[-1])
            except sdk.NotFoundException:
                pass
            self._clients.pop()
        while len(self._apis) > 1:
            self._apis.pop().api_client.close()

    def close(self) -> None:
        self.clean_up()
        left = [client.id for client in self.root.list_oauth2_clients()]
        self.root.api_client.close()
        assert [id for id in left if id is None or id.startswith(self.prefix)] == []

    # --- flows

    def start(
        self, app: sdk.OAuth2Client, browser: Browser | None = None, **query: str | None
    ) -> sdk.OAuth2ConsentRequest:
        """The browser's first visit; returns the consent request that comes of it."""
        location = (browser or Browser(self)).visit(asking(app, **query))
        return self.root.get_oauth2_consent_request(parameters_of(location)["consent"])

    def arrive(self, app: sdk.OAuth2Client, *scopes: str, **query: str | None) -> dict[str, str]:
        """The whole flow, with consent, back to the client; returns what it receives."""
        browser = Browser(self)
        request = self.start(app, browser, **query)
        assert request.id is not None
        body = sdk.ConsentRequestAcceptance(
            subject="alice", grant_scopes=[*(scopes or request.requested_scopes or ())]
        )
        self.root.accept_oauth2_consent_request(request.id, body)
        return browser.return_to(request)

    def tokens(self, app: sdk.OAuth2Client, *scopes: str) -> sdk.OAuth2TokenResponse:
        """The tokens of a code flow."""
        code = self.arrive(app, *scopes)["code"]
        return redeem(self.by_basic(app), code)


class Browser:
    """Keeps cookies, and stops where Hydra sends it: at the consent app, at the client."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.cookies: dict[str, str] = {}

    def visit(self, query: dict[str, str] | str) -> str:
        """Goes to the authorization endpoint; returns where it is sent from there."""
        encoded = query if isinstance(query, str) else urlencode(query)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = requests.get(
            f"{self._server.url.rstrip('/')}/oauth2/auth?{encoded}",
            headers={**self._server.headers, **({"Cookie": cookies} if cookies else {})},
            allow_redirects=False,
            verify=os.environ.get("HYDRA_CA_CERT") or True,
            timeout=30,
        )
        assert response.status_code == 302, response.text
        self.cookies.update(response.cookies)
        return response.headers["Location"]

    def return_to(self, request: sdk.OAuth2ConsentRequest) -> dict[str, str]:
        """Goes back after the user has decided; returns what the client receives."""
        # By the address under test: the server may know itself by another.
        address = urlsplit(request.redirect_url or "")
        assert address.path.endswith("/oauth2/auth")
        location = self.visit(address.query)
        assert is_callback(location), location
        return parameters_of(location)


def is_callback(location: str) -> bool:
    return location.startswith((f"{CALLBACK}?", f"{CALLBACK}#"))


def asking(app: sdk.OAuth2Client, **more: str | None) -> dict[str, str]:
    """The query of a client that sends a browser to the authorization endpoint."""
    fields: dict[str, str | None] = {
        "client_id": app.id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": SCOPES,
        "state": STATE,
        "nonce": NONCE,
        **more,
    }
    return {name: value for name, value in fields.items() if value is not None}


def parameters_of(location: str) -> dict[str, str]:
    """The fields of an address, in its query and in its fragment."""
    parts = urlsplit(location)
    return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))


def redeem(api: sdk.OAuth2Api, code: str, **more: str) -> sdk.OAuth2TokenResponse:
    return api.oauth_token(
        grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more
    )


def refresh(api: sdk.OAuth2Api, token: str | None) -> sdk.OAuth2TokenResponse:
    assert token is not None
    return api.oauth_token(grant_type="refresh_token", refresh_token=token)
