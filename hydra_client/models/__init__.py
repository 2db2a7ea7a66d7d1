"""The API's models, each loaded when it is first asked for.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra_client.models.consent_request_acceptance import (
        ConsentRequestAcceptance as ConsentRequestAcceptance,
    )
    from hydra_client.models.consent_request_rejection import (
        ConsentRequestRejection as ConsentRequestRejection,
    )
    from hydra_client.models.json_web_key import JsonWebKey as JsonWebKey
    from hydra_client.models.json_web_key_set import JsonWebKeySet as JsonWebKeySet
    from hydra_client.models.o_auth2_client import OAuth2Client as OAuth2Client
    from hydra_client.models.o_auth2_consent_request import (
        OAuth2ConsentRequest as OAuth2ConsentRequest,
    )
    from hydra_client.models.o_auth2_consent_request import (
        OAuth2ConsentRequest as OAuth2consentRequest,
    )
    from hydra_client.models.o_auth2_token_introspection import (
        OAuth2TokenIntrospection as OAuth2TokenIntrospection,
    )
    from hydra_client.models.o_auth2_token_response import OAuth2TokenResponse as InlineResponse2001
    from hydra_client.models.o_auth2_token_response import (
        OAuth2TokenResponse as OAuth2TokenResponse,
    )
    from hydra_client.models.well_known import WellKnown as WellKnown

# Name of each model, and of each that other generators know by another name: its module and class.
_MODELS = {
    "ConsentRequestAcceptance": ("consent_request_acceptance", "ConsentRequestAcceptance"),
    "ConsentRequestRejection": ("consent_request_rejection", "ConsentRequestRejection"),
    "JsonWebKey": ("json_web_key", "JsonWebKey"),
    "JsonWebKeySet": ("json_web_key_set", "JsonWebKeySet"),
    "OAuth2Client": ("o_auth2_client", "OAuth2Client"),
    "OAuth2ConsentRequest": ("o_auth2_consent_request", "OAuth2ConsentRequest"),
    "OAuth2consentRequest": ("o_auth2_consent_request", "OAuth2ConsentRequest"),
    "OAuth2TokenIntrospection": ("o_auth2_token_introspection", "OAuth2TokenIntrospection"),
    "OAuth2TokenResponse": ("o_auth2_token_response", "OAuth2TokenResponse"),
    "InlineResponse2001": ("o_auth2_token_response", "OAuth2TokenResponse"),
    "WellKnown": ("well_known", "WellKnown"),
}

__all__ = [
    "ConsentRequestAcceptance",
    "ConsentRequestRejection",
    "JsonWebKey",
    "JsonWebKeySet",
    "OAuth2Client",
    "OAuth2ConsentRequest",
    "OAuth2consentRequest",
    "OAuth2TokenIntrospection",
    "OAuth2TokenResponse",
    "InlineResponse2001",
    "WellKnown",
]


def __getattr__(name: str) -> object:
    if name not in _MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, model = _MODELS[name]
    value: object = getattr(import_module(f"{__name__}.{module}"), model)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODELS})
