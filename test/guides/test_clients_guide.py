"""The guide's table of client fields is complete, and the server behaves as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.variants import hydra_settings  # noqa: F401 - for the fixture `hydra`

pytest.importorskip("werkzeug", reason="needs the extra emulator")

import requests

from hydra_client import OAuth2Client
from hydra_client.emulator import HydraEmulator

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "clients.md"


def create(hydra: HydraEmulator, **members: Any) -> requests.Response:
    token = hydra.api().oauth_token(grant_type="client_credentials", scope="hydra.clients")
    return requests.post(
        f"{hydra.url}/clients",
        json=members,
        headers={"Authorization": f"Bearer {token.access_token}"},
        timeout=30,
    )


def test_every_field_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", GUIDE.read_text(encoding="utf-8"), re.M)
    assert [name for name, *_ in rows] == list(OAuth2Client._by_wire)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        (name, "yes" if field.json_type is not str else ["yes"])
        for name, field in OAuth2Client._by_wire.items()
    ],
)
def test_a_wrong_type_is_an_error_that_names_the_field(field: str, wrong: object) -> None:
    with HydraEmulator() as hydra:
        response = create(hydra, **{field: wrong})
    assert response.status_code == 500
    assert f"Client.{field} of type" in response.text


def test_nonsense_is_accepted(hydra: HydraEmulator) -> None:
    nonsense = {
        "redirect_uris": [" https://*.example.com ", "${HOST}"],
        "grant_types": ["authorize_code"],
        "response_types": ["code id_token"],
        "scope": "openid,photos pho*os",
        "logo_uri": "javascript:alert(1)",
        "owner": "nobody",
    }
    response = create(hydra, id="my-app", **nonsense)
    assert response.status_code == 201
    stored = hydra.api().get_oauth2_client("my-app").to_dict()
    assert {name: stored[name] for name in nonsense} == nonsense


@pytest.mark.parametrize(
    ("members", "memory", "sql"),
    [
        ({"id": "a" * 256}, 201, 500),
        ({"client_name": "\0"}, 201, 500),
        ({"client_secret": "short"}, 500, 500),
        ({"client_secret": "a" * 100}, 201, 201),
        ({"id": "x/y"}, 201, 201),
    ],
    ids=str,
)
def test_statuses(hydra: HydraEmulator, members: dict[str, Any], memory: int, sql: int) -> None:
    assert create(hydra, **members).status_code == (sql if hydra.variant.is_sql else memory)


@pytest.mark.parametrize(
    ("members", "asked", "error"),
    [
        ({}, "a", None),
        ({"client_secret": "0123456789" * 8}, "a", None),
        ({"grant_types": ["Client_Credentials"]}, "a", None),
        ({"grant_types": ["client_credential"]}, "a", "invalid_grant"),
        ({"grant_types": ["client_credentials,implicit"]}, "a", "invalid_grant"),
        ({"public": True}, "a", "invalid_grant"),
        ({"scope": "photos.*"}, "photos.read", None),
        ({"scope": "pho*os"}, "photos", "invalid_scope"),
        ({"scope": "hydra.consent*"}, "hydra.consent.get", "invalid_scope"),
        ({"scope": "a,b"}, "a", "invalid_scope"),
        ({"scope": ""}, "a", "invalid_scope"),
    ],
    ids=str,
)
def test_at_the_token_endpoint(
    hydra: HydraEmulator, members: dict[str, Any], asked: str, error: str | None
) -> None:
    given = {
        "id": "my-app",
        "client_secret": "a-secret",
        "grant_types": ["client_credentials"],
        "scope": "a",
        **members,
    }
    assert create(hydra, **given).status_code == 201
    response = requests.post(
        f"{hydra.url}/oauth2/token",
        data={"grant_type": "client_credentials", "scope": asked},
        auth=("my-app", given["client_secret"][:72]),
        timeout=30,
    )
    assert response.json().get("error") == error


@pytest.mark.parametrize(
    ("registered", "asked", "at_the_first_visit"),
    [
        ("https://app.example.com/cb", "https://app.example.com/cb", True),
        ("https://*.example.com/cb", "https://app.example.com/cb", False),
        (" https://app.example.com/cb", "https://app.example.com/cb", False),
        ("/cb", "/cb", False),
        ("https://app.example.com/#cb", "https://app.example.com/#cb", False),
        ("https://app.example.com/a%20b", "https://app.example.com/a%20b", False),
        ("https://app.example.com/a%20b", "https://app.example.com/a%2520b", True),
        ("https://app.example.com/a+b", "https://app.example.com/a+b", False),
    ],
)
def test_at_the_authorization_endpoint(
    hydra: HydraEmulator, registered: str, asked: str, at_the_first_visit: bool
) -> None:
    hydra.add_client(id="my-app", redirect_uris=[registered])
    response = requests.get(
        f"{hydra.url}/oauth2/auth",
        params={"client_id": "my-app", "redirect_uri": asked, "state": "a-long-state"},
        allow_redirects=False,
        timeout=30,
    )
    error = "error=invalid_request" in response.headers["Location"]
    assert error != at_the_first_visit
