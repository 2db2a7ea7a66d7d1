"""JSON Web Keys (RFC 7517) as Hydra's library, go-jose, reads and writes them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hydra_client.emulator.errors import PlainError
from hydra_client.emulator.go.json import require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_STRINGS = ("use", "kty", "kid", "crv", "alg")
_BINARY = ("k", "x", "y", "n", "e", "d", "p", "q", "dp", "dq", "qi")
_ORDER = (*_STRINGS, *_BINARY, "x5c")
_BASE64URL = re.compile("^[A-Za-z0-9_-]*")
_CURVE_SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}  # of a coordinate, in bytes


@dataclass(frozen=True)
class Jwk:
    """A key. The memory store can hold keys that Hydra could not read; these have no type."""

    kid: str = ""
    kty: str = ""
    use: str = ""
    alg: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The members that depend on the type, as they are sent."""

    def to_json(self, *, is_0_9: bool) -> dict[str, Any]:
        """Return the members in Hydra's order. Raises PlainError for a key without a type."""
        if not self.kty:
            go_type = "JsonWebKey" if is_0_9 else "JSONWebKey"
            raise PlainError(
                f"json: error calling MarshalJSON for type jose.{go_type}: "
                "square/go-jose: unknown key type '%!s(<nil>)'"
            )
        members: dict[str, Any] = {name: getattr(self, name, "") for name in _STRINGS}
        members |= self.parts
        # `k` can be empty, because Go leaves out missing parts only.
        return {name: members[name] for name in _ORDER if members.get(name) or name in self.parts}

    def rsa_private_key(self) -> RSAPrivateKey:
        """Return the private RSA key. Raises ValueError if this is another key."""
        if self.kty != "RSA" or "d" not in self.parts:
            raise ValueError(f"the key {self.kid!r} is not a private RSA key")
        return rsa_private_key(*(integer(self.parts[name]) for name in ("p", "q", "d", "e")))


def rsa_private_key(p: int, q: int, d: int, e: int) -> RSAPrivateKey:
    """Return the key with these primes and exponents, which are not checked: that would be slow."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    exponents = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    private = rsa.RSAPrivateNumbers(p, q, d, *exponents, rsa.RSAPublicNumbers(e, p * q))
    return private.private_key(unsafe_skip_rsa_key_validation=True)


# --- reading


def read_jwk(value: Any, *, is_0_9: bool) -> Jwk:
    """Read a key from JSON, as from `parse`. Raises PlainError with go-jose's message."""
    members = _members(value, "jose.rawJsonWebKey" if is_0_9 else "jose.rawJSONWebKey")
    kty = members.get("kty", "")
    readers = {"EC": _read_ec, "RSA": _read_rsa, "oct": _read_oct}
    if kty not in readers:
        raise PlainError(f"square/go-jose: unknown json web key type '{kty}'")
    parts = readers[kty](members)
    if members.get("x5c"):
        parts["x5c"] = [_certificate(text) for text in members["x5c"]]
    return Jwk(members.get("kid", ""), kty, members.get("use", ""), members.get("alg", ""), parts)


def _members(value: Any, go_type: str) -> dict[str, Any]:
    """Read the members. go-jose's JSON is an old version of Go's, made stricter about names."""
    if value is None:
        return {}
    require(value, "object", go_type)
    members: dict[str, Any] = {}
    for name, item in value:
        if name in members:
            raise PlainError(f"json: duplicate key '{name}' in object")
        members[name] = item
    read: dict[str, Any] = {}
    for name, item in members.items():
        if item is None or name not in _ORDER:
            continue
        if name == "x5c":
            require(item, "array", "[]string")
        for text in item if name == "x5c" else [item]:
            require(text, "string", "string")
        read[name] = _decode(item) if name in _BINARY else item
    return read


def _decode(text: str) -> bytes:
    at = len(_BASE64URL.findall(text)[0])
    if at < len(text) or len(text) % 4 == 1:
        raise PlainError(f"illegal base64 data at input byte {at}")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _certificate(text: str) -> str:
    from cryptography import x509

    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise PlainError("illegal base64 data at input byte 0") from None
    try:
        x509.load_der_x509_certificate(raw)
    except ValueError:
        raise PlainError("x509: malformed certificate") from None
    return base64.b64encode(raw).decode()


def _read_oct(members: dict[str, Any]) -> dict[str, Any]:
    if "k" not in members:
        raise PlainError("square/go-jose: invalid OCT (symmetric) key, missing k value")
    return {"k": base64url(members["k"])}


def _read_ec(members: dict[str, Any]) -> dict[str, Any]:
    curve = members.get("crv", "")
    if curve not in _CURVE_SIZES:
        raise PlainError(f"square/go-jose: unsupported elliptic curve '{curve}'")
    is_private = "d" in members
    if "x" not in members or "y" not in members:
        names = "EC private key, missing x/y/d" if is_private else "EC key, missing x/y"
        raise PlainError(f"square/go-jose: invalid {names} values")
    parts: dict[str, Any] = {"crv": curve}
    for name in ("x", "y"):
        number = members[name].lstrip(b"\0")
        if len(number) > _CURVE_SIZES[curve]:
            raise PlainError("square/go-jose: invalid EC key (X/Y too large)")
        parts[name] = base64url(number.rjust(_CURVE_SIZES[curve], b"\0"))
    if is_private:
        parts["d"] = base64url(members["d"].lstrip(b"\0"))
    return parts


def _read_rsa(members: dict[str, Any]) -> dict[str, Any]:
    names = ("n", "e", "d", "p", "q") if "d" in members else ("n", "e")
    missing = [name.upper() for name in names if name not in members]
    if missing:
        private = f"RSA private key, missing {missing[0]} value(s)"  # Go stops at the first one
        problem = private if "d" in members else "RSA key, missing n/e values"
        raise PlainError(f"square/go-jose: invalid {problem}")
    if "d" in members:
        _validate_rsa(*(int.from_bytes(members[name], "big") for name in names))
    return {name: base64url(members[name].lstrip(b"\0")) for name in names}


def _validate_rsa(n: int, e: int, d: int, p: int, q: int) -> None:
    """Do what Go's `PrivateKey.Validate` does."""
    problems = {
        "public exponent too small": e < 2,
        "public exponent too large": e > (1 << 31) - 1,
        "invalid prime value": min(p, q) <= 1,
        "invalid modulus": p * q != n,
        "invalid exponents": any(prime > 1 and e * d % (prime - 1) != 1 for prime in (p, q)),
    }
    for problem, is_true in problems.items():
        if is_true:
            raise PlainError(f"crypto/rsa: {problem}")


def base64url(raw: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def integer(text: str) -> int:
    """Decode a number from base64url."""
    return int.from_bytes(_decode(text), "big")


# --- making


def rsa_keys(key: RSAPrivateKey, kid: str = "", use: str = "") -> list[Jwk]:
    """Return the private key and the public key."""
    numbers = key.private_numbers()
    public = {"n": numbers.public_numbers.n, "e": numbers.public_numbers.e}
    private = {"d": numbers.d, "p": numbers.p, "q": numbers.q}
    return _pair(Jwk(kid, "RSA", use, "RS256", _encoded(public)), _encoded(private))


def ec_keys(kid: str) -> list[Jwk]:
    """Generate a key on the curve P-521; return the private key and the public key."""
    from cryptography.hazmat.primitives.asymmetric import ec

    numbers = ec.generate_private_key(ec.SECP521R1()).private_numbers()
    public = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y}
    parts = {"crv": "P-521", **_encoded(public, _CURVE_SIZES["P-521"])}
    return _pair(Jwk(kid, "EC", parts=parts), _encoded({"d": numbers.private_value}))


def _pair(public: Jwk, private: Mapping[str, str]) -> list[Jwk]:
    """Return the key with its private parts and without, each with an id that says which."""
    suffix = f":{public.kid}" if public.kid else ""
    return [
        replace(public, kid=f"private{suffix}", parts={**public.parts, **private}),
        replace(public, kid=f"public{suffix}"),
    ]


def _encoded(numbers: Mapping[str, int], size: int = 0) -> dict[str, str]:
    return {
        name: base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))
        for name, number in numbers.items()
    }


def secret_key(kid: str, alg: str, secret: bytes) -> Jwk:
    """Return a symmetric key."""
    return Jwk(kid, "oct", alg=alg, parts={"k": base64url(secret)})
