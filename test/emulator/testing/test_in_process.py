"""The emulator behind the `responses` library, without a socket."""

from __future__ import annotations

import pytest
import requests
import responses
from support.emulator import ROOT, Wire

from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.testing import in_process


@pytest.fixture
def mock() -> responses.RequestsMock:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_register(mock: responses.RequestsMock) -> None:
    hydra = HydraEmulator()
    in_process.register(mock, hydra)
    response = requests.get("http://hydra.test/.well-known/openid-configuration", timeout=5)
    assert response.json()["issuer"] == hydra.url == "http://hydra.test"
    form = {"grant_type": "client_credentials", "scope": "hydra.clients"}
    token = requests.post("http://hydra.test/oauth2/token", data=form, auth=ROOT, timeout=5)
    headers = {"Authorization": f"bearer {token.json()['access_token']}"}
    created = requests.post(
        "http://hydra.test/clients", json={"id": "a b"}, headers=headers, timeout=5
    )
    assert (created.status_code, created.headers["Location"]) == (201, "/clients/a b")
    assert (
        requests.get("http://hydra.test/clients/a%20b?x=1", headers=headers, timeout=5).json()["id"]
        == "a b"
    )
    assert (
        requests.delete("http://hydra.test/clients/a%20b", headers=headers, timeout=5).status_code
        == 204
    )
    assert requests.get("http://hydra.test", timeout=5).status_code == 404
    assert [str(request) for request in hydra.requests][-1] == "GET /"


def test_another_url_and_issuer(mock: responses.RequestsMock) -> None:
    hydra = HydraEmulator(issuer="https://login.example")
    in_process.register(mock, hydra, "https://hydra.internal:4444/")
    response = requests.get(
        "https://hydra.internal:4444/.well-known/openid-configuration", timeout=5
    )
    assert response.json()["issuer"] == "https://login.example"
    with pytest.raises(requests.ConnectionError):
        requests.get("https://hydra.internal:44440/", timeout=5)


def test_bytes_in_headers_and_bodies(mock: responses.RequestsMock) -> None:
    hydra = HydraEmulator()
    in_process.register(mock, hydra)
    token = Wire(hydra).root
    created = requests.post(
        "http://hydra.test/clients",
        data='{"id":"ä"}'.encode(),
        headers={"Authorization": f"bearer {token}".encode()},
        timeout=5,
    )
    assert created.json()["id"] == "ä"


def test_faults(mock: responses.RequestsMock) -> None:
    hydra = HydraEmulator()
    in_process.register(mock, hydra)
    hydra.fail("/health/*", status=503)
    assert requests.get("http://hydra.test/health/status", timeout=5).status_code == 503
    for fault in ({"reset": True}, {"cut": 3}):
        hydra.fail(**fault)
        with pytest.raises(requests.ConnectionError):
            requests.get("http://hydra.test/health/status", timeout=5)
    assert requests.get("http://hydra.test/health/status", timeout=5).ok
