"""`ensure_policy`: create or replace one access control policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.api import PolicyApi
from hydra_client.exceptions import ApiValueError
from hydra_client.models import Policy
from hydra_client.protocol import checks
from hydra_client.provisioning.compare import differing
from hydra_client.provisioning.reconcile import find, reconcile

if TYPE_CHECKING:
    from hydra_client.provisioning.results import Change, Result

# 0.9 counts rows of its tables instead of policies.
_ALL = 1_000_000_000


def ensure_policy(api: PolicyApi, policy: Policy) -> Result:
    """Create a policy, or replace the one with its id, if the server does not have it like that.

    The policy is written by a single PUT on every store, and never by a POST, which would add the
    subjects to an existing policy on SQL stores. At no time does the server allow more than it did
    before or does afterwards. Fields that you leave out are empty afterwards; fields of the server
    that this version does not know stay as they are.

    Args:
        api: The API of the server.
        policy: The whole policy. It needs an `id`, and an `effect` of `allow` or `deny`.

    Scope: hydra.policies.
    Policy: actions "get" and "update" on "rn:hydra:policies:{id}".

    Returns:
        What was done. `unchanged` means that nothing was written.

    Raises:
        ApiTypeError, ApiValueError: `api` is not a `PolicyApi`, or `policy` not a `Policy` with an
            `id` and an `effect` of `allow` or `deny`. Nothing was sent.
        ApiConnectionError: The server cannot be reached. A policy that was being written is either
            as it was or as you want it. Call again to find out.
        HydraException: The errors of `get_policy` and `update_policy`.
    """
    checks.threaded_api(api, PolicyApi)
    id = checked(policy)

    def examine() -> tuple[Policy | None, tuple[str, ...]]:
        current = find(api.get_policy, id)
        return current, tuple(change.field for change in policy_changes(policy, current))

    def write(current: Policy | None, _: tuple[str, ...]) -> None:
        stored = {} if current is None else current.to_dict()
        unknown = {name: value for name, value in stored.items() if name not in Policy._fields}
        wanted = {name: value for name, value in policy.to_dict().items() if value is not None}
        api.update_policy(id, Policy.from_dict({**unknown, **wanted}))

    return reconcile(id, examine, write)


def policies_by_id(api: PolicyApi) -> dict[str, Policy]:
    """Fetch all policies, in one page: memory stores return pages in no order."""
    return {policy.id or "": policy for policy in api.list_policies(limit=_ALL)}


def policy_changes(policy: Policy, current: Policy | None) -> tuple[Change, ...]:
    """Return the fields in which the current policy is not the one that is wanted."""
    wanted = {**dict.fromkeys(Policy._fields), **policy.to_dict()}  # what is left out is emptied
    del wanted["id"]
    return differing(wanted, current, Policy._fields)


def checked(policy: Policy) -> str:
    """Return the id of the policy, or raise ApiValueError: it has none, or its effect is wrong."""
    if not isinstance(policy, Policy):
        raise checks.wrong_type("policy", "a Policy", policy)
    if not policy.id:
        raise ApiValueError("the policy has no id: set one, so that it can be found again")
    if policy.effect not in ("allow", "deny"):
        # The memory store would accept it, and deny.
        raise ApiValueError(
            f"policy {policy.id!r}: effect must be 'allow' or 'deny', not {policy.effect!r}"
        )
    return policy.id
