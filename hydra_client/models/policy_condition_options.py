"""Options of conditions.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
)


class PolicyConditionOptions(Model):
    """Settings of a policy's condition. Each type of condition has its own."""

    cidr: str | None = string(default=None)
    """`CIDRCondition`: a network, such as `192.168.0.0/16`."""

    equals: str | None = string(default=None)
    """`StringEqualCondition`: the value to compare with."""

    matches: str | None = string(default=None)
    """`StringMatchCondition`: a regular expression that matches anywhere in the value; use `^` and
    `$` to match the whole value."""
