"""One call, from typed arguments to a typed result: encode, authorize, send, decode."""

from __future__ import annotations

import warnings
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, TypedDict, TypeVar, cast

from hydra_client.configuration import Configuration
from hydra_client.exceptions import (
    ApiException,
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
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.decoding import decode
from hydra_client.protocol.encoding import check_headers, encode
from hydra_client.protocol.names import Named
from hydra_client.protocol.redaction import Secret, redact_headers
from hydra_client.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    import requests
    from typing_extensions import Self, Unpack

    from hydra_client.auth import BasicAuth, BearerAuth
    from hydra_client.configuration import Settings
    from hydra_client.protocol.client_credentials import TokenSource
    from hydra_client.protocol.model import Model
    from hydra_client.protocol.operation import Call, Operation, Response

T = TypeVar("T")
P = ParamSpec("P")

# Settings that are read when the connections are made.
_OF_CONNECTIONS = frozenset(
    {"verify_ssl", "ssl_ca_cert", "cert_file", "key_file", "connection_pool_maxsize"}
)


class ApiResponse(Generic[T]):
    """What an operation returns, with the response that it was in.

    Attributes:
        data: What the operation returns.
        status: The HTTP status.
        headers: The response's headers; names are found in any case.
    """

    __slots__ = ("data", "headers", "status")

    def __init__(self, data: T, status: int, headers: Mapping[str, str]) -> None:
        self.data = data
        self.status = status
        self.headers = headers

    def __repr__(self) -> str:
        # A string is an address that may hold a code or a token.
        data = "'…'" if isinstance(self.data, str) else repr(self.data)
        return f"ApiResponse({data}, {self.status}, {redact_headers(self.headers)})"


class Authentications(TypedDict):
    """The credentials that calls use, as requests' AuthBase."""

    basic: BasicAuth
    oauth2: BearerAuth


class _Credential(NamedTuple):
    """What authorizes one call."""

    header: str | None = None
    # The token in the header, if another one can replace it.
    token: str | None = None
    secrets: tuple[str, ...] = ()


class ApiClient:
    """Sends calls to one server. Thread-safe, picklable, usable after a fork; a context manager.

    Args:
        configuration: Settings; those of `Configuration()` if None.

    Raises:
        ApiTypeError: It is not a `Configuration`.
        ApiValueError: A file that it names does not exist.

    Attributes:
        configuration: The settings.
        default_headers: Headers that go with every request, such as X-Forwarded-Proto.
    """

    def __init__(self, configuration: Configuration | None = None) -> None:
        self.configuration = Configuration() if configuration is None else configuration
        if not isinstance(self.configuration, Configuration):
            raise ApiTypeError(
                f"configuration must be a Configuration, got {type(configuration).__name__}"
            )
        self.default_headers: dict[str, str] = {
            "User-Agent": f"hydra-client/{__version__} (Python)",
            "Accept": "application/json",
        }
        self._connect(None)

    def _connect(self, session: requests.Session | None) -> None:
        # These import requests, which is not needed before there is a client.
        from hydra_client.auth import BasicAuth, BearerAuth
        from hydra_client.transport.session import Session
        from hydra_client.transport.sharing import share

        self._transport = Session(self.configuration, session)
        self._share = share
        self._basic = BasicAuth(self.configuration)
        self._bearer = BearerAuth(self)
        self._checked_headers: dict[str, str] = {}
        self._credentials = ClientCredentials()
        self._accepted_scopes: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self._warned = False

    @property
    def authentications(self) -> Authentications:
        """The credentials that calls use, by name: "basic" and "oauth2". Read-only."""
        entries = MappingProxyType({"basic": self._basic, "oauth2": self._bearer})
        return cast("Authentications", entries)

    @property
    def session(self) -> requests.Session:
        """The session whose mounted adapters carry every call."""
        return self._transport.session

    def copy(self, **settings: Unpack[Settings]) -> Self:
        """Return a client with other settings, over the same connections.

        What you change in this client's configuration or headers later does not reach the copy.

        Args:
            **settings: Settings of `Configuration` by name, except those of TLS and the pool, which
                belong to the connections.

        Raises:
            ApiTypeError, ApiValueError: A setting is not valid.
        """
        if fixed := sorted(_OF_CONNECTIONS.intersection(settings)):
            raise ApiValueError(
                f"copy: {fixed[0]} belongs to the connections, which the copy shares; make another "
                "ApiClient"
            )
        client = self._with(self.configuration.snapshot(), **settings)
        client.default_headers = dict(self.default_headers)
        return client

    def _with(self, configuration: Configuration, **settings: Any) -> Self:
        configuration = copy(configuration)
        for name, value in settings.items():
            setattr(configuration, name, value)
        client = copy_of(self)
        client.configuration = configuration
        client._basic = type(self._basic)(configuration)
        client._bearer = type(self._bearer)(client)
        return client

    def with_http_info(self) -> Self:
        """Return a client whose `call` returns an `ApiResponse`; see `OAuth2Api.with_http_info`."""
        client = copy_of(self)
        client._return_responses()
        return client

    def _return_responses(self) -> None:
        self.call = self.call_with_http_info  # type: ignore[method-assign, assignment]

    def call(
        self,
        operation: Operation[T],
        *,
        body: Model | None = None,
        form: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        bearer: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **ids: str,
    ) -> T:
        """Carry out an operation and return what it returns.

        Args:
            operation: The operation.
            body: The model that is sent as JSON.
            form: Form fields; those that are None are not sent.
            query: Query parameters; those that are None are not sent.
            bearer: The token that authorizes the call, if the operation takes it as an argument.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional headers for this call.
            **ids: The ids in its path, by name.

        Raises:
            ApiTypeError, ApiValueError: An argument or a setting is not valid; nothing was sent.
            ApiException: The server responded, but not with a success.
            ApiConnectionError: No complete response arrived, within `timeout` or at all.
            ApiDecodeError: The response is not what the API promises.
        """
        call = encode(
            operation, body=body, form=form, query=query, bearer=bearer, headers=headers, **ids
        )
        data: T = self._carry_out(call, timeout)[0]
        return data

    def call_with_http_info(
        self, operation: Operation[T], *, timeout: float | None = None, **arguments: Any
    ) -> ApiResponse[T]:
        """Carry out an operation as `call` does; return status and headers too."""
        data, response = self._carry_out(encode(operation, **arguments), timeout)
        return ApiResponse(data, response.status, response.headers)

    def token(self, scopes: tuple[str, ...] = ()) -> str:
        """Return the bearer token that a call which needs these scopes would carry.

        Raises:
            ApiValueError: No credential is configured that a token could come from.
            HydraException: The token could not be fetched.
        """
        return self._token(self.configuration.snapshot(), scopes)

    def _token(self, settings: Configuration, scopes: tuple[str, ...]) -> str:
        if isinstance(settings.access_token, str):
            return settings.access_token
        token = self._token_source(settings).token(settings.scopes or scopes)
        return checks.token("access_token", token)

    def _token_source(self, settings: Configuration) -> TokenSource:
        access_token = settings.access_token
        if access_token is None:
            access_token = self._credentials
        if isinstance(access_token, ClientCredentials):
            return access_token.bind(self, settings)
        if callable(getattr(access_token, "token", None)):
            return cast("TokenSource", access_token)
        return _FromCallable(cast("Callable[[], str]", access_token))

    def _carry_out(self, call: Call, timeout: float | None) -> tuple[Any, Response]:
        settings = self.configuration.snapshot()
        seconds = settings.timeout if timeout is None else checks.timeout("timeout", timeout)
        reveals = call.operation.security or call.secrets
        if reveals and not self._warned and settings.origin.insecure:
            warnings.warn(
                "a credential travels over plain http to another machine: use https",
                InsecureTransportWarning,
                stacklevel=4,
            )
            self._warned = True
        deadline = Deadline(seconds)
        varies = call.operation.older_scopes and _asks_for_scopes(settings)
        exchange = self._exchange_for_scopes if varies else self._exchange
        return deadline.run(exchange, call, settings, deadline)

    def _exchange_for_scopes(
        self, call: Call, settings: Configuration, deadline: Deadline
    ) -> tuple[Any, Response]:
        """Exchange by a token for the newer scopes, or for the older ones if the server has those.

        Which of them a server accepted is remembered, and tried first the next time.
        """
        newer, older = call.operation.scopes, call.operation.older_scopes
        key = settings.host, newer
        first = self._accepted_scopes.get(key, newer)
        second = older if first == newer else newer
        try:
            return self._exchange(call, _asking_for(first, settings), deadline)
        except (BadRequestException, ForbiddenException) as error:
            if not _lacks_scope(error):
                raise
            refused = error
        try:
            result = self._exchange(call, _asking_for(second, settings), deadline)
        except (BadRequestException, ForbiddenException) as error:
            if _lacks_scope(error):
                raise refused from None
            raise
        self._accepted_scopes[key] = second
        return result

    def _exchange(
        self, call: Call, settings: Configuration, deadline: Deadline
    ) -> tuple[Any, Response]:
        """Authorize, send and decode; once more with a new token if the old one was refused."""
        if self.default_headers != self._checked_headers:
            check_headers(self.default_headers)
            self._checked_headers = dict(self.default_headers)
        caller = _caller(settings)
        try:
            credential = self._authorize(call, settings)
        except BadRequestException as error:
            # The server checks first whether a policy lets everybody call the operation, so it
            # refuses no token where there is one: only fetching a token can fail.
            lacks_right = error.error in ("invalid_scope", "invalid_grant")
            if not (call.operation.open_by_policy and lacks_right):
                raise
            response = self._send(call, settings, _Credential(), deadline)
            try:
                return decode(call, response), response
            except ApiException:
                pass
            raise
        response = self._send(call, settings, credential, deadline)
        try:
            return decode(call, response, credential.secrets, caller), response
        except (UnauthorizedException, ForbiddenException) as error:
            if credential.token is None or not _token_refused(call, error):
                raise
            refused = error
        # A refused call did nothing, so any operation may be sent again.
        repeated = response.repeated
        try:
            credential = self._renew(call, settings, credential.token, refused)
        except HydraException as error:
            error.repeated = error.repeated or repeated
            raise
        response = self._send(call, settings, credential, deadline)
        response.repeated = repeated or response.repeated
        return decode(call, response, credential.secrets, caller), response

    def _send(
        self, call: Call, settings: Configuration, credential: _Credential, deadline: Deadline
    ) -> Response:
        headers = self._checked_headers
        return self._transport.send(call, settings, headers, credential.header, deadline)

    def _authorize(self, call: Call, settings: Configuration) -> _Credential:
        """Choose the credential of a call."""
        operation = call.operation
        if not operation.security:
            return _Credential()
        if call.bearer is not None:
            return _Credential(self._bearer.header(call.bearer), None, (call.bearer,))
        has_basic = settings.username is not None and settings.password is not None
        if "basic" in operation.security:
            public = operation.public_client
            if public is not None and not has_basic and call.parameters.get(public):
                return _Credential()  # a public client (RFC 6749 section 2.1) names itself
            if "oauth2" not in operation.security or settings.access_token is None:
                return self._by_basic(settings, operation.basic_form_encoded)
        if operation.open_by_policy and settings.access_token is None and not has_basic:
            return _Credential()
        try:
            token = self._token(settings, operation.scopes)
        except BadRequestException as error:
            _say_what_for(error, operation, settings.scopes or operation.scopes)
            raise
        inspected = operation.inspects and call.parameters.get(operation.inspects)
        if inspected == token and (own := _with_basic(settings)) is not None:
            # 0.9 refuses a token that authorizes its own introspection, and 0.10 calls it inactive.
            return self._by_basic(own, form_encoded=False)
        replaceable = not isinstance(settings.access_token, str)
        return _Credential(self._bearer.header(token), token if replaceable else None, (token,))

    def _by_basic(self, settings: Configuration, form_encoded: bool) -> _Credential:
        header = type(self._basic)(settings).header(form_encoded)
        return _Credential(header, None, (Secret(settings.password or ""), header[len("Basic ") :]))

    def _renew(
        self, call: Call, settings: Configuration, token: str, refused: ApiException
    ) -> _Credential:
        """Get another token instead of a refused one; without one the refusal stands."""
        drop = getattr(self._token_source(settings), "drop", None)
        if drop is not None:
            drop(token)
        renewed = self._token(settings, call.operation.scopes)
        if renewed == token:
            raise refused
        return _Credential(self._bearer.header(renewed), renewed, (renewed,))

    def close(self) -> None:
        """Close the connections that are kept open. You can go on using the client."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {
            "configuration": self.configuration,
            "default_headers": self.default_headers,
            "session": self.session,
            "returns_responses": "call" in vars(self),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.configuration = state["configuration"]
        self.default_headers = state["default_headers"]
        self._connect(state["session"])
        if state["returns_responses"]:
            self._return_responses()

    def __repr__(self) -> str:
        return f"ApiClient({self.configuration.host!r})"


C = TypeVar("C", bound=ApiClient)


def copy_of(client: C) -> C:
    """Copy a client, connections included, which its pickled state leaves out."""
    duplicate = type(client).__new__(type(client))
    vars(duplicate).update(vars(client))
    return duplicate


def as_response(method: Callable[P, T]) -> Callable[P, ApiResponse[T]]:
    """Type a method of an API whose client is one of `ApiClient.with_http_info`."""
    return cast("Callable[P, ApiResponse[T]]", method)


class Api(Named):
    """What the APIs of the server share: a client that sends their calls."""

    def __init__(self, api_client: ApiClient | None = None) -> None:
        self.api_client = ApiClient() if api_client is None else api_client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api_client.close()


class _FromCallable:
    """A function as a token source."""

    def __init__(self, function: Callable[[], str]) -> None:
        self._function = function

    def token(self, scopes: tuple[str, ...]) -> str:
        return self._function()


def _caller(settings: Configuration) -> str | None:
    """Return the id of the client that calls, if a credential tells it."""
    if settings.access_token is None:
        return settings.username
    own = getattr(settings.access_token, "client_id", None)
    return own if isinstance(own, str) else None


def _say_what_for(
    error: BadRequestException, operation: Operation[Any], scopes: tuple[str, ...]
) -> None:
    """Add to the refusal of a token which scopes were asked for, and for which operation."""
    what = f"A token with the scopes {' '.join(scopes)!r} was asked for, for {operation.name}."
    if error.error == "invalid_grant":
        error.hint = (
            "The client's own record lacks the grant type client_credentials (its field "
            "grant_types), or the client is public."
        )
        what = f"{what} {error.hint}"
    error.args = (f"{error} {what}",)


def _with_basic(settings: Configuration) -> Configuration | None:
    """Return settings with Basic credentials: these, or with those that the tokens come from."""
    if settings.username is not None and settings.password is not None:
        return settings
    source = settings.access_token
    if isinstance(source, ClientCredentials) and source.credentials is not None:
        settings = copy(settings)
        settings.username, settings.password = source.credentials
        return settings
    return None


def _asks_for_scopes(settings: Configuration) -> bool:
    """Whether the scopes of a token can be those that an operation needs."""
    source = settings.access_token
    if settings.scopes or isinstance(source, str) or getattr(source, "scopes", None):
        return False
    return source is None or isinstance(source, ClientCredentials) or hasattr(source, "token")


def _asking_for(scopes: tuple[str, ...], settings: Configuration) -> Configuration:
    settings = copy(settings)
    settings.scopes = scopes
    return settings


def _lacks_scope(error: ApiException) -> bool:
    """Whether the server refused a scope, either to the client or to its token."""
    return error.error == "invalid_scope" or "requested scope is invalid" in (error.error or "")


def _token_refused(call: Call, error: ApiException) -> bool:
    return isinstance(error, UnauthorizedException) or call.operation.open_by_policy
