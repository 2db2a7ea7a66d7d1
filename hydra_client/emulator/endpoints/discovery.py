"""Discovery and `/userinfo`."""

from __future__ import annotations

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response, json_response
from hydra_client.emulator.state import State


def well_known(state: State, request: Request) -> Response:
    """GET /.well-known/openid-configuration."""
    issuer = state.issuer
    document: dict[str, object] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/auth",
        "token_endpoint": f"{issuer}/oauth2/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "subject_types_supported": ["pairwise", "public"],
    }
    response_types = ["code", "code id_token", "id_token", "token id_token", "token"]
    if state.variant.is_0_9:
        document["id_token_signing_alg_values_supported"] = ["RS256"]
        document["response_types_supported"] = response_types
    else:
        document |= {
            "response_types_supported": [*response_types, "token id_token code"],
            "claims_supported": ["sub"],
            "userinfo_endpoint": f"{issuer}/userinfo",
            "scopes_supported": ["offline", "openid"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    return json_response(document)


def userinfo(state: State, request: Request) -> Response:
    """GET or POST /userinfo (0.10): the subject and the consent app's claims for the ID token."""
    grant = state.active(request.bearer)
    claims = grant.claims
    hidden = ("aud", "iss", "nonce", "at_hash", "c_hash", "auth_time", "iat", "exp")
    return json_response({name: claims[name] for name in sorted(claims) if name not in hidden})
