"""One call, from typed arguments to a typed result, for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from hydra_client.aio.transport.session import Session
from hydra_client.aio.waiting import Alarm, drive
from hydra_client.protocol import checks
from hydra_client.protocol.encoding import encode
from hydra_client.protocol.ladder import ApiResponse, Ladder
from hydra_client.protocol.names import Named

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from typing_extensions import Self

    from hydra_client.configuration import Configuration
    from hydra_client.protocol.effects import Steps
    from hydra_client.protocol.model import Model
    from hydra_client.protocol.operation import Operation

T = TypeVar("T")
P = ParamSpec("P")


class ApiClient(Ladder):
    """Sends calls to one server, for the tasks of one event loop; an async context manager.

    You can create it before the loop runs. From its first call on, it belongs to the loop and the
    process of that call. A call that is cancelled ends at once, and its connection is closed.

    Args:
        configuration: Settings; those of `Configuration()` if None. A token source may be
            asynchronous; one that is not is called in the event loop, so it must not block.

    Raises:
        ApiTypeError: It is not a `Configuration`.
        ApiValueError: A file that it names does not exist.

    Attributes:
        configuration: The settings.
        default_headers: Headers that are sent with every request, such as X-Forwarded-Proto.
    """

    _transport: Session
    _alarm = Alarm

    def __init__(self, configuration: Configuration | None = None) -> None:
        super().__init__(configuration)
        self._start(Session(self.configuration))

    async def call(
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
            ApiTypeError, ApiValueError: An argument or a setting is not valid, or the client is
                closed or used outside of its event loop; nothing was sent.
            ApiException: The server responded with an error.
            ApiConnectionError: No complete response arrived, within `timeout` or at all.
            ApiDecodeError: The response is not what the API promises.
        """
        call = encode(
            operation, body=body, form=form, query=query, bearer=bearer, headers=headers, **ids
        )
        data, _ = await self._drive(self._begin(call, timeout))
        return cast("T", data)

    async def call_with_http_info(
        self, operation: Operation[T], *, timeout: float | None = None, **arguments: Any
    ) -> ApiResponse[T]:
        """Carry out an operation as `call` does; return status and headers too."""
        call = encode(operation, **arguments)
        data, response = await self._drive(self._begin(call, timeout))
        return ApiResponse(data, response.status, response.headers)

    async def token(self, scopes: str | Sequence[str] = ()) -> str:
        """Return the bearer token for a call that needs these scopes.

        Args:
            scopes: The scopes, a list or a space-separated string. Configured ones replace them.

        Raises:
            ApiTypeError, ApiValueError: `scopes` are not scopes, or no credential is configured
                that a token could come from.
            HydraException: The token could not be fetched.
        """
        return await self._drive(self._token_for(scopes))

    async def _drive(self, steps: Steps[T]) -> T:
        self._transport.enter()
        return await drive(steps)

    async def close(self) -> None:
        """Close the connections, also those of copies. Later calls raise `ApiValueError`.

        Await it in the event loop of the calls, before that loop is closed.
        """
        await self._transport.close()

    async def __aenter__(self) -> Self:
        self._transport.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"aio.ApiClient({self.configuration.host!r})"


class Api(Named):
    """The base of the APIs: holds the client that sends their calls."""

    def __init__(self, api_client: ApiClient | None = None) -> None:
        checks.matching_client(self, api_client)
        self.api_client = api_client or ApiClient()

    async def __aenter__(self) -> Self:
        await self.api_client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.api_client.close()


def as_response(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[ApiResponse[T]]]:
    """Type a method of an API whose client is one of `ApiClient.with_http_info`."""
    return cast("Callable[P, Awaitable[ApiResponse[T]]]", method)
