"""How policies decide on a request (ladon)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from hydra_client.emulator.store.policies import ALLOW, Policy
from hydra_client.emulator.store.templates import InvalidTemplateError


class Decision(Enum):
    """What policies say about a request of one subject."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNDECIDED = "undecided"
    """No policy matches, or a template does not compile: Hydra ignores that error."""


def decide(
    policies: Iterable[Policy], subject: str, action: str, resource: str, context: Mapping[str, Any]
) -> Decision:
    """Return the decision: one policy that denies beats all that allow. Raises MatchLimitError."""
    decision = Decision.UNDECIDED
    try:
        for policy in policies:
            if policy.applies(subject, action, resource, context):
                if policy.effect != ALLOW:
                    return Decision.DENIED
                decision = Decision.ALLOWED
    except InvalidTemplateError:
        return Decision.UNDECIDED
    return decision
