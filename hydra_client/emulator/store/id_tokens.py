"""ID tokens (OpenID Connect Core 1.0 section 2)."""

from __future__ import annotations

from uuid import uuid4

from hydra_client.emulator.errors import MINIMUM_ENTROPY, OAuthError, PlainError
from hydra_client.emulator.go.strings import parse_int
from hydra_client.emulator.store.keys import SigningKey
from hydra_client.emulator.store.tokens import Grant
from hydra_client.emulator.variant import Variant


def id_token(variant: Variant, key: SigningKey, grant: Grant, now: float) -> str:
    """Return the ID token of the grant, signed at the Unix time `now`. Raises HydraError."""
    try:
        max_age = parse_int(grant.form.get("max_age"))
    except ValueError:
        max_age = 0
    if variant.is_0_9:
        # 0.9 compares `max_age` with the time of the request, which it never stores.
        if max_age > 0:
            raise PlainError("0.9 does not support max_age")
    else:
        # Hydra stores the login just before the request, so it never counts as a new login.
        if 0 < max_age < now - grant.requested_at or grant.form.get("prompt") == "login":
            raise OAuthError("login_required")
        if hint := grant.form.get("id_token_hint"):  # it can have expired
            subject = key.subject_of(hint)
            if subject != grant.claims["sub"]:
                raise OAuthError("login_required" if subject else "server_error")
    nonce = grant.form.get("nonce")
    if nonce and len(nonce.encode("utf-8", "surrogateescape")) < MINIMUM_ENTROPY:
        raise OAuthError("insufficient_entropy")
    if grant.form.get("acr_values") and not variant.is_0_9:
        grant.claims["acr"] = "0"
    return key.sign({**grant.claims, "nonce": nonce or str(uuid4()), "iat": int(now)})
