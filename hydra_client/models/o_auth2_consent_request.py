"""Consent requests: what an application asks a user for.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from datetime import datetime

from hydra_client.protocol.model import (
    Model,
    date_time,
    string,
    strings,
)


class OAuth2ConsentRequest(Model):
    """An application's wish for a user's consent, as kept by Hydra while the user decides.

    Attributes:
        id: Id of the consent request; the same as `consent` in the browser's query.
        client_id: Id of the client that asks. Servers before 0.9.14 call it `audience`; both names
            of the field answer for either.
        audience: The same as `client_id`, by the name that it had before 0.9.14.
        requested_scopes: Scopes that the application asks for.
        expires_at: When the request ends, as an aware datetime (RFC 3339 in JSON). Later than that
            the browser's return fails, though the request can still be answered. The server's
            fractions of a second have up to 9 digits; a datetime keeps 6 of them, `to_dict` all.
        redirect_url: Where to send the user's browser after accepting or rejecting; it must be the
            browser of the first visit, which has the cookie. The flow's state and nonce are in it:
            keep it out of logs.
    """

    id: str | None = string(default=None)
    client_id: str | None = string("clientId", also="audience", default=None)
    audience: str | None = string(also="clientId", default=None)
    requested_scopes: list[str] | None = strings("requestedScopes", default=None)
    expires_at: datetime | None = date_time("expiresAt", default=None)
    redirect_url: str | None = string("redirectUrl", secret=True, default=None)
