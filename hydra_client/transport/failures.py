"""Reads requests' and urllib3's exceptions: what failed, and whether the request was sent."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3.exceptions import (
    ConnectTimeoutError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import SSLError as Urllib3SslError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from hydra_client.transport.diagnosis import failure, is_timeout, is_tunnel

if TYPE_CHECKING:
    from hydra_client.protocol.deadline import Deadline
    from hydra_client.protocol.retry_policy import Failure
    from hydra_client.transport.adapter import Request

_OF_TLS = (ssl.SSLError, Urllib3SslError, requests.exceptions.SSLError)
# urllib3's ProxyError says less: it is also raised if a connection behind a proxy is lost.
_UNCONNECTED = (ConnectTimeoutError, NewConnectionError)


def failure_of(
    request: Request, error: Exception, handled: BaseException | None, deadline: Deadline
) -> Failure:
    """Say what went wrong in sending a request, while `handled` was being handled."""
    chain = _causes_of(error, handled)
    own_words = type(error) is requests.ConnectionError  # of another project's adapter
    return failure(
        request,
        chain,
        deadline,
        cause=next(filter(_is_system, chain), None),
        timed_out=any(map(_is_timeout, chain)),
        tls=any(isinstance(link, _OF_TLS) for link in chain),
        unsent=any(isinstance(link, _UNCONNECTED) for link in chain),
        proxy=_failed_proxy(request, chain),
        otherwise=str(error) if own_words else None,
    )


def _failed_proxy(request: Request, chain: list[BaseException]) -> str | None:
    """Name the proxy if it is what failed, without its user and password."""
    if not any(isinstance(link, ProxyError) or is_tunnel(link) for link in chain):
        return None
    used = urlsplit(select_proxy(request.url, request.proxies) or "")
    return f"{used.hostname}:{used.port}" if used.port else used.hostname


def _causes_of(error: BaseException | None, handled: BaseException | None) -> list[BaseException]:
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


def _is_system(link: BaseException) -> bool:
    # requests' own exceptions are OSErrors too, and carry the request.
    return isinstance(link, OSError) and not isinstance(link, requests.RequestException)


def _is_timeout(link: BaseException) -> bool:
    if isinstance(link, NewConnectionError):
        return False  # a subclass of ConnectTimeoutError for historical reasons
    return isinstance(link, (Urllib3TimeoutError, requests.Timeout)) or is_timeout(link)
