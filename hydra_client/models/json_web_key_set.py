"""Sets of JSON Web Keys.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.models.json_web_key import JsonWebKey
from hydra_client.protocol.model import (
    Model,
    models,
)


class JsonWebKeySet(Model):
    """A set of keys (RFC 7517 section 5)."""

    keys: list[JsonWebKey] = models(JsonWebKey)
    """The keys, identified by their `kid`."""
