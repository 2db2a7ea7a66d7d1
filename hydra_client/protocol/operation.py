"""One operation, one call of it, and the response to that call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hydra_client.protocol.model import Model

T = TypeVar("T")


class Operation(Generic[T]):
    """What `openapi.yaml` says of one operation. General code asks it, and never names one.

    Attributes:
        name: The method's name.
        method: The HTTP method.
        path: The path, with `{id}` where the id goes.
        read: Reads what the operation returns from the response's headers and body.
        success: HTTP statuses of a success.
        body: The model that is sent as JSON, if any.
        required: Parameters that are always sent.
        security: Ways to authorize it, "oauth2" (bearer) and "basic"; empty when it needs none.
        scopes: Scopes that the bearer token needs.
        resource: What the caller's policy must allow it to act on.
        action: The action that the policy must allow.
        policy: Resource and actions of the policy that error hints suggest.
        repeatable: Whether it may be sent again when its response was lost.
        repeatable_if: The parameter that decides whether a call is repeatable, and the value that
            makes it so; None stands for a parameter that is not sent.
        done_on_repeat: The status that says of a repeated call that an earlier attempt succeeded.
        basic_form_encoded: Whether Basic credentials are form-encoded first (RFC 6749 section
            2.3.1).
        public_client: The parameter by which a public client names itself in place of Basic.
        inspects: The parameter that holds the token which the operation is about.
        id_in_body: The field of the body that becomes an id in paths.
        conflict: A word that a 500 has when the id is taken.
        denies_unknown_tokens: Whether 403 may mean that the bearer token is unknown.
        open_by_policy: Whether a policy can let everybody call it.
    """

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        *,
        read: Callable[[Mapping[str, str], bytes], T],
        success: tuple[int, ...],
        body: type[Model] | None = None,
        required: tuple[str, ...] = (),
        security: tuple[str, ...] = (),
        scopes: tuple[str, ...] = (),
        resource: str = "",
        action: str = "",
        policy: tuple[str, tuple[str, ...]] | None = None,
        repeatable: bool = True,
        repeatable_if: tuple[str, str | None] | None = None,
        done_on_repeat: int | None = None,
        basic_form_encoded: bool = False,
        public_client: str | None = None,
        inspects: str | None = None,
        id_in_body: str | None = None,
        conflict: str | None = None,
        denies_unknown_tokens: bool = False,
        open_by_policy: bool = False,
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.prefix, _, self.suffix = path.partition("{id}")
        self.read = read
        self.success = success
        self.body = body
        self.required = required
        self.security = security
        self.scopes = scopes
        self.resource = resource
        self.action = action
        self.policy = policy or (resource, (action,))
        self.repeatable = repeatable
        self.repeatable_if = repeatable_if
        self.done_on_repeat = done_on_repeat
        self.basic_form_encoded = basic_form_encoded
        self.public_client = public_client
        self.inspects = inspects
        self.id_in_body = id_in_body
        self.conflict = conflict
        self.denies_unknown_tokens = denies_unknown_tokens
        self.open_by_policy = open_by_policy

    def may_repeat(self, parameters: Mapping[str, object]) -> bool:
        """Whether a call with these parameters may be sent again when its response was lost."""
        if self.repeatable_if is None:
            return self.repeatable
        name, value = self.repeatable_if
        return parameters.get(name) == value


class Call:
    """A request as it will be sent, without its credential and the host's own path prefix.

    Neither a tuple nor a dataclass: tracebacks with local variables show what is in those.
    """

    __slots__ = (
        "body",
        "headers",
        "id",
        "operation",
        "parameters",
        "request_id",
        "secrets",
        "target",
    )

    def __init__(
        self,
        operation: Operation[Any],
        target: str,
        headers: dict[str, str],
        body: bytes | None,
        request_id: str,
        secrets: tuple[str, ...],
        id: str | None,
        parameters: Mapping[str, object],
    ) -> None:
        self.operation = operation
        self.target = target
        self.headers = headers
        self.body = body
        self.request_id = request_id
        self.secrets = secrets
        self.id = id
        self.parameters = parameters

    @property
    def path(self) -> str:
        """The target without its query, for messages and logs."""
        return self.target.partition("?")[0]

    @property
    def repeatable(self) -> bool:
        """Whether the call may be sent again when its response was lost."""
        return self.operation.may_repeat(self.parameters)


class Response:
    """A response that was received whole.

    Attributes:
        retry_after: Seconds that the server asks to wait, if it does.
        repeated: Whether an earlier attempt of the same call may have been carried out.
    """

    __slots__ = ("body", "headers", "reason", "repeated", "retry_after", "status")

    def __init__(
        self,
        status: int,
        reason: str,
        headers: Mapping[str, str],
        body: bytes,
        retry_after: float | None = None,
        repeated: bool = False,
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.retry_after = retry_after
        self.repeated = repeated
