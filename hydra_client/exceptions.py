"""The errors of this package, as one tree.

    HydraException
    ├── ApiException                   the server responded, but not with a success
    │   ├── BadRequestException        400
    │   ├── UnauthorizedException      the credential is missing, wrong, expired or revoked
    │   ├── ForbiddenException         the credential is valid, but may not do this
    │   ├── NotFoundException          404
    │   ├── ConflictException          the id is taken
    │   ├── TooManyRequestsException   429
    │   └── ServiceException           5xx
    ├── ApiConnectionError             no complete response arrived
    │   ├── ApiTimeoutError            … before the deadline
    │   └── ApiTlsError                … because of TLS
    ├── ApiDecodeError                 a complete success, but not what the API promises
    ├── ApiValueError (a ValueError)   refused before anything was sent
    └── ApiTypeError  (a TypeError)    refused before anything was sent

There are also two warnings: InsecureTransportWarning and LongSecretWarning. `ConsentFlowError`,
`CodeFlowError`, `InvalidIdTokenError` and `ProvisioningError` are also under HydraException, each
in its own module.

The class says what happened, whichever server version responded: 0.9 sends 500 where 0.10 sends 401
or 403. `status` keeps what was on the wire. No message, attribute or pickle holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class HydraException(Exception):  # noqa: N818 - the generator's own names
    """Base of all errors of the SDK. The emulator raises Python's own.

    Attributes:
        repeated: Whether an earlier attempt of the same call may have been carried out although
            its response was lost. The error itself comes from a later attempt.
    """

    repeated: bool = False


class ApiException(HydraException):
    """The server responded, but not with a success.

    Attributes:
        status: HTTP status as it was on the wire.
        reason: HTTP reason phrase.
        headers: The response's headers, names in lower case, credentials masked.
        body: The response's body as text, cut at 64 KiB, secrets masked.
        error: The error code of RFC 6749 section 5.2 from an OAuth endpoint, the `message` from an
            admin endpoint.
        error_description: The text that goes with it (the `reason` from an admin endpoint).
        request_id: The X-Request-ID of the request, which the server's log has too.
        retry_after: Seconds that the server asks you to wait, if it does.
        hint: What to do about it, if that is known.
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
    """400: the request is not valid (RFC 6749 section 5.2)."""


class UnauthorizedException(ApiException):
    """The credential is missing, unknown, expired or revoked, or the client secret is wrong."""


class ForbiddenException(ApiException):
    """The credential is valid but may not do this; `hint` names the scope and policy it lacks."""


class NotFoundException(ApiException):
    """404: what the call is about does not exist. SQL stores may send 500 instead."""


class ConflictException(ApiException):
    """The id is taken. Not every store reports it: the docstring of the method says which do."""


class TooManyRequestsException(ApiException):
    """429: too many requests. `retry_after` has the seconds to wait, if the server sent them."""


class ServiceException(ApiException):
    """5xx: the server, or something in front of it, failed."""


class ApiConnectionError(HydraException):
    """No complete response arrived: refused, reset, unknown host, cut short, or not HTTP."""


class ApiTimeoutError(ApiConnectionError):
    """The deadline of the call passed."""


class ApiTlsError(ApiConnectionError):
    """TLS failed: the certificate is not trusted, has expired, or is another host's."""


class ApiDecodeError(HydraException):
    """A complete success, but not what the API promises, or larger than this client accepts."""


class ApiValueError(HydraException, ValueError):
    """A value is not valid. Nothing was sent."""


class ApiTypeError(HydraException, TypeError):
    """A value has the wrong type. Nothing was sent."""


class InsecureTransportWarning(UserWarning):
    """A credential is about to travel over plain http to another machine."""


class LongSecretWarning(UserWarning):
    """A client secret has more than 72 bytes: Hydra (bcrypt) checks only the first 72."""
