"""The acceptance of a consent request.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from typing import Any

from hydra_client.protocol.model import (
    Model,
    mapping,
    string,
    strings,
)


class ConsentRequestAcceptance(Model):
    """What a consent app sends to Hydra if the user agrees."""

    subject: str | None = string(default=None)
    """A permanent identifier of the user, which becomes `sub` in ID tokens and introspections.
    Without it the flow fails when the browser returns."""

    grant_scopes: list[str] | None = strings("grantScopes", default=None)
    """Scopes that the user grants. The server grants all of them, including scopes that were not
    requested: take them from the request's `requested_scopes`."""

    access_token_extra: dict[str, Any] | None = mapping("accessTokenExtra", default=None)
    """Any JSON values; introspections of the access token return them as `ext`."""

    id_token_extra: dict[str, Any] | None = mapping("idTokenExtra", default=None)
    """Additional claims for the ID token; any JSON values. The application and the user's browser
    can read them."""
