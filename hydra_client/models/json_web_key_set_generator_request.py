"""Requests to generate keys.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
)


class JsonWebKeySetGeneratorRequest(Model):
    """What kind of keys to generate."""

    alg: str = string()
    """Algorithm of the keys: `RS256` or `HS256`; in 0.9 also `ES521`, in 0.10 `ES512` and
    `HS512`."""

    kid: str | None = string(default=None)
    """Id of the key. Keys in pairs are called `private:{kid}` and `public:{kid}`, or `private` and
    `public` if it is empty."""
