"""Operations of an imaginary server, one of each kind, and the aliases of real ones."""

from __future__ import annotations

from hydra_client import OAuth2Client
from hydra_client.protocol.decoding import location, many, nothing, one
from hydra_client.protocol.operation import Operation

GET = Operation("get_thing", "GET", "/things/{id}/part", read=one(OAuth2Client), success=(200,))
LIST = Operation("list_things", "GET", "/things", read=many(OAuth2Client), success=(200,))
CREATE = Operation(
    "create_thing",
    "POST",
    "/things",
    body=OAuth2Client,
    read=one(OAuth2Client),
    success=(200, 201),
    repeatable=False,
    id_in_body="id",
)
UPDATE = Operation(
    "update_thing",
    "PUT",
    "/things/{id}",
    body=OAuth2Client,
    read=one(OAuth2Client),
    success=(200,),
)
DELETE = Operation(
    "delete_thing", "DELETE", "/things/{id}", read=nothing, success=(204,), done_on_repeat=404
)
TOKEN = Operation(
    "get_token",
    "POST",
    "/tokens",
    read=nothing,
    success=(200,),
    repeatable=("grant_type", "client_credentials"),
)
REVOKE = Operation("revoke", "POST", "/revoke", read=nothing, success=(200,), required=("token",))
AUTH = Operation(
    "begin", "GET", "/auth", read=location, success=(302,), repeatable=("consent", None)
)

# The generator's own names of methods, and what they stand for.
ALIASES = {
    "accept_o_auth2_consent_request": "accept_oauth2_consent_request",
    "create_o_auth2_client": "create_oauth2_client",
    "delete_o_auth2_client": "delete_oauth2_client",
    "get_o_auth2_client": "get_oauth2_client",
    "get_o_auth2_consent_request": "get_oauth2_consent_request",
    "introspect_o_auth2_token": "introspect_oauth2_token",
    "list_o_auth2_clients": "list_oauth2_clients",
    "reject_o_auth2_consent_request": "reject_oauth2_consent_request",
    "revoke_o_auth2_token": "revoke_oauth2_token",
    "update_o_auth2_client": "update_oauth2_client",
}
