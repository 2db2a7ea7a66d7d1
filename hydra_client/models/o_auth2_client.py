"""OAuth 2.0 clients as Hydra keeps them.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    boolean,
    string,
    strings,
)


class OAuth2Client(Model):
    """An application that may ask Hydra for tokens.

    The fields are client metadata of RFC 7591 section 2 in Hydra's selection. From the server
    a string that was never given comes as `""` and a list as `null` (None) or `[]`, depending
    on its store.

    Attributes:
        id: The client identifier (RFC 6749 section 2.2). The server makes a UUID when it is left
            out on creation. It is part of URLs: no `/`, no control characters, not `.` or `..`.
            With a `:` in it the client cannot introspect or revoke.
        client_name: Name of the application, for people to read; consent apps show it.
        client_secret: The secret that the client authenticates with; at least 6 characters. The
            server makes one of 12 characters when it is left out on creation, keeps only its hash,
            and shows it once, in the answer to the call that set it.
        redirect_uris: Where users may be sent after an authorization (RFC 6749 section 3.1.2).
            Compared character by character.
        grant_types: Grant types that the client may use at the token endpoint:
            `authorization_code`, `implicit`, `refresh_token`, `client_credentials`. Empty means
            `authorization_code` alone.
        response_types: Response types that the client may ask for at the authorization endpoint:
            `code`, `token`, `id_token`. Empty means `code` alone. The scope `openid` needs both
            `code` and `id_token` here.
        scope: Scopes that the client may ask for, with spaces between (RFC 6749 section 3.3). A `*`
            stands for any name between dots and for all that follow: `photos.*` covers
            `photos.read`. `openid` allows ID tokens, `offline` refresh tokens.
        owner: Who the client belongs to, as a subject of Hydra's policies. The server passes it to
            them as context.
        policy_uri: URL of the application's privacy policy, for people to read.
        tos_uri: URL of the application's terms of service, for people to read.
        client_uri: URL of the application's home page.
        logo_uri: URL of the application's logo, for consent apps to show.
        contacts: How to reach those responsible, usually email addresses.
        public: True for an application that cannot keep a secret (RFC 6749 section 2.1), such as a
            mobile app. 0.10 lets it exchange codes without one.
    """

    id: str | None = string(default=None)
    client_name: str | None = string(default=None)
    client_secret: str | None = string(secret=True, min_length=6, max_bytes=72, default=None)
    redirect_uris: list[str] | None = strings(default=None)
    grant_types: list[str] | None = strings(default=None)
    response_types: list[str] | None = strings(default=None)
    scope: str | None = string(default=None)
    owner: str | None = string(default=None)
    policy_uri: str | None = string(default=None)
    tos_uri: str | None = string(default=None)
    client_uri: str | None = string(default=None)
    logo_uri: str | None = string(default=None)
    contacts: list[str] | None = strings(default=None)
    public: bool | None = boolean(default=None)
