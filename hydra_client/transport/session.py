"""The session that sends calls: one deadline for a whole call, and retries."""

from __future__ import annotations

import http
import http.client
import logging
import os
import sys
import time
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import (
    HTTPError,
)

from hydra_client.exceptions import (
    ApiDecodeError,
    ApiValueError,
)
from hydra_client.protocol import checks
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.operation import Call, Response
from hydra_client.protocol.retry_policy import Failure, did_nothing, pause_before_retry, retry_after
from hydra_client.transport.adapter import Adapter, Request, RequestsSession, forget_oldest
from hydra_client.transport.body import read_body
from hydra_client.transport.connections import Unreadable
from hydra_client.transport.failures import causes_of, failed_proxy, failure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hydra_client.configuration import Configuration


log = logging.getLogger("hydra_client")


class Session:
    """Sends calls to the configured server.

    Attributes:
        session: The session whose mounted adapters carry every call.
    """

    def __init__(self, configuration: Configuration, session: requests.Session | None) -> None:
        for setting in ("ssl_ca_cert", "cert_file", "key_file"):
            path: str | None = getattr(configuration, setting)
            if path is not None and not os.path.exists(path):
                raise ApiValueError(f"{setting}: {path!r} does not exist")
        self._verify: bool | str = configuration.verify_ssl and (configuration.ssl_ca_cert or True)
        self._cert: str | tuple[str, str] | None = configuration.cert_file
        if configuration.cert_file is not None and configuration.key_file is not None:
            self._cert = (configuration.cert_file, configuration.key_file)
        self._proxies: dict[object, dict[str, str]] = {}
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

    def send(
        self,
        call: Call,
        settings: Configuration,
        default_headers: Mapping[str, str],
        authorization: str | None,
        deadline: Deadline,
    ) -> Response:
        """Send a call, and repeat it as the retry policy allows.

        Raises:
            ApiConnectionError: No complete response arrived.
            ApiDecodeError: The response is larger than allowed, or cannot be decoded.
        """
        if os.getpid() != self._process:
            self._forget_connections()
        headers = {**default_headers, **call.headers}
        if authorization is not None:
            headers["Authorization"] = authorization
        if call.body is not None:
            headers["Content-Length"] = str(len(call.body))
        request = Request(call, settings.origin, CaseInsensitiveDict(headers))
        proxies = self._proxies_for(request, settings.proxy)
        deadline.expected = call.operation.success
        retries = settings.retries
        repeated = False
        retry = 0
        while True:
            outcome = self._attempt(call, request, proxies, deadline)
            pause = pause_before_retry(call, outcome, retry) if retry < retries else None
            if pause is None or pause >= deadline.left():
                break
            repeated = repeated or not did_nothing(outcome)
            time.sleep(pause)
            retry += 1
        if isinstance(outcome, Response):
            outcome.repeated = repeated
            return outcome
        raise outcome.error from outcome.cause

    def _attempt(
        self, call: Call, request: Request, proxies: dict[str, str], deadline: Deadline
    ) -> Response | Failure:
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
                proxies=proxies,
            )
            headers = response.headers
            body = read_body(response)
            outcome = Response(
                response.status_code, response.reason or "", headers, body, retry_after(headers)
            )
            outcome.base_url = request.origin.base_url
        except Unreadable as error:
            outcome = Failure(ApiDecodeError(f"{call.operation.name}: {error}"))
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError) as error:
            chain = causes_of(error, handled)
            proxy = failed_proxy(request, proxies, chain)
            outcome = failure_of(call, request, chain, deadline, proxy)
        if response is not None and not isinstance(outcome, Response):
            response.close()
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s %s: %s in %.1f ms, X-Request-ID %s",
                request.method,
                request.target.partition("?")[0],
                outcome.status if isinstance(outcome, Response) else type(outcome.error).__name__,
                (time.perf_counter() - started) * 1000,
                call.request_id,
            )
        return outcome

    def _sender(self, url: str) -> Callable[..., requests.Response]:
        """Return what sends a request: the adapter, or the session where a tool replaced `send`.

        requests_mock and the instrumentation of OpenTelemetry do so, for example.
        """
        send = getattr(self.session.send, "__func__", None)
        if type(send) is FunctionType and send.__globals__ is vars(requests.sessions):
            return self.session.get_adapter(url).send
        return partial(self.session.send, allow_redirects=False)

    def _proxies_for(self, request: Request, proxy: str | None) -> dict[str, str]:
        origin = request.origin
        proxies = self._proxies.get((origin, proxy))
        if proxies is None:
            if proxy is None:
                proxies = get_environ_proxies(request.url)
                if used := select_proxy(request.url, proxies):
                    with_scheme = used if "://" in used else f"http://{used}"
                    checks.proxy_url("HTTP_PROXY or HTTPS_PROXY", with_scheme)
            else:
                proxies = {origin.scheme: proxy}
            self._proxies[origin, proxy] = proxies
            forget_oldest(self._proxies)
        return proxies

    def _forget_connections(self) -> None:
        """Forget the connections, which the parent process goes on using."""
        for adapter in self.session.adapters.values():
            if isinstance(adapter, Adapter):
                adapter.forget()
        self._process = os.getpid()
