"""OAuth 2.0 clients of other projects work with the emulator as with any server."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
import requests
from support.emulator import CALLBACK

from hydra_client.emulator import HydraEmulator

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # raised by their own modules
    from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
    from requests_oauthlib import OAuth2Session as OAuthlibSession

SCOPE = ["openid", "offline", "photos.read"]


@pytest.fixture(params=["0.9", "0.10"])
def hydra(request: pytest.FixtureRequest) -> Iterator[HydraEmulator]:
    with HydraEmulator(request.param, consent_url="http://127.0.0.1:4900/consent") as hydra:
        yield hydra


@pytest.fixture
def client(hydra: HydraEmulator) -> dict[str, str]:
    client: dict[str, str] = hydra.add_client(
        redirect_uris=[CALLBACK],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code", "id_token"],
        scope=" ".join(SCOPE),
    )
    return client


def browse(hydra: HydraEmulator, url: str) -> str:
    """Follow the redirects of an authorization to which alice consents."""
    with requests.Session() as browser:
        first = browser.get(url, allow_redirects=False, timeout=30)
        consent_id = first.headers["Location"].partition("consent=")[2]
        back = hydra.accept_consent(consent_id, "alice")
        last = browser.get(back, allow_redirects=False, timeout=30)
    return last.headers["Location"]


def test_authlib(hydra: HydraEmulator, client: dict[str, str]) -> None:
    with AuthlibSession(
        client["id"], client["client_secret"], scope=" ".join(SCOPE), redirect_uri=CALLBACK
    ) as session:
        url, state = session.create_authorization_url(f"{hydra.url}/oauth2/auth")
        arrived = browse(hydra, url)
        endpoint = f"{hydra.url}/oauth2/token"
        token = session.fetch_token(endpoint, authorization_response=arrived, state=state)
        assert token["scope"] == " ".join(SCOPE)
        renewed = session.refresh_token(endpoint, token["refresh_token"])
        assert renewed["access_token"] != token["access_token"]
        revoked = session.revoke_token(f"{hydra.url}/oauth2/revoke", renewed["access_token"])
        assert revoked.status_code == 200


def test_requests_oauthlib(
    hydra: HydraEmulator, client: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with OAuthlibSession(client["id"], scope=SCOPE, redirect_uri=CALLBACK) as session:
        url, _ = session.authorization_url(f"{hydra.url}/oauth2/auth")
        arrived = browse(hydra, url)
        endpoint = f"{hydra.url}/oauth2/token"
        token = session.fetch_token(
            endpoint,
            authorization_response=arrived,
            client_secret=client["client_secret"],
            include_client_id=None,
        )
        assert token["id_token"]
        renewed = session.refresh_token(endpoint, auth=(client["id"], client["client_secret"]))
        assert renewed["refresh_token"] != token["refresh_token"]
