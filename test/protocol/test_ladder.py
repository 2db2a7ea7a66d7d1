"""Whole calls: hints that name the cause of an error, and calls that need no credential."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from support.variants import IDS, VARIANTS

import hydra_client
from hydra_client import BadRequestException, ForbiddenException, NotFoundException
from hydra_client.code_flow import CodeFlow
from hydra_client.emulator import ConsentFlow, HydraEmulator

GRANTS = ["client_credentials"]


def test_a_refused_token_names_its_scopes_and_the_call_that_needed_it() -> None:
    with HydraEmulator() as hydra:
        hydra.add_client(id="a", client_secret="secret-a", grant_types=GRANTS)
        hydra.add_client(
            id="b", client_secret="secret-b", grant_types=["implicit"], scope="hydra.*"
        )
        a = hydra.api(client_id="a", client_secret="secret-a")
        with pytest.raises(BadRequestException, match=r"for get_oauth2_client, .*'hydra\.clients'"):
            a.get_oauth2_client("x")
        b = hydra.api(client_id="b", client_secret="secret-b")
        with pytest.raises(BadRequestException, match="`grant_types` lacks client_credentials"):
            b.get_oauth2_client("x")


def test_the_policy_of_a_hint_serves_all_consent_requests_and_names_the_caller() -> None:
    with HydraEmulator() as hydra:
        hydra.add_client(id="app", client_secret="secret-a", grant_types=GRANTS, scope="hydra.*")
        api = hydra.api(client_id="app", client_secret="secret-a")
        with pytest.raises(ForbiddenException) as refused:
            api.get_oauth2_consent_request("c1")
    hint = refused.value.hint or ""
    policy = json.loads(hint[hint.index("{") : -1])
    assert policy["subjects"] == ["app"]
    assert policy["resources"] == ["rn:hydra:oauth2:consent:requests:<.*>"]
    assert policy["actions"] == ["get", "accept", "reject"]


def test_a_later_hydra_is_named() -> None:
    with HydraEmulator() as hydra:
        hydra.fail("/clients", status=404, body="404 page not found\n")
        with pytest.raises(NotFoundException, match=r"1\.x, 2\.x.*speaks 0\.9 and 0\.10"):
            hydra.api().list_oauth2_clients()


@pytest.mark.parametrize("page", ["404 page not found\n", "<h1>Not Found</h1>", ""])
def test_a_wrong_base_path_is_named(page: str) -> None:
    with HydraEmulator() as hydra:
        hydra.fail("/hydra/clients", status=404, body=page)
        api = hydra_client.connect(f"{hydra.url}/hydra", access_token="a")
        with pytest.raises(NotFoundException, match=f"check the base URL {hydra.url}/hydra[.] "):
            api.list_oauth2_clients()


@pytest.mark.parametrize(
    "page",
    [
        "Client sent an HTTP request to an HTTPS server.\n",
        "<center>The plain HTTP request was sent to HTTPS port</center>",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
    ],
)
def test_plain_http_on_a_port_for_tls_is_named(page: str) -> None:
    with HydraEmulator() as hydra:
        hydra.fail("/clients", status=400, body=page)
        api = hydra_client.connect(hydra.url, access_token="a")
        with pytest.raises(BadRequestException, match="speaks TLS on this port: use an https URL"):
            api.list_oauth2_clients()


@pytest.mark.parametrize(("version", "store"), VARIANTS, ids=IDS)
def test_a_message_says_not_found_once(version: str, store: str) -> None:
    with HydraEmulator(version, store) as hydra, pytest.raises(NotFoundException) as caught:
        hydra.api().get_oauth2_client("photos")
    assert str(caught.value).startswith("get_oauth2_client: 404 Not Found (GET /clients/photos, ")


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_max_age_keeps_users_of_0_9_out(version: str) -> None:
    with HydraEmulator(version) as hydra:
        flow = CodeFlow(hydra.api(), "http://127.0.0.1/callback", "openid")
        flow.authorization_url(prompt="login")
        warned = pytest.warns(UserWarning, match="max_age: Hydra 0.9")
        with warned if version == "0.9" else nullcontext():
            assert "max_age=60" in flow.authorization_url(max_age=60)


def test_keys_that_everybody_may_read_need_no_credential() -> None:
    with HydraEmulator() as hydra:
        nobody = hydra_client.connect(hydra.url)
        with pytest.raises(ForbiddenException):
            nobody.well_known()
        assert "authorization" not in hydra.requests[-1].headers
        hydra.allow("", resources="rn:hydra:keys:hydra.openid.id-token:public", actions="get")
        assert nobody.well_known().keys


@pytest.mark.parametrize(
    ("grants", "scope", "error"),
    [(GRANTS, "photos", "invalid_scope"), (["implicit"], "hydra.keys.get", "invalid_grant")],
)
def test_keys_that_everybody_may_read_need_no_right_of_the_callers(
    grants: list[str], scope: str, error: str
) -> None:
    """An ordinary application may fetch no token for them, and needs none."""
    with HydraEmulator() as hydra:
        hydra.add_client(id="app", client_secret="secret-a", grant_types=grants, scope=scope)
        app = hydra.api(client_id="app", client_secret="secret-a")
        with pytest.raises(BadRequestException, match=error):
            app.well_known()
        hydra.allow("", resources="rn:hydra:keys:hydra.openid.id-token:public", actions="get")
        assert app.well_known().keys
        refused = hydra_client.connect(hydra.url, access_token="nobody-knows-this-one")
        assert refused.well_known().keys


def test_an_ordinary_application_logs_in_where_everybody_may_read_the_keys() -> None:
    callback = "http://127.0.0.1/callback"
    with HydraEmulator() as hydra:
        hydra.allow("", resources="rn:hydra:keys:hydra.openid.id-token:public", actions="get")
        client = {
            "id": "app",
            "client_secret": "secret-a",
            "redirect_uris": [callback],
            "response_types": ["code", "id_token"],
            "grant_types": ["authorization_code"],
            "scope": "openid",
        }
        hydra.add_client(**client)
        flow = CodeFlow(hydra.api(client_id="app", client_secret="secret-a"), callback, "openid")
        came = ConsentFlow(hydra)(client=client, scope="openid", state=flow.state, nonce=flow.nonce)
        flow.exchange(came.url)
        assert flow.claims is not None


def test_a_secret_that_hydra_would_not_read_to_its_end() -> None:
    with HydraEmulator() as hydra:
        api = hydra.api()
        long = hydra_client.OAuth2Client(id="a", client_secret="é" * 36 + "x")
        with pytest.warns(hydra_client.LongSecretWarning, match="73 bytes") as warned:
            api.create_oauth2_client(long)
        assert warned[0].filename == __file__
        assert len(warned) == 1
        api.update_oauth2_client("a", hydra_client.OAuth2Client(client_secret="é" * 36))
