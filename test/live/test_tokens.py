"""Tokens: issued, renewed, revoked, introspected; also with unusual or wrong secrets."""

from __future__ import annotations

import pytest
from live.server import SCOPES, Server, redeem, refresh

import hydra_client as sdk

ODD_SECRETS = ["p+q%41 r:s", "100%-sure", "a&b=c;d/e?f#g", ":colons:", "pässwörd €", "'\"\\<>~|"]


# --- client credentials


def test_client_credentials(server: Server) -> None:
    app = server.app()
    response = server.by_basic(app).with_http_info.oauth_token(
        grant_type="client_credentials", scope="photos.read hydra.clients"
    )
    assert (response.status, response.headers["cache-control"]) == (200, "no-store")
    tokens = response.data
    assert type(tokens) is sdk.OAuth2TokenResponse is sdk.InlineResponse2001
    assert str(tokens.token_type).lower() == "bearer"
    assert set(str(tokens.scope).split()) == {"photos.read", "hydra.clients"}
    assert isinstance(tokens.expires_in, int)
    assert tokens.expires_in > 0
    assert (tokens.refresh_token, tokens.id_token) == (None, None)
    found = server.by_basic().introspect_oauth2_token(tokens.access_token)
    assert (found.active, found.client_id, found.sub) == (True, app.id, app.id)


def test_a_scope_stands_for_what_begins_like_it(server: Server) -> None:
    app = server.app(scope="photos.*")
    assert server.is_active(server.token("photos.read", app))
    with pytest.raises(sdk.BadRequestException) as refused:
        server.token("videos.read", app)
    assert (refused.value.status, refused.value.error) == (400, "invalid_scope")


def test_a_grant_that_does_not_exist(server: Server) -> None:
    with pytest.raises(sdk.BadRequestException) as refused:
        server.by_basic().oauth_token(grant_type="magic")
    assert (refused.value.status, refused.value.error) == (400, "invalid_request")


# --- proof of identity


@pytest.mark.parametrize("secret", ODD_SECRETS)
def test_odd_secrets_at_each_endpoint(server: Server, secret: str) -> None:
    app = server.app(client_secret=secret)
    assert app.client_secret == secret
    token = server.token("photos.read", app)
    api = server.by_basic(app)
    if server.is_0_9:
        assert api.introspect_oauth2_token(token).active
    api.revoke_oauth2_token(token)
    assert not server.is_active(token)


def test_a_wrong_secret(server: Server) -> None:
    wrong = server.api(username=server.id, password="wrong-secret")
    token = server.token("hydra.clients")
    for refused in (
        lambda: wrong.oauth_token(grant_type="client_credentials"),
        lambda: wrong.revoke_oauth2_token(token),
    ):
        with pytest.raises(sdk.UnauthorizedException) as unauthorized:
            refused()
        assert unauthorized.value.status == (401 if server.is_0_9 else 403)
        assert unauthorized.value.error == "invalid_client"
        assert "wrong-secret" not in str(unauthorized.value)
    if server.is_0_9:
        with pytest.raises(sdk.UnauthorizedException) as unauthorized:
            wrong.introspect_oauth2_token(token)
        assert unauthorized.value.status == 401
    else:
        assert wrong.introspect_oauth2_token(token).to_dict() == {"active": False}
    assert server.is_active(token)


def test_a_secret_in_the_form(server: Server) -> None:
    app = server.app(client_secret="no-odd-character")
    form = {"client_id": app.id, "client_secret": "no-odd-character", "scope": "photos.read"}
    api = server.api()
    if server.is_0_9:
        with pytest.raises(sdk.ApiException):
            api.oauth_token(grant_type="client_credentials", **form)
    else:
        tokens = api.oauth_token(grant_type="client_credentials", **form)
        assert server.is_active(tokens.access_token)


def test_a_public_client_redeems_its_code_without_a_secret(server: Server) -> None:
    app = server.app(public=True)
    code = server.arrive(app)["code"]
    api = server.api()
    if server.is_0_9:
        with pytest.raises(sdk.ApiException):
            redeem(api, code, client_id=str(app.id))
    else:
        assert server.is_active(redeem(api, code, client_id=str(app.id)).access_token)


# --- refresh


def test_refreshing_replaces_both_tokens(server: Server) -> None:
    app = server.app()
    api = server.by_basic(app)
    first = server.tokens(app)
    second = refresh(api, first.refresh_token)
    assert second.scope == first.scope
    assert second.access_token != first.access_token
    assert second.refresh_token not in (None, first.refresh_token)
    assert server.is_active(second.access_token)
    assert not server.is_active(first.access_token)

    with pytest.raises(sdk.BadRequestException) as refused:
        refresh(api, first.refresh_token)
    assert (refused.value.status, refused.value.error) == (400, "invalid_request")


def test_refreshing_goes_on(server: Server) -> None:
    app = server.app()
    tokens = server.tokens(app)
    for _ in range(3):
        tokens = refresh(server.by_basic(app), tokens.refresh_token)
    found = server.by_basic().introspect_oauth2_token(tokens.access_token)
    assert (found.active, found.sub) == (True, "alice")


def test_no_refresh_token_without_the_scope_offline(server: Server) -> None:
    tokens = server.tokens(server.app(), "photos.read")
    assert (tokens.refresh_token, tokens.id_token) == (None, None)


# --- revocation


def test_revoking_an_access_token_ends_its_refresh_token(server: Server) -> None:
    app = server.app()
    tokens = server.tokens(app)
    assert server.by_basic(app).revoke_oauth2_token(tokens.access_token) is None
    assert not server.is_active(tokens.access_token)
    with pytest.raises(sdk.ApiException):
        refresh(server.by_basic(app), tokens.refresh_token)


def test_revoking_a_refresh_token_ends_its_access_token(server: Server) -> None:
    app = server.app()
    tokens = server.tokens(app)
    assert server.is_active(tokens.access_token)
    assert tokens.refresh_token is not None
    server.by_basic(app).revoke_oauth2_token(tokens.refresh_token)
    assert not server.is_active(tokens.access_token)
    with pytest.raises(sdk.ApiException):
        refresh(server.by_basic(app), tokens.refresh_token)


def test_revoking_an_unknown_token_is_a_success(server: Server) -> None:
    api = server.by_basic(server.app())
    assert api.revoke_oauth2_token("nope-nope-nope") is None
    assert api.with_http_info.revoke_oauth2_token("nope-nope-nope").status == 200


# --- introspection


def test_introspection_says_what_a_token_is(server: Server) -> None:
    app = server.app()
    token = server.tokens(app).access_token
    by_basic = server.by_basic().introspect_oauth2_token(token)
    by_token = server.by_token(server.token("hydra.introspect")).introspect_oauth2_token(token)
    assert by_basic == by_token
    assert (by_basic.active, by_basic.sub, by_basic.client_id) == (True, "alice", app.id)
    assert by_basic.scope == SCOPES
    assert by_basic.iss == server.well_known.issuer
    assert by_basic.aud == (app.id if server.is_0_9 else None)
    assert by_basic.iat is not None
    assert by_basic.exp is not None
    assert by_basic.iat < by_basic.exp


def test_introspection_with_a_scope(server: Server) -> None:
    token = server.tokens(server.app(), "photos.read").access_token
    api = server.by_basic()
    assert api.introspect_oauth2_token(token, "photos.read").active
    assert api.introspect_oauth2_token(token, "photos.write").to_dict() == {"active": False}


def test_what_is_not_active(server: Server) -> None:
    app = server.app()
    tokens = server.tokens(app)
    assert tokens.refresh_token is not None
    for token in (tokens.refresh_token, "nope-nope-nope"):
        found = server.by_basic().introspect_oauth2_token(token)
        assert found.to_dict() == {"active": False}


def test_a_token_asked_about_by_itself(server: Server) -> None:
    token = server.token("hydra.introspect")
    alone = server.by_token(token)
    if server.is_0_9:
        with pytest.raises(sdk.UnauthorizedException) as refused:
            alone.introspect_oauth2_token(token)
        assert refused.value.status == 401
    else:
        assert alone.introspect_oauth2_token(token).to_dict() == {"active": False}
    # With id and secret at hand, those authorize the call.
    assert server.by_basic(access_token=token).introspect_oauth2_token(token).active


def test_a_caller_without_a_policy(server: Server) -> None:
    app = server.app()
    token = server.token("photos.read", app)
    callers = server.by_basic(app), server.by_token(server.token("hydra.introspect", app))
    for caller in callers:
        if server.is_0_9:
            assert caller.introspect_oauth2_token(token).active
        else:
            with pytest.raises(sdk.ForbiddenException) as denied:
                caller.introspect_oauth2_token(token)
            assert denied.value.status == 403
            assert "hydra.introspect" in str(denied.value.hint)


def test_a_bearer_needs_the_scope_from_0_10_on(server: Server) -> None:
    token = server.token("hydra.introspect")
    caller = server.by_token(server.token("hydra.clients"))
    if server.is_0_9:
        assert caller.introspect_oauth2_token(token).active
    else:
        with pytest.raises(sdk.ForbiddenException):
            caller.introspect_oauth2_token(token)
