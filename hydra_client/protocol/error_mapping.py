"""Maps an unsuccessful response to an error: its class, and a hint at what to do.

The class says what happened, whichever version responded: 0.9 sends 500 where 0.10 sends 401 or
403. What the servers say for one operation only comes from that operation (`KnownError`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from hydra_client.exceptions import (
    ApiException,
    BadRequestException,
    ConflictException,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    TooManyRequestsException,
    UnauthorizedException,
)
from hydra_client.protocol.redaction import redact, redact_headers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydra_client.configuration import Configuration
    from hydra_client.protocol.operation import Call, Operation, Response

# A longer error page says nothing more; a body may have 256 MiB.
_LONGEST_BODY = 64 * 1024

_RENEW = "The access token is missing, unknown, expired or revoked: get a new one."
_CREDENTIALS = "Check the client id and secret, and that the client exists."
_EITHER = (
    "If an access token is configured, it is missing, unknown, expired or revoked. Otherwise check "
    "the client id and secret."
)
_CLIENT_SCOPE = (
    "The client's own `scope` does not cover a requested scope: add it there, or request others "
    "with the setting scopes."
)
SCOPES_LACK = "The configured scopes lack"
_NOT_HYDRA = (
    "Hydra 0.9 and 0.10 do not send this response: check the base URL{}. Later versions (1.x, 2.x) "
    "have other paths; this client speaks 0.9 and 0.10."
)
_SINCE = (
    "Hydra has this operation since version {}, and this server does not know it. If the server is "
    "not older than that, check the base URL."
)
_TERMINATION = (
    "The server expects a proxy in front of it to terminate TLS: use the proxy's https URL, or, on "
    "a trusted network, set the default header X-Forwarded-Proto to https."
)
_TLS_PORT = "The server speaks TLS on this port: use an https URL."

# What Go, nginx and Apache say on a port for TLS.
_PLAIN_HTTP = re.compile(
    "HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port"
    "|speaking plain HTTP to an SSL-enabled server port"
)


_BY_STATUS = {
    400: BadRequestException,
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
    409: ConflictException,
    429: TooManyRequestsException,
}


def error_for(
    call: Call,
    response: Response,
    secrets: Iterable[str] = (),
    settings: Configuration | None = None,
) -> ApiException:
    """Make the error that says what an unsuccessful response means.

    Args:
        call: What was sent.
        response: What was received.
        secrets: Credentials that went with the call, which the error must not show.
        settings: The settings of the call, for the hint.
    """
    operation = call.operation
    hidden = (*call.secrets, *secrets)
    text = response.body[:_LONGEST_BODY].decode(errors="replace")
    error, description = _error_of(text)
    # Judged before anything is masked: a secret may be a word that the server uses.
    kind, hint = _meaning(call, response.status, text, error, description, settings)
    reason = redact(response.reason, hidden)
    error, description = (
        None if part is None else redact(part, hidden) for part in (error, description)
    )
    # Some of Hydra's errors begin with an empty message, and some only repeat the reason.
    details = [part.lstrip(": ") for part in (error, description) if part is not None]
    parts = [f"{operation.name}: {response.status} {reason}".rstrip()]
    parts += [part for part in details if part and part.lower() != reason.lower()]
    message = ": ".join(parts)
    message += f" ({operation.method} {call.path}, X-Request-ID {call.request_id})"
    made = kind(
        f"{message}. {hint}" if hint else message,
        status=response.status,
        reason=reason,
        headers=redact_headers(response.headers, hidden),
        body=redact(text, hidden, cut=len(response.body) > _LONGEST_BODY),
        error=error,
        error_description=description,
        request_id=call.request_id,
        retry_after=response.retry_after,
        hint=hint,
    )
    made.repeated = response.repeated
    return made


def _meaning(
    call: Call,
    status: int,
    text: str,
    error: str | None,
    description: str | None,
    settings: Configuration | None,
) -> tuple[type[ApiException], str | None]:
    """Return the class of the error, and what to do about it."""
    operation, words = call.operation, f"{error} {description}"
    for known in operation.errors:
        if known.status == status and known.words in words.lower():
            return known.exception, known.hint
    kind = ServiceException if status >= 500 else _BY_STATUS.get(status, ApiException)
    is_admin = "oauth2" in operation.security
    lacks_scope = words.startswith("invalid_scope ")
    if status == 500 and ("could not be authorized" in words or "Token expired" in words):
        return UnauthorizedException, _RENEW
    if status in (401, 403) and words.startswith("invalid_client "):
        return UnauthorizedException, _CREDENTIALS
    if status == 401:
        admin_hint = _EITHER if "basic" in operation.security else _RENEW
        return kind, admin_hint if is_admin else _CREDENTIALS
    token_lacks_scope = (status == 500 and "requested scope is invalid" in words) or (
        status == 400 and is_admin and lacks_scope
    )
    if token_lacks_scope or (status in (403, 500) and "Request was denied" in words):
        scope_hint = _scope(call, settings) if token_lacks_scope else None
        return ForbiddenException, scope_hint or _permission(call, settings)
    if is_insecure_http(status, words):
        return kind, _TERMINATION
    if status == 400 and _PLAIN_HTTP.search(text):
        return kind, _TLS_PORT
    if status == 400 and lacks_scope:
        return kind, _CLIENT_SCOPE
    if status == 404 and error is None and description is None:
        # The response is not Hydra's: all of its errors are JSON.
        if operation.since is not None:
            return kind, _SINCE.format(operation.since)
        return kind, _NOT_HYDRA.format(f" {settings.origin.base_url}" if settings else "")
    return kind, None


def is_insecure_http(status: int, words: str) -> bool:
    """Whether the server refuses plain http, which no repetition will change."""
    return status == 502 and "insecure http" in words


def _scope(call: Call, settings: Configuration | None) -> str | None:
    """Return what to do if the token was requested with configured scopes, which are too few."""
    source = None if settings is None else settings.access_token
    if settings is None or isinstance(source, str) or callable(source):
        return None
    own = getattr(source, "scopes", None)
    scopes = set(own if isinstance(own, tuple) and own else settings.scopes)
    operation = call.operation
    if not scopes or any(
        scopes.issuperset(enough) for enough in (operation.scopes, operation.older_scopes) if enough
    ):
        return None
    return (
        f"{SCOPES_LACK} {_scopes_of(operation)}: add it to the setting scopes, or remove the "
        "setting."
    )


def _scopes_of(operation: Operation[Any]) -> str:
    scopes = " ".join(operation.scopes)
    if operation.older_scopes:
        scopes += f" ({' '.join(operation.older_scopes)} on 0.9)"
    return scopes


def _permission(call: Call, settings: Configuration | None) -> str:
    operation, caller = call.operation, None
    resource, actions = operation.policy
    if settings is not None:
        token = settings.access_token
        caller = settings.username if token is None else getattr(token, "client_id", None)
    policy = {
        "subjects": [caller if isinstance(caller, str) else "the caller's client id"],
        "resources": [re.sub(r"\{(\w+)\}", lambda name: call.ids[name[1]], resource)],
        "actions": actions,
        "effect": "allow",
    }
    return (
        f"The token needs the scope {_scopes_of(operation)}, and its client a policy such as "
        f"{json.dumps(policy)}."
    )


def _error_of(text: str) -> tuple[str | None, str | None]:
    """Read an error's code and description from a body, in any of its shapes.

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
        return _string(error.get("message")), _string(error.get("reason"))
    return _string(error), _string(document.get("error_description"))


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
