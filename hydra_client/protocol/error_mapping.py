"""Which error an unsuccessful response means: a table of tests, classes and hints.

The class says what happened, whichever version responded: 0.9 sends 500 where 0.10 sends 401 or
403. What the servers say for one operation only comes from that operation (`KnownError`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from collections.abc import Callable, Iterable, Mapping

    from hydra_client.protocol.operation import Call, Operation, Response

# A longer error page says nothing more; a body may have 256 MiB.
_LONGEST_BODY = 64 * 1024

_RENEW = "The access token is missing, unknown, expired or revoked: get a new one."
_CREDENTIALS = "Check the client id and secret (username and password), and that the client exists."
_EITHER = (
    "If an access token is configured, it is missing, unknown, expired or revoked. Otherwise check "
    "the client id and secret (username and password)."
)
_CLIENT_SCOPE = (
    "The client's own field scope does not cover a requested scope: add it there, or request "
    "others with the setting scopes."
)
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


class _Refusal(NamedTuple):
    """What the table looks at: an unsuccessful response, and the operation that was called."""

    operation: Operation[Any]
    status: int
    error: str | None
    description: str | None
    words: str
    text: str

    @property
    def is_admin(self) -> bool:
        return "oauth2" in self.operation.security

    @property
    def is_unknown_path(self) -> bool:
        """Whether the 404 is not Hydra's, since all of its own errors are JSON."""
        return self.status == 404 and self.error is None and self.description is None

    @property
    def is_plain_http_on_tls(self) -> bool:
        """Whether a server that expects TLS responded to plain http."""
        return self.status == 400 and _PLAIN_HTTP.search(self.text) is not None


_PERMISSION = "permission"  # a hint that is written for the call
_MEANINGS: tuple[tuple[Callable[[_Refusal], bool], type[ApiException], str | None], ...] = (
    (
        lambda it: (
            it.status == 500
            and ("could not be authorized" in it.words or "Token expired" in it.words)
        ),
        UnauthorizedException,
        _RENEW,
    ),
    (
        lambda it: it.status in (401, 403) and it.words.startswith("invalid_client "),
        UnauthorizedException,
        _CREDENTIALS,
    ),
    (
        lambda it: it.status == 401 and it.is_admin and "basic" in it.operation.security,
        UnauthorizedException,
        _EITHER,
    ),
    (lambda it: it.status == 401 and it.is_admin, UnauthorizedException, _RENEW),
    (lambda it: it.status == 401, UnauthorizedException, _CREDENTIALS),
    (
        lambda it: (
            (it.status in (403, 500) and "Request was denied" in it.words)
            or (it.status == 500 and "requested scope is invalid" in it.words)
            or (it.status == 400 and it.is_admin and it.words.startswith("invalid_scope "))
        ),
        ForbiddenException,
        _PERMISSION,
    ),
    (lambda it: is_insecure_http(it.status, it.words), ServiceException, _TERMINATION),
    (lambda it: it.status >= 500, ServiceException, None),
    (lambda it: it.is_plain_http_on_tls, BadRequestException, _TLS_PORT),
    (
        lambda it: it.status == 400 and it.words.startswith("invalid_scope "),
        BadRequestException,
        _CLIENT_SCOPE,
    ),
    (lambda it: it.status == 400, BadRequestException, None),
    (lambda it: it.status == 403, ForbiddenException, None),
    (
        lambda it: it.is_unknown_path and it.operation.since is not None,
        NotFoundException,
        _SINCE,
    ),
    (lambda it: it.is_unknown_path, NotFoundException, _NOT_HYDRA),
    (lambda it: it.status == 404, NotFoundException, None),
    (lambda it: it.status == 409, ConflictException, None),
    (lambda it: it.status == 429, TooManyRequestsException, None),
    (lambda _: True, ApiException, None),
)


def error_for(
    call: Call, response: Response, secrets: Iterable[str] = (), caller: str | None = None
) -> ApiException:
    """Make the error that says what an unsuccessful response means.

    Args:
        call: What was sent.
        response: What was received.
        secrets: Credentials that went with the call, which the error must not show.
        caller: Id of the calling client, for the hint.
    """
    operation = call.operation
    hidden = (*call.secrets, *secrets)
    text = response.body[:_LONGEST_BODY].decode(errors="replace")
    error, description = _error_of(text)
    # Judged before anything is masked: a secret may be a word that the server uses.
    words = f"{error} {description}"
    refusal = _Refusal(operation, response.status, error, description, words, text)
    kind, hint = _meaning(refusal)
    if hint is _PERMISSION:
        hint = _permission(operation, call.ids, caller)
    elif hint is _SINCE:
        hint = _SINCE.format(operation.since)
    elif hint is _NOT_HYDRA:
        hint = _NOT_HYDRA.format(f" {response.base_url}" if response.base_url else "")
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


def _meaning(refusal: _Refusal) -> tuple[type[ApiException], str | None]:
    words = refusal.words.lower()
    for known in refusal.operation.errors:
        if known.status == refusal.status and known.words in words:
            return known.exception, known.hint
    return next((kind, hint) for test, kind, hint in _MEANINGS if test(refusal))


def is_insecure_http(status: int, words: str) -> bool:
    """Whether the server refuses plain http, which no repetition will change."""
    return status == 502 and "insecure http" in words


def _permission(operation: Operation[Any], ids: Mapping[str, str], caller: str | None) -> str:
    resource, actions = operation.policy
    policy = {
        "subjects": [caller or "the caller's client id"],
        "resources": [re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], resource)],
        "actions": actions,
        "effect": "allow",
    }
    scopes = " ".join(operation.scopes)
    if operation.older_scopes:
        scopes += f" ({' '.join(operation.older_scopes)} on 0.9)"
    return (
        f"The token needs the scope {scopes}, and its client a policy such as {json.dumps(policy)}."
    )


def _error_of(text: str) -> tuple[str | None, str | None]:
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
        return _string(error.get("message")), _string(error.get("reason"))
    return _string(error), _string(document.get("error_description"))


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
