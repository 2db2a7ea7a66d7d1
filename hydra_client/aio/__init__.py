"""The same SDK for asyncio: same names, arguments and errors, with `await` in front.

`hydra_client` has the configuration, models and exceptions, which both share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from hydra_client.aio.api import HealthApi, JsonWebKeyApi, OAuth2Api, PolicyApi, WardenApi
from hydra_client.aio.api_client import ApiClient
from hydra_client.configuration import Configuration, for_connect
from hydra_client.protocol import checks
from hydra_client.protocol.ladder import ApiResponse
from hydra_client.tokens import AsyncTokenSource, ClientCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Unpack

    from hydra_client.configuration import MoreSettings

_Api = TypeVar("_Api")

__all__ = [
    "ApiClient",
    "ApiResponse",
    "AsyncTokenSource",
    "ClientCredentials",
    "Configuration",
    "HealthApi",
    "JsonWebKeyApi",
    "OAuth2Api",
    "PolicyApi",
    "WardenApi",
    "connect",
]


@overload
def connect(
    host: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    scopes: str | Sequence[str] | None = None,
    **settings: Unpack[MoreSettings],
) -> OAuth2Api: ...


@overload
def connect(
    host: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    scopes: str | Sequence[str] | None = None,
    *,
    api: Callable[[ApiClient], _Api],
    **settings: Unpack[MoreSettings],
) -> _Api: ...


def connect(
    host: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    scopes: str | Sequence[str] | None = None,
    *,
    api: Callable[[ApiClient], Any] | None = None,
    **settings: Unpack[MoreSettings],
) -> Any:
    """Create an API in one line: arguments first, then the environment. Nothing is sent yet.

    Close its connections with `async with`, or `await api.api_client.close()`. The APIs of one
    server can share a client and its connections: `PolicyApi(api.api_client)`.

    Args:
        host: Base URL of the server, else HYDRA_URL.
        client_id: OAuth 2.0 client id, else HYDRA_CLIENT_ID.
        client_secret: OAuth 2.0 client secret, else HYDRA_CLIENT_SECRET.
        scopes: Scopes to ask for, else HYDRA_SCOPES, else those that each operation needs.
        api: The class of the API, such as `PolicyApi`; `OAuth2Api` if None.
        **settings: Any other setting of `Configuration`.

    Raises:
        ApiTypeError, ApiValueError: A setting is missing or not valid.
    """
    kind = checks.api_class(api, OAuth2Api)
    configuration = for_connect(host, client_id, client_secret, scopes, settings)
    return kind(ApiClient(configuration))
