"""Decisions on access requests.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    boolean,
)


class WardenAccessRequestResponse(Model):
    """The decision of the warden."""

    allowed: bool = boolean()
    """Whether the policies allow it."""
