"""The session that sends requests, one attempt at a time."""

from __future__ import annotations

import http.client
import os
import sys
import time
from functools import lru_cache, partial
from types import FunctionType
from typing import TYPE_CHECKING

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import HTTPError

from hydra_client.exceptions import ApiDecodeError
from hydra_client.protocol import checks
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.operation import Call, Response
from hydra_client.protocol.retry_policy import Failure, retry_after
from hydra_client.transport.adapter import MOST_HOSTS, Adapter, Headers, Request, RequestsSession
from hydra_client.transport.body import read_body
from hydra_client.transport.diagnosis import check_files, report
from hydra_client.transport.failures import failure_of
from hydra_client.transport.parsing import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.configuration import Configuration, Origin


class Session:
    """Sends calls to the configured server.

    Attributes:
        session: The session whose mounted adapters carry every call.
    """

    def __init__(self, configuration: Configuration, session: requests.Session | None) -> None:
        check_files(configuration)
        self._verify: bool | str = configuration.verify_ssl and (configuration.ssl_ca_cert or True)
        cert, key = configuration.cert_file, configuration.key_file
        self._cert = cert if cert is None or key is None else (cert, key)
        self._proxies_for = lru_cache(MOST_HOSTS)(_proxies_for)
        self._process = os.getpid()
        if session is None:
            session = RequestsSession()
            session.verify = self._verify
            session.cert = self._cert
            size = configuration.connection_pool_maxsize
            adapter = Adapter(pool_connections=size, pool_maxsize=size)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
        self.session = session

    def prepare(self, call: Call, settings: Configuration, headers: dict[str, str]) -> Request:
        """Make the request that carries a call."""
        if os.getpid() != self._process:
            self._forget_connections()
        proxies = self._proxies_for(settings.origin, settings.proxy)
        return Request(call, settings.origin, proxies, Headers(headers))

    def proxy_for(self, settings: Configuration) -> str | None:
        """Return the URL of the proxy that requests go through, if any."""
        origin = settings.origin
        return self._proxies_for(origin, settings.proxy).get(origin.scheme)

    def attempt(self, request: Request, deadline: Deadline) -> Response | Failure:
        """Send a request once."""
        operation = request.call.operation
        deadline.expected = operation.success
        started = time.perf_counter()
        handled = sys.exc_info()[1]  # the caller may call from an except block
        outcome: Response | Failure
        response = None
        try:
            response = self._sender(request.url)(
                request,
                stream=True,
                timeout=deadline.left(),
                verify=self._verify,
                cert=self._cert,
                proxies=request.proxies,
            )
            headers = response.headers
            body = read_body(response)
            outcome = Response(
                response.status_code, response.reason or "", headers, body, retry_after(headers)
            )
        except Unreadable as error:
            outcome = Failure(ApiDecodeError(f"{operation.name}: {error}"))
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError) as error:
            outcome = failure_of(request, error, handled, deadline)
        if response is not None and not isinstance(outcome, Response):
            response.close()
        report(request, outcome, started)
        return outcome

    def _sender(self, url: str) -> Callable[..., requests.Response]:
        """Return what sends a request: the adapter, or the session where a tool replaced `send`.

        requests_mock and the instrumentation of OpenTelemetry do so, for example.
        """
        send = getattr(self.session.send, "__func__", None)
        if type(send) is FunctionType and send.__globals__ is vars(requests.sessions):
            return self.session.get_adapter(url).send
        return partial(self.session.send, allow_redirects=False)

    def _forget_connections(self) -> None:
        """Forget the connections, which the parent process goes on using."""
        for adapter in self.session.adapters.values():
            if isinstance(adapter, Adapter):
                adapter.forget()
        self._process = os.getpid()


def _proxies_for(origin: Origin, proxy: str | None) -> dict[str, str]:
    if proxy is None:
        proxy = select_proxy(origin.base_url, get_environ_proxies(origin.base_url))
        if not proxy:
            return {}
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        checks.proxy_url("HTTP_PROXY or HTTPS_PROXY", proxy)
    return {origin.scheme: proxy}
