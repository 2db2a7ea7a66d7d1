"""Sets of JSON Web Keys.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from hydra_client.models.json_web_key import JsonWebKey
from hydra_client.protocol.model import (
    Model,
    models,
)


class JsonWebKeySet(Model):
    """Keys in one document (RFC 7517 section 5).

    Attributes:
        keys: The keys, each with a `kid` to be found by.
    """

    keys: list[JsonWebKey] = models(JsonWebKey)
