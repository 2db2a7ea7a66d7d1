"""Discovery, keys, health and `/userinfo`."""

from __future__ import annotations

from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import TEXT, Response, json_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.id_tokens import jwt_claims
from hydra_client.emulator.store.keys import public_jwk

KEY_SCOPE = "hydra.keys.get"
KEY_RESOURCE = "rn:hydra:keys:hydra.openid.id-token:public"


def well_known(state: State, request: Request, id: str) -> Response:
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


def keys(state: State, request: Request, id: str) -> Response:
    """GET /.well-known/jwks.json, for an authorized token or if a policy allows everyone."""
    try:
        state.authorize(request, KEY_SCOPE, "get", KEY_RESOURCE)
    except HydraError:
        # Whatever is wrong with the token, Hydra reports the result of the second attempt.
        state.check_policies("", "get", KEY_RESOURCE)
    return json_response({"keys": [public_jwk()]})


def userinfo(state: State, request: Request, id: str) -> Response:
    """GET or POST /userinfo (0.10): the subject and the consent app's claims for the ID token."""
    grant = state.active(request.bearer)
    claims = jwt_claims(grant.claims, is_0_9=False)
    hidden = ("aud", "iss", "nonce", "at_hash", "c_hash", "auth_time", "iat", "exp")
    return json_response({name: claims[name] for name in sorted(claims) if name not in hidden})


def health(state: State, request: Request, id: str) -> Response:
    """GET /health/status."""
    return Response(200, [("Content-Type", TEXT)], b'{"status": "ok"}')
