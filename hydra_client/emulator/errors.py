"""Everything the server can say no with, by the names of RFC 6749, 6750 and of Hydra's own.

The texts and statuses are the server's; where the versions differ, both are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

MINIMUM_ENTROPY = 8
"""How many characters `state` and `nonce` need."""


@dataclass(frozen=True)
class Kind:
    """One row of the table of errors."""

    description: str
    status: int
    status_0_10: int = 0
    """The status in 0.10, where it differs."""
    reason: str = ""
    """What admin errors of 0.10 add as `reason`."""


KINDS = {
    "request_unauthorized": Kind(
        "The request could not be authorized",
        401,
        reason="Check that you provided valid credentials in the right format.",
    ),
    "request_forbidden": Kind(
        "The request is not allowed",
        403,
        reason="You are not allowed to perform this action.",
    ),
    "invalid_request": Kind(
        "The request is missing a required parameter, includes an invalid parameter value, "
        "includes a parameter more than once, or is otherwise malformed",
        400,
    ),
    "unsupported_response_type": Kind(
        "The authorization server does not support obtaining a token using this method", 400
    ),
    "invalid_scope": Kind("The requested scope is invalid, unknown, or malformed", 400),
    "server_error": Kind(
        "The authorization server encountered an unexpected condition that prevented it "
        "from fulfilling the request",
        500,
    ),
    "invalid_grant": Kind(
        "The provided authorization grant (e.g., authorization code, resource owner "
        "credentials) or refresh token is invalid, expired, revoked, does not match the "
        "redirection URI used in the authorization request, or was issued to another client",
        400,
    ),
    "invalid_client": Kind(
        "Client authentication failed (e.g., unknown client, no client authentication "
        "included, or unsupported authentication method)",
        401,
        status_0_10=403,
    ),
    "invalid_state": Kind(
        f"The state is missing or has less than {MINIMUM_ENTROPY} characters and is "
        "therefore considered too weak",
        400,
    ),
    "insufficient_entropy": Kind(
        "The request used a security parameter (e.g., anti-replay, anti-csrf) with "
        f"insufficient entropy (minimum of {MINIMUM_ENTROPY} characters)",
        400,
    ),
    "token_signature_mismatch": Kind(
        "Token signature mismatch",
        400,
        reason="Check that you provided  a valid token in the right format.",
    ),
    "token_expired": Kind("Token expired", 401, reason="The token expired."),
    "authorization_code_inactive": Kind(
        "Authorization code is inactive because it is malformed, expired or otherwise invalid",
        403,
    ),
    "login_required": Kind("The Authorization Server requires End-User authentication", 400),
}


class HydraError(Exception):
    """An answer other than success. Its subclasses say of which kind."""


class OAuthError(HydraError):
    """An error of the OAuth library below Hydra, known by its name."""

    def __init__(self, name: str, description: str | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.description = KINDS[name].description if description is None else description

    def status(self, is_0_9: bool) -> int:
        """The HTTP status it is answered with."""
        kind = KINDS[self.name]
        return kind.status if is_0_9 else kind.status_0_10 or kind.status


class RejectedConsentError(HydraError):
    """The consent app said no, or has not answered yet; `str()` is the reason it gave."""


class NotFoundError(HydraError):
    """No such client or consent request; `str()` is the message."""


class PlainError(HydraError):
    """An error without a status of its own: 500, and unrecognizable to the OAuth endpoints."""


class DeniedError(HydraError):
    """No policy allows it."""


def oauth_fields(error: HydraError, is_0_9: bool) -> tuple[str, str, int]:
    """`error`, `error_description` and status as the OAuth endpoints tell them."""
    if isinstance(error, OAuthError):
        return error.name, error.description, error.status(is_0_9)
    if isinstance(error, RejectedConsentError):
        return "rejected_consent_request", str(error), 401
    return ("unknown_error" if is_0_9 else "error"), "The error is unrecognizable.", 500


def admin_fields(error: HydraError, is_0_9: bool, request_id: str) -> tuple[int, dict[str, object]]:
    """The status, and the members of `error`, as the admin endpoints tell them."""
    code, name = 500, ""
    if isinstance(error, OAuthError):
        name = error.name
        message = f"A validator returned an error: {error.description}" if is_0_9 else name
    elif isinstance(error, DeniedError):
        name = "request_forbidden"
        text = KINDS[name].description if is_0_9 else name
        message = f"Request was denied by default: {text}"
    elif isinstance(error, NotFoundError):
        code, message = 404, str(error)
    else:
        message = str(error)
    members: dict[str, object] = {"code": code}
    if name and not is_0_9:  # 0.9 wraps these so deep that their status is lost
        code = members["code"] = KINDS[name].status
        members["status"] = HTTPStatus(code).phrase
    if request_id:
        members["request"] = request_id
    if name and not is_0_9 and KINDS[name].reason:
        members["reason"] = KINDS[name].reason
    members["message"] = message
    return code, members
