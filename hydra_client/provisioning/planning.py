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
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.api import OAuth2Api, PolicyApi, WardenApi
from hydra_client.exceptions import ApiTypeError, ApiValueError
from hydra_client.models import OAuth2Client, Policy
from hydra_client.protocol.encoding import NOT_IN_ID
from hydra_client.provisioning.caller import caller_of, protect
from hydra_client.provisioning.clients import ClientRun, ensure_client, find_client
from hydra_client.provisioning.groups import ensure_group, find_group
from hydra_client.provisioning.policies import (
    checked,
    ensure_policy,
    find_policy,
    policies_by_id,
    policy_changes,
)
from hydra_client.provisioning.reconcile import remove
from hydra_client.provisioning.results import Change, Result
from hydra_client.provisioning.steps import Phase, Step, denied_meanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hydra_client.api_client import ApiClient

    Each = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]

ADMIN_POLICY = "default-admin-policy"
_EVERYONE = ("<.*>", "<.+>")  # these match a member without its group
# The fields of a client that decide which tokens it can get.
_OF_TOKENS = ("scope", "grant_types", "response_types")
_COMPARES_SUBJECT = "EqualsSubjectCondition"


class Apis(NamedTuple):
    """The APIs that `plan` and `apply` use.

    Attributes:
        clients: For clients.
        policies: For policies.
        groups: For groups.
    """

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
            whose id begins with it and a `:`. So no owner's name should contain a `:`: to `team`
            belong the policies of `team:a`, too.
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
        for _, steps in groupby(self.steps, lambda step: step._phase):
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
        ApiTypeError, ApiValueError: `desired` contradicts itself, or takes away access that the
            caller needs to apply it.
        HydraException: An object could not be fetched.
    """
    _check(apis, desired, prune=prune_clients or prune_policies)
    clients: dict[str, OAuth2Client] = {}
    policies: dict[str, Policy] = {}
    if desired.clients or desired.removed_clients or prune_clients:
        clients = {client.id or "": client for client in apis.clients.list_oauth2_clients()}
    groups = list(_group_changes(apis.groups, desired, each))
    if groups or desired.policies or desired.removed_policies or prune_policies:
        policies = policies_by_id(apis.policies)
    caller = caller_of(apis.clients.api_client)
    warnings: list[str] = []
    removed_clients = set(desired.removed_clients)
    if prune_clients:
        owned = {id for id, client in clients.items() if client.owner == desired.owner}
        named = {client.id for client in desired.clients} | {caller}
        pruned = _addressable(owned - named, warnings)
        if caller is None and pruned:
            warnings.append(
                "an access token does not say which client you call as: make sure that it is not "
                f"among the clients of {desired.owner!r} that are pruned"
            )
        removed_clients |= pruned
    removed_policies = set(desired.removed_policies)
    if prune_policies:
        owned = {id for id in policies if id.startswith(f"{desired.owner}:")}
        named = {policy.id for policy in desired.policies}
        removed_policies |= _addressable(owned - named, warnings)
    steps = [
        *_client_steps(apis.clients, desired, clients, caller, each),
        *_client_removals(apis.clients, desired, sorted(removed_clients & clients.keys())),
        *_policy_steps(apis.policies, desired.policies, policies),
        *_policy_removals(apis.policies, policies, sorted(removed_policies & policies.keys())),
        *_all_group_steps(apis.groups, groups, [*policies.values(), *desired.policies], warnings),
    ]
    narrowed = _narrowed(steps, policies)
    if narrowed:
        steps = [_later_if_it_gains(step) for step in steps]
        warnings += _scope_warnings(steps, narrowed[0])
    warnings += _owner_warnings(steps, policies)
    steps.sort(key=lambda step: step._phase)
    steps = protect(apis.groups, caller, steps, policies)
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
        HydraException: A step failed, as the `ensure_*` functions do.
    """
    results = []
    for step in plan.steps:
        result = step.run()
        results.append(result)
        if report is not None:
            report(result)
    return results


def _check(apis: Apis, desired: Desired, *, prune: bool) -> None:
    if prune and not desired.owner:
        raise ApiValueError("pruning needs an owner: set `owner` of the Desired state")
    for kind, wanted, removed, spared in (
        (
            "client",
            [client.id for client in desired.clients],
            desired.removed_clients,
            caller_of(apis.clients.api_client),
        ),
        ("policy", [policy.id for policy in desired.policies], desired.removed_policies, None),
        ("group", list(desired.groups), desired.removed_groups, None),
    ):
        if isinstance(removed, str):
            raise ApiTypeError(f"the ids of each removed {kind} must be a list, not one string")
        if twice := [id for id, count in Counter([*wanted, *removed]).items() if count > 1]:
            raise ApiValueError(f"{kind} {twice[0]!r} is named more than once")
        if spared in removed:
            raise ApiValueError(f"client {spared!r} is the caller itself, and cannot be removed")
    for policy in desired.policies:
        checked(policy)
    for members in desired.groups.values():
        if isinstance(members, str):
            raise ApiTypeError("the members of a group must be a list of strings, not one string")
    if ADMIN_POLICY in [*(policy.id for policy in desired.policies), *desired.removed_policies]:
        raise ApiValueError(f"{ADMIN_POLICY} cannot be changed: without it, nobody may do anything")


def _owner_warnings(steps: Iterable[Step], stored: Mapping[str, Policy]) -> Iterator[str]:
    """Warn if the owner of a client changes together with policies that look at it."""

    def looks_at_owner(policy: object) -> bool:
        return isinstance(policy, Policy) and "owner" in (policy.conditions or ())

    policies = [
        step.id
        for step in steps
        if step.kind == "policy"
        and (looks_at_owner(step._after) or looks_at_owner(stored.get(step.id)))
    ]
    for step in steps:
        if (
            policies
            and step.action == "update"
            and step.kind == "client"
            and ("owner" in step.fields)
        ):
            yield (
                f"client {step.id!r} changes its owner together with policy {policies[0]!r}, which "
                "has a condition on the owner: in between, the old policy may allow something to "
                "the new owner"
            )


def _narrowed(steps: Iterable[Step], stored: Mapping[str, Policy]) -> list[str]:
    """Return the ids of the policies that will not allow all that they allow now."""
    return [
        step.id
        for step in steps
        if step._phase is Phase.PUT_ALLOWS
        and step.action == "update"
        and isinstance(step._after, Policy)
        and policy_changes(_widened(step._after, stored[step.id]), step._after)
    ]


def _later_if_it_gains(step: Step) -> Step:
    if step._phase is not Phase.CLIENTS or step.action != "update" or not _only_gains(step.changes):
        return step
    return replace(step, _phase=Phase.GROW_CLIENTS)


def _scope_warnings(steps: Iterable[Step], narrowed: str) -> Iterator[str]:
    """Warn if a client gains and loses scopes: on neither side of the policies is it safe."""
    for step in steps:
        if step._phase is Phase.CLIENTS and step.action == "update":
            for change in _gains(step.changes):
                yield (
                    f"client {step.id!r} gets more {change.field} and loses some while policy "
                    f"{narrowed!r} will allow less: in between, the new tokens of the "
                    "client have what the old policy allows. Apply the policies first"
                )


def _gains(changes: Iterable[Change]) -> list[Change]:
    """Return the changes by which a client can get other tokens than before."""
    of_tokens = [change for change in changes if change.field in _OF_TOKENS]
    return [change for change in of_tokens if _items(change.new) - _items(change.old)]


def _only_gains(changes: Iterable[Change]) -> bool:
    lost = [Change(change.field, change.new, change.old) for change in changes]
    return bool(_gains(changes)) and not _gains(lost)


def _items(value: str | Collection[str] | None) -> set[str]:
    return set(value.split() if isinstance(value, str) else value or ())


def _addressable(ids: Iterable[str], warnings: list[str]) -> set[str]:
    """Return the ids that can be part of a path; add a warning for each of the others."""
    found = set()
    for id in sorted(ids):
        if id in ("", ".", "..") or NOT_IN_ID.search(id):
            warnings.append(
                f"skipped {id!r}: the API cannot address it: an id must not be empty, '.' or '..', "
                "and must not contain '/' or control characters"
            )
        else:
            found.add(id)
    return found


# --- clients


def _client_steps(
    api: OAuth2Api,
    desired: Desired,
    stored: Mapping[str, OAuth2Client],
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
    return sorted(steps, key=lambda step: step.action != "create")


def _client_removals(api: OAuth2Api, desired: Desired, ids: Iterable[str]) -> Iterator[Step]:
    for id in ids:
        owner = None if id in desired.removed_clients else desired.owner
        work = partial(_remove_client, api, id, owner)
        yield Step("client", id, "delete", (), False, Phase.REMOVE_CLIENTS, work)


def _remove_client(api: OAuth2Api, id: str, owner: str | None) -> Result:
    """Delete a client. One that is pruned must still belong to its owner."""
    find = partial(find_client, api, id)
    if owner is not None:
        current = find()
        if current is None:
            return Result(id, "deleted")
        if current.owner != owner:
            return Result(id, "unchanged")
    return remove(id, find, api.delete_oauth2_client)


# --- policies


def _policy_steps(
    api: PolicyApi, policies: Iterable[Policy], stored: Mapping[str, Policy]
) -> Iterator[Step]:
    for policy in policies:
        current = stored.get(checked(policy))
        changes = policy_changes(policy, current)
        if not changes:
            continue
        if policy.effect == "allow":
            is_deny = current is not None and current.effect != "allow"
            phase = Phase.DENIES_TO_ALLOWS if is_deny else Phase.PUT_ALLOWS
        elif current is None or current.effect == "allow":
            phase = Phase.WIDEN_DENIES
        else:
            phase = Phase.NARROW_DENIES
            wide = _widened(policy, current)
            if widened := policy_changes(wide, current):
                yield _policy_step("widen", wide, widened, phase.WIDEN_DENIES, _widen, api, policy)
            if not policy_changes(policy, wide):
                continue
        action = "create" if current is None else "update"
        yield _policy_step(action, policy, changes, phase, ensure_policy, api, policy)


def _policy_step(
    action: Any,
    after: Policy,
    changes: tuple[Change, ...],
    phase: Phase,
    work: Callable[[PolicyApi, Policy], Result],
    api: PolicyApi,
    policy: Policy,
) -> Step:
    run = partial(work, api, policy)
    return Step("policy", checked(policy), action, changes, False, phase, run, after)


def _widen(api: PolicyApi, policy: Policy) -> Result:
    current = find_policy(api, checked(policy))
    # If someone else deleted it or made it allow, it has nothing to deny but what it should.
    is_deny = current is not None and current.effect != "allow"
    return ensure_policy(api, _widened(policy, current) if current and is_deny else policy)


def _widened(policy: Policy, current: Policy) -> Policy:
    """Return a policy that denies what either of two policies denies, or more."""
    wide = Policy.from_dict(policy.to_dict())
    for name in ("subjects", "resources", "actions"):
        both = [*(getattr(policy, name) or []), *(getattr(current, name) or [])]
        setattr(wide, name, list(dict.fromkeys(both)))
    if policy_changes(Policy(conditions=policy.conditions), Policy(conditions=current.conditions)):
        theirs = current.conditions or {}
        wide.conditions = {
            name: condition
            for name, condition in (policy.conditions or {}).items()
            if name in theirs
            and not policy_changes(
                Policy(conditions={name: condition}), Policy(conditions={name: theirs[name]})
            )
        }
    return wide


def _policy_removals(
    api: PolicyApi, stored: Mapping[str, Policy], ids: Iterable[str]
) -> Iterator[Step]:
    for id in ids:
        phase = Phase.TAKE_ACCESS if stored[id].effect == "allow" else Phase.NARROW_DENIES
        work = partial(remove, id, partial(find_policy, api, id), api.delete_policy)
        yield Step("policy", id, "delete", (), False, phase, work)


# --- groups


class _GroupChange(NamedTuple):
    """A group with its members now, None if it does not exist, and as wanted; None to delete it."""

    id: str
    current: list[str] | None
    wanted: list[str] | None


def _group_changes(api: WardenApi, desired: Desired, each: Each) -> Iterator[_GroupChange]:
    groups: dict[str, list[str] | None] = {
        id: list(dict.fromkeys(members)) for id, members in desired.groups.items()
    }
    groups |= dict.fromkeys(desired.removed_groups)
    found = each(partial(find_group, api), list(groups))
    for (id, wanted), group in zip(groups.items(), found, strict=True):
        current = None if group is None else group.members or []
        if (current is None) != (wanted is None) or set(current or []) != set(wanted or []):
            yield _GroupChange(id, current, wanted)


def _all_group_steps(
    api: WardenApi,
    changes: Iterable[_GroupChange],
    policies: Collection[Policy],
    warnings: list[str],
) -> Iterator[Step]:
    for change in changes:
        effects = {policy.effect == "allow" for policy in policies if _names(policy, change.id)}
        if effects == {True, False}:
            warnings.append(
                f"group {change.id!r} is a subject of policies that allow and of policies that "
                "deny: while its members change, requests that these deny may be allowed"
            )
        yield from _group_steps(api, change, is_denied=effects == {False})


def _group_steps(api: WardenApi, change: _GroupChange, *, is_denied: bool) -> Iterator[Step]:
    id, current, wanted = change

    def step(action: Any, after: Iterable[str], phase: Phase, work: Callable[[], Result]) -> Step:
        members = () if wanted is None else (Change("members", current, wanted),)
        changes = members if wanted or current else ()
        return Step("group", id, action, changes, False, phase, work, tuple(after))

    join = Phase.JOIN_DENIED_GROUPS if is_denied else Phase.GIVE_ACCESS
    leave = Phase.NARROW_DENIES if is_denied else Phase.TAKE_ACCESS
    if wanted is None:
        work = partial(remove, id, partial(find_group, api, id), api.delete_group)
        yield step("delete", (), leave, work)
    elif current is None:
        yield step("create", wanted, join, partial(ensure_group, api, id, wanted))
    else:
        joining = [*current, *(member for member in wanted if member not in current)]
        if len(joining) > len(current):
            work = partial(_change_members, api, id, wanted, True)
            after = joining if is_denied else wanted
            yield step("add members", after, join, work)
        if not set(current) <= set(wanted):
            work = partial(_change_members, api, id, wanted, False)
            staying = wanted if is_denied else [item for item in current if item in wanted]
            yield step("remove members", staying, leave, work)


def _change_members(api: WardenApi, id: str, wanted: list[str], join: bool) -> Result:
    group = find_group(api, id)
    current = [] if group is None else group.members or []
    if join:
        return ensure_group(api, id, [*current, *wanted])
    return ensure_group(api, id, [member for member in current if member in wanted])


def _names(policy: Policy, id: str) -> bool:
    """Whether the policy may apply to members of a group only because of the group."""
    # Such a condition compares with the group's name if the policy applies through the group.
    is_compared = any(
        condition.type == _COMPARES_SUBJECT for condition in (policy.conditions or {}).values()
    )
    return any(
        subject == id or ("<" in subject and (is_compared or subject not in _EVERYONE))
        for subject in policy.subjects or []
    )
