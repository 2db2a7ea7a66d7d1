"""Access-control policies (ladon), and how the memory store and the SQL store keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import GoPanicError, MissingRowError, PlainError
from hydra_client.emulator.go.json import FieldType, decode_struct
from hydra_client.emulator.store.conditions import PolicyCondition, read_conditions
from hydra_client.emulator.store.rows import NO_ROWS, Rows, check_text
from hydra_client.emulator.store.templates import InvalidTemplateError, compile_template, matches

ALLOW, DENY = "allow", "deny"
LISTS = ("subjects", "actions", "resources")

_FIELDS: dict[str, FieldType] = {
    "id": "string",
    "description": "string",
    "subjects": "[]string",
    "effect": "string",
    "resources": "[]string",
    "actions": "[]string",
    "conditions": read_conditions,
}
# Hydra reads a policy into a struct without a name, so Go describes the type.
_GO_TYPE = (
    "struct { "
    + "; ".join(
        f"{name.capitalize() if name != 'id' else 'ID'} "
        f"{go_type if isinstance(go_type, str) else 'ladon.Conditions'} "
        f'"json:\\"{name}\\" gorethink:\\"{name}\\""'
        for name, go_type in _FIELDS.items()
    )
    + " }"
)


@dataclass
class Policy:
    """A policy. Every effect but `allow` denies."""

    id: str = ""
    description: str = ""
    subjects: list[str] | None = None
    effect: str = ""
    resources: list[str] | None = None
    actions: list[str] | None = None
    conditions: dict[str, PolicyCondition] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: bytes) -> Policy:
        """Read a policy from a request's body. Raises GoJsonError."""
        return cls(**decode_struct(data, _GO_TYPE, _FIELDS))

    def to_json(self) -> dict[str, Any]:
        """Return the members in Hydra's order."""
        members = {name: getattr(self, name) for name in _FIELDS}
        conditions = {name: condition.to_json() for name, condition in self.conditions.items()}
        return {**members, "conditions": conditions}

    def unmet(
        self, subject: str, action: str, resource: str, context: Mapping[str, Any]
    ) -> Iterator[str]:
        """Yield the name of each list and condition that does not match the request.

        Raises:
            InvalidTemplateError: A template does not compile.
            MatchLimitError: Matching a template would take too long.
        """
        for name, value in (("actions", action), ("subjects", subject), ("resources", resource)):
            if not any(matches(template, value) for template in getattr(self, name) or []):
                yield name
        for name, condition in self.conditions.items():
            if not condition.holds(context.get(name), subject):
                yield f"conditions.{name}"


def decide(
    policies: Iterable[Policy], subject: str, action: str, resource: str, context: Mapping[str, Any]
) -> bool | None:
    """Return whether the policies allow the request of one subject. Raises MatchLimitError.

    One policy that denies beats all that allow. The result is None if no policy matches, or if a
    template does not compile: Hydra ignores that error.
    """
    decision = None
    try:
        for policy in policies:
            if not any(policy.unmet(subject, action, resource, context)):
                if policy.effect != ALLOW:
                    return False
                decision = True
    except InvalidTemplateError:
        return None
    return decision


class MemoryPolicies(Rows[Policy]):
    """The memory store: ids are unique, and everything is stored as it was sent."""

    def page(self, limit: int, offset: int) -> list[Policy]:
        """Return some of the policies: all of them where the page would pass the end."""
        policies = self.all()
        if offset + limit > len(policies):
            return policies
        if not 0 <= offset <= limit:  # Hydra takes the limit for the end
            raise GoPanicError
        return policies[offset:limit]

    def create(self, policy: Policy) -> None:
        """Store the policy, with a new id if it has none. Raises PlainError if its id is taken."""
        policy.id = policy.id or str(uuid4())
        if policy.id in self._rows:
            raise PlainError("Policy exists")
        self._rows[policy.id] = policy

    def update(self, policy: Policy) -> None:
        """Replace the policy, or create it."""
        self._rows[policy.id] = policy


class SqlPolicies(MemoryPolicies):
    """The SQL store, which checks templates, and merges a policy that is created again."""

    missing = MissingRowError, NO_ROWS

    def page(self, limit: int, offset: int) -> list[Policy]:
        """Return policies `offset` to `offset` + `limit`, in order of their ids.

        0.9 counts rows instead of policies. There is a row for each combination of a subject, an
        action and a resource, so a page can begin and end within a policy.
        """
        for name, number in (("OFFSET", offset), ("LIMIT", limit)):
            if number < 0:
                raise PlainError(f"pq: {name} must not be negative")
        if not self.is_0_9:
            return sorted(self.all(), key=lambda policy: policy.id)[offset : offset + limit]
        rows = [
            (policy, row)
            for policy in self.all()
            for row in product(*(getattr(policy, name) or [None] for name in LISTS))
        ]
        page: dict[str, Policy] = {}
        for policy, row in rows[offset : offset + limit]:
            empty = replace(policy, subjects=[], resources=[], actions=[])
            found = page.setdefault(policy.id, empty)
            for name, template in zip(LISTS, row, strict=True):
                if template is not None and template not in getattr(found, name):
                    getattr(found, name).append(template)
        return list(page.values())

    def create(self, policy: Policy) -> None:
        """Store the policy, or add its lists to those of the policy with this id."""
        policy.id = policy.id or str(uuid4())
        old = self._rows.get(policy.id)
        self._check(policy, old or policy)
        # The description, the effect and the conditions of the old policy stay.
        row = replace(old or policy)
        for name in LISTS:
            both = [*(getattr(old, name) if old else []), *(getattr(policy, name) or [])]
            setattr(row, name, sorted(set(both), key=_digest))
        self._rows[policy.id] = row

    def update(self, policy: Policy) -> None:
        """Replace the policy, or create it. Raises PlainError as `create` does."""
        self._check(policy, policy)
        self.delete(policy.id)
        self.create(policy)

    def _check(self, policy: Policy, stored: Policy) -> None:
        try:
            _check_row(policy, stored.effect)
        except PlainError:
            if not self.is_0_9:
                raise
            # 0.9 rolls the transaction back twice, and reports the error of the second time.
            message = "sql: transaction has already been committed or rolled back"
            raise PlainError(message) from None


def _digest(template: str) -> bytes:
    """Return what the tables have instead of the template, and an index sorts by."""
    return hashlib.sha256(template.encode("utf-8", "surrogateescape")).digest()


def _check_row(policy: Policy, effect: str) -> None:
    for text in (policy.id, policy.description, policy.effect):
        check_text(text)
    check_text(policy.id, 255)
    if effect not in (ALLOW, DENY):
        raise PlainError(
            'pq: new row for relation "ladon_policy" violates check constraint '
            '"ladon_policy_effect_check"'
        )
    for template in (*(policy.actions or []), *(policy.resources or []), *(policy.subjects or [])):
        check_text(template)
        expression, _ = compile_template(template)
        check_text(expression, 511)
