"""Consent requests.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
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
    """An application's request for a user's consent, which Hydra stores while the user decides."""

    id: str | None = string(default=None)
    """Id of the consent request: `consent` in the browser's query."""

    client_id: str | None = string("clientId", also="audience", default=None)
    """Id of the client that asks for consent. Servers before 0.9.14 call it `audience`; you can
    read either field, whichever name the server sent."""

    audience: str | None = string(also="clientId", default=None)
    """The same as `client_id`; its name before 0.9.14."""

    requested_scopes: list[str] | None = strings("requestedScopes", default=None)
    """Scopes that the application requests."""

    expires_at: datetime | None = date_time("expiresAt", default=None)
    """When the request expires, as an aware datetime (RFC 3339 in JSON). After that you can still
    accept or reject it, but the flow fails when the browser returns. The server sends fractions of
    a second with up to 9 digits; the datetime has 6 of them, `to_dict` all."""

    redirect_url: str | None = string("redirectUrl", secret=True, default=None)
    """Where to send the user's browser after you accept or reject. Only the browser that started
    the flow has the cookie for it. The URL contains the flow's state and nonce: keep it out of
    logs."""
