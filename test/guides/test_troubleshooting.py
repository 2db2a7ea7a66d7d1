"""Each heading of the troubleshooting page is part of a message, so that a search finds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.loopback import Server

from hydra_client import HydraException, OAuth2Api, OAuth2Client, connect
from hydra_client.emulator import HydraEmulator
from hydra_client.protocol.extras import missing_extra
from hydra_client.resource_server import Guard

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "troubleshooting.md"
HEADINGS = re.findall(r"^### (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def caller(hydra: HydraEmulator, **settings: object) -> OAuth2Api:
    """Return the API for a client that may do nothing."""
    client = hydra.add_client(grant_types=["client_credentials"], scope="hydra.clients")
    return connect(hydra.url, client["id"], client["client_secret"])


def delayed(hydra: HydraEmulator, **fault: object) -> OAuth2Api:
    hydra.fail("/clients", times=None, **fault)
    return connect(hydra.url, "admin", "demo-password", retries=0)


SYMPTOMS: dict[str, Callable[[HydraEmulator], object]] = {
    "no server: pass a host": lambda _: connect(),
    "no bearer token": lambda hydra: connect(hydra.url).list_oauth2_clients(),
    "must begin with http:// or https://": lambda _: connect("localhost:4444"),
    "did you mean": lambda _: OAuth2Client(clientName="Photos"),
    "cannot use an asyncio API": lambda hydra: Guard(hydra.async_api()),  # type: ignore[arg-type]
    "connection refused": lambda _: connect(
        "http://127.0.0.1:1", access_token="t", retries=0
    ).list_oauth2_clients(),
    "the host name is not known": lambda _: connect(
        "https://hydra.invalid", access_token="t", retries=0
    ).list_oauth2_clients(),
    "timed out": lambda hydra: delayed(hydra, delay=5).list_oauth2_clients(timeout=0.2),
    "the response was cut short": lambda hydra: delayed(hydra, cut=1).list_oauth2_clients(),
    "the server does not speak TLS on this port": lambda hydra: connect(
        hydra.url.replace("http:", "https:"), "admin", "demo-password", retries=0
    ).list_oauth2_clients(),
    "Hydra 0.9 and 0.10 do not send this response": lambda hydra: connect(
        f"{hydra.url}/prefix", "admin", "demo-password"
    ).list_oauth2_clients(),
    "Client authentication failed": lambda hydra: connect(
        hydra.url, "admin", "wrong-secret"
    ).list_oauth2_clients(),
    "The access token is missing, unknown, expired or revoked": lambda hydra: connect(
        hydra.url, access_token="unknown"
    ).list_oauth2_clients(),
    "The requested scope is invalid, unknown, or malformed": lambda hydra: caller(
        hydra
    ).well_known(),
    "Request was denied by default": lambda hydra: caller(hydra).list_oauth2_clients(),
    "Internal Server Error": lambda hydra: delayed(hydra, status=500).list_oauth2_clients(),
    "duplicate key value violates unique constraint": lambda hydra: [
        hydra.api().create_oauth2_client(OAuth2Client(id="photo-app")) for _ in range(2)
    ],
}


@pytest.mark.parametrize("heading", SYMPTOMS)
def test_a_message_contains_the_heading(heading: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYDRA_URL", raising=False)
    assert heading in HEADINGS
    with HydraEmulator(store="sql") as hydra, pytest.raises(HydraException) as caught:
        SYMPTOMS[heading](hydra)
    assert heading in str(caught.value)


def test_messages_that_need_another_server() -> None:
    body = b'{"error":{"code":500,"message":"Can not serve request over insecure http"}}'
    head = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Server(head + body) as server, pytest.raises(HydraException) as caught:
        connect(server.url, access_token="t", retries=0).list_oauth2_clients()
    assert "Can not serve request over insecure http" in str(caught.value)
    assert "Can not serve request over insecure http" in HEADINGS
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"
    with Server(page) as server, pytest.raises(HydraException) as caught:
        connect(server.url, access_token="t").list_oauth2_clients()
    assert "not JSON" in str(caught.value)
    assert "not JSON" in HEADINGS
    assert "is missing: pip install" in missing_extra("jwt", "jwt")
    assert "is missing: pip install" in HEADINGS
