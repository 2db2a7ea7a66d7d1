"""From a recorded request to the call that sends it.

Method, path, fields and credentials decide, not the name or the place of an exchange, so any
recording can be sent.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

from support import both

import hydra_client

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

# HTTP method, path, method of the SDK, the credentials that it sends.
ROUTES = [
    ("GET", "/clients", "list_oauth2_clients", "bearer"),
    ("POST", "/clients", "create_oauth2_client", "bearer"),
    ("GET", "/clients/{id}", "get_oauth2_client", "bearer"),
    ("PUT", "/clients/{id}", "update_oauth2_client", "bearer"),
    ("DELETE", "/clients/{id}", "delete_oauth2_client", "bearer"),
    ("GET", "/oauth2/auth", "oauth_auth", ""),
    ("POST", "/oauth2/token", "oauth_token", "basic"),
    ("POST", "/oauth2/introspect", "introspect_oauth2_token", "bearer basic"),
    ("POST", "/oauth2/revoke", "revoke_oauth2_token", "basic"),
    ("GET", "/oauth2/consent/requests/{id}", "get_oauth2_consent_request", "bearer"),
    ("PATCH", "/oauth2/consent/requests/{id}/accept", "accept_oauth2_consent_request", "bearer"),
    ("PATCH", "/oauth2/consent/requests/{id}/reject", "reject_oauth2_consent_request", "bearer"),
    ("GET", "/.well-known/openid-configuration", "get_well_known", ""),
    ("GET", "/.well-known/jwks.json", "well_known", "bearer"),
    ("GET", "/userinfo", "userinfo", "bearer"),
    ("GET", "/policies", "list_policies", "bearer"),
    ("POST", "/policies", "create_policy", "bearer"),
    ("GET", "/policies/{id}", "get_policy", "bearer"),
    ("PUT", "/policies/{id}", "update_policy", "bearer"),
    ("DELETE", "/policies/{id}", "delete_policy", "bearer"),
    ("POST", "/warden/allowed", "does_warden_allow_access_request", "bearer"),
    ("POST", "/warden/token/allowed", "does_warden_allow_token_access_request", "bearer"),
    ("GET", "/warden/groups", "find_groups_by_member", "bearer"),
    ("POST", "/warden/groups", "create_group", "bearer"),
    ("GET", "/warden/groups/{id}", "get_group", "bearer"),
    ("DELETE", "/warden/groups/{id}", "delete_group", "bearer"),
    ("POST", "/warden/groups/{id}/members", "add_members_to_group", "bearer"),
    ("DELETE", "/warden/groups/{id}/members", "remove_members_from_group", "bearer"),
    ("GET", "/keys/{set}", "get_json_web_key_set", "bearer"),
    ("POST", "/keys/{set}", "create_json_web_key_set", "bearer"),
    ("PUT", "/keys/{set}", "update_json_web_key_set", "bearer"),
    ("DELETE", "/keys/{set}", "delete_json_web_key_set", "bearer"),
    ("GET", "/keys/{set}/{kid}", "get_json_web_key", "bearer"),
    ("PUT", "/keys/{set}/{kid}", "update_json_web_key", "bearer"),
    ("DELETE", "/keys/{set}/{kid}", "delete_json_web_key", "bearer"),
    ("GET", "/health/status", "get_instance_status", ""),
    ("GET", "/health/metrics", "get_instance_metrics", "bearer"),
]
APIS = (
    hydra_client.OAuth2Api,
    hydra_client.PolicyApi,
    hydra_client.WardenApi,
    hydra_client.JsonWebKeyApi,
    hydra_client.HealthApi,
)
BODIES: dict[str, Any] = {
    "create_oauth2_client": hydra_client.OAuth2Client,
    "update_oauth2_client": hydra_client.OAuth2Client,
    "accept_oauth2_consent_request": hydra_client.ConsentRequestAcceptance,
    "reject_oauth2_consent_request": hydra_client.ConsentRequestRejection,
    "create_policy": hydra_client.Policy,
    "update_policy": hydra_client.Policy,
    "does_warden_allow_access_request": hydra_client.WardenAccessRequest,
    "does_warden_allow_token_access_request": hydra_client.WardenTokenAccessRequest,
    "create_group": hydra_client.WardenGroup,
    "add_members_to_group": hydra_client.GroupMembers,
    "remove_members_from_group": hydra_client.GroupMembers,
    "create_json_web_key_set": hydra_client.JsonWebKeySetGeneratorRequest,
    "update_json_web_key_set": hydra_client.JsonWebKeySet,
    "update_json_web_key": hydra_client.JsonWebKey,
}
# The member of a body that becomes an id in paths.
IDS = {
    "create_oauth2_client": "id",
    "create_policy": "id",
    "create_group": "id",
    "create_json_web_key_set": "kid",
}
# Fields of a form or a query; None if the method takes any.
FORMS = {
    "oauth_token": None,
    "introspect_oauth2_token": ("token", "scope"),
    "revoke_oauth2_token": ("token",),
}
QUERIES = {
    "oauth_auth": None,
    "list_policies": ("limit", "offset"),
    "find_groups_by_member": ("member",),
}
FIELDS = FORMS | QUERIES
REQUIRED = {
    "introspect_oauth2_token": "token",
    "revoke_oauth2_token": "token",
    "find_groups_by_member": "member",
}

# Why an exchange is not sent: no call says it ...
NO_OPERATION = "no operation has this method and path"
NO_MODEL = "the body is not a JSON object of the operation's model"
NO_FORM = "there is no form"
FIELD_MISSING = "the field that the operation requires is missing"
FIELD_UNKNOWN = "the operation does not have such a parameter, or only once"
OTHER_CONTENT = "the operation has a body of another type, or none"
OTHER_SPELLING = "the id is percent-encoded in another way"
NOT_FORM_ENCODED = "id and secret are not form-encoded, as the token endpoint expects them"
OTHER_CREDENTIALS = "the credentials are of a kind that the operation does not take"
# ... or the SDK refuses to send it.
NO_CREDENTIALS = "refused: there are no credentials, and the operation requires some"
ID_UNADDRESSABLE = "refused: no later call could address this id"
CONTROL_CHARACTERS = "refused: control characters in id or secret, which no Basic can carry"
SECRET_TOO_SHORT = "refused: a client secret under 6 characters"


@dataclass
class Call:
    """How a request is sent: a method, its arguments, the settings that it needs."""

    method: str
    arguments: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    refused: str | None = None
    """Why nothing is sent."""

    def refuse(self, reason: str) -> None:
        self.refused = self.refused or reason

    def api(self, client: hydra_client.ApiClient) -> Any:
        """The API that has the method."""
        (api,) = (api for api in APIS if hasattr(api, self.method))
        return both.api_of(client, api)

    def __call__(self, api: Any) -> Any:
        return getattr(api, self.method)(**self.arguments)


class UnsayableError(Exception):
    """No call sends this request; `str()` says why."""


def call_for(request: dict[str, Any]) -> Call:
    """The call that sends a recorded request. Raises UnsayableError if there is none."""
    path, _, query = request["path"].partition("?")
    headers = {name.lower(): value for name, value in request["headers"].items()}
    call, credentials = _route(request["method"], path)
    if query and call.method not in QUERIES:
        raise UnsayableError(FIELD_UNKNOWN)
    if call.method in BODIES:
        _put_model(call, request["body"], headers)
    elif call.method in FORMS:
        _put_fields(call, _form(request["body"], headers))
    elif request["body"] is not None:
        raise UnsayableError(OTHER_CONTENT)
    elif call.method in QUERIES:
        _put_fields(call, query)
    _put_credentials(call, credentials, headers)
    fixed = {"authorization", "content-type", "accept", "host", "content-length", "user-agent"}
    more = {name: value for name, value in headers.items() if name not in fixed}
    if more:
        call.arguments["headers"] = more
    return call


def _route(http_method: str, path: str) -> tuple[Call, str]:
    for method, template, name, credentials in ROUTES:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]*)", re.escape(template))
        match = re.fullmatch(pattern, path)
        if method != http_method or match is None:
            continue
        call = Call(name)
        for parameter, segment in match.groupdict().items():
            call.arguments[parameter] = id = unquote(segment, errors="surrogateescape")
            # The SDK encodes colons, too, which makes no difference to servers.
            spellings = [quote(id, safe=safe, errors="surrogateescape") for safe in ("", ":")]
            if not id or _unaddressable(id):
                call.refuse(ID_UNADDRESSABLE)
            elif segment not in spellings or not _is_utf8(id):
                raise UnsayableError(OTHER_SPELLING)
        return call, credentials
    raise UnsayableError(NO_OPERATION)


def _unaddressable(id: str) -> bool:
    return id in (".", "..") or re.search(r"[/\x00-\x1f\x7f-\x9f]", id) is not None


def _is_utf8(text: str) -> bool:
    return not re.search("[\ud800-\udfff]", text)


def _put_model(call: Call, body: str | None, headers: dict[str, str]) -> None:
    if headers.get("content-type") != JSON:
        raise UnsayableError(OTHER_CONTENT)
    try:
        document = json.loads(body or "")
        model = BODIES[call.method].from_dict(document)
    except (ValueError, hydra_client.ApiDecodeError):
        raise UnsayableError(NO_MODEL) from None
    call.arguments["body"] = model
    id, secret = document.get(IDS.get(call.method)), document.get("client_secret")
    if id and _unaddressable(id):
        call.refuse(ID_UNADDRESSABLE)
    if BODIES[call.method] is hydra_client.OAuth2Client and secret is not None and len(secret) < 6:
        call.refuse(SECRET_TOO_SHORT)


def _form(body: str | None, headers: dict[str, str]) -> str:
    if body is None:
        raise UnsayableError(NO_FORM)
    if headers.get("content-type") != FORM:
        raise UnsayableError(OTHER_CONTENT)
    return body


def _put_fields(call: Call, text: str) -> None:
    pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
    values: dict[str, Any] = dict(pairs)
    known = FIELDS[call.method]
    required = REQUIRED.get(call.method)
    if required is not None and required not in values:
        raise UnsayableError(FIELD_MISSING)
    if (
        len(values) < len(pairs)
        or not set(values) <= set(values if known is None else known)
        or {"timeout", "headers"} & set(values)
        or not _is_utf8("".join(sum(pairs, ())))
    ):
        raise UnsayableError(FIELD_UNKNOWN)
    if call.method == "list_policies":
        if not all(re.fullmatch(r"0|[1-9]\d*", value) for value in values.values()):
            raise UnsayableError(FIELD_UNKNOWN)
        values = {name: int(value) for name, value in values.items()}
    call.arguments.update(values)


def _put_credentials(call: Call, taken: str, headers: dict[str, str]) -> None:
    kind, _, value = headers.get("authorization", "").partition(" ")
    kind = kind.lower()
    if call.method == "userinfo":
        if kind != "bearer":
            raise UnsayableError(FIELD_MISSING)
        call.arguments["access_token"] = value
        # Never to be sent here.
        call.settings |= {"access_token": "own", "username": "own-id", "password": "own-secret"}
    elif not kind:
        # A public client names itself in the form.
        # A policy may show the keys to everybody.
        anonymous = call.method == "well_known" or (
            call.method == "oauth_token" and call.arguments.get("client_id")
        )
        if taken and not anonymous:
            call.refuse(NO_CREDENTIALS)
    elif kind not in taken.split():
        raise UnsayableError(OTHER_CREDENTIALS)
    elif kind == "bearer":
        if not re.fullmatch(r"[\x21-\x7e]+", value):
            raise UnsayableError(OTHER_CREDENTIALS)
        call.settings["access_token"] = value
    else:
        username, password = _basic(value)
        if call.method == "oauth_token":
            recorded = username, password
            username, password = unquote_plus(username), unquote_plus(password)
            if (quote_plus(username), quote_plus(password)) != recorded:
                raise UnsayableError(NOT_FORM_ENCODED)
        if re.search(r"[\x00-\x1f\x7f]", username + password):
            call.refuse(CONTROL_CHARACTERS)
        call.settings |= {"username": username, "password": password}


def _basic(value: str) -> tuple[str, str]:
    try:
        username, colon, password = b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise UnsayableError(OTHER_CREDENTIALS) from None
    if not colon:
        raise UnsayableError(OTHER_CREDENTIALS)
    return username, password
