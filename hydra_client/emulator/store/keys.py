"""The key that signs ID tokens, loaded once per process and not before it is needed."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from hydra_client.emulator.go.json import encode
from hydra_client.emulator.store.test_key import PEM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# Functions here import cryptography and jwt, because most servers never need the key.
KEY_ID = "public"
_lock = Lock()


@lru_cache(maxsize=1)
def _load() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # Validating the key would take longer than everything else here.
    key = load_pem_private_key(PEM.encode(), None, unsafe_skip_rsa_key_validation=True)
    return cast("RSAPrivateKey", key)


def private_key() -> RSAPrivateKey:
    """Return the key that all servers use."""
    with _lock:
        return _load()


def public_jwk() -> dict[str, str]:
    """Return the public key as a JSON Web Key (RFC 7517), with its members in Hydra's order."""
    numbers = private_key().public_key().public_numbers()
    return {
        "use": "sig",
        "kty": "RSA",
        "kid": KEY_ID,
        "alg": "RS256",
        "n": _base64url(numbers.n.to_bytes(512, "big")),
        "e": _base64url(numbers.e.to_bytes(3, "big")),
    }


def sign(claims: dict[str, Any]) -> str:
    """Sign the claims as a JWT (RFC 7519), with its members sorted as Go sorts maps."""
    import jwt

    header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
    payload = {name: claims[name] for name in sorted(claims)}
    signed = ".".join(_base64url(encode(part).encode("utf-8")) for part in (header, payload))
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode("ascii"), private_key())
    return f"{signed}.{_base64url(signature)}"


def subject_of(token: str) -> str:
    """Return the subject of a JWT, or an empty string if this key did not sign it."""
    import jwt

    checks: Any = {f"verify_{claim}": False for claim in ("aud", "exp", "iat", "nbf")}
    try:
        claims = jwt.decode(token, private_key().public_key(), algorithms=["RS256"], options=checks)
    except jwt.PyJWTError:
        return ""
    return str(claims.get("sub", ""))


def half_hash(token: str) -> str:
    """Return the `at_hash` or `c_hash` of a token or code (OpenID Connect Core 3.1.3.6)."""
    return _base64url(hashlib.sha256(token.encode("ascii")).digest()[:16])


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
