"""ID tokens (OpenID Connect Core 1.0 section 2)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import MINIMUM_ENTROPY, OAuthError, PlainError
from hydra_client.emulator.state import State
from hydra_client.emulator.store.keys import sign, subject_of
from hydra_client.emulator.store.tokens import Claims, Grant


def id_token(state: State, grant: Grant) -> str:
    """The signed ID token of this grant. Raises OAuthError for a nonce that is too short."""
    now = state.clock()
    claims = grant.claims
    if state.variant.is_0_9:
        # It compares with the time of the request, which it never noted.
        if _max_age(grant) > 0:
            raise PlainError("max_age is given, and the time of the request is not known")
    else:
        _check_login(claims, grant, now)
        _check_hint(claims, grant)
    nonce = grant.form.get("nonce")
    if nonce and len(nonce.encode("utf-8", "surrogateescape")) < MINIMUM_ENTROPY:
        raise OAuthError("insufficient_entropy")
    if grant.form.get("acr_values") and not state.variant.is_0_9:
        claims.context_class = "0"
    members = claim_members(claims, is_0_9=state.variant.is_0_9)
    members["nonce"] = nonce or str(uuid4())
    members["iat"] = int(now)
    return sign(members)


def claim_members(claims: Claims, *, is_0_9: bool) -> dict[str, Any]:
    """The claims by name, those of the acceptance beneath the server's own."""
    members: dict[str, Any] = dict(claims.extra)
    members["sub"] = claims.subject
    members["iss"] = claims.issuer
    members["aud"] = claims.audience
    if claims.access_token_hash:
        members["at_hash"] = claims.access_token_hash
    if claims.code_hash:
        members["c_hash"] = claims.code_hash
    if claims.context_class:
        members["acr"] = claims.context_class
    members["auth_time"] = int(claims.auth_time)
    members["exp"] = int(claims.expires_at)
    if not is_0_9:
        members["rat"] = int(claims.requested_at)
    return members


def _max_age(grant: Grant) -> int:
    text = grant.form.get("max_age")
    return int(text) if text.isdecimal() else 0


def _check_hint(claims: Claims, grant: Grant) -> None:
    """`id_token_hint` has to be an ID token of this server, expired or not, about this user."""
    hint = grant.form.get("id_token_hint")
    if not hint:
        return
    subject = subject_of(hint)
    if not subject:
        raise OAuthError("server_error")
    if subject != claims.subject:
        raise OAuthError("login_required")


def _check_login(claims: Claims, grant: Grant, now: float) -> None:
    if 0 < _max_age(grant) < now - claims.auth_time:
        raise OAuthError("login_required")
    # The server notes the login a moment before the request, so `login` never looks fresh to it.
    if grant.form.get("prompt") == "login":
        raise OAuthError("login_required")
