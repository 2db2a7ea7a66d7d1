"""The part of the reader of manifests for policies, groups and expectations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from hydra_client.cli import yaml_nodes
from hydra_client.cli.errors import Failure
from hydra_client.cli.manifest.lint_policies import doubtful_conditions, doubtful_item
from hydra_client.cli.manifest.model import Expected
from hydra_client.cli.manifest.values import ValueReader, is_mapping
from hydra_client.cli.text import plain
from hydra_client.cli.yaml_nodes import TAG
from hydra_client.models import Policy
from hydra_client.provisioning import Expectation
from hydra_client.provisioning.planning import ADMIN_POLICY


class AccessReader(ValueReader):
    """Reads policies, groups and expectations.

    Attributes:
        subjects: The place of each subject of a policy that is not a template.
    """

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.subjects: dict[str, str] = {}

    # --- policies and groups

    def _policy(self, node: yaml.Node, owner: str | None) -> Policy:
        members = self._mapping(node, "a policy", tuple(Policy._by_wire), ("id",))
        place = members.get("id", node)
        policy = Policy(id=self._id(members.get("id"), "policy"))
        if policy.id == ADMIN_POLICY:
            self._fault(place, f"{ADMIN_POLICY} is never changed: use another id")
        if owner is not None and not (policy.id or "").startswith(f"{owner}:"):
            self._doubt(place, f"id: does not begin with '{plain(owner)}:', so it is never pruned")
        for name in members.keys() & {"description", "effect"}:
            setattr(policy, name, self._string(members[name], name))
        if policy.effect not in ("allow", "deny") and is_mapping(node):
            self._fault(members.get("effect", node), "effect: expected allow or deny")
        for name in ("subjects", "resources", "actions"):
            templates = self._templates(members.get(name), node, name, policy.resources or [])
            setattr(policy, name, templates)
        if "conditions" in members:
            conditions = self._conditions(members["conditions"])
            policy.conditions = Policy.from_dict({"conditions": conditions}).conditions
        return policy

    def _templates(
        self, node: yaml.Node | None, policy: yaml.Node, name: str, resources: list[str]
    ) -> list[str]:
        found = [] if node is None else self._strings(node, name)
        if not found and is_mapping(policy):
            self._doubt(node or policy, f"{name}: empty, so the policy never applies")
        for item, text in zip(node.value if node and found else (), found, strict=True):
            if text is not None and (why := doubtful_item(name, text, resources)):
                self._doubt(item, f"{name}: '{plain(text)}': {why}")
            elif text is not None and name == "subjects" and "<" not in text:
                self.subjects.setdefault(text, self._at(item))
        return [text for text in found if text is not None]

    def _conditions(self, node: yaml.Node) -> dict[str, Any]:
        names = self._pairs(node, "conditions")
        found = {name: self._condition(value) for name, (_, value) in names.items()}
        for name, why in doubtful_conditions(found):
            self._doubt(names[name][0], f"conditions: {plain(name)}: {why}")
        return found

    def _condition(self, node: yaml.Node) -> dict[str, Any]:
        members = self._mapping(node, "a condition", ("type", "options"), ("type",))
        condition: dict[str, Any] = {}
        if "type" in members:
            condition["type"] = self._string(members["type"], "type")
        if "options" in members and (pairs := self._pairs(members["options"], "options")):
            options = {key: self._string(value, plain(key)) for key, (_, value) in pairs.items()}
            condition["options"] = options
        return condition

    def _group(self, node: yaml.Node) -> tuple[str, list[str]]:
        members = self._mapping(node, "a group", ("id", "members"), ("id",))
        id = self._id(members.get("id"), "group")
        if "members" not in members:
            if is_mapping(node):
                self._fault(node, "the group has no members; `members: []` is an empty group")
            return id, []
        return id, [item or "" for item in self._strings(members["members"], "members")]

    def _removed(self, top: Mapping[str, yaml.Node]) -> list[str]:
        """Read which groups to delete: the server cannot list them."""
        if "removed" not in top:
            return []
        members = self._mapping(top["removed"], "removed", ("groups",))
        return [self._id(node, "group") for node in self._list(members, "groups")]

    # --- expectations

    def _expected(self, node: yaml.Node) -> Expected:
        names = ("subject", "action", "resource")
        members = self._mapping(node, "an expectation", (*names, "context", "allowed"), names)
        subject, action, resource = (
            (self._string(members[name], name) or "" if name in members else "") for name in names
        )
        context = self._context(members["context"]) if "context" in members else {}
        allowed = "allowed" not in members or self._boolean(members["allowed"], "allowed")
        expectation = Expectation(subject, action, resource, context, allowed)
        return Expected(self._at(node), expectation)

    def _context(self, node: yaml.Node) -> dict[str, Any]:
        """Read values of any type that JSON has."""
        if node.tag == f"{TAG}null":
            return {}
        try:
            value = yaml_nodes.Document(self._place, node).value()
            json.dumps(value, allow_nan=False)
        except (Failure, TypeError, ValueError):
            self._fault(node, "context: expected a mapping of values that JSON can represent")
            return {}
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            self._fault(node, "context: expected a mapping")
            return {}
        return value
