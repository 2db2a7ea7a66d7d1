"""The rejection of a consent request.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
)


class ConsentRequestRejection(Model):
    """What a consent app sends to Hydra if the user declines."""

    reason: str | None = string(default=None)
    """The reason. The application receives it as `error_description`."""
