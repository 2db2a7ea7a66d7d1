"""One call, from typed arguments to a typed result: encode, authorize, send, decode."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, TypedDict, TypeVar, cast

from hydra_client.protocol import checks
from hydra_client.protocol.encoding import encode
from hydra_client.protocol.ladder import ApiResponse, Ladder
from hydra_client.protocol.names import Named
from hydra_client.transport.waiting import Alarm, drive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import requests
    from typing_extensions import ReadOnly, Self

    from hydra_client.auth import BasicAuth, BearerAuth
    from hydra_client.configuration import Configuration
    from hydra_client.protocol.model import Model
    from hydra_client.protocol.operation import Operation
    from hydra_client.transport.session import Session

T = TypeVar("T")
P = ParamSpec("P")


__all__ = ["ApiClient", "ApiResponse", "Authentications", "as_response"]


class Authentications(TypedDict):
    """The credentials that calls use, as requests' AuthBase."""

    basic: ReadOnly[BasicAuth]
    oauth2: ReadOnly[BearerAuth]


class ApiClient(Ladder):
    """Sends calls to one server. Thread-safe, picklable, usable after a fork; a context manager.

    Args:
        configuration: Settings; those of `Configuration()` if None.

    Raises:
        ApiTypeError: It is not a `Configuration`.
        ApiValueError: A file that it names does not exist.

    Attributes:
        configuration: The settings.
        default_headers: Headers that are sent with every request, such as X-Forwarded-Proto.
    """

    _transport: Session
    _alarm = Alarm
    _drive = staticmethod(drive)

    def __init__(self, configuration: Configuration | None = None) -> None:
        super().__init__(configuration)
        self._connect(None)

    def _connect(self, session: requests.Session | None) -> None:
        # It imports requests, which is not needed before there is a client.
        from hydra_client.transport.session import Session

        self._start(Session(self.configuration, session))

    @property
    def authentications(self) -> Authentications:
        """The credentials that calls use, by name: "basic" and "oauth2". Read-only."""
        from hydra_client.auth import BasicAuth, BearerAuth

        basic, bearer = BasicAuth(self.configuration), BearerAuth(self)
        return cast("Authentications", MappingProxyType({"basic": basic, "oauth2": bearer}))

    @property
    def session(self) -> requests.Session:
        """The session whose mounted adapters carry every call."""
        return self._transport.session

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
            ApiException: The server responded with an error.
            ApiConnectionError: No complete response arrived, within `timeout` or at all.
            ApiDecodeError: The response is not what the API promises.
        """
        call = encode(
            operation, body=body, form=form, query=query, bearer=bearer, headers=headers, **ids
        )
        data: T = drive(self._begin(call, timeout))[0]
        return data

    def call_with_http_info(
        self, operation: Operation[T], *, timeout: float | None = None, **arguments: Any
    ) -> ApiResponse[T]:
        """Carry out an operation as `call` does; return status and headers too."""
        data, response = drive(self._begin(encode(operation, **arguments), timeout))
        return ApiResponse(data, response.status, response.headers)

    def token(self, scopes: str | Sequence[str] = ()) -> str:
        """Return the bearer token for a call that needs these scopes.

        Args:
            scopes: The scopes, a list or a space-separated string. Configured ones replace them.

        Raises:
            ApiTypeError, ApiValueError: `scopes` are not scopes, or no credential is configured
                that a token could come from.
            HydraException: The token could not be fetched.
        """
        return drive(self._token_for(scopes))

    def close(self) -> None:
        """Close the connections that are kept open. You can go on using the client."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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


def as_response(method: Callable[P, T]) -> Callable[P, ApiResponse[T]]:
    """Type a method of an API whose client is one of `ApiClient.with_http_info`."""
    return cast("Callable[P, ApiResponse[T]]", method)


class Api(Named):
    """The base of the APIs: holds the client that sends their calls."""

    def __init__(self, api_client: ApiClient | None = None) -> None:
        checks.matching_client(self, api_client)
        self.api_client = api_client or ApiClient()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api_client.close()
