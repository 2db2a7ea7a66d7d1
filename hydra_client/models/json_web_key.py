"""JSON Web Keys.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
    strings,
)


class JsonWebKey(Model):
    """A cryptographic key (RFC 7517 section 4).

    Numbers are base64url-encoded, big-endian (RFC 7518 section 6). The keys for ID tokens are
    public RSA keys: they have `n` and `e` but no private members.

    Attributes:
        kty: Type of the key: `RSA`, `EC` or `oct` (RFC 7517 section 4.1).
        use: Purpose of the key: `sig` or `enc` (RFC 7517 section 4.2).
        alg: Algorithm of the key, such as `RS256` (RFC 7517 section 4.4).
        kid: Id of the key in its set (RFC 7517 section 4.5). For ID tokens always `public`.
        x5c: Certificate chain in base64, starting with the key's own certificate (RFC 7517 section
            4.7).
        n: Modulus of an RSA key (RFC 7518 section 6.3.1.1).
        e: Public exponent of an RSA key (RFC 7518 section 6.3.1.2).
        crv: Curve of an EC key, such as `P-256` (RFC 7518 section 6.2.1.1).
        x: First coordinate of an EC key (RFC 7518 section 6.2.1.2).
        y: Second coordinate of an EC key (RFC 7518 section 6.2.1.3).
        d: Private exponent of an RSA key, or private value of an EC key.
        p: First prime factor of a private RSA key (RFC 7518 section 6.3.2.2).
        q: Second prime factor of a private RSA key (RFC 7518 section 6.3.2.3).
        dp: Exponent of the first factor of a private RSA key (RFC 7518 section 6.3.2.4).
        dq: Exponent of the second factor of a private RSA key (RFC 7518 section 6.3.2.5).
        qi: Coefficient of the first factor of a private RSA key (RFC 7518 section 6.3.2.6).
        k: Value of a symmetric key (RFC 7518 section 6.4.1).
    """

    kty: str | None = string(default=None)
    use: str | None = string(default=None)
    alg: str | None = string(default=None)
    kid: str | None = string(default=None)
    x5c: list[str] | None = strings(default=None)
    n: str | None = string(default=None)
    e: str | None = string(default=None)
    crv: str | None = string(default=None)
    x: str | None = string(default=None)
    y: str | None = string(default=None)
    d: str | None = string(secret=True, default=None)
    p: str | None = string(secret=True, default=None)
    q: str | None = string(secret=True, default=None)
    dp: str | None = string(secret=True, default=None)
    dq: str | None = string(secret=True, default=None)
    qi: str | None = string(secret=True, default=None)
    k: str | None = string(secret=True, default=None)
