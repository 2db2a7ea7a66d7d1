"""A user's yes to a consent request.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
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
    """What a consent app tells Hydra when the user agrees.

    Attributes:
        subject: Who the user is: a lasting identifier, which becomes `sub` in the ID token and in
            introspections. Without it the browser's return fails.
        grant_scopes: Scopes that the user grants. The server grants them all, also ones that were
            not requested: take them from the request's `requested_scopes`.
        access_token_extra: Anything JSON can carry, to come back as `ext` when the access token is
            introspected.
        id_token_extra: More claims for the ID token, any values that JSON can carry. They are
            readable by the application and by the user's browser.
    """

    subject: str | None = string(default=None)
    grant_scopes: list[str] | None = strings("grantScopes", default=None)
    access_token_extra: dict[str, Any] | None = mapping("accessTokenExtra", default=None)
    id_token_extra: dict[str, Any] | None = mapping("idTokenExtra", default=None)
