"""One operation, one call of it, and the response to that call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hydra_client.exceptions import ApiException
    from hydra_client.protocol.model import Model

T = TypeVar("T")


class KnownError(NamedTuple):
    """An error response that means something else than its status.

    Attributes:
        status: The HTTP status.
        words: Words in the server's message, in lower case.
        exception: The class that the response is raised as.
        hint: What to do about it, if that is known.
    """

    status: int
    words: str
    exception: type[ApiException]
    hint: str | None = None


class Operation(Generic[T]):
    """One operation, as `openapi.yaml` describes it. General code reads it, and never names one.

    Attributes:
        name: The method's name.
        method: The HTTP method.
        path: The path, with the names of its parameters in braces, such as `{id}`.
        segments: The parts of the path: text and names of parameters, alternately, text first.
        read: Reads what the operation returns from the response's headers and body.
        success: HTTP statuses of a success.
        body: The model that is sent as JSON, if any.
        required: Parameters that are always sent.
        integers: Parameters that are whole numbers; the others are strings.
        security: Ways to authorize it, "oauth2" (bearer) and "basic"; empty when it needs none.
        scopes: Scopes that the bearer token needs.
        older_scopes: Scopes that it needs on 0.9 instead, if they differ.
        policy: Resource and actions of the policy that the caller needs.
        repeatable: Whether it may be sent again when its response was lost; or the parameter that
            decides this and the value that allows it, None for a parameter that is not sent.
        done_on_repeat: The status that says of a repeated call that an earlier attempt succeeded.
        basic_form_encoded: Whether Basic credentials are form-encoded first (RFC 6749 section
            2.3.1).
        public_client: The parameter by which a public client names itself in place of Basic.
        about_token: The parameter that holds the token which the operation is about.
        bearer: The argument that holds the bearer token, if it is not the client's own.
        id_in_body: The field of the body that becomes an id in paths.
        errors: Error responses that mean something else than their status.
        since: The first version that has the operation, if older ones are supported.
        open_by_policy: Whether a policy can allow calls without a credential. An unknown token
            counts as no credential there, so a 403 may mean that.
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
        integers: tuple[str, ...] = (),
        security: tuple[str, ...] = (),
        scopes: tuple[str, ...] = (),
        older_scopes: tuple[str, ...] = (),
        policy: tuple[str, tuple[str, ...]] = ("", ()),
        repeatable: bool | tuple[str, str | None] = True,
        done_on_repeat: int | None = None,
        basic_form_encoded: bool = False,
        public_client: str | None = None,
        about_token: str | None = None,
        bearer: str | None = None,
        id_in_body: str | None = None,
        errors: tuple[KnownError, ...] = (),
        since: str | None = None,
        open_by_policy: bool = False,
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.segments = tuple(re.split(r"\{(\w+)\}", path))
        self.read = read
        self.success = success
        self.body = body
        self.required = required
        self.integers = integers
        self.security = security
        self.scopes = scopes
        self.older_scopes = older_scopes
        self.policy = policy
        self.repeatable = repeatable
        self.done_on_repeat = done_on_repeat
        self.basic_form_encoded = basic_form_encoded
        self.public_client = public_client
        self.about_token = about_token
        self.bearer = bearer
        self.id_in_body = id_in_body
        self.errors = errors
        self.since = since
        self.open_by_policy = open_by_policy


class Call:
    """A request as it will be sent, without its credential and the host's own path prefix.

    Neither a tuple nor a dataclass: tracebacks with local variables show what is in those.
    """

    def __init__(
        self,
        operation: Operation[Any],
        target: str,
        headers: dict[str, str],
        body: bytes | None,
        request_id: str,
        secrets: tuple[str, ...],
        ids: Mapping[str, str],
        parameters: Mapping[str, object],
        bearer: str | None,
    ) -> None:
        self.operation = operation
        self.target = target
        self.headers = headers
        self.body = body
        self.request_id = request_id
        self.secrets = secrets
        self.ids = ids
        self.parameters = parameters
        self.bearer = bearer

    @property
    def path(self) -> str:
        """The target without its query, for messages and logs."""
        return self.target.partition("?")[0]

    @property
    def repeatable(self) -> bool:
        """Whether the call may be sent again when its response was lost."""
        rule = self.operation.repeatable
        return rule if isinstance(rule, bool) else self.parameters.get(rule[0]) == rule[1]


class Response:
    """A response that was received whole.

    Attributes:
        retry_after: Seconds that the server asks to wait, if it does.
        repeated: Whether an earlier attempt of the same call may have been carried out.
    """

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
