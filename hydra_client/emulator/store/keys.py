"""The key that signs ID tokens, which is loaded or generated when it is first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property, lru_cache
from math import lcm
from typing import TYPE_CHECKING, Any

from hydra_client.emulator.go.json import encode
from hydra_client.emulator.store.jwk import base64url, integer, rsa_private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# Functions here import cryptography and jwt, because most servers never need the key.
KEY_ID = "public"
RSA_BITS = 4096  # as in Hydra
# The primes of the key that every new server signs with. This key is public, so it is for tests and
# demos only. It is stored here because generating one takes seconds.
_P = (
    "7MjDTqf8mF88VQtXUxDw0jTtqtzwRzFXTn-4tPtt33xaQg1EtmPdYF4TdMINJD2o6_g-AXvnJWn80sGWNAqZHR"
    "_EZ4LHr7krUYbA9281RTKkfqn3FEqHZVm0lyCwIvKnb70iopFlwN7RkFMJpKWxpXjxP3i3K6n-t-H7th9lEk93"
    "jpM2b_HH2HzLWMNB3TgmneI6f-usAAaTMALSdh41nx5WaAM3bwjQJWPVAzxe7lvSuszoZtqVcSe7_CbRYeL8Jy"
    "vc__9Y_uuoFR5Lq_0CMWXcFRx5RsP6d4B59z8VHDEuXXuY9teFEzXWEwqdga4tyFflU_EID6p1qE0xvsqFEw"
)
_Q = (
    "34aOwXlFtebQglZAnnBFJfATnMOC8w9nndkxF1rGf72Rw6AeCz7vx3N8IEmCswp48P6MRrOY9UFKtHI3sipaQO"
    "K1R9xwPEFMkNV8ElM5ZQeSDA1zG_-6TuebVY5q7QX3hwJPExSmtGNz30sJ-xbH8izP4ch1dsISprr0pX57bdEe"
    "mKfuhO5ERtWJVPu5JFhUJrhqLgqtGiWaRTX8zoHIHs5TUrJHvVz1zmVHGScMzGuH07ZJvHcqlrUucHsHbwedLl"
    "cCfPud_cS96dtFlIxahUPP2WADi9Sl3NVfPuTNWt0ZkQAQxNsP3Qzj4f7jOsWxbZ6U_1siaUfxJp7uNMOJrw"
)
_EXPONENT = 65537


@lru_cache(maxsize=1)
def load_test_key() -> RSAPrivateKey:
    """Return the key that every new server signs with."""
    p, q = integer(_P), integer(_Q)
    return rsa_private_key(p, q, pow(_EXPONENT, -1, lcm(p - 1, q - 1)), _EXPONENT)


def generate_rsa_key() -> RSAPrivateKey:
    """Generate a key of `RSA_BITS`, which can take a second."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(_EXPONENT, RSA_BITS)


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
