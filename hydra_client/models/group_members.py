"""Members to add to a group or to remove from it.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    strings,
)


class GroupMembers(Model):
    """Members to add to a group, or to remove from it."""

    members: list[str] | None = strings(default=None)
    """The members: ids of users and clients."""
