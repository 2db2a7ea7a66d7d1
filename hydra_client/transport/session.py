"""The wire: one session, one deadline for a whole call, retries, and bounds on what is read.

Everything goes through the adapter that is mounted on the session, so whatever intercepts requests
there works. Our own adapter looks pools, certificates and proxies up once, not for every call.
"""

from __future__ import annotations

import http
import http.client
import io
import logging
import os
import queue
import random
import re
import socket
import ssl
import sys
import time
import zlib
from collections import deque
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import SSLError as Urllib3SslError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from hydra_client.configuration import checked_proxy
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiDecodeError,
    ApiTimeoutError,
    ApiTlsError,
    ApiValueError,
    HydraException,
    is_insecure_http,
)
from hydra_client.protocol.deadline import Deadline, current
from hydra_client.protocol.operation import Answer, Call, shown
from hydra_client.protocol.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydra_client.configuration import Configuration, Origin

log = logging.getLogger("hydra_client")

MOST_BODY = 256 * 1024 * 1024
"""Bytes that an answer's body may have, as sent and as decompressed."""
MOST_HEADERS = 256 * 1024
"""Bytes that an answer's headers may have."""

# The standard library has bounds of its own: 100 lines, and 64 KiB a line.
_TOO_MANY_HEADERS = "the answer has too many headers, or too long ones"
_TOO_LONG = f"the answer's body has more than {MOST_BODY // 1024 // 1024} MiB"

_MOST_INTERIM = 8
_LONGEST_INTERIM = 64 * 1024  # bytes, of all interim responses together
# Hosts, and so pools and proxies, that one client remembers.
_MOST_HOSTS = 32
_LONGEST_LINE = 64 * 1024
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\r?\n?", re.DOTALL)
_CHUNK = 1024 * 1024
# More digits are beyond any bound, and costly to read.
_MOST_DIGITS = 18
# In seconds.
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 4.0
_LONGEST_RETRY_AFTER = 60.0


class _Reader(io.RawIOBase):
    """Reads an answer off a socket: every read waits for no longer than the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline | None) -> None:
        self._sock = sock
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)
        self.headers_left: int | None = MOST_HEADERS
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.over:
            return 0
        if self._deadline is not None:
            self._deadline.limit(self._sock)
        count = self._raw.readinto(buffer)
        if self.headers_left is not None:
            if not count:  # http.client would take it for the end of the headers
                raise http.client.RemoteDisconnected("no end of the headers")
            self.headers_left -= count
            if self.headers_left < -len(buffer):
                raise _Unreadable(_TOO_MANY_HEADERS)
        return count

    def end(self) -> None:
        """Let nobody read on, and nobody use the connection again."""
        self.over = True
        try:
            _innermost(self._sock).shutdown(socket.SHUT_RDWR)
        except OSError:  # pragma: no cover - the peer was faster, by a moment
            pass

    def pending(self) -> bool:
        """Whether TLS has received more than was read."""
        return _pending(self._sock)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _innermost(sock: Any) -> socket.socket:
    # urllib3's own class, for TLS to the server inside TLS to the proxy, wraps another socket.
    return sock if isinstance(sock, socket.socket) else _innermost(sock.socket)


def _pending(sock: Any) -> bool:
    if isinstance(sock, ssl.SSLSocket):
        return sock.pending() > 0
    if isinstance(sock, socket.socket):
        return False
    return bool(sock.incoming.pending or sock.sslobj.pending()) or _pending(sock.socket)


class _Source:
    """What http.client makes its file of."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


class _Unreadable(Exception):  # noqa: N818 - never seen outside this module
    """An answer is over a bound, or encoded beyond understanding. Never retried.

    Not an exception that urllib3 would take for a lost connection.
    """


class _Response(http.client.HTTPResponse):
    """A response that gives its connection back only when nothing of it can still be on its way.

    What comes late on a connection would be taken for the response to the next request.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **keywords: Any) -> None:
        deadline = current.get()
        self._reader = _Reader(sock, deadline)
        # Somebody may use the session for requests of their own.
        self._expected = range(200, 300) if deadline is None else deadline.expected
        self._interim_body = False
        super().__init__(_Source(self._reader), *arguments, **keywords)  # type: ignore[arg-type]

    def begin(self) -> None:
        too_much = False
        try:
            super().begin()
        except http.client.LineTooLong:
            too_much = True
        except http.client.HTTPException as error:
            # "got more than 100 headers" has no class of its own.
            too_much = type(error) is http.client.HTTPException
            if not too_much:
                raise
        if too_much:
            raise _Unreadable(_TOO_MANY_HEADERS)
        self._reader.headers_left = None
        if self.msg.defects:
            # A line that is no header. urllib3 would log it, with the query and what follows.
            raise http.client.HTTPException
        if self.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise _Unreadable("the server switches protocols (status 101), unasked")
        if not self._is_delimited():
            self.will_close = True

    def _read_status(self) -> tuple[str, int, str]:
        """Read the final status line, past interim responses (RFC 9110 section 15.2)."""
        left = _LONGEST_INTERIM
        for _ in range(_MOST_INTERIM + 1):
            status_line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not 100 <= status_line[1] < 200 or status_line[1] == 101:
                return status_line
            line = b"more"
            while line.strip() and left >= 0:
                line = self.fp.readline(left + 1)
                left -= len(line)
                # It announces a body that it must not have, and that may follow later.
                if line.lower().startswith((b"content-length", b"transfer-encoding")):
                    self._interim_body = True
            if left < 0:
                break
        raise _Unreadable("the server sends too many interim responses (status 1xx)")

    def _is_delimited(self) -> bool:
        """Whether the end of the response is certain (RFC 9112 section 6.3), and a known one.

        A 204 or 304 says nothing of its end: a body that it must not have may follow later.
        """
        lengths = {
            length.strip()
            for value in self.headers.get_all("Content-Length", ())
            for length in value.split(",")
        }
        codings = self.headers.get_all("Transfer-Encoding", ())
        if len(lengths) > 1 or not all(map(_is_length, lengths)):
            raise _Unreadable("the response has a Content-Length that is not one number")
        if codings and not self.chunked:
            raise _Unreadable("the response has an unknown Transfer-Encoding")
        return (
            (self.status in self._expected or 400 <= self.status < 600)
            # A 408 may be of the server's own accord, and the response to the request yet to come.
            and self.status not in (204, 408)
            and not self._interim_body
            and self.version == 11
            and len(lengths) + len(codings) == 1
        )

    def _close_conn(self) -> None:
        # The body has ended. What was read beyond it would be gone, and what follows it would not.
        if not self.will_close:
            self._reader.over = True
            if self.fp.peek(1) or self._reader.pending():
                self._reader.end()
        super()._close_conn()  # type: ignore[misc]

    def _get_chunk_left(self) -> int | None:
        if self.chunk_left == 0:
            # http.client takes any two bytes for the end of a chunk.
            if self.fp.read(2) != b"\r\n":
                raise http.client.IncompleteRead(b"")
            self.chunk_left = None
        left: int | None = super()._get_chunk_left()  # type: ignore[misc]
        return left

    def _read_next_chunk_size(self) -> int:
        # int() takes signs, blanks, 0x and underscores, and whoever else reads it something else.
        line = self.fp.readline(_LONGEST_LINE)
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None or len(line) == _LONGEST_LINE:
            raise ValueError
        return int(size[1], 16)


class _Deadlined(HTTPConnection):
    """A connection whose every step ends by the deadline of the call that uses it."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        deadline = current.get()
        if deadline is None:
            return super()._new_conn()
        try:
            addresses = socket.getaddrinfo(
                self._dns_host.strip("[]"), self.port, 0, socket.SOCK_STREAM
            )
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        last: OSError | None = None
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = None
            try:
                sock = socket.socket(family, kind, protocol)
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                # A share for each address, so that a dead one leaves time for the others.
                deadline.limit(sock, len(addresses) - tried)
                sock.connect(address)
            except OSError as error:
                if sock is not None:
                    sock.close()
                last = error
            else:
                sock.settimeout(deadline.left())
                sys.audit("http.client.connect", self, self.host, self.port)
                return sock
        if isinstance(last, TimeoutError) and last.errno is None:
            raise ConnectTimeoutError(self, "connection timed out") from last
        raise NewConnectionError(self, "no connection") from last

    def send(self, data: Any) -> None:
        deadline = current.get()
        if deadline is None:
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), _CHUNK):
            deadline.limit(self.sock)  # pyright: ignore[reportArgumentType]
            super().send(data[start : start + _CHUNK])


class _DeadlinedTls(_Deadlined, HTTPSConnection):
    pass


class _Idle:
    """The idle connections of a pool, in place of a queue whose lock an interruption leaves held.

    An exception from a signal handler can come between taking a `threading.Condition` and giving
    it back; whoever wants a connection then would wait for ever.
    """

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.connections: deque[Any] = deque()

    def get(self, block: bool = False, timeout: float | None = None) -> Any:
        try:
            return self.connections.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, connection: Any, block: bool = False, timeout: float | None = None) -> None:
        if len(self.connections) >= self.maxsize:
            raise queue.Full
        self.connections.append(connection)

    def qsize(self) -> int:
        return len(self.connections)


class _Pool(HTTPConnectionPool):
    QueueCls = _Idle  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    ConnectionCls = _Deadlined  # pyright: ignore[reportAssignmentType]


class _TlsPool(HTTPSConnectionPool):
    QueueCls = _Idle  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    ConnectionCls = _DeadlinedTls  # pyright: ignore[reportAssignmentType]


class _Request(requests.PreparedRequest):
    """A request that was prepared by hand: no cookie, no hook, no URL parsed anew."""

    url: str
    headers: CaseInsensitiveDict[str]

    def __init__(self, call: Call, origin: Origin, headers: CaseInsensitiveDict[str]) -> None:
        self.method = call.operation.method
        self.origin = origin
        self.target = origin.prefix + call.target
        address = f"{origin.scheme}://{origin.netloc}{self.target}"
        self.url = address  # pyright: ignore[reportIncompatibleVariableOverride]
        self.headers = headers  # pyright: ignore[reportIncompatibleVariableOverride]
        self.body = call.body
        self.hooks = {"response": []}
        self._cookies = None
        self._body_position = None


class Adapter(HTTPAdapter):
    """requests' adapter, with look-ups made once in place of once a call."""

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        """Make the pools anew, with connections that know the deadline."""
        super().init_poolmanager(*arguments, **keywords)
        self._pools: dict[object, Any] = {}
        self._use_deadlines(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **keywords: Any) -> Any:
        """Make pools behind a proxy likewise."""
        manager = super().proxy_manager_for(proxy, **keywords)
        self._use_deadlines(manager)
        _forget_oldest(self.proxy_manager)
        return manager

    @staticmethod
    def _use_deadlines(manager: Any) -> None:
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Look the pool up once for an origin and its TLS settings."""
        if not isinstance(request, _Request):
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        key = (request.origin, verify, cert, *(proxies or {}).values())
        pool = self._pools.get(key)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            super().cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
            pool.has_certificates = True  # type: ignore[attr-defined]
            self._pools[key] = pool
            _forget_oldest(self._pools)
        return pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Check certificate files, once for a pool of ours."""
        if not getattr(conn, "has_certificates", False):
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close idle connections; the next call makes new ones."""
        super().close()
        self._pools.clear()

    def forget(self) -> None:
        """Close idle connections in a forked process, touching no lock that the fork left held."""
        for pool in self._pools.values():
            for connection in pool.pool.connections:
                if connection is not None:
                    connection.close()
        self.__setstate__(self.__getstate__())  # type: ignore[attr-defined]

    def request_url(self, request: Any, proxies: Any) -> Any:
        """Give the request target, which is known already."""
        if isinstance(request, _Request) and not proxies:
            return request.target
        return super().request_url(request, proxies)

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """Make a response without a cookie jar."""
        if not isinstance(req, _Request):
            return super().build_response(req, resp)
        response = _CookielessResponse()
        response.status_code = resp.status
        response.reason = resp.reason
        response.headers = resp.headers
        response.raw = resp
        response.url = req.url
        response.request = req
        return response


class _CookielessResponse(requests.Response):
    def __init__(self) -> None:
        # requests makes a cookie jar here, which costs as much as reading the answer does.
        self._content: Any = False
        self._content_consumed = False
        self.encoding = None


class _Failure(NamedTuple):
    """An attempt that brought no answer."""

    error: HydraException
    cause: BaseException | None = None
    # Certainly no request went out.
    unsent: bool = False


class Rest:
    """Sends calls to the configured server.

    Attributes:
        session: The session whose mounted adapters carry every call.
    """

    def __init__(self, configuration: Configuration, session: requests.Session | None) -> None:
        for setting in ("ssl_ca_cert", "cert_file", "key_file"):
            path: str | None = getattr(configuration, setting)
            if path is not None and not os.path.exists(path):
                raise ApiValueError(f"{setting}: there is no {path!r}")
        self._verify: bool | str = configuration.verify_ssl and (configuration.ssl_ca_cert or True)
        self._cert: str | tuple[str, str] | None = configuration.cert_file
        if configuration.cert_file is not None and configuration.key_file is not None:
            self._cert = (configuration.cert_file, configuration.key_file)
        self._proxies: dict[object, dict[str, str]] = {}
        self._process = os.getpid()
        if session is None:
            session = requests.Session()
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
    ) -> Answer:
        """Send a call until an answer comes that stands, or the deadline, or the last retry.

        Raises:
            ApiConnectionError: No whole answer came.
            ApiDecodeError: The answer is over a bound.
        """
        if os.getpid() != self._process:
            self._forget_connections()
        headers = {**default_headers, **call.headers}
        if authorization is not None:
            headers["Authorization"] = authorization
        if call.body is not None:
            headers["Content-Length"] = str(len(call.body))
        request = _Request(call, settings.origin, CaseInsensitiveDict(headers))
        proxies = self._proxies_for(request, settings.proxy)
        deadline.expected = call.operation.success
        retries = settings.retries
        repeated = False
        retry = 0
        while True:
            outcome = self._attempt(call, request, proxies, deadline)
            pause = _pause(call, outcome, retry) if retry < retries else None
            if pause is None or pause >= deadline.left():
                break
            repeated = repeated or not _did_nothing(outcome)
            time.sleep(pause)
            retry += 1
        if isinstance(outcome, Answer):
            outcome.repeated = repeated
            return outcome
        raise outcome.error from outcome.cause

    def _attempt(
        self, call: Call, request: _Request, proxies: dict[str, str], deadline: Deadline
    ) -> Answer | _Failure:
        started = time.perf_counter()
        handled = sys.exc_info()[1]  # the caller may call from an except block
        outcome: Answer | _Failure
        response = None
        try:
            response = self.session.get_adapter(request.url).send(
                request,
                stream=True,
                timeout=deadline.left(),
                verify=self._verify,
                cert=self._cert,
                proxies=proxies,
            )
            headers = response.headers
            body = _read(response)
            outcome = Answer(
                response.status_code, response.reason or "", headers, body, _retry_after(headers)
            )
        except _Unreadable as error:
            outcome = _Failure(ApiDecodeError(f"{call.operation.name}: {error}"))
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError) as error:
            chain = _causes(error, handled)
            proxy = _proxy_at_fault(request, proxies, chain)
            outcome = _failure(call, request, chain, deadline, proxy)
        if response is not None and not isinstance(outcome, Answer):
            response.close()
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s %s: %s in %.1f ms, X-Request-ID %s",
                request.method,
                shown(request.target),
                outcome.status if isinstance(outcome, Answer) else type(outcome.error).__name__,
                (time.perf_counter() - started) * 1000,
                call.request_id,
            )
        return outcome

    def _proxies_for(self, request: _Request, proxy: str | None) -> dict[str, str]:
        origin = request.origin
        proxies = self._proxies.get((origin, proxy))
        if proxies is None:
            if proxy is None:
                proxies = get_environ_proxies(request.url)
                if used := select_proxy(request.url, proxies):
                    with_scheme = used if "://" in used else f"http://{used}"
                    checked_proxy("HTTP_PROXY or HTTPS_PROXY", with_scheme)
            else:
                proxies = {origin.scheme: proxy}
            self._proxies[origin, proxy] = proxies
            _forget_oldest(self._proxies)
        return proxies

    def _forget_connections(self) -> None:
        """Let go of connections that the parent process goes on using."""
        for adapter in self.session.adapters.values():
            if isinstance(adapter, Adapter):
                adapter.forget()
        self._process = os.getpid()


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _forget_oldest(remembered: dict[Any, Any]) -> None:
    if len(remembered) > _MOST_HOSTS:
        # A copy, made at once: other threads do the same meanwhile.
        for key in list(remembered)[:-_MOST_HOSTS]:
            remembered.pop(key, None)


def _read(response: requests.Response) -> bytes:
    raw = response.raw
    if not hasattr(raw, "stream"):
        # Some adapter made the answer up.
        return response.content
    headers = response.headers
    length = headers.get("Content-Length")
    if length is not None and "Transfer-Encoding" not in headers and length.isdecimal():
        if len(length) > _MOST_DIGITS or int(length) > MOST_BODY:
            raise _Unreadable(_TOO_LONG)
        body = raw.read(decode_content=False)
    else:
        parts = []
        size = 0
        while part := raw.read(_CHUNK, decode_content=False):
            size += len(part)
            if size > MOST_BODY:
                raise _Unreadable(_TOO_LONG)
            parts.append(part)
        body = b"".join(parts)
    encoding = headers.get("Content-Encoding")
    return _decompress(body, encoding) if encoding and body else body


def _decompress(body: bytes, encoding: str) -> bytes:
    encoding = encoding.strip().lower()
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _Unreadable("an unknown Content-Encoding")
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = decompressor.decompress(body, MOST_BODY + 1)
    except zlib.error:
        raise _Unreadable("a body that its Content-Encoding does not fit") from None
    if len(plain) > MOST_BODY:
        raise _Unreadable(_TOO_LONG)
    if not decompressor.eof or decompressor.unused_data:
        raise _Unreadable("a compressed body that is cut short, or goes on after its end")
    return plain


def _did_nothing(outcome: Answer | _Failure) -> bool:
    """Tell whether the server certainly did not carry the call out."""
    if isinstance(outcome, _Failure):
        return outcome.unsent
    return outcome.status == 429


def _pause(call: Call, outcome: Answer | _Failure, retry: int) -> float | None:
    """Tell how many seconds to wait before the call is sent again; None when it is not to be."""
    if isinstance(outcome, _Failure):
        again = outcome.unsent or (call.repeatable and type(outcome.error) is ApiConnectionError)
        asked = None
    else:
        again = _did_nothing(outcome) or (
            call.repeatable
            and outcome.status in (502, 503, 504)
            and not is_insecure_http(outcome.status, outcome.body[:1024].decode(errors="replace"))
        )
        asked = outcome.retry_after
    if not again or (asked is not None and asked > _LONGEST_RETRY_AFTER):
        return None
    longest = min(_FIRST_PAUSE * 2.0**retry, _LONGEST_PAUSE)
    pause = random.uniform(longest / 2, longest)  # noqa: S311 - no secret depends on it
    return pause if asked is None else asked + pause


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (RFC 9110 section 10.2.3): seconds, or a date."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:_MOST_DIGITS])
    try:
        date = parsedate_to_datetime(value)
        # An offset of -0000 comes as none.
        seconds: float = date.replace(tzinfo=date.tzinfo or timezone.utc).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(seconds, 0.0)


def _failure(
    call: Call,
    request: _Request,
    chain: list[BaseException],
    deadline: Deadline,
    proxy: str | None,
) -> _Failure:
    """Say what went wrong, with no word of the request; keep the system's own error as cause."""
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
    where = f"{request.origin.scheme}://{request.origin.netloc}"
    if proxy is not None:
        what = f"the proxy {proxy} failed: {what}"
    return _Failure(
        kind(
            f"{call.operation.name}: {what} ({request.method} {shown(request.target)} at {where}, "
            f"X-Request-ID {call.request_id})"
        ),
        cause,
        unsent=any(map(_is_unsent, chain)),
    )


def _proxy_at_fault(
    request: _Request, proxies: dict[str, str], chain: list[BaseException]
) -> str | None:
    """Name the proxy where it is what failed: without its user and password."""
    if not any(isinstance(link, ProxyError) or _is_tunnel(link) for link in chain):
        return None
    used = urlsplit(select_proxy(request.url, proxies) or "")
    return f"{used.hostname}:{used.port}" if used.port else used.hostname


def _causes(error: BaseException | None, handled: BaseException | None) -> list[BaseException]:
    """Walk from what requests raised to what the system said, and not into what was before."""
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
    """Tell whether no request went out: there is no connection to the host, or through the proxy.

    urllib3's ProxyError tells less: a connection that was lost behind a proxy is one, too.
    """
    return isinstance(link, (ConnectTimeoutError, NewConnectionError)) or _is_tunnel(link)


def _is_tunnel(link: BaseException) -> bool:
    return type(link) is OSError and str(link).startswith("Tunnel connection failed")


def _is_system(link: BaseException) -> bool:
    # requests' own exceptions are OSErrors too, and carry the request.
    return isinstance(link, OSError) and not isinstance(link, requests.RequestException)


def _is_timeout(link: BaseException) -> bool:
    if isinstance(link, NewConnectionError):
        return False  # a subclass of ConnectTimeoutError, by history
    # With an errno it is the system that gave up, not the deadline.
    return isinstance(link, (Urllib3TimeoutError, requests.Timeout)) or (
        isinstance(link, TimeoutError) and link.errno is None
    )


def _is_tls(link: BaseException) -> bool:
    return isinstance(link, (ssl.SSLError, Urllib3SslError, requests.exceptions.SSLError))


def _is_end(link: BaseException) -> bool:
    # The peer hung up amid TLS, which says nothing of TLS.
    return isinstance(link, (ssl.SSLEOFError, ssl.SSLZeroReturnError))


# What OpenSSL says, by its version, of a peer whose first bytes are not TLS.
_PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


def _words(chain: list[BaseException], cause: BaseException | None) -> str:
    for link in chain:
        if isinstance(link, http.client.RemoteDisconnected):
            return "the connection was closed before an answer came"
        if isinstance(link, http.client.IncompleteRead):
            return "the answer was cut short"
        if isinstance(link, http.client.HTTPException):
            return "the answer is no HTTP"
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
        return str(chain[0])  # an adapter of somebody else's explains itself
    return type(chain[-1]).__name__
