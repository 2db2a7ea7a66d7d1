"""Everything that can go wrong, as one tree.

    HydraException
    ├── ApiException                   the server answered, and it was no success
    │   ├── BadRequestException        400
    │   ├── UnauthorizedException      the credential is missing, wrong, expired or revoked
    │   ├── ForbiddenException         the credential is good, and not allowed this
    │   ├── NotFoundException          404
    │   ├── ConflictException          the id is taken
    │   ├── TooManyRequestsException   429
    │   └── ServiceException           5xx
    ├── ApiConnectionError             no whole answer came
    │   ├── ApiTimeoutError            … before the deadline
    │   └── ApiTlsError                … because of TLS
    ├── ApiDecodeError                 a success came whole, and is not what the API promises
    ├── ApiValueError (a ValueError)   refused before anything was sent
    └── ApiTypeError  (a TypeError)    refused before anything was sent

and, beside it, InsecureTransportWarning and LongSecretWarning. `ConsentFlowError`, `CodeFlowError`
and `InvalidIdTokenError`, also under HydraException, are drawn in modules of their own.

The class says what happened, whichever server version answered: 0.9 says 500 where 0.10 says 401 or
403. `status` keeps what was on the wire. No message, attribute or pickle of these holds a secret.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hydra_client.protocol.redaction import redact, redact_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hydra_client.protocol.operation import Operation

__all__ = [
    "ApiConnectionError",
    "ApiDecodeError",
    "ApiException",
    "ApiTimeoutError",
    "ApiTlsError",
    "ApiTypeError",
    "ApiValueError",
    "BadRequestException",
    "ConflictException",
    "ForbiddenException",
    "HydraException",
    "InsecureTransportWarning",
    "LongSecretWarning",
    "NotFoundException",
    "ServiceException",
    "TooManyRequestsException",
    "UnauthorizedException",
]

# An error page longer than this says nothing more; a body may have 256 MiB.
_LONGEST_BODY = 64 * 1024


class HydraException(Exception):  # noqa: N818 - the generator's own names
    """Base of all errors that this package raises on its own account.

    Attributes:
        repeated: Whether an earlier attempt of the same call may have been carried out and its
            response lost. What was raised came of a later attempt.
    """

    repeated: bool = False


class ApiException(HydraException):
    """The server answered, and the answer is not the operation's success.

    Attributes:
        status: HTTP status as it was on the wire.
        reason: HTTP reason phrase.
        headers: The answer's headers, names in lower case, credentials masked.
        body: The answer's body as text, cut at 64 KiB, secrets masked.
        error: The error code of RFC 6749 section 5.2 where an OAuth endpoint answered,
            the `message` where an admin endpoint did.
        error_description: The text that goes with it (an admin endpoint's `reason`).
        request_id: The X-Request-ID that went with the request; the server's log has it too.
        retry_after: Seconds that the server asks to wait, where it does.
        hint: What to do about it, where that is known.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        error: str | None = None,
        error_description: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.headers: Mapping[str, str] = headers or {}
        self.body = body
        self.error = error
        self.error_description = error_description
        self.request_id = request_id
        self.retry_after = retry_after
        self.hint = hint


class BadRequestException(ApiException):
    """400: the server could not make sense of the request (RFC 6749 section 5.2)."""


class UnauthorizedException(ApiException):
    """The credential is missing, unknown, expired or revoked, or the client secret is wrong."""


class ForbiddenException(ApiException):
    """The credential is good and may not do this; `hint` names the scope and policy it lacks."""


class NotFoundException(ApiException):
    """404: there is no such client or consent request."""


class ConflictException(ApiException):
    """A client with this id exists. Only SQL stores tell; the memory store overwrites."""


class TooManyRequestsException(ApiException):
    """429: `retry_after` tells how many seconds to wait, where the server said so."""


class ServiceException(ApiException):
    """5xx: the server failed, or something in front of it."""


class ApiConnectionError(HydraException):
    """No whole answer came: refused, reset, unknown host, cut short, or no HTTP at all."""


class ApiTimeoutError(ApiConnectionError):
    """The deadline of the call passed."""


class ApiTlsError(ApiConnectionError):
    """TLS failed: the certificate is not trusted, has expired, or is another host's."""


class ApiDecodeError(HydraException):
    """A success came whole, and is not what the API promises; or the answer is over a bound."""


class ApiValueError(HydraException, ValueError):
    """A value that cannot be right. Nothing was sent."""


class ApiTypeError(HydraException, TypeError):
    """A value of the wrong type. Nothing was sent."""


class InsecureTransportWarning(UserWarning):
    """A credential is about to travel over plain http to another machine."""


class LongSecretWarning(UserWarning):
    """A client secret has more than 72 bytes: Hydra (bcrypt) looks at the first 72 alone."""


def error_for(
    operation: Operation[Any],
    *,
    status: int,
    reason: str,
    headers: Mapping[str, str],
    body: bytes,
    sent: str,
    request_id: str,
    id: str | None = None,
    retry_after: float | None = None,
    repeated: bool = False,
    caller: str | None = None,
    secrets: Iterable[str] = (),
) -> ApiException:
    """Make the error that says what an unsuccessful answer means. A pure function.

    Args:
        operation: What was asked for.
        status: HTTP status of the answer.
        reason: Its reason phrase.
        headers: Its headers.
        body: Its body.
        sent: Method and path, for the message.
        request_id: The X-Request-ID that was sent.
        id: The id in the path, for the hint.
        retry_after: Seconds from the answer's Retry-After.
        repeated: Whether an earlier attempt may have been carried out.
        caller: Id of the calling client, for the hint.
        secrets: What was sent and must not be shown.
    """
    cut = len(body) > _LONGEST_BODY
    said = body[:_LONGEST_BODY].decode(errors="replace")
    text = redact(said, secrets, cut)
    reason = redact(reason, secrets)
    error, description = _said(said)
    # Judged before anything is masked: a secret may be a word that the server uses.
    kind, hint = _meaning(operation, status, f"{error} {description}", id, caller)
    if status == 404 and error is None and said.startswith("404 page not found"):
        hint = _NOT_HYDRA  # which says what is not there, at all of its paths
    error, description = (
        None if part is None else redact(part, secrets) for part in (error, description)
    )
    parts = [f"{operation.name}: {status} {reason}".rstrip()]
    parts += [part for part in (error, description) if part]
    message = f"{': '.join(parts)} ({sent}, X-Request-ID {request_id})"
    made = kind(
        f"{message}. {hint}" if hint else message,
        status=status,
        reason=reason,
        headers=redact_headers(headers, secrets),
        body=text,
        error=error,
        error_description=description,
        request_id=request_id,
        retry_after=retry_after,
        hint=hint,
    )
    made.repeated = repeated
    return made


_BY_STATUS: dict[int, type[ApiException]] = {
    400: BadRequestException,
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
    409: ConflictException,
    429: TooManyRequestsException,
}


def _meaning(
    operation: Operation[Any], status: int, said: str, id: str | None, caller: str | None
) -> tuple[type[ApiException], str | None]:
    """Tell the class and the hint from the status and, where versions differ, the words."""
    admin = "oauth2" in operation.security
    if status == 500 and ("could not be authorized" in said or "Token expired" in said):
        return UnauthorizedException, _RENEW
    if status in (401, 403) and said.startswith("invalid_client "):
        return UnauthorizedException, _CREDENTIALS
    if status == 401:
        if admin and "basic" in operation.security:
            return UnauthorizedException, _EITHER
        return UnauthorizedException, _RENEW if admin else _CREDENTIALS
    if (
        (status in (403, 500) and "Request was denied" in said)
        or (status == 500 and "requested scope is invalid" in said)
        or (status == 400 and admin and said.startswith("invalid_scope "))
    ):
        return ForbiddenException, _permission(operation, id, caller)
    if status == 500 and operation.name == "create_oauth2_client" and "duplicate" in said.lower():
        return ConflictException, "Update the client, or delete it first."
    if status >= 500:
        return ServiceException, _TERMINATION if is_insecure_http(status, said) else None
    hint = _CLIENT_SCOPE if said.startswith("invalid_scope ") else None
    return _BY_STATUS.get(status, ApiException), hint


_RENEW = "The access token is missing, unknown, expired or revoked: get a new one."
_CREDENTIALS = "Check the client id and secret (username and password), and that the client exists."
_EITHER = (
    "Where an access token is configured: it is missing, unknown, expired or revoked. Else: check "
    "the client id and secret (username and password)."
)
_CLIENT_SCOPE = (
    "The client's own record (its field scope) does not cover a scope that was asked for: add it "
    "there, or ask for others (the setting scopes names those of tokens that are fetched)."
)
_NOT_HYDRA = (
    "No Hydra 0.9 or 0.10 answers at this address: check the base URL. Later versions (1.x, 2.x) "
    "have other paths; this client speaks 0.9 and 0.10."
)
_TERMINATION = (
    "The server expects TLS to end at a proxy in front of it: call it by https, or, from a network "
    "that is trusted, set the default header X-Forwarded-Proto to https."
)


def is_insecure_http(status: int, said: str) -> bool:
    """Tell whether the server refuses plain http, which no repetition will change."""
    return status == 502 and "insecure http" in said


def _permission(operation: Operation[Any], id: str | None, caller: str | None) -> str:
    resource, actions = operation.resource.replace("{id}", id or ""), [operation.action]
    if "consent:requests" in operation.resource:
        # One for all requests: the id of this one is of no use at the next login.
        resource = operation.resource.replace("{id}", "<.*>")
        actions = ["get", "accept", "reject"]
    policy = {
        "subjects": [caller or "the caller's client id"],
        "resources": [resource],
        "actions": actions,
        "effect": "allow",
    }
    scopes = " ".join(operation.scopes)
    return (
        f"The token needs the scope {scopes}, and its client a policy such as {json.dumps(policy)}."
    )


def _said(text: str) -> tuple[str | None, str | None]:
    """Read an error's code and description from a body, whatever its label and shape.

    OAuth endpoints: {"error": code, "error_description": …}. Admin endpoints: {"error": {"message":
    …, "reason": …}}, flat in their description. A client may follow as a second document.
    """
    try:
        document, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(document, dict):
        return None, None
    error = document.get("error", document)
    if isinstance(error, dict):
        return _text(error.get("message")), _text(error.get("reason"))
    return _text(error), _text(document.get("error_description"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
