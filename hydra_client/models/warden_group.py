"""Groups of subjects.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
    strings,
)


class WardenGroup(Model):
    """A group of subjects. Policies for the group's name apply to its members."""

    id: str | None = string(default=None)
    """Name of the group. The server generates a UUID if you leave it out on create. It is part of
    URLs, so it must not be `.` or `..`, nor contain `/` or control characters."""

    members: list[str] | None = strings(default=None)
    """The members: ids of users and clients."""
