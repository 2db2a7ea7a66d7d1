"""The APIs of Hydra for asyncio, one class each.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from hydra_client.aio.api.health_api import HealthApi, HealthApiWithHttpInfo
from hydra_client.aio.api.json_web_key_api import JsonWebKeyApi, JsonWebKeyApiWithHttpInfo
from hydra_client.aio.api.o_auth2_api import OAuth2Api, OAuth2ApiWithHttpInfo
from hydra_client.aio.api.policy_api import PolicyApi, PolicyApiWithHttpInfo
from hydra_client.aio.api.warden_api import WardenApi, WardenApiWithHttpInfo

__all__ = [
    "HealthApi",
    "HealthApiWithHttpInfo",
    "JsonWebKeyApi",
    "JsonWebKeyApiWithHttpInfo",
    "OAuth2Api",
    "OAuth2ApiWithHttpInfo",
    "PolicyApi",
    "PolicyApiWithHttpInfo",
    "WardenApi",
    "WardenApiWithHttpInfo",
]
