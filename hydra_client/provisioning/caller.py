"""Keeps a plan from taking away what the caller needs to carry it out.

Whether a policy applies cannot always be determined here. A step that makes access less certain
counts as one that takes it away: it is better to refuse a plan than to leave it half-done.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from hydra_client.exceptions import ApiException, ApiValueError
from hydra_client.models import Policy
from hydra_client.protocol.client_credentials import ClientCredentials
from hydra_client.provisioning.steps import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hydra_client.api import WardenApi
    from hydra_client.api_client import ApiClient
    from hydra_client.provisioning.steps import Step

    Need = tuple[str, str]

_BASE = {"client": "rn:hydra:clients", "policy": "rn:hydra:policies"}
_GROUPS = "rn:hydra:warden:groups"
_GIVE = (Phase.GIVE_ACCESS, Phase.DENIES_TO_ALLOWS, Phase.NARROW_DENIES)
# Python's `re` reads these expressions as Go's RE2 does, and matches them fast.
_SIMPLE = re.compile(r"(?:[\w:@|,/ -]|\\[.+*?|\-/:]|\.|\[[\w:^-]+\]|(?<=[.\]])[*+?])*")
_MAX_REPEATS = 3


def caller_of(api_client: ApiClient) -> str | None:
    """Return the id of the calling client; None if there is only a token, which does not say."""
    configuration = api_client.configuration
    if isinstance(configuration.access_token, ClientCredentials):
        return configuration.access_token.client_id or configuration.username
    return configuration.username if configuration.access_token is None else None


def protect(
    api: WardenApi, caller: str | None, steps: Sequence[Step], policies: Mapping[str, Policy]
) -> list[Step]:
    """Return the steps in an order in which the caller may carry out all of them.

    Args:
        api: Finds the groups of the caller.
        caller: The id of the calling client.
        steps: The steps in the order that is safe.
        policies: All policies of the server by id.

    Raises:
        ApiValueError: There is no such order.
    """
    if caller is None or all(step.kind == "client" for step in steps):
        return list(steps)
    access = _Access(caller, _groups(api, caller), policies)
    needs = {need: access.certainty(*need) for step in steps for need in _needs(step)}
    order: list[Step] = []
    culprits: list[Step] = []
    for step in steps:
        after = access.after(step)
        if all(after.certainty(*need) >= before for need, before in needs.items()):
            order.append(step)
            access = after
        else:
            culprits.append(step)
    if not culprits:
        return order
    culprit = culprits[0]
    if len(culprits) > 1 or not _can_be_last(culprit, order, policies):
        raise ApiValueError(
            f"{culprit.kind} {culprit.id!r}: this change takes access from client {caller!r}, "
            "which you call as and which needs it for this plan. Apply the other changes first, or "
            f"call as a client whose access does not depend on this {culprit.kind}"
        )
    own = [step for step in order if step._phase is Phase.OWN_CLIENT]
    rest = [step for step in order if step._phase is not Phase.OWN_CLIENT]
    return [*rest, *own, replace(culprit, _phase=Phase.OWN_POLICY)]


def _can_be_last(culprit: Step, others: Sequence[Step], policies: Mapping[str, Policy]) -> bool:
    """Whether a step is a single PUT, and no other step gives somebody access by the old policy."""
    if culprit._phase is not Phase.PUT_ALLOWS or culprit.action != "update":
        return False
    subjects = policies[culprit.id].subjects or []
    return not any(
        other._phase in _GIVE
        and not (
            other._phase is Phase.GIVE_ACCESS
            and all(_matches(subject, other.id) is False for subject in subjects)
        )
        for other in others
    )


def _groups(api: WardenApi, caller: str) -> list[str]:
    try:
        return [group.id or "" for group in api.find_groups_by_member(caller)]
    except ApiException:
        return []  # the caller may not look; access through groups does not count


def _needs(step: Step) -> list[Need]:
    if step.kind == "group":
        group = f"{_GROUPS}:{step.id}"
        last = {
            "create": ("create", _GROUPS),
            "delete": ("delete", group),
            "add members": ("members.add", group),
            "remove members": ("members.remove", group),
        }[step.action]
        return [("get", group), last]
    one = f"{_BASE[step.kind]}:{step.id}"
    if step.kind == "policy":
        return [("get", one)] if step.action == "delete" else [("get", one), ("update", one)]
    last = ("delete", one) if step.action == "delete" else (step.action, _BASE["client"])
    return [("get", one), last]


class _Access(NamedTuple):
    """What the caller may do on the server."""

    caller: str
    groups: Iterable[str]
    policies: Mapping[str, Policy]

    def certainty(self, action: str, resource: str) -> int:
        """Return 2 if the policies allow this, 0 if they do not, and 1 if that is not certain."""
        found = {True: 2, None: 1, False: 0}
        allowed, denied = 0, 0
        for policy in self.policies.values():
            applies = found[self._applies(policy, action, resource)]
            if policy.effect == "allow":
                allowed = max(allowed, applies)
            else:
                denied = max(denied, applies)
        return min(allowed, 2 - denied)

    def _applies(self, policy: Policy, action: str, resource: str) -> bool | None:
        """Whether a policy applies; None if that is not certain."""
        found: list[bool | None] = [
            _any(policy.subjects, (self.caller, *self.groups)),
            _any(policy.actions, (action,)),
            _any(policy.resources, (resource,)),
            # Hydra itself gives no other value as context than the owner of a client.
            None if set(policy.conditions or ()) == {"owner"} else not policy.conditions,
        ]
        if False in found:
            return False
        return None if None in found else True

    def after(self, step: Step) -> _Access:
        """Return what the caller may do after a step."""
        if step.kind == "policy":
            policies = {id: policy for id, policy in self.policies.items() if id != step.id}
            if isinstance(step._after, Policy):
                policies[step.id] = step._after
            return self._replace(policies=policies)
        if step.kind == "group":
            groups = {group for group in self.groups if group != step.id}
            if isinstance(step._after, tuple) and self.caller in step._after:
                groups.add(step.id)
            return self._replace(groups=groups)
        return self


def _any(templates: Iterable[str] | None, values: Sequence[str]) -> bool | None:
    found = {_matches(template, value) for template in templates or () for value in values}
    return True if True in found else None if None in found else False


def _matches(template: str, value: str) -> bool | None:
    """Whether a template matches a value; None if that is not certain."""
    start = template.partition("<")[0]
    if start == template:
        return template == value
    if not value.startswith(start):
        return False
    parts = re.split(r"<([^<>]*)>", template)
    if any(set(part) & set("<>") for part in parts):
        return None
    expressions = parts[1::2]
    if not all(_SIMPLE.fullmatch(part) for part in expressions):
        return None
    if sum(part.count(repeat) for part in expressions for repeat in "*+?") > _MAX_REPEATS:
        return None
    pattern = "".join(f"(?:{part})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return None
