"""`plan` and `apply`: many clients, policies and groups, written in an order that is safe.

A request is allowed if some policy allows it and none denies it. So first all denies are made as
wide as they are before and afterwards. Under them, access is taken away and then given. At last the
denies are narrowed. Between two writes nothing is allowed that is not allowed before or afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from hydra_client.api import OAuth2Api, PolicyApi, WardenApi
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiTypeError,
    ApiValueError,
    NotFoundException,
    ServiceException,
)
from hydra_client.models import OAuth2Client, Policy
from hydra_client.provisioning.clients import ClientRun, ensure_client, find_client
from hydra_client.provisioning.groups import ensure_group, find_group
from hydra_client.provisioning.policies import (
    checked,
    ensure_policy,
    find_policy,
    policy_differences,
)
from hydra_client.provisioning.results import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hydra_client.api_client import ApiClient

T = TypeVar("T")

_ALL_POLICIES = 100_000  # in one page, because memory stores return pages in no order
_ADMIN_POLICY = "default-admin-policy"
_EVERYONE = ("<.*>", "<.+>")  # these match a member without its group


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
    """How a server should be. What it does not name stays as it is.

    Attributes:
        clients: Clients, as for `ensure_client`.
        policies: Policies, as for `ensure_policy`.
        groups: The members of each group, by its name.
        removed_clients: Ids of clients that should not exist.
        removed_policies: Ids of policies that should not exist.
        removed_groups: Names of groups that should not exist.
    """

    clients: Sequence[OAuth2Client] = ()
    policies: Sequence[Policy] = ()
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    removed_clients: Collection[str] = ()
    removed_policies: Collection[str] = ()
    removed_groups: Collection[str] = ()


class _Phase(IntEnum):
    """When a write takes place. The module's docstring says why."""

    WIDEN_DENIES = 1
    JOIN_DENIED_GROUPS = 2
    TAKE_ACCESS = 3
    CLIENTS = 4
    PUT_ALLOWS = 5
    GIVE_ACCESS = 6
    DENIES_TO_ALLOWS = 7
    NARROW_DENIES = 8


@dataclass(frozen=True)
class Step:
    """One write, or a few for the same object.

    Attributes:
        kind: `client`, `policy` or `group`.
        id: The id of the object.
        action: `create`, `update`, `delete`; `widen` for a policy that temporarily denies what it
            denied before and what it will deny; `add members`, `remove members`.
        fields: The fields that differ.
    """

    kind: Literal["client", "policy", "group"]
    id: str
    action: Literal["create", "update", "delete", "widen", "add members", "remove members"]
    fields: tuple[str, ...]
    _phase: _Phase = field(repr=False)
    _run: Callable[[], Result] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Plan:
    """What `apply` will do.

    Attributes:
        steps: The steps in their order; empty if the server is as it should be.
        warnings: Where the order of writes cannot rule out that a request is briefly allowed
            which is allowed neither before nor afterwards.
    """

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()


def plan(apis: Apis, desired: Desired) -> Plan:
    """Compare a server with how it should be. Changes nothing.

    Args:
        apis: The APIs of the server.
        desired: How it should be.

    Scope: hydra.clients, hydra.policies, hydra.warden.groups (hydra.groups on 0.9).
    Policy: what the `ensure_*` functions need to look at objects, and action "list" on
        "rn:hydra:policies" if a group changes.

    Raises:
        ApiTypeError, ApiValueError: `desired` contradicts itself, or touches what the caller's own
            access rests on: its client, or the policy `default-admin-policy`.
        HydraException: An object could not be fetched.
    """
    _check(apis, desired)
    policies = [
        (policy, find_policy(apis.policies, checked(policy))) for policy in desired.policies
    ]
    steps = [
        *_client_steps(apis.clients, desired),
        *(step for policy, now in policies for step in _policy_steps(apis.policies, policy, now)),
        *_policy_removals(apis.policies, desired.removed_policies),
    ]
    changes = list(_group_changes(apis.groups, desired))
    warnings = []
    if changes:
        stored = apis.policies.list_policies(limit=_ALL_POLICIES)
        both = [*stored, *desired.policies]
        for change in changes:
            effects = {policy.effect == "allow" for policy in both if _names(policy, change.id)}
            steps += _group_steps(apis.groups, change, is_denied=effects == {False})
            if effects == {True, False}:
                warnings.append(
                    f"group {change.id!r} is a subject of policies that allow and of policies that "
                    "deny: while its members change, requests that these deny may be allowed"
                )
    return Plan(tuple(sorted(steps, key=lambda step: step._phase)), tuple(warnings))


def apply(plan: Plan, report: Callable[[Result], object] | None = None) -> list[Result]:
    """Carry out a plan, step by step.

    Each step looks at the server again, and does nothing that someone else has done meanwhile. If a
    step fails, the others are not tried: plan and apply again to complete the change.

    Args:
        plan: What to do.
        report: Called with each result at once, so that a secret that was generated for a client
            is not lost if a later step fails.

    Returns:
        The result of each step of the plan, in their order. A client's is a `ClientResult`.

    Raises:
        HydraException: A step failed, as the `ensure_*` functions do.
    """
    results = []
    for step in plan.steps:
        result = step._run()
        results.append(result)
        if report is not None:
            report(result)
    return results


def _check(apis: Apis, desired: Desired) -> None:
    for kind, wanted, removed, spared in (
        (
            "client",
            [client.id for client in desired.clients],
            desired.removed_clients,
            apis.clients.api_client.configuration.username,
        ),
        ("policy", [policy.id for policy in desired.policies], desired.removed_policies, None),
        ("group", list(desired.groups), desired.removed_groups, None),
    ):
        if isinstance(removed, str):
            raise ApiTypeError(f"the ids of each removed {kind} must be a list, not one string")
        if twice := [id for id in [*wanted, *removed] if [*wanted, *removed].count(id) > 1]:
            raise ApiValueError(f"{kind} {twice[0]!r} is named more than once")
        if spared in removed:
            raise ApiValueError(f"client {spared!r} is the caller itself, and cannot be removed")
    for members in desired.groups.values():
        if isinstance(members, str):
            raise ApiTypeError("the members of a group must be a list of strings, not one string")
    if _ADMIN_POLICY in [*(policy.id for policy in desired.policies), *desired.removed_policies]:
        raise ApiValueError(f"{_ADMIN_POLICY} is not touched: without it, nobody may do anything")


def _client_steps(api: OAuth2Api, desired: Desired) -> Iterator[Step]:
    for client in desired.clients:
        run = ClientRun(api, client)
        current, fields = run.examine()
        if current is None or fields:
            action: Any = "create" if current is None else "update"
            yield Step(
                "client",
                run.id,
                action,
                fields,
                _Phase.CLIENTS,
                partial(ensure_client, api, client),
            )
    for id in desired.removed_clients:
        find = partial(find_client, api, id)
        if find() is not None:
            work = partial(_delete, id, find, api.delete_oauth2_client)
            yield Step("client", id, "delete", (), _Phase.TAKE_ACCESS, work)


# --- policies


def _policy_steps(api: PolicyApi, policy: Policy, current: Policy | None) -> Iterator[Step]:
    fields = policy_differences(policy, current)
    if not fields:
        return
    if policy.effect == "allow":
        is_deny = current is not None and current.effect != "allow"
        phase = _Phase.DENIES_TO_ALLOWS if is_deny else _Phase.PUT_ALLOWS
    elif current is None or current.effect == "allow":
        phase = _Phase.WIDEN_DENIES
    else:
        phase = _Phase.NARROW_DENIES
        wide = _widened(policy, current)
        if changed := policy_differences(wide, current):
            work = partial(_widen, api, policy)
            yield Step("policy", checked(policy), "widen", changed, _Phase.WIDEN_DENIES, work)
        if not policy_differences(policy, wide):
            return
    action: Any = "create" if current is None else "update"
    yield Step(
        "policy", checked(policy), action, fields, phase, partial(ensure_policy, api, policy)
    )


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
    if policy_differences(
        Policy(conditions=policy.conditions), Policy(conditions=current.conditions)
    ):
        theirs = current.conditions or {}
        wide.conditions = {
            name: condition
            for name, condition in (policy.conditions or {}).items()
            if name in theirs
            and not policy_differences(
                Policy(conditions={name: condition}), Policy(conditions={name: theirs[name]})
            )
        }
    return wide


def _policy_removals(api: PolicyApi, ids: Iterable[str]) -> Iterator[Step]:
    for id in ids:
        find = partial(find_policy, api, id)
        current = find()
        if current is not None:
            phase = _Phase.TAKE_ACCESS if current.effect == "allow" else _Phase.NARROW_DENIES
            work = partial(_delete, id, find, api.delete_policy)
            yield Step("policy", id, "delete", (), phase, work)


# --- groups


class _GroupChange(NamedTuple):
    """A group with its members now, None if it does not exist, and as wanted; None to delete it."""

    id: str
    current: list[str] | None
    wanted: list[str] | None


def _group_changes(api: WardenApi, desired: Desired) -> Iterator[_GroupChange]:
    groups = {id: list(members) for id, members in desired.groups.items()}
    for id, wanted in [*groups.items(), *((id, None) for id in desired.removed_groups)]:
        group = find_group(api, id)
        current = None if group is None else group.members or []
        if (current is None) != (wanted is None) or set(current or []) != set(wanted or []):
            yield _GroupChange(id, current, wanted)


def _group_steps(api: WardenApi, change: _GroupChange, *, is_denied: bool) -> Iterator[Step]:
    id, current, wanted = change
    join = _Phase.JOIN_DENIED_GROUPS if is_denied else _Phase.GIVE_ACCESS
    leave = _Phase.NARROW_DENIES if is_denied else _Phase.TAKE_ACCESS
    if wanted is None:
        work = partial(_delete, id, partial(find_group, api, id), api.delete_group)
        yield Step("group", id, "delete", (), leave, work)
    elif current is None:
        fields = ("members",) if wanted else ()
        yield Step("group", id, "create", fields, join, partial(ensure_group, api, id, wanted))
    else:
        if not set(wanted) <= set(current):
            work = partial(_change_members, api, id, wanted, True)
            yield Step("group", id, "add members", ("members",), join, work)
        if not set(current) <= set(wanted):
            work = partial(_change_members, api, id, wanted, False)
            yield Step("group", id, "remove members", ("members",), leave, work)


def _change_members(api: WardenApi, id: str, wanted: list[str], join: bool) -> Result:
    group = find_group(api, id)
    current = [] if group is None else group.members or []
    if join:
        return ensure_group(api, id, [*current, *wanted])
    return ensure_group(api, id, [member for member in current if member in wanted])


def _names(policy: Policy, id: str) -> bool:
    """Whether members of a group may be subjects of the policy only because of the group."""
    return any(
        subject == id or ("<" in subject and subject not in _EVERYONE)
        for subject in policy.subjects or []
    )


def _delete(id: str, find: Callable[[], T | None], delete: Callable[[str], None]) -> Result:
    try:
        delete(id)
    except (ApiConnectionError, NotFoundException, ServiceException):
        if find() is not None:
            raise
    return Result(id, "deleted")
