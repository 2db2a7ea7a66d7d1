"""Access control policies.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.models.policy_conditions import PolicyConditions
from hydra_client.protocol.model import (
    Model,
    models_by_name,
    string,
    strings,
)


class Policy(Model):
    """A rule that allows or denies subjects to do something with resources.

    Subjects, resources and actions are templates: text between `<` and `>` is a regular
    expression (Go's RE2 syntax), and a template has to match as a whole. `users:<[a-z]+>`
    matches `users:maria`.
    """

    id: str | None = string(default=None)
    """Id of the policy. The server generates a UUID if you leave it out on create. It is part of
    URLs, so it must not be `.` or `..`, nor contain `/` or control characters."""

    description: str | None = string(default=None)
    """What the policy is for, in your own words."""

    subjects: list[str] | None = strings(default=None)
    """Who the policy is about: ids of clients and users, and names of groups."""

    effect: str | None = string(default=None)
    """`allow` or `deny`. A policy that denies overrides all policies that allow. What no policy
    allows is denied."""

    resources: list[str] | None = strings(default=None)
    """What the policy gives access to, such as `rn:hydra:clients:<.*>`."""

    actions: list[str] | None = strings(default=None)
    """What may be done with the resources, such as `get`."""

    conditions: dict[str, PolicyConditions] | None = models_by_name(PolicyConditions, default=None)
    """Conditions that must all be met. Each has the name of the value that it checks in the context
    of a request."""
