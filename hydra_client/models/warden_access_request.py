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
    """Who wants to do what.

    Attributes:
        subject: Who wants to do something, such as the id of a user.
        action: What the subject wants to do.
        resource: What the subject wants to do it with.
        context: Values that the conditions of policies check, by name.
    """

    subject: str | None = string(default=None)
    action: str | None = string(default=None)
    resource: str | None = string(default=None)
    context: dict[str, Any] | None = mapping(default=None)
