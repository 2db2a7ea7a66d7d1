"""The discovery document and the keys."""

from __future__ import annotations

import pytest
from live.server import Server

import hydra_client as sdk


def test_discovery_needs_no_credentials(server: Server) -> None:
    found = server.api().get_well_known()
    assert found.issuer
    assert found.authorization_endpoint.endswith("/oauth2/auth")
    assert found.token_endpoint.endswith("/oauth2/token")
    assert found.jwks_uri.endswith("/.well-known/jwks.json")
    assert {"code", "token", "id_token"} <= set(found.response_types_supported)
    assert "RS256" in found.id_token_signing_alg_values_supported
    assert "public" in found.subject_types_supported


def test_discovery_says_more_from_0_10_on(server: Server) -> None:
    found = server.root.get_well_known()
    more = (
        found.userinfo_endpoint,
        found.scopes_supported,
        found.claims_supported,
        found.token_endpoint_auth_methods_supported,
    )
    assert all(value is None for value in more) if server.is_0_9 else all(more)


def test_the_keys_are_public_ones(server: Server) -> None:
    response = server.root.with_http_info.well_known()
    assert response.status == 200
    key = next(key for key in response.data.keys if key.kid == "public")
    assert (key.kty, key.use, key.alg) == ("RSA", "sig", "RS256")
    assert key.n
    assert key.e
    assert key.d is None


def test_who_has_no_right_to_the_keys_is_denied(server: Server) -> None:
    if server.shows_keys_to_all:
        pytest.skip("a policy of the server lets everybody read the keys")
    app = server.app(scope="hydra.keys.get")
    for token in ("nope-nope-nope", server.token("hydra.keys.get", app)):
        with pytest.raises(sdk.ForbiddenException, match="Request was denied") as denied:
            server.by_token(token).well_known()
        assert denied.value.status == (500 if server.is_0_9 else 403)
        assert "hydra.keys.get" in str(denied.value.hint)
