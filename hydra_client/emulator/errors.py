"""The errors that the server returns, named as in RFC 6749, RFC 6750 and Hydra itself.

Texts and statuses are Hydra's. Where 0.9 and 0.10 differ, both are listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

MINIMUM_ENTROPY = 8
"""The minimum length of `state` and `nonce`, in bytes."""


@dataclass(frozen=True)
class Definition:
    """What Hydra sends for an error with a given name."""

    description: str
    status: int
    status_0_10: int = 0
    """The status in 0.10, if it differs."""
    reason: str = ""
    """The `reason` in errors of the admin endpoints of 0.10."""


DEFINITIONS = {
    "request_unauthorized": Definition(
        "The request could not be authorized",
        401,
        reason="Check that you provided valid credentials in the right format.",
    ),
    "request_forbidden": Definition(
        "The request is not allowed",
        403,
        reason="You are not allowed to perform this action.",
    ),
    "invalid_request": Definition(
        "The request is missing a required parameter, includes an invalid parameter value, "
        "includes a parameter more than once, or is otherwise malformed",
        400,
    ),
    "unsupported_response_type": Definition(
        "The authorization server does not support obtaining a token using this method", 400
    ),
    "invalid_scope": Definition("The requested scope is invalid, unknown, or malformed", 400),
    "server_error": Definition(
        "The authorization server encountered an unexpected condition that prevented it "
        "from fulfilling the request",
        500,
    ),
    "invalid_grant": Definition(
        "The provided authorization grant (e.g., authorization code, resource owner "
        "credentials) or refresh token is invalid, expired, revoked, does not match the "
        "redirection URI used in the authorization request, or was issued to another client",
        400,
    ),
    "invalid_client": Definition(
        "Client authentication failed (e.g., unknown client, no client authentication "
        "included, or unsupported authentication method)",
        401,
        status_0_10=403,
    ),
    "invalid_state": Definition(
        f"The state is missing or has less than {MINIMUM_ENTROPY} characters and is "
        "therefore considered too weak",
        400,
    ),
    "insufficient_entropy": Definition(
        "The request used a security parameter (e.g., anti-replay, anti-csrf) with "
        f"insufficient entropy (minimum of {MINIMUM_ENTROPY} characters)",
        400,
    ),
    "token_signature_mismatch": Definition(
        "Token signature mismatch",
        400,
        reason="Check that you provided  a valid token in the right format.",
    ),
    "token_expired": Definition("Token expired", 401, reason="The token expired."),
    "authorization_code_inactive": Definition(
        "Authorization code is inactive because it is malformed, expired or otherwise invalid",
        403,
    ),
    "not_found": Definition("", 404, reason="The requested resource could not be found."),
    "login_required": Definition("The Authorization Server requires End-User authentication", 400),
}


class HydraError(Exception):
    """Base class of every error that the server returns."""

    name = ""
    """A key of `DEFINITIONS`, or empty for errors that are not OAuth errors."""


class OAuthError(HydraError):
    """An error of Hydra's OAuth library."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class RejectedConsentError(HydraError):
    """The consent request is rejected or still undecided; `str()` is the reason for a rejection."""


class NotFoundError(HydraError):
    """The client or consent request does not exist; `str()` is Hydra's message."""


class PlainError(HydraError):
    """An error without a specific status: always 500, and unrecognizable to OAuth endpoints."""


class MissingRowError(NotFoundError):
    """The policy does not exist in the SQL store; `str()` is the message of Go's SQL library."""

    name = "not_found"


class BadRequestError(HydraError):
    """An error with status 400, although its body says 500; `str()` is Hydra's message."""


class GoPanicError(Exception):
    """Hydra's code panics, and its HTTP server closes the connection without a response."""


class DeniedError(HydraError):
    """No policy allows the request."""

    name = "request_forbidden"


def oauth_fields(error: HydraError, is_0_9: bool) -> tuple[str, str, int]:
    """Return `error`, `error_description` and the status, as the OAuth endpoints send them."""
    if isinstance(error, OAuthError):
        definition = DEFINITIONS[error.name]
        status = definition.status if is_0_9 else definition.status_0_10 or definition.status
        return error.name, definition.description, status
    if isinstance(error, RejectedConsentError):
        return "rejected_consent_request", str(error), 401
    return ("unknown_error" if is_0_9 else "error"), "The error is unrecognizable.", 500


def admin_fields(error: HydraError, is_0_9: bool, request_id: str) -> tuple[int, dict[str, object]]:
    """Return the status and the members of `error`, as the admin endpoints send them."""
    if isinstance(error, OAuthError):
        text = DEFINITIONS[error.name].description
        message = f"A validator returned an error: {text}" if is_0_9 else error.name
    elif isinstance(error, DeniedError):
        text = DEFINITIONS[error.name].description if is_0_9 else error.name
        message = f"Request was denied by default: {text}"
    else:
        message = str(error)
    status = 404 if isinstance(error, NotFoundError) else 500
    members: dict[str, object] = {"code": status}
    # 0.9 wraps OAuth errors so deeply that their status is lost.
    hides_status = is_0_9 and not isinstance(error, MissingRowError)
    definition = None if hides_status else DEFINITIONS.get(error.name)
    if definition is not None:
        status = definition.status
        members = {"code": status, "status": HTTPStatus(status).phrase}
    if request_id:
        members["request"] = request_id
    if definition is not None and definition.reason:
        members["reason"] = definition.reason
    members["message"] = message
    return (400 if isinstance(error, BadRequestError) else status), members
