"""What went wrong on the way, in words that show nothing of the request."""

from __future__ import annotations

import http
import http.client
import ssl
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import SSLError as Urllib3SslError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from hydra_client.exceptions import (
    ApiConnectionError,
    ApiTimeoutError,
    ApiTlsError,
)
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.operation import Call
from hydra_client.protocol.redaction import redact
from hydra_client.protocol.retry_policy import Failure
from hydra_client.transport.adapter import Request


def failure_of(
    call: Call,
    request: Request,
    chain: list[BaseException],
    deadline: Deadline,
    proxy: str | None,
) -> Failure:
    """Say what went wrong without showing the request; keep the system's own error as cause."""
    kind: type[ApiConnectionError] = ApiConnectionError
    if deadline.passed() or any(map(_is_timeout, chain)):
        kind = ApiTimeoutError
    elif any(map(_is_tls, chain)) and not any(map(_is_end, chain)):
        kind = ApiTlsError
    cause = next((link for link in chain if _is_system(link)), None)
    if cause is not None:
        cause.__cause__ = cause.__context__ = cause.__traceback__ = None
    credential = request.headers.get("Authorization", "").rpartition(" ")[2]
    what = redact(_words(chain, cause), (*call.secrets, credential))
    path = request.target.partition("?")[0]
    where = f"{request.origin.scheme}://{request.origin.netloc}"
    if proxy is not None:
        what = f"the proxy {proxy} failed: {what}"
    return Failure(
        kind(
            f"{call.operation.name}: {what} ({request.method} {path} at {where}, "
            f"X-Request-ID {call.request_id})"
        ),
        cause,
        unsent=any(map(_is_unsent, chain)),
    )


def failed_proxy(
    request: Request, proxies: dict[str, str], chain: list[BaseException]
) -> str | None:
    """Name the proxy if it is what failed, without its user and password."""
    if not any(isinstance(link, ProxyError) or _is_tunnel(link) for link in chain):
        return None
    used = urlsplit(select_proxy(request.url, proxies) or "")
    return f"{used.hostname}:{used.port}" if used.port else used.hostname


def causes_of(error: BaseException | None, handled: BaseException | None) -> list[BaseException]:
    """Follow the causes from requests' exception to the system's, but not into earlier ones."""
    chain: list[BaseException] = []
    while error is not None and error is not handled and error not in chain:
        chain.append(error)
        inner = (
            getattr(error, "reason", None),
            getattr(error, "original_error", None),
            *error.args,
            error.__cause__,
            error.__context__,
        )
        error = next((link for link in inner if isinstance(link, BaseException)), None)
    return chain


def _is_unsent(link: BaseException) -> bool:
    """Whether no request went out: there was no connection to the host, or through the proxy.

    urllib3's ProxyError says less: it also stands for a connection that was lost behind a proxy.
    """
    return isinstance(link, (ConnectTimeoutError, NewConnectionError)) or _is_tunnel(link)


def _is_tunnel(link: BaseException) -> bool:
    return type(link) is OSError and str(link).startswith("Tunnel connection failed")


def _is_system(link: BaseException) -> bool:
    # requests' own exceptions are OSErrors too, and carry the request.
    return isinstance(link, OSError) and not isinstance(link, requests.RequestException)


def _is_timeout(link: BaseException) -> bool:
    if isinstance(link, NewConnectionError):
        return False  # a subclass of ConnectTimeoutError for historical reasons
    # If it has an errno, the system gave up, not the deadline.
    return isinstance(link, (Urllib3TimeoutError, requests.Timeout)) or (
        isinstance(link, TimeoutError) and link.errno is None
    )


def _is_tls(link: BaseException) -> bool:
    return isinstance(link, (ssl.SSLError, Urllib3SslError, requests.exceptions.SSLError))


def _is_end(link: BaseException) -> bool:
    # The peer hung up during TLS, which is not a fault of TLS.
    return isinstance(link, (ssl.SSLEOFError, ssl.SSLZeroReturnError))


# What OpenSSL reports, depending on its version, if the peer does not speak TLS.
_PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")

# How an alert begins that answers a plain request (RFC 8446 section 5.1).
_TLS_ALERT = "\x15\x03"


def _words(chain: list[BaseException], cause: BaseException | None) -> str:
    for link in chain:
        if isinstance(link, http.client.HTTPException):
            return _http_words(link)
        if isinstance(link, NameResolutionError):
            return "the host name is not known"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError) and cause.reason in _PLAIN_HTTP:
        return "the server does not speak TLS on this port; use http:// if it speaks plain http"
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.replace("_", " ").lower()
    if isinstance(cause, OSError):
        return str(cause.strerror or cause.args[0] if cause.args else "timed out").lower()
    if any(map(_is_timeout, chain)):
        return "timed out"
    if type(chain[0]) is requests.ConnectionError:
        return str(chain[0])  # an adapter of somebody else explains itself
    return type(chain[-1]).__name__


def _http_words(error: http.client.HTTPException) -> str:
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed before a response arrived"
    if isinstance(error, http.client.IncompleteRead):
        return "the response was cut short"
    if isinstance(error, http.client.BadStatusLine) and error.args[0].startswith(_TLS_ALERT):
        return "the server speaks TLS on this port; use https://"
    return "the response is not HTTP"
