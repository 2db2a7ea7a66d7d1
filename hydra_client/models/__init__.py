"""The models of the API, one class each.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from hydra_client.models.consent_request_acceptance import ConsentRequestAcceptance
from hydra_client.models.consent_request_rejection import ConsentRequestRejection
from hydra_client.models.group_members import GroupMembers
from hydra_client.models.health_status import HealthStatus
from hydra_client.models.json_web_key import JsonWebKey
from hydra_client.models.json_web_key_set import JsonWebKeySet
from hydra_client.models.json_web_key_set_generator_request import JsonWebKeySetGeneratorRequest
from hydra_client.models.o_auth2_client import OAuth2Client
from hydra_client.models.o_auth2_consent_request import OAuth2ConsentRequest
from hydra_client.models.o_auth2_consent_request import OAuth2ConsentRequest as OAuth2consentRequest
from hydra_client.models.o_auth2_token_introspection import OAuth2TokenIntrospection
from hydra_client.models.o_auth2_token_response import OAuth2TokenResponse
from hydra_client.models.o_auth2_token_response import OAuth2TokenResponse as InlineResponse2001
from hydra_client.models.policy import Policy
from hydra_client.models.policy_condition_options import PolicyConditionOptions
from hydra_client.models.policy_conditions import PolicyConditions
from hydra_client.models.user_info import UserInfo
from hydra_client.models.warden_access_request import WardenAccessRequest
from hydra_client.models.warden_access_request_response import WardenAccessRequestResponse
from hydra_client.models.warden_group import WardenGroup
from hydra_client.models.warden_token_access_request import WardenTokenAccessRequest
from hydra_client.models.warden_token_access_request_response import (
    WardenTokenAccessRequestResponse,
)
from hydra_client.models.well_known import WellKnown

__all__ = [
    "ConsentRequestAcceptance",
    "ConsentRequestRejection",
    "GroupMembers",
    "HealthStatus",
    "JsonWebKey",
    "JsonWebKeySet",
    "JsonWebKeySetGeneratorRequest",
    "OAuth2Client",
    "OAuth2ConsentRequest",
    "OAuth2consentRequest",
    "OAuth2TokenIntrospection",
    "OAuth2TokenResponse",
    "InlineResponse2001",
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
]
