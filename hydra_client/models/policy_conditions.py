"""Conditions of policies.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.models.policy_condition_options import PolicyConditionOptions
from hydra_client.protocol.model import (
    Model,
    model,
    string,
)


class PolicyConditions(Model):
    """A condition of a policy, which checks one value in the context of a request.

    It is not met if the value is missing or has another type. Hydra knows these types:

    - `CIDRCondition`: the value is an IP address in the network `cidr`.
    - `EqualsSubjectCondition`: the value is the subject of the request.
    - `StringEqualCondition`: the value is `equals`.
    - `StringMatchCondition`: the value contains a match of the regular expression `matches`.
    - `StringPairsEqualCondition`: the value is a list of pairs of equal strings.
    """

    type: str | None = string(default=None)
    """Type of the condition. Servers refuse types that they do not know."""

    options: PolicyConditionOptions | None = model(PolicyConditionOptions, default=None)
    """Settings of the condition. Two of the types have none."""
