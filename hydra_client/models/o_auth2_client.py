"""OAuth 2.0 clients.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    boolean,
    string,
    strings,
)


class OAuth2Client(Model):
    """An application that may request tokens from Hydra.

    The fields are Hydra's selection of the client metadata of RFC 7591 section 2. The server
    sends a string that was never set as `""`, and a list as `null` (None) or `[]`, depending on
    its store.
    """

    id: str | None = string(default=None)
    """The client identifier (RFC 6749 section 2.2). The server generates a UUID if you leave it out
    on create. It is part of URLs, so it must not be `.` or `..`, nor contain `/` or control
    characters. With a `:` in its id, a client cannot revoke, and can introspect by bearer token
    only."""

    client_name: str | None = string(default=None)
    """Name of the application, which consent apps show to users."""

    client_secret: str | None = string(secret=True, min_length=6, max_bytes=72, default=None)
    """The secret with which the client authenticates; at least 6 characters. The server generates
    one of 12 characters if you leave it out on create. It only stores a hash: the response to the
    call that sets the secret is the only one that contains it."""

    redirect_uris: list[str] | None = strings(default=None)
    """Where browsers may be sent after an authorization (RFC 6749 section 3.1.2). The server
    compares them character by character."""

    grant_types: list[str] | None = strings(default=None)
    """Grant types that the client may use at the token endpoint: `authorization_code`, `implicit`,
    `refresh_token`, `client_credentials`. An empty list means `authorization_code`."""

    response_types: list[str] | None = strings(default=None)
    """Response types that the client may request from the authorization endpoint: `code`, `token`,
    `id_token`. An empty list means `code`. The scope `openid` requires both `code` and
    `id_token`."""

    scope: str | None = string(default=None)
    """Scopes that the client may request, separated by spaces (RFC 6749 section 3.3). A `*` matches
    any name between dots and everything after it: `photos.*` covers `photos.read`. `openid` allows
    ID tokens, `offline` refresh tokens."""

    owner: str | None = string(default=None)
    """The owner of the client, as a subject of Hydra's policies. The server passes it to them as
    context."""

    policy_uri: str | None = string(default=None)
    """URL of the application's privacy policy."""

    tos_uri: str | None = string(default=None)
    """URL of the application's terms of service."""

    client_uri: str | None = string(default=None)
    """URL of the application's home page."""

    logo_uri: str | None = string(default=None)
    """URL of the application's logo, which consent apps show to users."""

    contacts: list[str] | None = strings(default=None)
    """Contacts for the application, usually email addresses."""

    public: bool | None = boolean(default=None)
    """Whether the application cannot keep a secret (RFC 6749 section 2.1), as is the case for a
    mobile app. 0.10 lets such a client exchange codes without a secret."""
