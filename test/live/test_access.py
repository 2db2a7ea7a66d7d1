"""Access to the admin endpoints: both versions lead to the same class of error."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from live.server import SCOPES, Server

import hydra_client as sdk

# The API, the id of a client, the id of a consent request.
ADMIN: dict[str, Callable[[sdk.OAuth2Api, str, str], object]] = {
    "create": lambda api, id, consent: api.create_oauth2_client(sdk.OAuth2Client()),
    "list": lambda api, id, consent: api.list_oauth2_clients(),
    "get": lambda api, id, consent: api.get_oauth2_client(id),
    "update": lambda api, id, consent: api.update_oauth2_client(id, sdk.OAuth2Client()),
    "delete": lambda api, id, consent: api.delete_oauth2_client(id),
    "consent": lambda api, id, consent: api.get_oauth2_consent_request(consent),
    "accept": lambda api, id, consent: api.accept_oauth2_consent_request(
        consent, sdk.ConsentRequestAcceptance(subject="alice")
    ),
    "reject": lambda api, id, consent: api.reject_oauth2_consent_request(
        consent, sdk.ConsentRequestRejection(reason="no")
    ),
}


def refusal(api: sdk.OAuth2Api) -> sdk.ApiException:
    with pytest.raises(sdk.ApiException) as refused:
        api.list_oauth2_clients()
    return refused.value


def test_an_unknown_token(server: Server) -> None:
    error = refusal(server.by_token("nope-nope-nope"))
    assert type(error) is sdk.UnauthorizedException
    assert error.status == (500 if server.is_0_9 else 401)
    if not server.is_0_9:
        assert error.error == "request_unauthorized"


@pytest.mark.parametrize("name", ADMIN)
def test_no_operation_takes_an_unknown_token(server: Server, name: str) -> None:
    app = server.app()
    consent = server.start(app)
    with pytest.raises(sdk.UnauthorizedException):
        ADMIN[name](server.by_token("nope-nope-nope"), str(app.id), str(consent.id))


def test_a_revoked_token(server: Server) -> None:
    token = server.token("hydra.clients")
    api = server.by_token(token)
    api.list_oauth2_clients()
    server.by_basic().revoke_oauth2_token(token)
    error = refusal(api)
    assert type(error) is sdk.UnauthorizedException
    assert error.status == (500 if server.is_0_9 else 401)


def test_a_token_that_was_fetched_and_revoked_is_fetched_anew(server: Server) -> None:
    api = server.by_basic(scopes="hydra.clients hydra.keys.get")
    # Where everybody may read the keys, no token is refused there.
    keys = [] if server.shows_keys_to_all else [api.well_known]
    for call in (api.list_oauth2_clients, *keys):
        call()
        token = api.api_client.token()
        server.by_basic().revoke_oauth2_token(token)
        call()
        assert api.api_client.token() != token


@pytest.mark.parametrize("name", ADMIN)
def test_a_client_without_a_policy(server: Server, name: str) -> None:
    app = server.app(scope=f"{SCOPES} hydra.clients hydra.consent")
    consent = server.start(app)
    api = server.by_token(server.token("hydra.clients hydra.consent", app))
    with pytest.raises(sdk.ForbiddenException) as denied:
        ADMIN[name](api, str(app.id), str(consent.id))
    assert denied.value.status == (500 if server.is_0_9 else 403)
    assert "Request was denied by default" in str(denied.value)
    assert '"effect": "allow"' in str(denied.value.hint)


def test_a_token_without_the_scope(server: Server) -> None:
    error = refusal(server.by_token(server.token("hydra.consent")))
    assert type(error) is sdk.ForbiddenException
    assert error.status == (500 if server.is_0_9 else 400)
    assert "The token needs the scope hydra.clients," in str(error.hint)


def test_the_request_id_is_in_the_error(server: Server) -> None:
    api = server.by_token("nope-nope-nope")
    for headers in (None, {"X-Request-ID": "my-own-request-id"}):
        with pytest.raises(sdk.ApiException) as refused:
            api.list_oauth2_clients(headers=headers)
        error = refused.value
        assert json.loads(str(error.body))["error"]["request"] == error.request_id
        assert error.request_id == "my-own-request-id" or headers is None
        assert str(error.request_id) in str(error)


def test_settings_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_URL", server.url)
    monkeypatch.setenv("HYDRA_CLIENT_ID", server.id)
    monkeypatch.setenv("HYDRA_CLIENT_SECRET", server.secret)
    api = sdk.connect()
    api.api_client.default_headers.update(server.headers)
    with api.api_client:
        assert api.get_well_known() == server.well_known
        api.list_oauth2_clients()
