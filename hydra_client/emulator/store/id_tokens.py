"""ID tokens (OpenID Connect Core 1.0 section 2)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import MINIMUM_ENTROPY, OAuthError, PlainError
from hydra_client.emulator.store.keys import SigningKey
from hydra_client.emulator.store.tokens import Claims, Grant
from hydra_client.emulator.variant import Variant


def id_token(variant: Variant, key: SigningKey, grant: Grant, now: float) -> str:
    """Return the ID token of the grant, signed at the Unix time `now`. Raises HydraError."""
    claims = grant.claims
    if variant.is_0_9:
        # 0.9 compares `max_age` with the time of the request, which it never stores.
        if _max_age(grant) > 0:
            raise PlainError("0.9 does not support max_age")
    else:
        _check_login(claims, grant, now)
        _check_hint(claims, grant, key)
    nonce = grant.form.get("nonce")
    if nonce and len(nonce.encode("utf-8", "surrogateescape")) < MINIMUM_ENTROPY:
        raise OAuthError("insufficient_entropy")
    if grant.form.get("acr_values") and not variant.is_0_9:
        claims.context_class = "0"
    payload = jwt_claims(claims, is_0_9=variant.is_0_9)
    payload["nonce"] = nonce or str(uuid4())
    payload["iat"] = int(now)
    return key.sign(payload)


def jwt_claims(claims: Claims, *, is_0_9: bool) -> dict[str, Any]:
    """Return the claims by name; those of the consent app never replace the server's own."""
    optional = {
        "at_hash": claims.access_token_hash,
        "c_hash": claims.code_hash,
        "acr": claims.context_class,
    }
    return {
        **claims.extra,
        "sub": claims.subject,
        "iss": claims.issuer,
        "aud": claims.audience,
        **{name: value for name, value in optional.items() if value},
        "auth_time": int(claims.auth_time),
        "exp": int(claims.expires_at),
        **({} if is_0_9 else {"rat": int(claims.requested_at)}),
    }


def _max_age(grant: Grant) -> int:
    text = grant.form.get("max_age")
    return int(text) if text.isdecimal() else 0


def _check_hint(claims: Claims, grant: Grant, key: SigningKey) -> None:
    """Check that `id_token_hint` is an ID token of this server and user, even if expired."""
    if hint := grant.form.get("id_token_hint"):
        subject = key.subject_of(hint)
        if subject != claims.subject:
            raise OAuthError("login_required" if subject else "server_error")


def _check_login(claims: Claims, grant: Grant, now: float) -> None:
    is_too_old = 0 < _max_age(grant) < now - claims.auth_time
    # Hydra stores the login just before the request, so it never counts as a new login.
    if is_too_old or grant.form.get("prompt") == "login":
        raise OAuthError("login_required")
