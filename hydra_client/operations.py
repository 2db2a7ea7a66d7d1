"""The operations as data: what each one sends, requires and returns.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.exceptions import (
    BadRequestException,
    ConflictException,
    NotFoundException,
    ServiceException,
)
from hydra_client.models import (
    ConsentRequestAcceptance,
    ConsentRequestRejection,
    GroupMembers,
    HealthStatus,
    JsonWebKey,
    JsonWebKeySet,
    JsonWebKeySetGeneratorRequest,
    OAuth2Client,
    OAuth2ConsentRequest,
    OAuth2TokenIntrospection,
    OAuth2TokenResponse,
    Policy,
    UserInfo,
    WardenAccessRequest,
    WardenAccessRequestResponse,
    WardenGroup,
    WardenTokenAccessRequest,
    WardenTokenAccessRequestResponse,
    WellKnown,
)
from hydra_client.protocol.decoding import document, location, many, nothing, one
from hydra_client.protocol.operation import KnownError, Operation

GET_INSTANCE_METRICS = Operation(
    "get_instance_metrics",
    "GET",
    "/health/metrics",
    read=document,
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.health",),
    policy=("rn:hydra:health:stats", ("get",)),
)
GET_INSTANCE_STATUS = Operation(
    "get_instance_status",
    "GET",
    "/health/status",
    read=one(HealthStatus),
    success=(200,),
)
CREATE_JSON_WEB_KEY_SET = Operation(
    "create_json_web_key_set",
    "POST",
    "/keys/{set}",
    read=one(JsonWebKeySet),
    success=(200, 201),
    body=JsonWebKeySetGeneratorRequest,
    security=("oauth2",),
    scopes=("hydra.keys.create",),
    policy=("rn:hydra:keys:{set}", ("create",)),
    repeatable=False,
    id_in_body="kid",
    errors=(
        KnownError(
            500, "duplicate", ConflictException, "Delete the key first, or choose another kid."
        ),
        KnownError(
            400,
            "generator",
            BadRequestException,
            "0.9 knows RS256, HS256 and ES521; 0.10 knows RS256, HS256, ES512 and HS512.",
        ),
    ),
)
DELETE_JSON_WEB_KEY = Operation(
    "delete_json_web_key",
    "DELETE",
    "/keys/{set}/{kid}",
    read=nothing,
    success=(204,),
    security=("oauth2",),
    scopes=("hydra.keys.delete",),
    policy=("rn:hydra:keys:{set}:{kid}", ("delete",)),
)
DELETE_JSON_WEB_KEY_SET = Operation(
    "delete_json_web_key_set",
    "DELETE",
    "/keys/{set}",
    read=nothing,
    success=(204,),
    security=("oauth2",),
    scopes=("hydra.keys.delete",),
    policy=("rn:hydra:keys:{set}", ("delete",)),
)
GET_JSON_WEB_KEY = Operation(
    "get_json_web_key",
    "GET",
    "/keys/{set}/{kid}",
    read=one(JsonWebKeySet),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.keys.get",),
    policy=("rn:hydra:keys:{set}:{kid}", ("get",)),
)
GET_JSON_WEB_KEY_SET = Operation(
    "get_json_web_key_set",
    "GET",
    "/keys/{set}",
    read=one(JsonWebKeySet),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.keys.get",),
    policy=("rn:hydra:keys:{set}:<.*>", ("get",)),
)
UPDATE_JSON_WEB_KEY = Operation(
    "update_json_web_key",
    "PUT",
    "/keys/{set}/{kid}",
    read=one(JsonWebKey),
    success=(200,),
    body=JsonWebKey,
    security=("oauth2",),
    scopes=("hydra.keys.update",),
    policy=("rn:hydra:keys:{set}:{kid}", ("update",)),
    repeatable=False,
    errors=(
        KnownError(
            500, "duplicate", ConflictException, "Delete the key first, or choose another kid."
        ),
        KnownError(
            500, "unknown json web key type", BadRequestException, "Set kty to RSA, EC or oct."
        ),
    ),
)
UPDATE_JSON_WEB_KEY_SET = Operation(
    "update_json_web_key_set",
    "PUT",
    "/keys/{set}",
    read=one(JsonWebKeySet),
    success=(200,),
    body=JsonWebKeySet,
    security=("oauth2",),
    scopes=("hydra.keys.update",),
    policy=("rn:hydra:keys:{set}", ("update",)),
    repeatable=False,
    errors=(
        KnownError(
            500, "duplicate", ConflictException, "Delete the key first, or choose another kid."
        ),
        KnownError(
            500, "unknown json web key type", BadRequestException, "Set kty to RSA, EC or oct."
        ),
    ),
)
ACCEPT_OAUTH2_CONSENT_REQUEST = Operation(
    "accept_oauth2_consent_request",
    "PATCH",
    "/oauth2/consent/requests/{id}/accept",
    read=nothing,
    success=(204,),
    body=ConsentRequestAcceptance,
    security=("oauth2",),
    scopes=("hydra.consent",),
    policy=("rn:hydra:oauth2:consent:requests:<.*>", ("get", "accept", "reject")),
)
CREATE_OAUTH2_CLIENT = Operation(
    "create_oauth2_client",
    "POST",
    "/clients",
    read=one(OAuth2Client),
    success=(200, 201),
    body=OAuth2Client,
    security=("oauth2",),
    scopes=("hydra.clients",),
    policy=("rn:hydra:clients", ("create",)),
    repeatable=False,
    id_in_body="id",
    errors=(
        KnownError(500, "duplicate", ConflictException, "Update the client, or delete it first."),
    ),
)
DELETE_OAUTH2_CLIENT = Operation(
    "delete_oauth2_client",
    "DELETE",
    "/clients/{id}",
    read=nothing,
    success=(204,),
    security=("oauth2",),
    scopes=("hydra.clients",),
    policy=("rn:hydra:clients:{id}", ("delete",)),
    done_on_repeat=404,
)
GET_OAUTH2_CLIENT = Operation(
    "get_oauth2_client",
    "GET",
    "/clients/{id}",
    read=one(OAuth2Client),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.clients",),
    policy=("rn:hydra:clients:{id}", ("get",)),
)
GET_OAUTH2_CONSENT_REQUEST = Operation(
    "get_oauth2_consent_request",
    "GET",
    "/oauth2/consent/requests/{id}",
    read=one(OAuth2ConsentRequest),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.consent",),
    policy=("rn:hydra:oauth2:consent:requests:<.*>", ("get", "accept", "reject")),
)
GET_WELL_KNOWN = Operation(
    "get_well_known",
    "GET",
    "/.well-known/openid-configuration",
    read=one(WellKnown),
    success=(200,),
)
INTROSPECT_OAUTH2_TOKEN = Operation(
    "introspect_oauth2_token",
    "POST",
    "/oauth2/introspect",
    read=one(OAuth2TokenIntrospection),
    success=(200,),
    required=("token",),
    security=("oauth2", "basic"),
    scopes=("hydra.introspect",),
    policy=("rn:hydra:oauth2:tokens", ("introspect",)),
    about_token="token",
)
LIST_OAUTH2_CLIENTS = Operation(
    "list_oauth2_clients",
    "GET",
    "/clients",
    read=many(OAuth2Client),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.clients",),
    policy=("rn:hydra:clients", ("get",)),
)
OAUTH_AUTH = Operation(
    "oauth_auth",
    "GET",
    "/oauth2/auth",
    read=location,
    success=(302,),
    repeatable=("consent", None),
)
OAUTH_TOKEN = Operation(
    "oauth_token",
    "POST",
    "/oauth2/token",
    read=one(OAuth2TokenResponse),
    success=(200,),
    security=("basic",),
    repeatable=("grant_type", "client_credentials"),
    basic_form_encoded=True,
    public_client="client_id",
)
# The operation that exchanges client credentials for a bearer token.
TOKEN_ENDPOINT = OAUTH_TOKEN
REJECT_OAUTH2_CONSENT_REQUEST = Operation(
    "reject_oauth2_consent_request",
    "PATCH",
    "/oauth2/consent/requests/{id}/reject",
    read=nothing,
    success=(204,),
    body=ConsentRequestRejection,
    security=("oauth2",),
    scopes=("hydra.consent",),
    policy=("rn:hydra:oauth2:consent:requests:<.*>", ("get", "accept", "reject")),
)
REVOKE_OAUTH2_TOKEN = Operation(
    "revoke_oauth2_token",
    "POST",
    "/oauth2/revoke",
    read=nothing,
    success=(200,),
    required=("token",),
    security=("basic",),
    about_token="token",
)
UPDATE_OAUTH2_CLIENT = Operation(
    "update_oauth2_client",
    "PUT",
    "/clients/{id}",
    read=one(OAuth2Client),
    success=(200, 201),
    body=OAuth2Client,
    security=("oauth2",),
    scopes=("hydra.clients",),
    policy=("rn:hydra:clients", ("update",)),
)
USERINFO = Operation(
    "userinfo",
    "GET",
    "/userinfo",
    read=one(UserInfo),
    success=(200,),
    security=("oauth2",),
    bearer="access_token",
    since="0.10",
)
WELL_KNOWN = Operation(
    "well_known",
    "GET",
    "/.well-known/jwks.json",
    read=one(JsonWebKeySet),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.keys.get",),
    policy=("rn:hydra:keys:hydra.openid.id-token:public", ("get",)),
    open_by_policy=True,
)
CREATE_POLICY = Operation(
    "create_policy",
    "POST",
    "/policies",
    read=one(Policy),
    success=(201,),
    body=Policy,
    security=("oauth2",),
    scopes=("hydra.policies",),
    policy=("rn:hydra:policies", ("create",)),
    repeatable=False,
    id_in_body="id",
    errors=(
        KnownError(
            500, "policy exists", ConflictException, "Update the policy, or delete it first."
        ),
        KnownError(
            500,
            "could not find condition type",
            BadRequestException,
            "PolicyConditions lists the types that Hydra knows.",
        ),
        KnownError(
            500, "unbalanced braces", BadRequestException, "Close every < of a template with a >."
        ),
        KnownError(500, "effect_check", BadRequestException, "Set effect to allow or deny."),
        KnownError(
            500,
            "transaction has already been committed or rolled back",
            ServiceException,
            "0.9 with SQL says this if a policy is not valid: check its effect and templates.",
        ),
    ),
)
DELETE_POLICY = Operation(
    "delete_policy",
    "DELETE",
    "/policies/{id}",
    read=nothing,
    success=(204,),
    security=("oauth2",),
    scopes=("hydra.policies",),
    policy=("rn:hydra:policies:{id}", ("get",)),
)
GET_POLICY = Operation(
    "get_policy",
    "GET",
    "/policies/{id}",
    read=one(Policy),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.policies",),
    policy=("rn:hydra:policies:{id}", ("get",)),
)
LIST_POLICIES = Operation(
    "list_policies",
    "GET",
    "/policies",
    read=many(Policy),
    success=(200,),
    integers=("limit", "offset"),
    security=("oauth2",),
    scopes=("hydra.policies",),
    policy=("rn:hydra:policies", ("list",)),
)
UPDATE_POLICY = Operation(
    "update_policy",
    "PUT",
    "/policies/{id}",
    read=one(Policy),
    success=(200,),
    body=Policy,
    security=("oauth2",),
    scopes=("hydra.policies",),
    policy=("rn:hydra:policies:{id}", ("update",)),
    errors=(
        KnownError(
            500,
            "could not find condition type",
            BadRequestException,
            "PolicyConditions lists the types that Hydra knows.",
        ),
        KnownError(
            500, "unbalanced braces", BadRequestException, "Close every < of a template with a >."
        ),
        KnownError(500, "effect_check", BadRequestException, "Set effect to allow or deny."),
        KnownError(
            500,
            "transaction has already been committed or rolled back",
            ServiceException,
            "0.9 with SQL says this if a policy is not valid: check its effect and templates.",
        ),
    ),
)
ADD_MEMBERS_TO_GROUP = Operation(
    "add_members_to_group",
    "POST",
    "/warden/groups/{id}/members",
    read=nothing,
    success=(204,),
    body=GroupMembers,
    security=("oauth2",),
    scopes=("hydra.warden.groups",),
    older_scopes=("hydra.groups",),
    policy=("rn:hydra:warden:groups:{id}", ("members.add",)),
    repeatable=False,
    errors=(
        KnownError(500, "duplicate", ConflictException, "Add only those that are not members yet."),
        KnownError(500, "foreign key constraint", NotFoundException, "Create the group first."),
    ),
)
CREATE_GROUP = Operation(
    "create_group",
    "POST",
    "/warden/groups",
    read=one(WardenGroup),
    success=(201,),
    body=WardenGroup,
    security=("oauth2",),
    scopes=("hydra.warden.groups",),
    older_scopes=("hydra.groups",),
    policy=("rn:hydra:warden:groups", ("create",)),
    repeatable=False,
    id_in_body="id",
    errors=(
        KnownError(
            500, "duplicate", ConflictException, "Add members to the group, or delete it first."
        ),
    ),
)
DELETE_GROUP = Operation(
    "delete_group",
    "DELETE",
    "/warden/groups/{id}",
    read=nothing,
    success=(204,),
    security=("oauth2",),
    scopes=("hydra.warden.groups",),
    older_scopes=("hydra.groups",),
    policy=("rn:hydra:warden:groups:{id}", ("delete",)),
)
DOES_WARDEN_ALLOW_ACCESS_REQUEST = Operation(
    "does_warden_allow_access_request",
    "POST",
    "/warden/allowed",
    read=one(WardenAccessRequestResponse),
    success=(200,),
    body=WardenAccessRequest,
    security=("oauth2",),
    scopes=("hydra.warden",),
    policy=("rn:hydra:warden:allowed", ("decide",)),
)
DOES_WARDEN_ALLOW_TOKEN_ACCESS_REQUEST = Operation(
    "does_warden_allow_token_access_request",
    "POST",
    "/warden/token/allowed",
    read=one(WardenTokenAccessRequestResponse),
    success=(200,),
    body=WardenTokenAccessRequest,
    security=("oauth2",),
    scopes=("hydra.warden",),
    policy=("rn:hydra:warden:token:allowed", ("decide",)),
)
FIND_GROUPS_BY_MEMBER = Operation(
    "find_groups_by_member",
    "GET",
    "/warden/groups",
    read=many(WardenGroup),
    success=(200,),
    required=("member",),
    security=("oauth2",),
    scopes=("hydra.warden.groups",),
    older_scopes=("hydra.groups",),
    policy=("rn:hydra:warden:groups", ("list",)),
)
GET_GROUP = Operation(
    "get_group",
    "GET",
    "/warden/groups/{id}",
    read=one(WardenGroup),
    success=(200, 201),
    security=("oauth2",),
    scopes=("hydra.warden.groups",),
    older_scopes=("hydra.groups",),
    policy=("rn:hydra:warden:groups:{id}", ("get",)),
    errors=(KnownError(500, "no rows in result set", NotFoundException),),
)
REMOVE_MEMBERS_FROM_GROUP = Operation(
    "remove_members_from_group",
    "DELETE",
    "/warden/groups/{id}/members",
    read=nothing,
    success=(204,),
    body=GroupMembers,
    security=("oauth2",),
    scopes=("hydra.warden.groups",),
    older_scopes=("hydra.groups",),
    policy=("rn:hydra:warden:groups:{id}", ("members.remove",)),
)
