"""What the server tells of itself: discovery, keys, health, and `/userinfo`."""

from __future__ import annotations

from typing import Any

from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import TEXT, Answer, json_answer
from hydra_client.emulator.state import State
from hydra_client.emulator.store.id_tokens import claim_members
from hydra_client.emulator.store.keys import public_jwk

KEY_SCOPE = "hydra.keys.get"
KEY_RESOURCE = "rn:hydra:keys:hydra.openid.id-token:public"


def well_known(state: State, request: Request, id: str) -> Answer:
    """GET /.well-known/openid-configuration."""
    issuer = state.issuer
    told: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/auth",
        "token_endpoint": f"{issuer}/oauth2/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "subject_types_supported": ["pairwise", "public"],
    }
    response_types = ["code", "code id_token", "id_token", "token id_token", "token"]
    if state.variant.is_0_9:
        told["id_token_signing_alg_values_supported"] = ["RS256"]
        told["response_types_supported"] = response_types
        return json_answer(told)
    told["response_types_supported"] = [*response_types, "token id_token code"]
    told["claims_supported"] = ["sub"]
    told["userinfo_endpoint"] = f"{issuer}/userinfo"
    told["scopes_supported"] = ["offline", "openid"]
    told["token_endpoint_auth_methods_supported"] = ["client_secret_post", "client_secret_basic"]
    told["id_token_signing_alg_values_supported"] = ["RS256"]
    return json_answer(told)


def keys(state: State, request: Request, id: str) -> Answer:
    """GET /.well-known/jwks.json: for a token that may, or for everybody where a policy says so."""
    try:
        state.authorize(request, KEY_SCOPE, "get", KEY_RESOURCE)
    except HydraError:
        # Whatever was wrong with the token, the answer tells of the second attempt.
        state.check_policies("", "get", KEY_RESOURCE)
    return json_answer({"keys": [public_jwk()]})


def userinfo(state: State, request: Request, id: str) -> Answer:
    """GET or POST /userinfo (0.10): the subject, and what the acceptance put into the ID token."""
    grant = state.active(request.bearer)
    told = claim_members(grant.claims, is_0_9=False)
    hidden = ("aud", "iss", "nonce", "at_hash", "c_hash", "auth_time", "iat", "exp")
    return json_answer({name: told[name] for name in sorted(told) if name not in hidden})


def health(state: State, request: Request, id: str) -> Answer:
    """GET /health/status."""
    return Answer(200, [("Content-Type", TEXT)], b'{"status": "ok"}')
