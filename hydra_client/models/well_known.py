"""The server's OpenID Connect configuration.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
    strings,
)


class WellKnown(Model):
    """The server's OpenID Connect configuration (OpenID Connect Discovery section 3).

    Attributes:
        issuer: Issuer identifier, a URL; ID tokens have it as `iss`, character by character.
        authorization_endpoint: URL of the authorization endpoint, to which users' browsers are
            sent.
        token_endpoint: URL of the token endpoint, where grants are exchanged for tokens.
        jwks_uri: URL of the key set that ID tokens are verified with.
        subject_types_supported: Kinds of subject identifiers (OpenID Connect Core section 8).
        id_token_signing_alg_values_supported: Algorithms that ID tokens are signed with (RFC 7518
            section 3.1); `RS256`.
        response_types_supported: Response types that the authorization endpoint knows.
        userinfo_endpoint: URL of the UserInfo endpoint; from 0.10 on.
        scopes_supported: Scopes with a meaning to the server itself; from 0.10 on.
        claims_supported: Claims that the server itself puts into ID tokens; from 0.10 on.
        token_endpoint_auth_methods_supported: Ways in which clients may authenticate at the token
            endpoint (OpenID Connect Core section 9); from 0.10 on.
    """

    issuer: str = string()
    authorization_endpoint: str = string()
    token_endpoint: str = string()
    jwks_uri: str = string()
    subject_types_supported: list[str] = strings()
    id_token_signing_alg_values_supported: list[str] = strings()
    response_types_supported: list[str] = strings()
    userinfo_endpoint: str | None = string(default=None)
    scopes_supported: list[str] | None = strings(default=None)
    claims_supported: list[str] | None = strings(default=None)
    token_endpoint_auth_methods_supported: list[str] | None = strings(default=None)
