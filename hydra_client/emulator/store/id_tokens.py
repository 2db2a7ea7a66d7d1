"""ID tokens (OpenID Connect Core 1.0 section 2)."""

from __future__ import annotations

from uuid import uuid4

from hydra_client.emulator.errors import MINIMUM_ENTROPY, OAuthError, PlainError
from hydra_client.emulator.store.keys import SigningKey
from hydra_client.emulator.store.tokens import Grant
from hydra_client.emulator.variant import Variant


def id_token(variant: Variant, key: SigningKey, grant: Grant, now: float) -> str:
    """Return the ID token of the grant, signed at the Unix time `now`. Raises HydraError."""
    if variant.is_0_9:
        # 0.9 compares `max_age` with the time of the request, which it never stores.
        if _max_age(grant) > 0:
            raise PlainError("0.9 does not support max_age")
    else:
        _check_login(grant, now)
        _check_hint(grant, key)
    nonce = grant.form.get("nonce")
    if nonce and len(nonce.encode("utf-8", "surrogateescape")) < MINIMUM_ENTROPY:
        raise OAuthError("insufficient_entropy")
    if grant.form.get("acr_values") and not variant.is_0_9:
        grant.claims["acr"] = "0"
    return key.sign({**grant.claims, "nonce": nonce or str(uuid4()), "iat": int(now)})


def _max_age(grant: Grant) -> int:
    text = grant.form.get("max_age")
    return int(text) if text.isdecimal() else 0


def _check_hint(grant: Grant, key: SigningKey) -> None:
    """Check that `id_token_hint` is an ID token of this server and user, even if expired."""
    if hint := grant.form.get("id_token_hint"):
        subject = key.subject_of(hint)
        if subject != grant.claims["sub"]:
            raise OAuthError("login_required" if subject else "server_error")


def _check_login(grant: Grant, now: float) -> None:
    is_too_old = 0 < _max_age(grant) < now - grant.requested_at
    # Hydra stores the login just before the request, so it never counts as a new login.
    if is_too_old or grant.form.get("prompt") == "login":
        raise OAuthError("login_required")
