"""Client for the OAuth 2.0 and OpenID Connect API of ORY Hydra 0.9.14 and 0.10.

    import hydra_client

    with hydra_client.connect("https://hydra.example.com", "client-id", "client-secret") as api:
        print(api.get_oauth2_client("my-app").client_name)

Names are loaded on first use: importing the package imports nothing but the standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, overload

from hydra_client.version import __version__ as __version__

_IMPORTED = {name for name in globals() if not name.startswith("_")}

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Unpack

    from hydra_client.api import HealthApi as HealthApi
    from hydra_client.api import JsonWebKeyApi as JsonWebKeyApi
    from hydra_client.api import OAuth2Api as OAuth2Api
    from hydra_client.api import PolicyApi as PolicyApi
    from hydra_client.api import WardenApi as WardenApi
    from hydra_client.api_client import ApiClient as ApiClient
    from hydra_client.api_client import ApiResponse as ApiResponse
    from hydra_client.code_flow import authorization_url as authorization_url
    from hydra_client.configuration import Configuration as Configuration
    from hydra_client.configuration import MoreSettings
    from hydra_client.exceptions import ApiConnectionError as ApiConnectionError
    from hydra_client.exceptions import ApiDecodeError as ApiDecodeError
    from hydra_client.exceptions import ApiException as ApiException
    from hydra_client.exceptions import ApiTimeoutError as ApiTimeoutError
    from hydra_client.exceptions import ApiTlsError as ApiTlsError
    from hydra_client.exceptions import ApiTypeError as ApiTypeError
    from hydra_client.exceptions import ApiValueError as ApiValueError
    from hydra_client.exceptions import BadRequestException as BadRequestException
    from hydra_client.exceptions import ConflictException as ConflictException
    from hydra_client.exceptions import ForbiddenException as ForbiddenException
    from hydra_client.exceptions import HydraException as HydraException
    from hydra_client.exceptions import InsecureTransportWarning as InsecureTransportWarning
    from hydra_client.exceptions import LongSecretWarning as LongSecretWarning
    from hydra_client.exceptions import NotFoundException as NotFoundException
    from hydra_client.exceptions import ServiceException as ServiceException
    from hydra_client.exceptions import TooManyRequestsException as TooManyRequestsException
    from hydra_client.exceptions import UnauthorizedException as UnauthorizedException
    from hydra_client.models import ConsentRequestAcceptance as ConsentRequestAcceptance
    from hydra_client.models import ConsentRequestRejection as ConsentRequestRejection
    from hydra_client.models import GroupMembers as GroupMembers
    from hydra_client.models import HealthStatus as HealthStatus
    from hydra_client.models import InlineResponse2001 as InlineResponse2001
    from hydra_client.models import JsonWebKey as JsonWebKey
    from hydra_client.models import JsonWebKeySet as JsonWebKeySet
    from hydra_client.models import JsonWebKeySetGeneratorRequest as JsonWebKeySetGeneratorRequest
    from hydra_client.models import OAuth2Client as OAuth2Client
    from hydra_client.models import OAuth2ConsentRequest as OAuth2ConsentRequest
    from hydra_client.models import OAuth2consentRequest as OAuth2consentRequest
    from hydra_client.models import OAuth2TokenIntrospection as OAuth2TokenIntrospection
    from hydra_client.models import OAuth2TokenResponse as OAuth2TokenResponse
    from hydra_client.models import Policy as Policy
    from hydra_client.models import PolicyConditionOptions as PolicyConditionOptions
    from hydra_client.models import PolicyConditions as PolicyConditions
    from hydra_client.models import UserInfo as UserInfo
    from hydra_client.models import WardenAccessRequest as WardenAccessRequest
    from hydra_client.models import WardenAccessRequestResponse as WardenAccessRequestResponse
    from hydra_client.models import WardenGroup as WardenGroup
    from hydra_client.models import WardenTokenAccessRequest as WardenTokenAccessRequest
    from hydra_client.models import (
        WardenTokenAccessRequestResponse as WardenTokenAccessRequestResponse,
    )
    from hydra_client.models import WellKnown as WellKnown

_Api = TypeVar("_Api")

_MODULES = {
    "api": ("HealthApi", "JsonWebKeyApi", "OAuth2Api", "PolicyApi", "WardenApi"),
    "api_client": ("ApiClient", "ApiResponse"),
    "code_flow": ("authorization_url",),
    "configuration": ("Configuration",),
    "exceptions": (
        "ApiConnectionError",
        "ApiDecodeError",
        "ApiException",
        "ApiTimeoutError",
        "ApiTlsError",
        "ApiTypeError",
        "ApiValueError",
        "BadRequestException",
        "ConflictException",
        "ForbiddenException",
        "HydraException",
        "InsecureTransportWarning",
        "LongSecretWarning",
        "NotFoundException",
        "ServiceException",
        "TooManyRequestsException",
        "UnauthorizedException",
    ),
    "models": (
        "ConsentRequestAcceptance",
        "ConsentRequestRejection",
        "GroupMembers",
        "HealthStatus",
        "InlineResponse2001",
        "JsonWebKey",
        "JsonWebKeySet",
        "JsonWebKeySetGeneratorRequest",
        "OAuth2Client",
        "OAuth2ConsentRequest",
        "OAuth2TokenIntrospection",
        "OAuth2TokenResponse",
        "OAuth2consentRequest",
        "Policy",
        "PolicyConditionOptions",
        "PolicyConditions",
        "UserInfo",
        "WardenAccessRequest",
        "WardenAccessRequestResponse",
        "WardenGroup",
        "WardenTokenAccessRequest",
        "WardenTokenAccessRequestResponse",
        "WellKnown",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = ["__version__", "connect", *sorted(_MODULE_OF)]  # pyright: ignore[reportUnsupportedDunderAll]


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
    """Make an API in one line: arguments first, then the environment.

    In a `with` block, the API closes its connections at the end. The APIs of one server can share a
    client and its connections: `PolicyApi(api.api_client)`.

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
    from hydra_client.api import OAuth2Api
    from hydra_client.api_client import ApiClient
    from hydra_client.configuration import for_connect
    from hydra_client.protocol import checks

    kind = checks.api_class(api, OAuth2Api)
    configuration = for_connect(host, client_id, client_secret, scopes, settings)
    return kind(ApiClient(configuration))


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF} - _IMPORTED)
