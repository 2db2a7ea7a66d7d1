"""The server's OpenID Connect configuration.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
    strings,
)


class WellKnown(Model):
    """The server's OpenID Connect configuration (OpenID Connect Discovery section 3)."""

    issuer: str = string()
    """Issuer identifier, a URL. `iss` of ID tokens is identical to it."""

    authorization_endpoint: str = string()
    """URL of the authorization endpoint, where applications send browsers."""

    token_endpoint: str = string()
    """URL of the token endpoint, which exchanges grants for tokens."""

    jwks_uri: str = string()
    """URL of the keys for verifying ID tokens."""

    subject_types_supported: list[str] = strings()
    """Types of subject identifiers (OpenID Connect Core section 8)."""

    id_token_signing_alg_values_supported: list[str] = strings()
    """Algorithms for signing ID tokens (RFC 7518 section 3.1): `RS256`."""

    response_types_supported: list[str] = strings()
    """Response types that the authorization endpoint supports."""

    userinfo_endpoint: str | None = string(default=None)
    """URL of the UserInfo endpoint; from 0.10 on."""

    scopes_supported: list[str] | None = strings(default=None)
    """Scopes with a meaning for the server itself; from 0.10 on."""

    claims_supported: list[str] | None = strings(default=None)
    """Claims that the server adds to ID tokens; from 0.10 on."""

    token_endpoint_auth_methods_supported: list[str] | None = strings(default=None)
    """How clients can authenticate at the token endpoint (OpenID Connect Core section 9); from 0.10
    on."""
