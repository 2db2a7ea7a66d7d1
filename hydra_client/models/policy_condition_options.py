"""Options of conditions.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    string,
)


class PolicyConditionOptions(Model):
    """Settings of a policy's condition. Each type of condition has its own.

    Attributes:
        cidr: `CIDRCondition`: a network, such as `192.168.0.0/16`.
        equals: `StringEqualCondition`: the value to compare with.
        matches: `StringMatchCondition`: a regular expression that matches anywhere in the value;
            use `^` and `$` to match the whole value.
    """

    cidr: str | None = string(default=None)
    equals: str | None = string(default=None)
    matches: str | None = string(default=None)
