"""The operations as data: what each one sends, requires and returns.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.models import (
    ConsentRequestAcceptance,
    ConsentRequestRejection,
    JsonWebKeySet,
    OAuth2Client,
    OAuth2ConsentRequest,
    OAuth2TokenIntrospection,
    OAuth2TokenResponse,
    WellKnown,
)
from hydra_client.protocol.decoding import location, many, nothing, one
from hydra_client.protocol.operation import Operation

ACCEPT_OAUTH2_CONSENT_REQUEST = Operation(
    "accept_oauth2_consent_request",
    "PATCH",
    "/oauth2/consent/requests/{id}/accept",
    read=nothing,
    success=(204,),
    body=ConsentRequestAcceptance,
    security=("oauth2",),
    scopes=("hydra.consent",),
    resource="rn:hydra:oauth2:consent:requests:{id}",
    action="accept",
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
    resource="rn:hydra:clients",
    action="create",
    repeatable=False,
    id_in_body="id",
    conflict="duplicate",
)
DELETE_OAUTH2_CLIENT = Operation(
    "delete_oauth2_client",
    "DELETE",
    "/clients/{id}",
    read=nothing,
    success=(204,),
    security=("oauth2",),
    scopes=("hydra.clients",),
    resource="rn:hydra:clients:{id}",
    action="delete",
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
    resource="rn:hydra:clients:{id}",
    action="get",
)
GET_OAUTH2_CONSENT_REQUEST = Operation(
    "get_oauth2_consent_request",
    "GET",
    "/oauth2/consent/requests/{id}",
    read=one(OAuth2ConsentRequest),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.consent",),
    resource="rn:hydra:oauth2:consent:requests:{id}",
    action="get",
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
    resource="rn:hydra:oauth2:tokens",
    action="introspect",
    inspects="token",
)
LIST_OAUTH2_CLIENTS = Operation(
    "list_oauth2_clients",
    "GET",
    "/clients",
    read=many(OAuth2Client),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.clients",),
    resource="rn:hydra:clients",
    action="get",
)
OAUTH_AUTH = Operation(
    "oauth_auth",
    "GET",
    "/oauth2/auth",
    read=location,
    success=(302,),
    repeatable_if=("consent", None),
)
OAUTH_TOKEN = Operation(
    "oauth_token",
    "POST",
    "/oauth2/token",
    read=one(OAuth2TokenResponse),
    success=(200,),
    security=("basic",),
    repeatable_if=("grant_type", "client_credentials"),
    basic_form_encoded=True,
    public_client="client_id",
)
REJECT_OAUTH2_CONSENT_REQUEST = Operation(
    "reject_oauth2_consent_request",
    "PATCH",
    "/oauth2/consent/requests/{id}/reject",
    read=nothing,
    success=(204,),
    body=ConsentRequestRejection,
    security=("oauth2",),
    scopes=("hydra.consent",),
    resource="rn:hydra:oauth2:consent:requests:{id}",
    action="reject",
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
    resource="rn:hydra:clients",
    action="update",
)
WELL_KNOWN = Operation(
    "well_known",
    "GET",
    "/.well-known/jwks.json",
    read=one(JsonWebKeySet),
    success=(200,),
    security=("oauth2",),
    scopes=("hydra.keys.get",),
    resource="rn:hydra:keys:hydra.openid.id-token:public",
    action="get",
    denies_unknown_tokens=True,
    open_by_policy=True,
)

# The operation that exchanges client credentials for a bearer token.
TOKEN_ENDPOINT = OAUTH_TOKEN
