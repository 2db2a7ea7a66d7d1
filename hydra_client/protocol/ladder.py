"""The ladder of a call: authorize, send, pause, send again, decode; without I/O.

Each rung is a generator that yields the effects of `hydra_client.protocol.effects`, so that threads
and asyncio climb the same one.
"""

from __future__ import annotations

import math
import warnings
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

from hydra_client.configuration import Configuration, check_names, split_scopes
from hydra_client.exceptions import (
    ApiException,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    ForbiddenException,
    HydraException,
    InsecureTransportWarning,
    UnauthorizedException,
)
from hydra_client.protocol import checks
from hydra_client.protocol.client_credentials import ClientCredentials
from hydra_client.protocol.credentials import basic_header, bearer_header
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.decoding import decode
from hydra_client.protocol.effects import AskSource, Attempt, Pause, ask
from hydra_client.protocol.encoding import check_headers, encode
from hydra_client.protocol.operation import Response
from hydra_client.protocol.redaction import Secret, redact_headers
from hydra_client.protocol.retry_policy import did_nothing, pause_before_retry
from hydra_client.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self, Unpack

    from hydra_client.configuration import Settings
    from hydra_client.protocol.effects import Alarm, Steps
    from hydra_client.protocol.operation import Call, Operation
    from hydra_client.protocol.retry_policy import Failure

T = TypeVar("T")

# Settings that are read when the connections are made.
_OF_CONNECTIONS = frozenset(
    {"verify_ssl", "ssl_ca_cert", "cert_file", "key_file", "connection_pool_maxsize"}
)
_OWN_HEADERS = {
    "User-Agent": f"hydra-client/{__version__} (Python)",
    "Accept": "application/json",
}
# Headers that can differ for each request. Caches must not take each for another server.
_TRACING = frozenset({"x-request-id", "x-correlation-id", "traceparent", "tracestate", "baggage"})


class ApiResponse(Generic[T]):
    """The result of an operation, with the status and the headers of the response.

    Attributes:
        data: What the operation returns.
        status: The HTTP status.
        headers: The response's headers; names are found in any case.
    """

    def __init__(self, data: T, status: int, headers: Mapping[str, str]) -> None:
        self.data = data
        self.status = status
        self.headers = headers

    def __repr__(self) -> str:
        # A string is an address that may hold a code or a token.
        data = "'…'" if isinstance(self.data, str) else repr(self.data)
        return f"ApiResponse({data}, {self.status}, {redact_headers(self.headers)})"


class _Credential(NamedTuple):
    """The credential of one call."""

    header: str | None = None
    # The token in the header, if another one can replace it.
    token: str | None = None
    secrets: tuple[str, ...] = ()


class Ladder:
    """The base of the clients for threads and for asyncio: everything but the I/O.

    Args:
        configuration: Settings; those of `Configuration()` if None.

    Raises:
        ApiTypeError: It is not a `Configuration`.
    """

    # What carries a request, one attempt at a time: `prepare(call, settings, headers)` makes it.
    _transport: Any

    if TYPE_CHECKING:
        # What a subclass adds: its calls, how it waits, and how it carries out steps.
        call: Any
        call_with_http_info: Any
        _alarm: Callable[[], Alarm]
        _drive: Any

    def __init__(self, configuration: Configuration | None = None) -> None:
        self.configuration = Configuration() if configuration is None else configuration
        if not isinstance(self.configuration, Configuration):
            raise ApiTypeError(
                f"configuration must be a Configuration, got {type(configuration).__name__}"
            )
        self.default_headers: dict[str, str] = dict(_OWN_HEADERS)

    def _start(self, transport: Any) -> None:
        self._transport = transport
        self._checked_headers: dict[str, str] = {}
        self._added_headers: tuple[tuple[str, str], ...] = ()
        self._credentials = ClientCredentials()
        self._accepted_scopes: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self._warned = False

    def copy(self, **settings: Unpack[Settings]) -> Self:
        """Return a client with other settings, over the same connections.

        What you change in this client's configuration or headers later does not reach the copy.

        Args:
            **settings: Settings of `Configuration` by name, except those of TLS and the pool, which
                belong to the connections.

        Raises:
            ApiTypeError, ApiValueError: A setting is not valid.
        """
        check_names(settings)
        if fixed := sorted(_OF_CONNECTIONS.intersection(settings)):
            raise ApiValueError(
                f"copy: {fixed[0]} belongs to the connections, which the copy shares; create "
                "another ApiClient"
            )
        configuration = copy(self.configuration.snapshot())
        for name, value in settings.items():
            setattr(configuration, name, value)
        client = self._duplicate()
        client.configuration = configuration
        client.default_headers = dict(self.default_headers)
        return client

    def with_http_info(self) -> Self:
        """Return a client whose `call` returns an `ApiResponse`; see `OAuth2Api.with_http_info`."""
        client = self._duplicate()
        client._return_responses()
        return client

    def _duplicate(self) -> Self:
        """Copy the client, connections included, which its pickled state leaves out."""
        duplicate = type(self).__new__(type(self))
        vars(duplicate).update(vars(self))
        if "call" in vars(self):
            duplicate._return_responses()
        return duplicate

    def _return_responses(self) -> None:
        self.call = self.call_with_http_info

    def _begin(self, call: Call, timeout: float | None) -> Steps[tuple[Any, Response]]:
        """Take the settings as they are now; return the steps of the call."""
        settings = self.configuration.snapshot()
        seconds = settings.timeout if timeout is None else checks.timeout("timeout", timeout)
        if settings.origin.scheme == "http":
            self._warn(call, settings, 5)
        varies = call.operation.older_scopes and _asks_for_scopes(settings)
        exchange = self._exchange_for_scopes if varies else self._exchange
        return exchange(call, settings, Deadline(seconds))

    def _warn(self, call: Call, settings: Configuration, stacklevel: int) -> None:
        """Warn once if a credential for an http:// server leaves this machine."""
        if self._warned or not (call.operation.security or call.secrets):
            return
        if settings.origin.insecure:
            what = "a credential is sent over plain http to another machine: use https"
        elif _is_elsewhere(self._transport.proxy_for(settings)):
            what = (
                "a credential is sent over plain http through a proxy on another machine: use "
                "https, or call the server without the proxy (set NO_PROXY)"
            )
        else:
            return
        warnings.warn(what, InsecureTransportWarning, stacklevel=stacklevel)
        self._warned = True

    def request(
        self,
        operation: Operation[T],
        form: Mapping[str, object],
        settings: Configuration,
        deadline: Deadline,
    ) -> Steps[T]:
        """Carry out an operation as part of another call, with its settings and by its deadline."""
        call = encode(operation, form=form)
        if settings.origin.scheme == "http":
            self._warn(call, settings, 2)
        data: T = (yield from self._exchange(call, settings, deadline))[0]
        return data

    def added_headers(self) -> tuple[tuple[str, str], ...]:
        """Check the headers of every request; return those by which a proxy may choose the server.

        These are the ones that a user added, except for tracing.

        Raises:
            ApiTypeError, ApiValueError: They cannot be sent.
        """
        if self.default_headers != self._checked_headers:
            headers = dict(self.default_headers)
            check_headers(headers)
            added = headers.items() - _OWN_HEADERS.items()
            self._added_headers = tuple(
                sorted(header for header in added if header[0].lower() not in _TRACING)
            )
            self._checked_headers = headers
        return self._added_headers

    def _token_for(self, scopes: str | Sequence[str]) -> Steps[str]:
        """Get the token that the caller asks for."""
        return self._token(self.configuration.snapshot(), split_scopes("scopes", scopes))

    def _token(
        self, settings: Configuration, scopes: tuple[str, ...], deadline: Deadline | None = None
    ) -> Steps[str]:
        """Get the token that a call which needs these scopes carries."""
        source: Any = settings.access_token
        if isinstance(source, str):
            return source
        wanted = settings.scopes or scopes
        if source is None or isinstance(source, ClientCredentials):
            source = source or self._credentials
            token = yield from source.fetch(self, settings, wanted, deadline)
        else:
            token = yield from _ask(source, wanted, deadline or Deadline(settings.timeout))
        return checks.token("access_token", token)

    def _exchange_for_scopes(
        self, call: Call, settings: Configuration, deadline: Deadline
    ) -> Steps[tuple[Any, Response]]:
        """Exchange by a token for the newer scopes, or for the older ones if the server has those.

        Which of them a server accepted is remembered, and tried first the next time.
        """
        newer, older = call.operation.scopes, call.operation.older_scopes
        key = settings.host, newer
        first = self._accepted_scopes.get(key, newer)
        refused: list[ApiException] = []
        for scopes in (first, older if first == newer else newer):
            asking = copy(settings)
            asking.scopes = scopes
            try:
                result = yield from self._exchange(call, asking, deadline)
            except (BadRequestException, ForbiddenException) as error:
                if not _lacks_scope(error):
                    raise
                refused.append(error)
            else:
                self._accepted_scopes[key] = scopes
                return result
        raise refused[0]

    def _exchange(
        self, call: Call, settings: Configuration, deadline: Deadline
    ) -> Steps[tuple[Any, Response]]:
        """Authorize, send and decode; once more with a new token if the old one was refused."""
        self.added_headers()
        try:
            credential = yield from self._authorize(call, settings, deadline)
        except BadRequestException as error:
            # The server checks first whether a policy lets everybody call the operation, so it
            # refuses no token where there is one: only fetching a token can fail.
            lacks_right = error.error in ("invalid_scope", "invalid_grant")
            if not (call.operation.open_by_policy and lacks_right):
                raise
            response = yield from self._send(call, settings, _Credential(), deadline)
            with suppress(ApiException):
                return decode(call, response), response
            raise
        response = yield from self._send(call, settings, credential, deadline)
        try:
            return decode(call, response, credential.secrets, settings), response
        except (UnauthorizedException, ForbiddenException) as error:
            unauthorized = isinstance(error, UnauthorizedException)
            if credential.token is None or not (unauthorized or call.operation.open_by_policy):
                raise
            refused = error
        # A refused call did nothing, so any operation may be sent again.
        repeated = response.repeated
        try:
            credential = yield from self._renew(call, settings, credential.token, refused, deadline)
        except HydraException as error:
            error.repeated = error.repeated or repeated
            raise
        response = yield from self._send(call, settings, credential, deadline)
        response.repeated = repeated or response.repeated
        return decode(call, response, credential.secrets, settings), response

    def _send(
        self, call: Call, settings: Configuration, credential: _Credential, deadline: Deadline
    ) -> Steps[Response]:
        """Send a call, and repeat it as the retry policy allows.

        Raises:
            ApiConnectionError: No complete response arrived.
            ApiDecodeError: The response is larger than allowed, or cannot be decoded.
        """
        headers = {**self._checked_headers, **call.headers}
        if credential.header is not None:
            headers["Authorization"] = credential.header
        if call.body is not None:
            headers["Content-Length"] = str(len(call.body))
        request = self._transport.prepare(call, settings, headers)
        repeated = False
        retry = 0
        while True:
            outcome: Response | Failure = yield Attempt(self._transport, request, deadline)
            allowed = retry < settings.retries
            pause = pause_before_retry(call, outcome, retry) if allowed else None
            if pause is None or pause >= deadline.left():
                break
            repeated = repeated or not did_nothing(outcome)
            yield Pause(pause)
            retry += 1
        if isinstance(outcome, Response):
            outcome.repeated = repeated
            return outcome
        raise outcome.error from outcome.cause

    def _authorize(
        self, call: Call, settings: Configuration, deadline: Deadline
    ) -> Steps[_Credential]:
        """Choose the credential of a call."""
        operation = call.operation
        if not operation.security:
            return _Credential()
        if call.bearer is not None:
            return _Credential(bearer_header(call.bearer), None, (call.bearer,))
        has_basic = settings.username is not None and settings.password is not None
        if "basic" in operation.security:
            public = operation.public_client
            if public is not None and not has_basic and call.parameters.get(public):
                return _Credential()  # a public client (RFC 6749 section 2.1) names itself
            if "oauth2" not in operation.security or settings.access_token is None:
                return _by_basic(settings.username, settings.password, operation.basic_form_encoded)
        if operation.open_by_policy and settings.access_token is None and not has_basic:
            return _Credential()
        token: Any = settings.access_token
        replaceable = not isinstance(token, str)
        if replaceable:
            try:
                token = yield from self._token(settings, operation.scopes, deadline)
            except BadRequestException as error:
                _say_what_for(error, operation, settings.scopes or operation.scopes)
                raise
        if operation.about_token and call.parameters.get(operation.about_token) == token:
            # 0.9 refuses a token that authorizes its own introspection, and 0.10 calls it inactive.
            basic = _basic_of(settings)
            if basic is not None:
                return _by_basic(*basic, form_encoded=False)
        return _Credential(bearer_header(token), token if replaceable else None, (token,))

    def _renew(
        self,
        call: Call,
        settings: Configuration,
        token: str,
        refused: ApiException,
        deadline: Deadline,
    ) -> Steps[_Credential]:
        """Get another token instead of a refused one; without one, raise the refusal."""
        source = self._credentials if settings.access_token is None else settings.access_token
        drop = getattr(source, "drop", None)
        if drop is not None:
            yield from _in_time(AskSource(drop, (token,), Deadline(math.inf, deadline)))
        renewed = yield from self._token(settings, call.operation.scopes, deadline)
        if renewed == token:
            raise refused
        return _Credential(bearer_header(renewed), renewed, (renewed,))


def _is_elsewhere(proxy: str | None) -> bool:
    """Whether a proxy runs on another machine."""
    return proxy is not None and not checks.is_loopback(urlsplit(proxy).hostname or "")


def _ask(source: Any, scopes: tuple[str, ...], deadline: Deadline) -> Steps[str]:
    """Ask a token source of the user's for a token."""
    asked = source, scopes
    if asked in deadline.sources:
        raise ApiValueError(
            "access_token: the token source makes a call that needs a token from this same "
            "source; let it call with another client"
        )
    deadline = Deadline(math.inf, deadline)
    deadline.sources = (*deadline.sources, asked)
    if callable(getattr(source, "token", None)):
        effect = AskSource(source.token, (scopes,), deadline)
    else:
        effect = AskSource(source, (), deadline)
    token = yield from _in_time(effect)
    if isinstance(token, type):
        raise ApiTypeError(f"access_token must be a string, got {token.__name__}")
    return token


def _in_time(effect: AskSource) -> Steps[Secret | type]:
    """Call a token source; raise `ApiTimeoutError` if it takes too long.

    The effect's deadline ends with it, so a task that the source begins, for example to renew its
    token later, is not bound by it any more.
    """
    deadline = effect.deadline
    try:
        outcome = yield from ask(effect)
    except TimeoutError:
        if not deadline.passed():
            raise  # the source's own
    else:
        if not deadline.passed():
            return outcome
    finally:
        deadline.is_over = True
    raise ApiTimeoutError("access_token: timed out while waiting for the token source")


def _by_basic(username: str | None, password: str | None, form_encoded: bool) -> _Credential:
    header = basic_header(username, password, form_encoded)
    return _Credential(header, None, (Secret(password), header[len("Basic ") :]))


def _say_what_for(
    error: BadRequestException, operation: Operation[Any], scopes: tuple[str, ...]
) -> None:
    """Add to the refusal of a token which scopes were asked for, and for which operation."""
    what = f"The token was requested for {operation.name}, with the scopes {' '.join(scopes)!r}."
    if error.error == "invalid_grant":
        error.hint = (
            "The client's own `grant_types` lacks client_credentials, or the client is public."
        )
        what = f"{what} {error.hint}"
    error.args = (f"{error} {what}",)


def _basic_of(settings: Configuration) -> tuple[str, str] | None:
    """Return id and secret: those that are set, or else those that the tokens come from."""
    if settings.username is not None and settings.password is not None:
        return settings.username, settings.password
    source = settings.access_token
    return source.credentials if isinstance(source, ClientCredentials) else None


def _asks_for_scopes(settings: Configuration) -> bool:
    """Whether the scopes of a token can be those that an operation needs."""
    source = settings.access_token
    if settings.scopes or isinstance(source, str) or getattr(source, "scopes", None):
        return False
    return source is None or isinstance(source, ClientCredentials) or hasattr(source, "token")


def _lacks_scope(error: ApiException) -> bool:
    """Whether the server refused a scope, either to the client or to its token."""
    return error.error == "invalid_scope" or "requested scope is invalid" in (error.error or "")
