"""Sets of JSON Web Keys.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from hydra_client.model import Model, models
from hydra_client.models.json_web_key import JsonWebKey


class JsonWebKeySet(Model):
    """Keys in one document (RFC 7517 section 5).

    Attributes:
        keys: The keys, each with a `kid` to be found by.
    """

    keys: list[JsonWebKey] = models(JsonWebKey)
