"""One call, from typed arguments to typed answer: encode, authorize, send, decode."""

from __future__ import annotations

import warnings
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hydra_client.configuration import Configuration, checked_timeout, checked_token
from hydra_client.exceptions import (
    ApiException,
    ApiTypeError,
    BadRequestException,
    ForbiddenException,
    HydraException,
    InsecureTransportWarning,
    UnauthorizedException,
)
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.operation import Answer, Call, Operation, check_headers, decode, encode
from hydra_client.protocol.redaction import redact_headers
from hydra_client.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import requests
    from requests.auth import AuthBase
    from typing_extensions import Self

    from hydra_client.configuration import SupportsToken
    from hydra_client.protocol.model import Model

T = TypeVar("T")

_TOKEN_PATH = "/oauth2/token"


class ApiResponse(Generic[T]):
    """What an operation returns, with the answer that it came in.

    Attributes:
        data: What the operation returns.
        status: The HTTP status.
        headers: The answer's headers; names are found in any case.
    """

    __slots__ = ("data", "headers", "status")

    def __init__(self, data: T, status: int, headers: Mapping[str, str]) -> None:
        self.data = data
        self.status = status
        self.headers = headers

    def __repr__(self) -> str:
        # oauth_auth returns an address that may hold a code or a token.
        data = "'…'" if isinstance(self.data, str) else repr(self.data)
        return f"ApiResponse({data}, {self.status}, {redact_headers(self.headers)})"


class ApiClient:
    """Sends calls to one server. Thread-safe, picklable, usable after a fork; a context manager.

    Args:
        configuration: Settings; those of `Configuration()` when None.

    Raises:
        ApiTypeError: It is not a `Configuration`.
        ApiValueError: A file that it names is not there.

    Attributes:
        configuration: The settings.
        default_headers: Headers that go with every request, such as X-Forwarded-Proto.
        authentications: "basic" and "oauth2": the credentials, as requests' AuthBase.
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
        # requests is not imported before a client is made.
        from hydra_client.auth import BasicAuth, BearerAuth
        from hydra_client.tokens import ClientCredentials
        from hydra_client.transport.session import Rest

        self._rest = Rest(self.configuration, session)
        self._basic = BasicAuth(self.configuration)
        self._bearer = BearerAuth(self)
        self.authentications: dict[str, AuthBase] = {"basic": self._basic, "oauth2": self._bearer}
        self._checked_headers: dict[str, str] = {}
        self._credentials = ClientCredentials()
        self._warned = False

    @property
    def session(self) -> requests.Session:
        """The session whose mounted adapters carry every call."""
        return self._rest.session

    def call(
        self,
        operation: Operation[T],
        *,
        id: str | None = None,
        body: Model | None = None,
        form: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Carry out an operation and return what it returns.

        Args:
            operation: The operation.
            id: The id in its path.
            body: The model that is sent as JSON.
            form: Form fields; those that are None are not sent.
            query: Query parameters; those that are None are not sent.
            timeout: Seconds for the whole call, retries included; the configuration's when None.
            headers: More headers for this call.

        Raises:
            ApiTypeError, ApiValueError: An argument or a setting cannot be right; nothing was sent.
            ApiException: The server answered, and not with a success.
            ApiConnectionError: No whole answer came, within `timeout` or at all.
            ApiDecodeError: The answer is not what the API promises.
        """
        call = encode(operation, id=id, body=body, form=form, query=query, headers=headers)
        data: T = self._carry_out(call, timeout)[0]
        return data

    def call_with_http_info(
        self,
        operation: Operation[T],
        *,
        id: str | None = None,
        body: Model | None = None,
        form: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiResponse[T]:
        """Carry out an operation as `call` does; return status and headers too."""
        call = encode(operation, id=id, body=body, form=form, query=query, headers=headers)
        data, answer = self._carry_out(call, timeout)
        return ApiResponse(data, answer.status, answer.headers)

    def token(self, scopes: tuple[str, ...] = ()) -> str:
        """Return the bearer token that a call which needs these scopes would carry.

        Raises:
            ApiValueError: No credential is configured that a token comes from.
            HydraException: The token could not be fetched.
        """
        return self._token(self.configuration.snapshot(), scopes)

    def _token(self, settings: Configuration, scopes: tuple[str, ...]) -> str:
        access_token = settings.access_token
        if isinstance(access_token, str):
            return access_token
        source = self._token_source(settings)
        return checked_token(source.token(settings.scopes or scopes))

    def _token_source(self, settings: Configuration) -> SupportsToken:
        """Return where tokens come from: what is configured, or client credentials."""
        from hydra_client.tokens import source_for

        return source_for(self, settings)

    def _with(self, settings: Configuration, **changed: Any) -> Self:
        """Return a client with other settings, over the same connections.

        It stays with its host, whatever becomes of this client's configuration meanwhile.
        """
        from hydra_client.auth import BasicAuth

        configuration = copy(settings)
        for name, value in changed.items():
            setattr(configuration, name, value)
        client = type(self).__new__(type(self))
        vars(client).update(vars(self))
        client.configuration = configuration
        client._basic = BasicAuth(configuration)
        return client

    def _carry_out(self, call: Call, timeout: float | None) -> tuple[Any, Answer]:
        """Authorize, send and decode; once more with a new token where the old one was refused."""
        settings = self.configuration.snapshot()
        seconds = settings.timeout if timeout is None else checked_timeout("timeout", timeout)
        reveals = call.operation.security or call.secrets
        if reveals and not self._warned and settings.origin.insecure:
            warnings.warn(
                "a credential travels over plain http to another machine: use https",
                InsecureTransportWarning,
                stacklevel=4,
            )
            self._warned = True
        deadline = Deadline(seconds)
        return deadline.run(self._exchange, call, settings, deadline)

    def _exchange(
        self, call: Call, settings: Configuration, deadline: Deadline
    ) -> tuple[Any, Answer]:
        caller = _caller(settings)
        try:
            header, token, secrets = self._authorization(call, settings)
        except BadRequestException as error:
            # An ordinary application may not read keys, but a policy may show them to everybody.
            # Where there is one, the server refuses no token, so that only fetching it can fail.
            lacks_right = error.error in ("invalid_scope", "invalid_grant")
            if call.operation.name != "well_known" or not lacks_right:
                raise
            anonymous = self._without_credential(call, settings, deadline)
            if anonymous is None:
                raise
            return anonymous
        if self.default_headers != self._checked_headers:
            check_headers(self.default_headers)
            self._checked_headers = dict(self.default_headers)
        answer = self._rest.send(call, settings, self._checked_headers, header, deadline)
        try:
            return decode(call, answer, secrets, caller), answer
        except (UnauthorizedException, ForbiddenException) as error:
            if token is None or not _token_refused(call, error):
                raise
            refused = error
        # A refusal did nothing, so any operation may be sent again.
        repeated = answer.repeated
        try:
            header, secrets = self._renewed(call, settings, token, refused)
        except HydraException as error:
            error.repeated = error.repeated or repeated
            raise
        answer = self._rest.send(call, settings, self._checked_headers, header, deadline)
        answer.repeated = repeated or answer.repeated
        return decode(call, answer, secrets, caller), answer

    def _without_credential(
        self, call: Call, settings: Configuration, deadline: Deadline
    ) -> tuple[Any, Answer] | None:
        """Make a call as nobody; None where nobody may."""
        answer = self._rest.send(call, settings, self._checked_headers, None, deadline)
        try:
            return decode(call, answer), answer
        except ApiException:
            return None

    def _authorization(
        self, call: Call, settings: Configuration
    ) -> tuple[str | None, str | None, tuple[str, ...]]:
        """Choose the credential: its header, the token in it if a source gave it, its secrets."""
        operation = call.operation
        if not operation.security:
            return None, None, ()
        has_basic = settings.username is not None and settings.password is not None
        if "basic" in operation.security:
            if operation.path == _TOKEN_PATH and not has_basic and call.parameters.get("client_id"):
                return None, None, ()  # a public client (RFC 6749 section 2.1) names itself
            if "oauth2" not in operation.security or settings.access_token is None:
                basic = type(self._basic)(settings)
                header = basic.header(form_encoded=operation.path == _TOKEN_PATH)
                return header, None, (settings.password or "", header[len("Basic ") :])
        if operation.name == "well_known" and _has_no_credential(settings):
            return None, None, ()  # a policy may show the keys to everybody
        try:
            token = self._token(settings, operation.scopes)
        except BadRequestException as error:
            _say_what_for(error, operation, settings.scopes or operation.scopes)
            raise
        if call.parameters.get("token") == token and (own := _with_basic(settings)) is not None:
            # The token that authorizes its own introspection is refused by 0.9, and is said to be
            # inactive by 0.10.
            header = type(self._basic)(own).header(form_encoded=False)
            return header, None, (own.password or "", header[len("Basic ") :])
        replaceable = not isinstance(settings.access_token, str)
        return self._bearer.header(token), token if replaceable else None, (token,)

    def _renewed(
        self, call: Call, settings: Configuration, token: str, refused: ApiException
    ) -> tuple[str, tuple[str, ...]]:
        """Get another token in place of a refused one; without one the refusal stands."""
        drop = getattr(self._token_source(settings), "drop", None)
        if drop is not None:
            drop(token)
        renewed = self._token(settings, call.operation.scopes)
        if renewed == token:
            raise refused
        return self._bearer.header(renewed), (renewed,)

    def close(self) -> None:
        """Close the connections that are kept open. The client can be used again."""
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
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.configuration = state["configuration"]
        self.default_headers = state["default_headers"]
        self._connect(state["session"])

    def __repr__(self) -> str:
        return f"ApiClient({self.configuration.host!r})"


def _caller(settings: Configuration) -> str | None:
    """Give the id of the client that calls, where a credential tells it."""
    own = getattr(settings.access_token, "client_id", None)
    if settings.access_token is None:
        own = settings.username
    return own if isinstance(own, str) else None


def _has_no_credential(settings: Configuration) -> bool:
    return settings.access_token is None and (
        settings.username is None or settings.password is None
    )


def _say_what_for(
    error: BadRequestException, operation: Operation[Any], scopes: tuple[str, ...]
) -> None:
    """Add to the refusal of a token what was asked for, and by whom."""
    what = f"A token with the scopes {' '.join(scopes)!r} was asked for, for {operation.name}."
    if error.error == "invalid_grant":
        error.hint = (
            "The client's own record lacks the grant type client_credentials (its field "
            "grant_types), or the client is public."
        )
        what = f"{what} {error.hint}"
    error.args = (f"{error} {what}",)


def _with_basic(settings: Configuration) -> Configuration | None:
    """Give settings with Basic credentials: these, or with those that the tokens come from."""
    from hydra_client.tokens import ClientCredentials

    if settings.username is not None and settings.password is not None:
        return settings
    source = settings.access_token
    if isinstance(source, ClientCredentials) and source.credentials is not None:
        settings = copy(settings)
        settings.username, settings.password = source.credentials
        return settings
    return None


def _token_refused(call: Call, error: ApiException) -> bool:
    # At the JWKS endpoint an unknown token is "denied", as one without a policy is.
    return isinstance(error, UnauthorizedException) or call.operation.name == "well_known"
