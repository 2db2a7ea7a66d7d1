"""The key that signs ID tokens: read once in a process, and only when it is first needed."""

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

# The cryptography is imported where it is used: most servers start, and end, without a key.

KEY_ID = "public"
_making = Lock()


@lru_cache(maxsize=1)
def _make() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # Checking that its numbers are prime would take longer than all else.
    key = load_pem_private_key(PEM.encode(), None, unsafe_skip_rsa_key_validation=True)
    return cast("RSAPrivateKey", key)


def private_key() -> RSAPrivateKey:
    """The key of all servers."""
    with _making:
        return _make()


def public_jwk() -> dict[str, str]:
    """The public key as a JSON Web Key (RFC 7517), in the server's order."""
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
    """The claims as a signed JWT (RFC 7519), its members sorted as Go's maps are."""
    import jwt

    header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
    payload = {name: claims[name] for name in sorted(claims)}
    signed = ".".join(_base64url(encode(part).encode("utf-8")) for part in (header, payload))
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode("ascii"), private_key())
    return f"{signed}.{_base64url(signature)}"


def subject_of(token: str) -> str:
    """The subject of a JWT that this key signed; nothing for another one."""
    import jwt

    checks: Any = {
        "verify_aud": False,
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        claims = jwt.decode(token, private_key().public_key(), algorithms=["RS256"], options=checks)
    except jwt.PyJWTError:
        return ""
    return str(claims.get("sub", ""))


def half_hash(token: str) -> str:
    """`at_hash` and `c_hash` (OpenID Connect Core 3.1.3.6): the left half of a SHA-256."""
    return _base64url(hashlib.sha256(token.encode("ascii")).digest()[:16])


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
