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
    """

    kty: str | None = string(default=None)
    """Type of the key: `RSA`, `EC` or `oct` (RFC 7517 section 4.1)."""

    use: str | None = string(default=None)
    """Purpose of the key: `sig` or `enc` (RFC 7517 section 4.2)."""

    alg: str | None = string(default=None)
    """Algorithm of the key, such as `RS256` (RFC 7517 section 4.4)."""

    kid: str | None = string(default=None)
    """Id of the key in its set (RFC 7517 section 4.5). For ID tokens always `public`."""

    x5c: list[str] | None = strings(default=None)
    """Certificate chain in base64, starting with the key's own certificate (RFC 7517 section
    4.7)."""

    n: str | None = string(default=None)
    """Modulus of an RSA key (RFC 7518 section 6.3.1.1)."""

    e: str | None = string(default=None)
    """Public exponent of an RSA key (RFC 7518 section 6.3.1.2)."""

    crv: str | None = string(default=None)
    """Curve of an EC key, such as `P-256` (RFC 7518 section 6.2.1.1)."""

    x: str | None = string(default=None)
    """First coordinate of an EC key (RFC 7518 section 6.2.1.2)."""

    y: str | None = string(default=None)
    """Second coordinate of an EC key (RFC 7518 section 6.2.1.3)."""

    d: str | None = string(secret=True, default=None)
    """Private exponent of an RSA key, or private value of an EC key."""

    p: str | None = string(secret=True, default=None)
    """First prime factor of a private RSA key (RFC 7518 section 6.3.2.2)."""

    q: str | None = string(secret=True, default=None)
    """Second prime factor of a private RSA key (RFC 7518 section 6.3.2.3)."""

    dp: str | None = string(secret=True, default=None)
    """Exponent of the first factor of a private RSA key (RFC 7518 section 6.3.2.4)."""

    dq: str | None = string(secret=True, default=None)
    """Exponent of the second factor of a private RSA key (RFC 7518 section 6.3.2.5)."""

    qi: str | None = string(secret=True, default=None)
    """Coefficient of the first factor of a private RSA key (RFC 7518 section 6.3.2.6)."""

    k: str | None = string(secret=True, default=None)
    """Value of a symmetric key (RFC 7518 section 6.4.1)."""
