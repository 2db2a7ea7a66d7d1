"""A user's no to a consent request.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
)


class ConsentRequestRejection(Model):
    """What a consent app tells Hydra when the user declines.

    Attributes:
        reason: Why, in words that the application may read: it arrives there as
            `error_description`.
    """

    reason: str | None = string(default=None)
