"""What tests of provisioning share: a policy, the steps of a plan, and someone else at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydra_client import Policy
from hydra_client.provisioning import Plan


def photos(id: str = "p", effect: str = "allow", **fields: Any) -> Policy:
    usual = {"subjects": ["a"], "actions": ["get"], "resources": ["r"]}
    return Policy(id=id, effect=effect, **{**usual, **fields})


def steps(plan: Plan) -> list[tuple[str, str]]:
    return [(step.action, step.id) for step in plan.steps]


def overtaken(api: Any, method: str, action: Callable[[], object]) -> Any:
    """Return the same API, but somebody else acts after the first call of a method."""
    actions = [action]

    def call(api: Any, id: str, **_: Any) -> Any:
        try:
            return getattr(super(kind, api), method)(id)
        finally:
            while actions:
                actions.pop()()

    kind = type("Overtaken", (type(api),), {method: call})
    return kind(api.api_client)
