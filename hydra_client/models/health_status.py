"""Health of the server.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
)


class HealthStatus(Model):
    """Whether the server is running."""

    status: str = string()
    """Always `ok`."""
