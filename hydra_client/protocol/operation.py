"""One operation: what it is, how a call of it is written, how its answer is read.

Pure functions, apart from sending, so that any transport can use them.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from hydra_client.exceptions import (
    ApiDecodeError,
    ApiTypeError,
    ApiValueError,
    LongSecretWarning,
    error_for,
)
from hydra_client.protocol.model import Model, parse_json
from hydra_client.protocol.redaction import SECRET_PARAMETERS, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
M = TypeVar("M", bound=Model)

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_IN_ID = re.compile(r"[/\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAK = re.compile(r"[\r\n\x00]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIXED_HEADERS = frozenset({"authorization", "host", "content-length", "transfer-encoding"})
_SHORTEST_SECRET = 6
_LONGEST_SECRET = 72  # bytes of UTF-8


class Operation(Generic[T]):
    """What the API's description says of one operation.

    Attributes:
        name: The method's name.
        method: The HTTP method.
        path: The path, with `{id}` where the id goes.
        answer: Reads the answer's headers and body.
        body: The model that is sent as JSON; None where none is.
        success: HTTP statuses of a success.
        security: Ways to authorize it: "oauth2" (bearer), "basic"; none when empty.
        scopes: Scopes that the bearer token needs.
        resource: What the policy of the caller must allow it to act on.
        action: The action that this policy must allow.
        repeatable: Whether it may run twice when an answer is lost.
    """

    __slots__ = (
        "action",
        "answer",
        "body",
        "method",
        "name",
        "path",
        "prefix",
        "repeatable",
        "resource",
        "scopes",
        "security",
        "success",
        "suffix",
    )

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        *,
        answer: Callable[[Mapping[str, str], bytes], T],
        body: type[Model] | None = None,
        success: tuple[int, ...],
        security: tuple[str, ...] = (),
        scopes: tuple[str, ...] = (),
        resource: str = "",
        action: str = "",
        repeatable: bool = True,
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.prefix, _, self.suffix = path.partition("{id}")
        self.answer = answer
        self.body = body
        self.success = success
        self.security = security
        self.scopes = scopes
        self.resource = resource
        self.action = action
        self.repeatable = repeatable


class Call:
    """A request as it will be sent, its credential and the host's own path prefix aside.

    No tuple, and no dataclass: tracebacks with local variables show what is in those.
    """

    __slots__ = (
        "body",
        "headers",
        "id",
        "operation",
        "parameters",
        "repeatable",
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
        repeatable: bool,
        id: str | None,
        parameters: Mapping[str, object],
    ) -> None:
        self.operation = operation
        self.target = target
        self.headers = headers
        self.body = body
        self.request_id = request_id
        self.secrets = secrets
        self.repeatable = repeatable
        self.id = id
        self.parameters = parameters


class Answer:
    """An answer that came whole.

    Attributes:
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


def encode(
    operation: Operation[Any],
    *,
    id: str | None = None,
    body: Model | None = None,
    form: Mapping[str, object] | None = None,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Call:
    """Write a call.

    Raises:
        ApiTypeError: An argument has the wrong type.
        ApiValueError: An argument cannot be right.
    """
    target = operation.path
    if operation.prefix != target:
        target = f"{operation.prefix}{path_segment(operation, id)}{operation.suffix}"
    all_headers: dict[str, str] = {}
    document: bytes | None = None
    secrets: tuple[str, ...] = ()
    parameters: Mapping[str, object] = {}
    repeatable = operation.repeatable
    if query is not None:
        encoded, secrets = _urlencode(operation, query)
        parameters = query
        if encoded:
            target = f"{target}?{encoded}"
        # The browser's way back redeems the consent; a second time is refused.
        repeatable = query.get("consent") is None
    elif form is not None:
        encoded, secrets = _urlencode(operation, form)
        parameters = form
        document = encoded.encode("ascii")
        all_headers["Content-Type"] = "application/x-www-form-urlencoded"
        if operation.name == "oauth_token":
            # A code or a refresh token is used up by the first request, answered or not.
            repeatable = form.get("grant_type") == "client_credentials"
    elif operation.body is not None:
        body, secrets = _checked_body(operation, operation.body, body)
        document = body._sendable().encode("ascii")
        all_headers["Content-Type"] = "application/json"
    request_id = None
    if headers:
        check_headers(headers)
        all_headers.update(headers)
        request_id = next(
            (value for name, value in headers.items() if name.lower() == "x-request-id"), None
        )
    if request_id is None:
        request_id = all_headers["X-Request-ID"] = os.urandom(16).hex()
    return Call(
        operation,
        target,
        all_headers,
        document,
        request_id,
        secrets,
        repeatable,
        id,
        parameters,
    )


def decode(
    call: Call, answer: Answer, secrets: tuple[str, ...] = (), caller: str | None = None
) -> Any:
    """Read an answer: what the operation returns.

    Args:
        call: What was sent.
        answer: What came.
        secrets: Credentials that went with the call, not to be shown.
        caller: Id of the calling client, where it is known.

    Raises:
        ApiException: The answer is no success.
        ApiDecodeError: It is one, and not what the API promises.
    """
    operation = call.operation
    if answer.status not in operation.success:
        if operation.method == "DELETE" and answer.status == 404 and answer.repeated:
            # The attempt whose answer was lost has deleted it.
            return None
        raise error_for(
            operation,
            status=answer.status,
            reason=answer.reason,
            headers=answer.headers,
            body=answer.body,
            sent=f"{operation.method} {shown(call.target)}",
            request_id=call.request_id,
            id=call.id,
            retry_after=answer.retry_after,
            repeated=answer.repeated,
            caller=caller,
            secrets=(*call.secrets, *secrets),
        )
    try:
        return operation.answer(answer.headers, answer.body)
    except ApiDecodeError as error:
        error.args = (
            f"{operation.name}: {error} (status {answer.status} from {operation.method} "
            f"{shown(call.target)}, X-Request-ID {call.request_id})",
        )
        # Further down the body stands in local variables.
        raise error.with_traceback(None) from None


def one(model: type[M]) -> Callable[[Mapping[str, str], bytes], M]:
    """Read a body that is one JSON object."""

    def read(_: Mapping[str, str], body: bytes) -> M:
        return model._adopt(parse_json(body))._complete()

    return read


def many(model: type[M]) -> Callable[[Mapping[str, str], bytes], list[M]]:
    """Read a body that is a JSON list; Go writes an empty one as null."""

    def read(_: Mapping[str, str], body: bytes) -> list[M]:
        items = parse_json(body)
        if items is None:
            return []
        if not isinstance(items, list):
            raise ApiDecodeError(f"expected a list of {model.__name__}")
        adopt = model._adopt
        return [adopt(item) for item in items]

    return read


def nothing(_: Mapping[str, str], body: bytes) -> None:
    """Read an answer whose status says it all; but a page of HTML, say, is no answer of Hydra."""
    if body.strip():
        parse_json(body)


def location(headers: Mapping[str, str], _body: bytes) -> str:
    """Read where the answer sends the browser."""
    address = headers.get("Location")
    if not address:
        raise ApiDecodeError("no Location header")
    return address


def path_segment(operation: Operation[Any], id: object) -> str:
    """Write an id as one path segment that cannot become another path."""
    if not isinstance(id, str):
        raise ApiTypeError(f"{operation.name}: id must be a string, got {type(id).__name__}")
    check_id(operation, id)
    if not id:
        raise ApiValueError(f"{operation.name}: id is empty; it would address another resource")
    return quote(id, safe="")


def check_id(operation: Operation[Any], id: str) -> None:
    """Refuse an id that the server could never be asked for again."""
    if id in (".", "..") or _NOT_IN_ID.search(id):
        raise ApiValueError(
            f"{operation.name}: the id {id!r} cannot be addressed: an id must not be '.' or '..' "
            "nor contain '/', control characters or half a surrogate pair"
        )


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers that would break the request, or replace what the client sets itself."""
    if not isinstance(headers, Mapping):
        raise ApiTypeError(f"headers must be a mapping, got {type(headers).__name__}")
    for name, value in headers.items():
        if not (_is_text(name) and _is_text(value)):
            raise ApiTypeError("headers: names and values must be strings")
        if not _NAME.fullmatch(name):
            raise ApiValueError(f"headers: {name!r} is not a header name")
        if name.lower() in _FIXED_HEADERS:
            raise ApiValueError(
                f"headers: {name} is set by the client; credentials belong into the configuration"
            )
        check_header_value(name, value)


def check_header_value(name: str, value: str) -> None:
    """Refuse a value that would end its header and begin another."""
    if _BREAK.search(value):
        raise ApiValueError(f"headers: the value of {name} contains a line break or NUL")
    if any(character > "\xff" for character in value):
        raise ApiValueError(f"headers: the value of {name} has characters beyond Latin-1")


def shown(target: str) -> str:
    """Path without the query, for messages and logs."""
    return target.partition("?")[0]


def _is_text(value: object) -> bool:
    # A function, since a type checker takes the same look at a `str` for redundant.
    return isinstance(value, str)


def _checked_body(
    operation: Operation[Any], model: type[Model], body: object
) -> tuple[Model, tuple[str, ...]]:
    """Refuse a body that the server would take and nobody could want; name the secrets in it."""
    if not isinstance(body, model):
        raise ApiTypeError(
            f"{operation.name}: body must be {model.__name__}, got {type(body).__name__}"
        )
    data = body._data
    own_id = data.get("id")
    if operation.method == "POST" and isinstance(own_id, str):
        check_id(operation, own_id)
    secret = data.get("client_secret")
    if not isinstance(secret, str):
        return body, ()
    if len(secret) < _SHORTEST_SECRET:
        raise ApiValueError(
            f"{operation.name}: client_secret must have at least {_SHORTEST_SECRET} characters; "
            "leave it unset to have one made on create, or to keep the old one on update"
        )
    if _SURROGATE.search(secret):
        raise ApiValueError(f"{operation.name}: client_secret contains half a surrogate pair")
    if (length := len(secret.encode())) > _LONGEST_SECRET:
        warnings.warn(
            f"{operation.name}: client_secret has {length} bytes, and Hydra looks at the first "
            f"{_LONGEST_SECRET} alone: whoever knows those can log in. Use a shorter one.",
            LongSecretWarning,
            stacklevel=5,
        )
    return body, (Secret(secret),)


def _urlencode(
    operation: Operation[Any], parameters: Mapping[str, object]
) -> tuple[str, tuple[str, ...]]:
    """Write query parameters or form fields; those that are None are not sent."""
    pairs: list[tuple[str, str]] = []
    for name, value in parameters.items():
        if value is None and name != "token":  # the one that no operation can do without
            continue
        if not isinstance(value, str):
            raise ApiTypeError(
                f"{operation.name}: {name} must be a string, got {type(value).__name__}"
            )
        if _SURROGATE.search(name + value):
            raise ApiValueError(f"{operation.name}: {name!a} contains half a surrogate pair")
        pairs.append((name, value))
    return urlencode(pairs), tuple(
        Secret(value) for name, value in pairs if name in SECRET_PARAMETERS
    )
