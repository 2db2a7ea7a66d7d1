"""The example API against the emulator: whose photos a token shows."""

from __future__ import annotations

import api as photo_api
import pytest
from werkzeug.test import TestResponse

import hydra_client
from hydra_client.emulator import ConsentFlow, HydraEmulator
from hydra_client.resource_server import Guard

SCOPES = "photos.read photos.write"


@pytest.fixture(params=["0.9", "0.10"])
def hydra_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"version": request.param}


def test_a_token_shows_the_photos_of_its_user_and_of_no_client(
    hydra: HydraEmulator, consent_flow: ConsentFlow
) -> None:
    web = photo_api.create_app(Guard(hydra.api())).test_client()

    def send(token: str | None, method: str = "GET") -> TestResponse:
        return web.open("/photos", method=method, headers={"Authorization": f"Bearer {token}"})

    token = consent_flow(scope=SCOPES, subject="alice").exchange()["access_token"]
    assert send(token, "POST").json == send(token).json
    assert len(send(token).json or ()) == 3
    bobs = consent_flow(scope=SCOPES, subject="bob").exchange()["access_token"]
    assert len(send(bobs).json or ()) == 2
    # A client that is called like the user.
    client = hydra.add_client(id="alice", grant_types=["client_credentials"], scope=SCOPES)
    api = hydra_client.connect(hydra.url, "alice", client["client_secret"])
    with api.api_client:
        own = api.oauth_token(grant_type="client_credentials", scope=SCOPES).access_token
    for method in ("GET", "POST"):
        response = send(own, method)
        assert response.status_code == 403
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (response.json or {})["error"] == "access_denied"
    assert send("made-up").status_code == 401
