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
    from hydra_client.provisioning.results import Change
    from hydra_client.provisioning.steps import Step

    Need = tuple[str, str]

_ALL = {
    "client": "rn:hydra:clients",
    "policy": "rn:hydra:policies",
    "group": "rn:hydra:warden:groups",
}
# The groups have another scope on each version.
_SCOPES = {
    "client": {"hydra.clients"},
    "policy": {"hydra.policies"},
    "group": {"hydra.policies", "hydra.warden.groups", "hydra.groups"},
}
_GRANT = "client_credentials"
_ACTIONS = {"add members": "members.add", "remove members": "members.remove"}
# How certain it is that something applies. All of several apply with the least certainty of them,
# any of them with the greatest.
_NO, _MAYBE, _YES = range(3)
# Python's `re` reads these expressions as Go's RE2 does, and matches them fast.
_SIMPLE = re.compile(r"(?:[\w:@|,/ -]|\\[.+*?|\-/:]|\.|\[[\w:^-]+\]|(?<=[.\]])[*+?])*")
_MAX_REPEATS = 3


def caller_of(api_client: ApiClient) -> str | None:
    """Return the id of the calling client; None if there is only a token, which does not say."""
    configuration = api_client.configuration
    if isinstance(configuration.access_token, ClientCredentials):
        return configuration.access_token.client_id or configuration.username
    return configuration.username if configuration.access_token is None else None


def check_own_client(
    api_client: ApiClient, caller: str | None, steps: Iterable[Step], kinds: Iterable[str]
) -> None:
    """Refuse an update after which the caller could get no token for objects of these kinds."""
    configuration = api_client.configuration
    configured = getattr(configuration.access_token, "scopes", ()) or configuration.scopes
    needed = set(configured) or set().union(*(_SCOPES[kind] for kind in kinds))
    for step in steps:
        if (step.kind, step.id, step.action) == ("client", caller, "update"):
            for change in step.changes:
                if loss := _loss(change, needed):
                    raise ApiValueError(
                        f"client {caller!r}: this change {loss}, and you call as this client, "
                        "which could then get no more tokens for this plan. Leave it out, or call "
                        "as another client"
                    )


def _loss(change: Change, needed: Iterable[str]) -> str | None:
    """Return what a change of a client takes away that its tokens need; None if nothing."""
    if change.field == "scope":
        old, new = ((value or "").split(" ") for value in (change.old, change.new))
        lost = sorted(scope for scope in needed if _covers(old, scope) > _covers(new, scope))
        return f"removes the scope {' '.join(lost)!r}" if lost else None
    if change.field == "grant_types":
        had, has = (
            _GRANT in (grant.lower() for grant in grants or ())
            for grants in (change.old, change.new)
        )
        return f"removes the grant type {_GRANT!r}" if had > has else None
    if change.field == "public" and change.new:
        return f"makes it public, which rules out the grant type {_GRANT!r}"
    return None


def _covers(granted: Iterable[str], wanted: str) -> bool:
    """Whether a client's scopes cover one, part by part between the dots, as Hydra sees it.

    `*` stands for one part, or at the end for any number of them.
    """
    parts = wanted.split(".")
    for scope in granted:
        pattern = scope.split(".")
        reaches = len(pattern) == len(parts) or (pattern[-1] == "*" and len(pattern) < len(parts))
        if reaches and all(mine in ("*", part) for mine, part in zip(pattern, parts, strict=False)):
            return True
    return False


def protect(
    api: WardenApi,
    caller: str | None,
    steps: list[Step],
    policies: Mapping[str, Policy],
    joined: Iterable[str],
) -> list[Step]:
    """Return the steps in an order in which the caller may carry out all of them.

    `steps` are in the order that is safe. `policies` are all that the server has, by their id.
    `joined` are groups that the caller is known to belong to; it may not be able to list all.
    """
    if caller is None or all(step.kind == "client" for step in steps):
        return steps
    access = _Access(caller, {*_groups(api, caller), *joined}, policies)
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
    return [*order, replace(culprit, _phase=Phase.OWN_POLICY)]


def _can_be_last(culprit: Step, others: Sequence[Step], policies: Mapping[str, Policy]) -> bool:
    """Whether a step is a single PUT, and no other step gives anyone access by the old policy."""
    if culprit._phase is not Phase.PUT_ALLOWS or culprit.action != "update":
        return False
    narrowed = {Phase.DENIES_TO_ALLOWS, Phase.NARROW_DENIES} & {other._phase for other in others}
    joined = [other.id for other in others if other._phase is Phase.GIVE_ACCESS]
    return not narrowed and _any(policies[culprit.id].subjects, joined) == _NO


def _groups(api: WardenApi, caller: str) -> list[str]:
    try:
        return [group.id or "" for group in api.find_groups_by_member(caller)]
    except ApiException:
        return []  # the caller may not look; access through groups does not count


def _needs(step: Step) -> list[Need]:
    """Return the actions that the step takes, each with the resource that Hydra checks it on."""
    every = _ALL[step.kind]
    one = f"{every}:{step.id}"
    action = _ACTIONS.get(step.action, step.action)
    if step.kind == "policy":  # a PUT creates, too
        write = ("get" if action == "delete" else "update", one)
    elif action == "create" or (step.kind, action) == ("client", "update"):
        write = (action, every)
    else:
        write = (action, one)
    return [("get", one), write]


class _Access(NamedTuple):
    """What the caller may do on the server."""

    caller: str
    groups: Iterable[str]
    policies: Mapping[str, Policy]

    def certainty(self, action: str, resource: str) -> int:
        """Return how certain it is that the policies allow this."""
        found = {"allow": _NO, "deny": _NO}
        for policy in self.policies.values():
            effect = "allow" if policy.effect == "allow" else "deny"
            found[effect] = max(found[effect], self._applies(policy, action, resource))
        return min(found["allow"], _YES - found["deny"])

    def _applies(self, policy: Policy, action: str, resource: str) -> int:
        conditions = _YES
        if policy.conditions:
            # Hydra itself gives no other value as context than the owner of a client.
            conditions = _MAYBE if set(policy.conditions) == {"owner"} else _NO
        return min(
            _any(policy.subjects, (self.caller, *self.groups)),
            _any(policy.actions, (action,)),
            _any(policy.resources, (resource,)),
            conditions,
        )

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


def _any(templates: Iterable[str] | None, values: Sequence[str]) -> int:
    found = (_matches(template, value) for template in templates or () for value in values)
    return max(found, default=_NO)


def _matches(template: str, value: str) -> int:
    start = template.partition("<")[0]
    if start == template:
        return _YES if template == value else _NO
    if not value.startswith(start):
        return _NO
    parts = re.split(r"<([^<>]*)>", template)
    expressions = parts[1::2]
    if (
        any(set(part) & set("<>") for part in parts)
        or not all(_SIMPLE.fullmatch(part) for part in expressions)
        or len(re.findall("[*+?]", "".join(expressions))) > _MAX_REPEATS
    ):
        return _MAYBE
    pattern = "".join(f"(?:{part})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    try:
        return _YES if re.fullmatch(pattern, value) else _NO
    except re.error:
        return _MAYBE
