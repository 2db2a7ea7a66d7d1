"""Access requests.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from typing import Any

from hydra_client.protocol.model import (
    Model,
    mapping,
    string,
)


class WardenAccessRequest(Model):
    """Who wants to do what."""

    subject: str | None = string(default=None)
    """Who wants to do something, such as the id of a user."""

    action: str | None = string(default=None)
    """What the subject wants to do."""

    resource: str | None = string(default=None)
    """What the subject wants to do it with."""

    context: dict[str, Any] | None = mapping(default=None)
    """Values that the conditions of policies check, by name."""
