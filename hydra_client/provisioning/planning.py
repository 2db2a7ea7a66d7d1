"""`plan` and `apply`: many clients, policies and groups, written in an order that is safe.

A request is allowed if some policy allows it and none denies it. So the policies that deny are
first widened to what they denied before and will deny. While they are wide, access is taken away
and then given. The policies that deny are narrowed last. Clients change before the policies, but if
a policy is to allow less, clients that gain scopes change after it. At no time is a request allowed
that is denied both before and afterwards.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.api import OAuth2Api, PolicyApi, WardenApi
from hydra_client.exceptions import ApiValueError
from hydra_client.models import OAuth2Client, Policy
from hydra_client.protocol import checks
from hydra_client.protocol.encoding import NOT_IN_ID
from hydra_client.provisioning.caller import caller_of, check_own_client, protect
from hydra_client.provisioning.clients import ClientRun, ensure_client
from hydra_client.provisioning.compare import condition_value
from hydra_client.provisioning.groups import distinct, ensure_group
from hydra_client.provisioning.policies import (
    checked,
    ensure_policy,
    policies_by_id,
    policy_changes,
)
from hydra_client.provisioning.reconcile import find, remove
from hydra_client.provisioning.results import Change, Result
from hydra_client.provisioning.steps import Phase, Step, denied_meanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hydra_client.api_client import ApiClient

    Each = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
    Work = Callable[[PolicyApi, Policy], Result]
    # The id of a group, and its members now and then; None if there is no group.
    GroupChange = tuple[str, list[str] | None, list[str] | None]

ADMIN_POLICY = "default-admin-policy"
COLON_IN_OWNER = (
    "must not contain ':', which ends the owner's name in the id of a policy: the policies of an "
    "owner 'team:a' would also belong to 'team'"
)
_EVERYONE = ("<.*>", "<.+>")  # these match a member without its group
# The fields of a client that decide which tokens it can get.
_OF_TOKENS = ("scope", "grant_types", "response_types")


class Apis(NamedTuple):
    """The APIs that `plan` and `apply` use, by what they manage."""

    clients: OAuth2Api
    policies: PolicyApi
    groups: WardenApi

    @classmethod
    def of(cls, api_client: ApiClient) -> Apis:
        """Return the APIs of one client, over the same connections."""
        return cls(OAuth2Api(api_client), PolicyApi(api_client), WardenApi(api_client))


@dataclass(frozen=True)
class Desired:
    """The state that a server should have. Other objects do not change, unless `plan` prunes.

    Attributes:
        clients: Clients, as for `ensure_client`.
        policies: Policies, as for `ensure_policy`.
        groups: The members of each group, by its name.
        removed_clients: Ids of clients that should not exist.
        removed_policies: Ids of policies that should not exist.
        removed_groups: Names of groups that should not exist.
        owner: Whose clients and policies `plan` may prune: clients with this `owner`, and policies
            whose id begins with it and a `:`. The name must not contain a `:`: the policies of an
            owner `team:a` would also belong to `team`.
        new_secrets: `new_secret` of `ensure_client` by the id of the client.
    """

    clients: Sequence[OAuth2Client] = ()
    policies: Sequence[Policy] = ()
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    removed_clients: Collection[str] = ()
    removed_policies: Collection[str] = ()
    removed_groups: Collection[str] = ()
    owner: str | None = None
    new_secrets: Mapping[str, Callable[[], str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What `apply` will do.

    Attributes:
        steps: The steps in their order; empty if the server is as it should be.
        warnings: Objects that cannot be pruned, and changes during which a request may briefly be
            allowed that is denied both before and afterwards.
        denied_meanwhile: Policies and groups whose change may cause requests to be denied for a
            moment that are allowed both before and afterwards.
    """

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    denied_meanwhile: tuple[str, ...] = ()

    def stages(self) -> Iterator[tuple[Step, ...]]:
        """Yield the steps of each stage. The steps of one stage can run in parallel."""
        for _, steps in groupby(self.steps, attrgetter("_phase")):
            yield tuple(steps)


def plan(
    apis: Apis,
    desired: Desired,
    *,
    prune_clients: bool = False,
    prune_policies: bool = False,
    each: Each = map,
) -> Plan:
    """Compare a server with the desired state. Changes nothing.

    The objects that the caller's own access depends on are changed last, by a single PUT. If that
    is impossible, `plan` raises an error.

    Args:
        apis: The APIs of the server.
        desired: The desired state.
        prune_clients: Also delete the other clients of `desired.owner`, except for the caller. If
            you call with an access token, which does not say who the caller is, you get a warning.
        prune_policies: Also delete the other policies of `desired.owner`.
        each: Makes the requests that can run in parallel: `map`, or the `map` of an executor.

    Scope: hydra.clients, hydra.policies, hydra.warden.groups (hydra.groups on 0.9), each if
        `desired` has such objects.
    Policy: action "get" on "rn:hydra:clients" for clients; action "list" on "rn:hydra:policies"
        for policies and groups; action "get" on "rn:hydra:warden:groups:{id}" for groups, and if
        the caller belongs to a group, action "list" on "rn:hydra:warden:groups".

    Raises:
        ApiTypeError: `apis` or `desired` is not what it should be, or part of `desired`.
        ApiValueError: `desired` contradicts itself, or takes away access that the
            caller needs to apply it: a policy, a group, or what its client needs to get tokens.
        HydraException: An object could not be fetched.
    """
    _check_types(apis, desired)
    checks.function("each", each)
    caller = caller_of(apis.clients.api_client)
    _check(desired, caller, prune=prune_clients or prune_policies)
    clients: dict[str, OAuth2Client] = {}
    policies: dict[str, Policy] = {}
    if desired.clients or desired.removed_clients or prune_clients:
        clients = {client.id or "": client for client in apis.clients.list_oauth2_clients()}
    found = list(_found_groups(apis.groups, desired, each))
    groups = list(filter(_changes, found))
    if groups or desired.policies or desired.removed_policies or prune_policies:
        policies = policies_by_id(apis.policies)
    warnings: list[str] = []
    owned = {id for id, client in clients.items() if client.owner == desired.owner}
    owned -= {client.id for client in desired.clients} | {caller}
    pruned = _addressable(owned, warnings) if prune_clients else set()
    if caller is None and pruned:
        warnings.append(
            "an access token does not say which client you call as: make sure that it is not "
            f"among the clients of {desired.owner!r} that are pruned"
        )
    steps = _client_steps(apis.clients, desired, clients, pruned, caller, each)
    owned = {id for id in policies if id.startswith(f"{desired.owner}:")}
    owned -= {policy.id for policy in desired.policies}
    pruned = _addressable(owned, warnings) if prune_policies else set()
    steps += _policy_steps(apis.policies, desired, policies, pruned)
    subjects = [*policies.values(), *desired.policies]
    for change in groups:
        steps += _group_steps(apis.groups, change, subjects, warnings)
    if narrowed := _narrowed(steps, policies):
        steps = [_after_narrowed(step, narrowed, warnings) for step in steps]
    warnings += _owner_warnings(steps, policies)
    steps.sort(key=attrgetter("_phase"))
    joined = [id for id, current, _ in found if caller in (current or ())]
    steps = protect(apis.groups, caller, steps, policies, joined)
    return Plan(tuple(steps), tuple(warnings), denied_meanwhile(steps))


def apply(plan: Plan, report: Callable[[Result], object] | None = None) -> list[Result]:
    """Carry out a plan, step by step.

    Each step reads from the server again, and writes nothing if someone else has already made the
    change. If a step fails, the remaining ones are not tried: plan and apply again to complete the
    change.

    Args:
        plan: What to do.
        report: Called with each result as soon as there is one, so that a secret that was generated
            for a client is not lost if a later step fails.

    Returns:
        The result of each step of the plan, in their order. A client's is a `ClientResult`.

    Raises:
        ApiTypeError: `plan` is not a `Plan`, or `report` not callable. Nothing was sent.
        HydraException: A step failed, as the `ensure_*` functions do.
    """
    if not isinstance(plan, Plan):
        raise checks.wrong_type("plan", "a Plan", plan)
    if report is not None:
        checks.function("report", report)
    results = []
    for step in plan.steps:
        result = step.run()
        results.append(result)
        if report is not None:
            report(result)
    return results


def _check_types(apis: Apis, desired: Desired) -> None:
    if not isinstance(apis, Apis):
        raise checks.wrong_type("apis", "what Apis.of(api_client) returns", apis)
    for api, kind in zip(apis, (OAuth2Api, PolicyApi, WardenApi), strict=True):
        checks.threaded_api(api, kind)
    if not isinstance(desired, Desired):
        raise checks.wrong_type("desired", "a Desired", desired)
    checks.collection("clients", desired.clients, OAuth2Client)
    checks.collection("policies", desired.policies, Policy)
    for name in ("removed_clients", "removed_policies", "removed_groups"):
        checks.collection(name, getattr(desired, name), str)
    for name, members in checks.mapping("groups", desired.groups).items():
        checks.collection(f"groups[{name!r}]", members, str)
    if desired.owner is not None and ":" in checks.string("owner", desired.owner):
        raise ApiValueError(f"owner {desired.owner!r} {COLON_IN_OWNER}")
    for id, new_secret in checks.mapping("new_secrets", desired.new_secrets).items():
        checks.function(f"new_secrets[{id!r}]", new_secret)


def _check(desired: Desired, caller: str | None, *, prune: bool) -> None:
    if prune and not desired.owner:
        raise ApiValueError("pruning needs an owner: set `owner` of the Desired state")
    policies = [checked(policy) for policy in desired.policies]
    for kind, wanted, removed in (
        ("client", [client.id for client in desired.clients], desired.removed_clients),
        ("policy", policies, desired.removed_policies),
        ("group", list(desired.groups), desired.removed_groups),
    ):
        if twice := [id for id, count in Counter([*wanted, *removed]).items() if count > 1]:
            raise ApiValueError(f"{kind} {twice[0]!r} is named more than once")
    ids = {client.id for client in desired.clients}
    if unknown := [id for id in desired.new_secrets if id not in ids]:
        raise ApiValueError(
            f"new_secrets names {unknown[0]!r}, but clients has no client of this id"
        )
    if caller in desired.removed_clients:
        raise ApiValueError(f"client {caller!r} is the caller itself, and cannot be removed")
    if ADMIN_POLICY in [*policies, *desired.removed_policies]:
        raise ApiValueError(f"{ADMIN_POLICY} cannot be changed: without it, no client has access")


def _owner_warnings(steps: Iterable[Step], stored: Mapping[str, Policy]) -> Iterator[str]:
    """Warn if the owner of a client changes together with policies that look at it."""
    policies = [
        step.id
        for step in steps
        if step.kind == "policy"
        for policy in (step._after, stored.get(step.id))
        if isinstance(policy, Policy) and "owner" in (policy.conditions or ())
    ]
    for step in steps:
        if policies and (step.kind, step.action) == ("client", "update") and "owner" in step.fields:
            yield (
                f"client {step.id!r} changes its owner together with policy {policies[0]!r}, which "
                "has a condition on the owner: in between, the old policy may allow something to "
                "the new owner"
            )


def _narrowed(steps: Iterable[Step], stored: Mapping[str, Policy]) -> str | None:
    """Return the id of a policy that will not allow all that it allows now."""
    for step in steps:
        if (
            step._phase is Phase.PUT_ALLOWS
            and step.action == "update"
            and isinstance(step._after, Policy)
            and policy_changes(_widened(step._after, stored[step.id]), step._after)
        ):
            return step.id
    return None


def _after_narrowed(step: Step, narrowed: str, warnings: list[str]) -> Step:
    """Let an update that only gives a client scopes wait for the policies; warn if it takes some.

    Such an update is not safe on either side of the policies.
    """
    if step._phase is not Phase.CLIENTS or step.action != "update":
        return step
    gained: list[str] = []
    loses = False
    for name, old, new in step.changes:
        if name in _OF_TOKENS:
            before, after = _items(old), _items(new)
            loses = loses or not before <= after
            if not after <= before:
                gained.append(name)
    if gained and not loses:
        return replace(step, _phase=Phase.GROW_CLIENTS)
    for name in gained:
        warnings.append(
            f"client {step.id!r} gains and loses {name}, and policy {narrowed!r} will allow less: "
            "in between, the client's new tokens may do what only the old policy allows. Apply "
            "the policies first"
        )
    return step


def _items(value: str | Collection[str] | None) -> set[str]:
    """Return the scopes, or what else the value of a field lists."""
    return set(value.split() if isinstance(value, str) else value or ())


def unaddressable(id: str) -> str:
    """Return why an id cannot be part of a path; empty if it can."""
    if id not in ("", ".", "..") and not NOT_IN_ID.search(id):
        return ""
    return (
        "the API cannot address it: an id must not be empty, '.' or '..', and must not contain "
        "'/' or control characters"
    )


def _addressable(ids: Iterable[str], warnings: list[str]) -> set[str]:
    """Return the ids that can be part of a path; add a warning for each of the others."""
    reasons = {id: unaddressable(id) for id in sorted(ids)}
    warnings += [f"skipped {id!r}: {reason}" for id, reason in reasons.items() if reason]
    return {id for id, reason in reasons.items() if not reason}


# --- clients


def _client_steps(
    api: OAuth2Api,
    desired: Desired,
    stored: Mapping[str, OAuth2Client],
    pruned: Collection[str],
    caller: str | None,
    each: Each,
) -> list[Step]:
    def compare(client: OAuth2Client) -> Step | None:
        new_secret = desired.new_secrets.get(client.id or "")
        run = ClientRun(api, client, new_secret)
        current = stored.get(run.id)
        changes, sets_secret = run.changes(current), run.differs_in_secret(current)
        if current is not None and not changes and not sets_secret:
            return None
        return Step(
            "client",
            run.id,
            "create" if current is None else "update",
            changes,
            sets_secret,
            # A new secret of its own could lock the caller out.
            Phase.CLIENTS if run.id != caller else Phase.OWN_CLIENT,
            partial(ensure_client, api, client, new_secret),
        )

    steps = [step for step in each(compare, desired.clients) if step is not None]
    kinds = {
        "client": True,
        "policy": desired.policies or desired.removed_policies,
        "group": desired.groups or desired.removed_groups,
    }
    check_own_client(api.api_client, caller, steps, [kind for kind, used in kinds.items() if used])
    steps.sort(key=lambda step: step.action != "create")
    for id in sorted({*desired.removed_clients, *pruned} & stored.keys()):
        owner = None if id in desired.removed_clients else desired.owner
        work = partial(_remove_client, api, id, owner)
        steps.append(Step("client", id, "delete", (), False, Phase.REMOVE_CLIENTS, work))
    return steps


def _remove_client(api: OAuth2Api, id: str, owner: str | None) -> Result:
    """Delete a client. One that is pruned must still belong to its owner."""
    if owner is not None:
        current = find(api.get_oauth2_client, id)
        if current is not None and current.owner != owner:
            return Result(id, "unchanged")
    return remove(id, api.get_oauth2_client, api.delete_oauth2_client)


# --- policies


def _policy_steps(
    api: PolicyApi, desired: Desired, stored: Mapping[str, Policy], pruned: Collection[str]
) -> Iterator[Step]:
    for policy in desired.policies:
        yield from _put_steps(api, policy, stored.get(checked(policy)))
    for id in sorted({*desired.removed_policies, *pruned} & stored.keys()):
        phase = Phase.TAKE_ACCESS if stored[id].effect == "allow" else Phase.NARROW_DENIES
        work = partial(remove, id, api.get_policy, api.delete_policy)
        yield Step("policy", id, "delete", (), False, phase, work)


def _put_steps(api: PolicyApi, policy: Policy, current: Policy | None) -> Iterator[Step]:
    """Yield the PUTs for one policy: a policy that denies, and goes on to deny, may need two."""

    def step(action: Any, after: Policy, phase: Phase, work: Work) -> Step:
        changes = policy_changes(after, current)
        run = partial(work, api, policy)
        return Step("policy", checked(policy), action, changes, False, phase, run, after)

    now = current
    if current is not None and current.effect != "allow":
        phase = Phase.DENIES_TO_ALLOWS if policy.effect == "allow" else Phase.NARROW_DENIES
        if policy.effect != "allow":
            now = _widened(policy, current)
            if policy_changes(now, current):
                yield step("widen", now, Phase.WIDEN_DENIES, _widen)
    else:
        phase = Phase.PUT_ALLOWS if policy.effect == "allow" else Phase.WIDEN_DENIES
    if policy_changes(policy, now):
        action = "create" if current is None else "update"
        yield step(action, policy, phase, ensure_policy)


def _widen(api: PolicyApi, policy: Policy) -> Result:
    current = find(api.get_policy, checked(policy))
    if current is None or current.effect == "allow":  # someone else changed it
        return ensure_policy(api, policy)
    return ensure_policy(api, _widened(policy, current))


def _widened(policy: Policy, current: Policy) -> Policy:
    """Return a policy that applies to what either of two policies applies to, or more."""
    wide, old = policy.to_dict(), current.to_dict()
    for name in ("subjects", "resources", "actions"):
        wide[name] = list(dict.fromkeys([*(wide.get(name) or ()), *(old.get(name) or ())]))
    conditions = old.get("conditions") or {}
    wide["conditions"] = {
        name: condition
        for name, condition in (wide.get("conditions") or {}).items()
        if name in conditions and condition_value(condition) == condition_value(conditions[name])
    }
    return Policy.from_dict(wide)


# --- groups


def _found_groups(api: WardenApi, desired: Desired, each: Each) -> Iterator[GroupChange]:
    groups: dict[str, list[str] | None] = {
        id: distinct(members) for id, members in desired.groups.items()
    }
    groups |= dict.fromkeys(desired.removed_groups)
    found = each(partial(find, api.get_group), list(groups))
    for (id, wanted), group in zip(groups.items(), found, strict=True):
        yield id, None if group is None else group.members or [], wanted


def _changes(group: GroupChange) -> bool:
    _, current, wanted = group
    return (current is None) != (wanted is None) or set(current or []) != set(wanted or [])


def _group_steps(
    api: WardenApi, change: GroupChange, policies: Iterable[Policy], warnings: list[str]
) -> Iterator[Step]:
    id, current, wanted = change
    effects = {policy.effect == "allow" for policy in policies if _names(policy, id)}
    if effects == {True, False}:
        warnings.append(
            f"group {id!r} is a subject of policies that allow and of policies that deny: while "
            "its members change, requests that these deny may be allowed"
        )
    is_denied = effects == {False}
    join = Phase.JOIN_DENIED_GROUPS if is_denied else Phase.GIVE_ACCESS
    leave = Phase.NARROW_DENIES if is_denied else Phase.TAKE_ACCESS
    if wanted is None:
        work = partial(remove, id, api.get_group, api.delete_group)
        yield Step("group", id, "delete", (), False, leave, work)
        return

    def step(action: Any, after: Iterable[str], phase: Phase) -> Step:
        changes = (Change("members", current, wanted),) if current or wanted else ()
        work = partial(_change_members, api, id, wanted, action)
        return Step("group", id, action, changes, False, phase, work, tuple(after))

    if current is None:
        yield step("create", wanted, join)
        return
    if not set(wanted) <= set(current):
        yield step("add members", [*current, *wanted] if is_denied else wanted, join)
    if not set(current) <= set(wanted):
        staying = wanted if is_denied else [member for member in current if member in wanted]
        yield step("remove members", staying, leave)


def _change_members(api: WardenApi, id: str, wanted: list[str], action: str) -> Result:
    if action == "create":
        return ensure_group(api, id, wanted)
    group = find(api.get_group, id)
    current = (group and group.members) or []
    if action == "add members":
        return ensure_group(api, id, [*current, *wanted])
    return ensure_group(api, id, [member for member in current if member in wanted])


def _names(policy: Policy, id: str) -> bool:
    """Whether the policy may apply to members of a group only because of the group."""
    # Such a condition compares with the group's name if the policy applies through the group.
    conditions = (policy.conditions or {}).values()
    is_compared = any(condition.type == "EqualsSubjectCondition" for condition in conditions)
    return any(
        subject == id or ("<" in subject and (is_compared or subject not in _EVERYONE))
        for subject in policy.subjects or []
    )
