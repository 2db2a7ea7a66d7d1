"""What the policies of a server should allow and deny: tests for access rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hydra_client.api import WardenApi
from hydra_client.models import WardenAccessRequest
from hydra_client.protocol import checks

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Expectation:
    """A request, and whether the policies should allow it.

    Attributes:
        subject: Who asks: the id of a user or a client.
        action: What the subject wants to do.
        resource: What with.
        context: Values for the conditions of policies.
        allowed: Whether the policies should allow it.

    Raises:
        ApiTypeError: A value has the wrong type.
    """

    subject: str
    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)
    allowed: bool = True

    def __post_init__(self) -> None:
        for name in ("subject", "action", "resource"):
            checks.string(name, getattr(self, name))
        checks.mapping("context", self.context)
        checks.boolean("allowed", self.allowed)

    def is_met(self, api: WardenApi) -> bool:
        """Ask the server.

        Scope: hydra.warden.
        Policy: action "decide" on "rn:hydra:warden:allowed".

        Raises:
            ApiTypeError: `api` is not a `WardenApi`. Nothing was sent.
            HydraException: The errors of `does_warden_allow_access_request`.
        """
        checks.threaded_api(api, WardenApi)
        request = WardenAccessRequest(
            subject=self.subject,
            action=self.action,
            resource=self.resource,
            context=dict(self.context),
        )
        return api.does_warden_allow_access_request(request).allowed == self.allowed
