"""Registers clients, policies and groups from scripts that can run again and again.

    result = ensure_policy(policies, Policy(id="photos:read", effect="allow", …))
    print(result.action, result.fields)                    # created, updated or unchanged

Each `ensure_*` function reads from the server first, and writes only what differs. It prints
nothing, and works the same on both versions and all stores. If the response to a write gets lost,
or someone else writes at the same time, it reads again instead of repeating the write.

`patch_client` changes some fields of an existing client.

`plan` and `apply` do the same for many objects. They order the writes so that at no time a request
is allowed that is denied both before and afterwards.
"""

from __future__ import annotations

from hydra_client.provisioning.clients import ensure_client, patch_client
from hydra_client.provisioning.expectations import Expectation
from hydra_client.provisioning.groups import ensure_group
from hydra_client.provisioning.planning import Apis, Desired, Plan, apply, plan
from hydra_client.provisioning.policies import ensure_policy
from hydra_client.provisioning.results import (
    Action,
    Change,
    ClientResult,
    ProvisioningError,
    Result,
)
from hydra_client.provisioning.steps import Step

__all__ = [
    "Action",
    "Apis",
    "Change",
    "ClientResult",
    "Desired",
    "Expectation",
    "Plan",
    "ProvisioningError",
    "Result",
    "Step",
    "apply",
    "ensure_client",
    "ensure_group",
    "ensure_policy",
    "patch_client",
    "plan",
]
