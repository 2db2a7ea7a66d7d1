"""Errors for failures of the transport, whose messages show nothing secret of the request.

Both clients use it: each collects the evidence from its own library's exceptions.
"""

from __future__ import annotations

import http.client
import logging
import os
import socket
import ssl
import time
from typing import TYPE_CHECKING, Protocol

from hydra_client.exceptions import ApiConnectionError, ApiTimeoutError, ApiTlsError, ApiValueError
from hydra_client.protocol.operation import Response
from hydra_client.protocol.redaction import redact
from hydra_client.protocol.retry_policy import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydra_client.configuration import Configuration, Origin
    from hydra_client.protocol.deadline import Deadline
    from hydra_client.protocol.operation import Call

log = logging.getLogger("hydra_client")


class Request(Protocol):
    """What messages and logs need of a request, whichever library carries it."""

    call: Call
    method: str
    target: str
    origin: Origin
    authorization: str


def failure(
    request: Request,
    chain: Sequence[BaseException],
    deadline: Deadline,
    *,
    cause: BaseException | None,
    timed_out: bool,
    tls: bool,
    unsent: bool,
    proxy: str | None,
    otherwise: str | None = None,
) -> Failure:
    """Say what went wrong without showing the request.

    Args:
        request: The request.
        chain: The exception and its causes, outermost first.
        deadline: The deadline of the call.
        cause: The system's own error, if there is one, to keep as the cause.
        timed_out: Whether an exception says that something timed out.
        tls: Whether an exception says that TLS failed.
        unsent: Whether it is certain that no request went out.
        proxy: The proxy that failed, if one did.
        otherwise: What to say if nothing better is known.
    """
    timed_out = timed_out or deadline.passed()
    kind: type[ApiConnectionError] = ApiConnectionError
    if timed_out:
        kind = ApiTimeoutError
    elif tls and not any(isinstance(link, _HANG_UPS) for link in chain):
        kind = ApiTlsError
    if cause is not None:
        cause.__cause__ = cause.__context__ = cause.__traceback__ = None
    credential = request.authorization.rpartition(" ")[2]
    path = request.target.partition("?")[0]
    fallback = "timed out" if timed_out else otherwise or type(chain[-1]).__name__
    what = redact(_words(chain, cause) or fallback, (*request.call.secrets, credential))
    if proxy is not None:
        what = f"the proxy {proxy} failed: {what}"
    where = f"{request.origin.scheme}://{request.origin.netloc}"
    return Failure(
        kind(
            f"{request.call.operation.name}: {what} ({request.method} {path} at {where}, "
            f"X-Request-ID {request.call.request_id})"
        ),
        cause,
        unsent=unsent or any(map(is_tunnel, chain)),
    )


def check_files(configuration: Configuration) -> None:
    """Refuse settings of TLS that name a file which does not exist."""
    for setting in ("ssl_ca_cert", "cert_file", "key_file"):
        path: str | None = getattr(configuration, setting)
        if path is not None and not os.path.exists(path):
            raise ApiValueError(f"{setting}: {path!r} does not exist")


def is_timeout(link: BaseException) -> bool:
    """Whether the deadline passed; if the error has an errno, the system gave up."""
    return isinstance(link, TimeoutError) and link.errno is None


def is_tunnel(link: BaseException) -> bool:
    """Whether a proxy refused to make a tunnel."""
    return type(link) is OSError and str(link).startswith("Tunnel connection failed")


def report(request: Request, outcome: Response | Failure, started: float) -> None:
    """Log an attempt that began at a time of `time.perf_counter`."""
    if log.isEnabledFor(logging.DEBUG):
        log.debug(
            "%s %s: %s in %.1f ms, X-Request-ID %s",
            request.method,
            request.target.partition("?")[0],
            outcome.status if isinstance(outcome, Response) else type(outcome.error).__name__,
            (time.perf_counter() - started) * 1000,
            request.call.request_id,
        )


# The peer closes the connection during TLS, which is not a fault of TLS.
_HANG_UPS = (ssl.SSLEOFError, ssl.SSLZeroReturnError)

# What OpenSSL reports, depending on its version, if the peer does not speak TLS.
_PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")

# How an alert that responds to a plain request begins (RFC 8446 section 5.1).
_TLS_ALERT = "\x15\x03"


def _words(chain: Sequence[BaseException], cause: BaseException | None) -> str | None:
    for link in chain:
        if isinstance(link, http.client.HTTPException):
            return _http_words(link)
        if isinstance(link, (socket.gaierror, UnicodeError)):
            return "the host name is not known: check its spelling"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError) and cause.reason in _PLAIN_HTTP:
        return "the server does not speak TLS on this port; use http:// if it speaks plain http"
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.replace("_", " ").lower()
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused: check the address, and that a server is running there"
    if isinstance(cause, OSError):
        return str(cause.strerror or cause.args[0] if cause.args else "timed out").lower()
    return None


def _http_words(error: http.client.HTTPException) -> str:
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed before a response arrived"
    if isinstance(error, http.client.IncompleteRead):
        return "the response was cut short"
    if isinstance(error, http.client.BadStatusLine) and error.args[0].startswith(_TLS_ALERT):
        return "the server speaks TLS on this port; use https://"
    return "the response is not HTTP"
