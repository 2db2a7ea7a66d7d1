"""The key that signs ID tokens, which is loaded or generated when it is first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from hydra_client.emulator.go.json import encode
from hydra_client.emulator.store.jwk import base64url
from hydra_client.emulator.store.test_key import PEM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# Functions here import cryptography and jwt, because most servers never need the key.
KEY_ID = "public"
RSA_BITS = 4096  # as in Hydra
_lock = Lock()


def load_test_key() -> RSAPrivateKey:
    """Return the key that every new server signs with, loaded once per process."""
    with _lock:
        return _load()


@lru_cache(maxsize=1)
def _load() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # Validating the key would take longer than everything else here.
    key = load_pem_private_key(PEM.encode(), None, unsafe_skip_rsa_key_validation=True)
    return cast("RSAPrivateKey", key)


def generate_rsa_key() -> RSAPrivateKey:
    """Generate a key of `RSA_BITS`, which can take a second."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(65537, RSA_BITS)


class SigningKey:
    """The key that a server has read at its start."""

    def __init__(self, load: Callable[[], RSAPrivateKey]) -> None:
        self._load = load

    @cached_property
    def private(self) -> RSAPrivateKey:
        """The key itself."""
        return self._load()

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign the claims as a JWT (RFC 7519), with its members sorted as Go sorts maps."""
        import jwt

        header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
        payload = {name: claims[name] for name in sorted(claims)}
        signed = ".".join(base64url(encode(part).encode("utf-8")) for part in (header, payload))
        signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode("ascii"), self.private)
        return f"{signed}.{base64url(signature)}"

    def subject_of(self, token: str) -> str:
        """Return the subject of a JWT, or an empty string if this key did not sign it."""
        import jwt

        checks: Any = {f"verify_{claim}": False for claim in ("aud", "exp", "iat", "nbf")}
        key = self.private.public_key()
        try:
            claims = jwt.decode(token, key, algorithms=["RS256"], options=checks)
        except jwt.PyJWTError:
            return ""
        return str(claims.get("sub", ""))


def half_hash(token: str) -> str:
    """Return the `at_hash` or `c_hash` of a token or code (OpenID Connect Core 3.1.3.6)."""
    return base64url(hashlib.sha256(token.encode("ascii")).digest()[:16])
