"""What each recorded response should become, stated independently of the SDK's own tables."""

from __future__ import annotations

import json
import re
from typing import Any

import hydra_client as sdk

# Statuses that are the operation's success, and the model that comes of it.
SUCCESS: dict[str, tuple[tuple[int, ...], Any]] = {
    "accept_oauth2_consent_request": ((204,), None),
    "create_oauth2_client": ((200, 201), sdk.OAuth2Client),
    "delete_oauth2_client": ((204,), None),
    "get_oauth2_client": ((200,), sdk.OAuth2Client),
    "get_oauth2_consent_request": ((200,), sdk.OAuth2ConsentRequest),
    "get_well_known": ((200,), sdk.WellKnown),
    "introspect_oauth2_token": ((200,), sdk.OAuth2TokenIntrospection),
    "list_oauth2_clients": ((200,), [sdk.OAuth2Client]),
    "oauth_auth": ((302,), str),
    "oauth_token": ((200,), sdk.OAuth2TokenResponse),
    "reject_oauth2_consent_request": ((204,), None),
    "revoke_oauth2_token": ((200,), None),
    "update_oauth2_client": ((200, 201), sdk.OAuth2Client),
    "well_known": ((200,), sdk.JsonWebKeySet),
    "userinfo": ((200,), sdk.UserInfo),
    "list_policies": ((200,), [sdk.Policy]),
    "create_policy": ((201,), sdk.Policy),
    "get_policy": ((200,), sdk.Policy),
    "update_policy": ((200,), sdk.Policy),
    "delete_policy": ((204,), None),
    "does_warden_allow_access_request": ((200,), sdk.WardenAccessRequestResponse),
    "does_warden_allow_token_access_request": ((200,), sdk.WardenTokenAccessRequestResponse),
    "find_groups_by_member": ((200,), [sdk.WardenGroup]),
    "create_group": ((201,), sdk.WardenGroup),
    "get_group": ((200, 201), sdk.WardenGroup),
    "delete_group": ((204,), None),
    "add_members_to_group": ((204,), None),
    "remove_members_from_group": ((204,), None),
    "get_json_web_key_set": ((200,), sdk.JsonWebKeySet),
    "create_json_web_key_set": ((200, 201), sdk.JsonWebKeySet),
    "update_json_web_key_set": ((200,), sdk.JsonWebKeySet),
    "delete_json_web_key_set": ((204,), None),
    "get_json_web_key": ((200,), sdk.JsonWebKeySet),
    "update_json_web_key": ((200,), sdk.JsonWebKey),
    "delete_json_web_key": ((204,), None),
    "get_instance_status": ((200,), sdk.HealthStatus),
    "get_instance_metrics": ((200,), dict),
}

GROUPS = "hydra.warden.groups (hydra.groups on 0.9)"
# Which operations check policies and scopes: the scope, and the action of the policy.
NEEDS = {
    "accept_oauth2_consent_request": ("hydra.consent", "accept"),
    "create_oauth2_client": ("hydra.clients", "create"),
    "delete_oauth2_client": ("hydra.clients", "delete"),
    "get_oauth2_client": ("hydra.clients", "get"),
    "get_oauth2_consent_request": ("hydra.consent", "get"),
    "introspect_oauth2_token": ("hydra.introspect", "introspect"),
    "list_oauth2_clients": ("hydra.clients", "get"),
    "reject_oauth2_consent_request": ("hydra.consent", "reject"),
    "update_oauth2_client": ("hydra.clients", "update"),
    "well_known": ("hydra.keys.get", "get"),
    "list_policies": ("hydra.policies", "list"),
    "create_policy": ("hydra.policies", "create"),
    "get_policy": ("hydra.policies", "get"),
    "update_policy": ("hydra.policies", "update"),
    "delete_policy": ("hydra.policies", "get"),
    "does_warden_allow_access_request": ("hydra.warden", "decide"),
    "does_warden_allow_token_access_request": ("hydra.warden", "decide"),
    "find_groups_by_member": (GROUPS, "list"),
    "create_group": (GROUPS, "create"),
    "get_group": (GROUPS, "get"),
    "delete_group": (GROUPS, "delete"),
    "add_members_to_group": (GROUPS, "members.add"),
    "remove_members_from_group": (GROUPS, "members.remove"),
    "get_json_web_key_set": ("hydra.keys.get", "get"),
    "create_json_web_key_set": ("hydra.keys.create", "create"),
    "update_json_web_key_set": ("hydra.keys.update", "update"),
    "delete_json_web_key_set": ("hydra.keys.delete", "delete"),
    "get_json_web_key": ("hydra.keys.get", "get"),
    "update_json_web_key": ("hydra.keys.update", "update"),
    "delete_json_web_key": ("hydra.keys.delete", "delete"),
    "get_instance_metrics": ("hydra.health", "get"),
}
# What a 500 means in the words of the server, for some operations.
KNOWN: dict[str, dict[str, type[sdk.ApiException]]] = {
    "create_oauth2_client": {"duplicate key": sdk.ConflictException},
    "create_policy": {"Policy exists": sdk.ConflictException},
    "create_group": {"duplicate key": sdk.ConflictException},
    "get_group": {"no rows": sdk.NotFoundException},
    "add_members_to_group": {
        "duplicate key": sdk.ConflictException,
        "foreign key": sdk.NotFoundException,
    },
    "create_json_web_key_set": {"duplicate key": sdk.ConflictException},
    "update_json_web_key_set": {"duplicate key": sdk.ConflictException},
    "update_json_web_key": {
        "duplicate key": sdk.ConflictException,
        "unknown json web key type": sdk.BadRequestException,
    },
}
for changing in ("create_policy", "update_policy"):
    KNOWN.setdefault(changing, {}).update(
        dict.fromkeys(
            ("condition type", "Unbalanced braces", "check constraint"), sdk.BadRequestException
        )
    )
DENIED = ("Request was denied", "requested scope is invalid", '"invalid_scope"')


def words_of(body: str) -> tuple[str | None, str | None]:
    """The error's code and what explains it, from either shape of an error."""
    try:
        document, _ = json.JSONDecoder().raw_decode(body.lstrip())
    except ValueError:
        return None, None
    if not isinstance(document, dict):
        return None, None  # "404 page not found" begins with a number
    error = document.get("error", document)
    if isinstance(error, dict):
        return error.get("message"), error.get("reason")
    return error, document.get("error_description")


def error_of(method: str, status: int, body: str) -> type[sdk.ApiException]:
    """The class of a response that is not a success: the first line that fits."""
    code, explanation = words_of(body)
    said = f"{code} {explanation}"
    known = [error for words, error in KNOWN.get(method, {}).items() if words in said]
    clients_own = method in ("oauth_token", "revoke_oauth2_token")
    lines: list[tuple[bool, type[sdk.ApiException]]] = [
        (status == 401, sdk.UnauthorizedException),
        (status == 500 and "could not be authorized" in said, sdk.UnauthorizedException),
        (status == 500 and "Token expired" in said, sdk.UnauthorizedException),
        (status == 403 and clients_own and code == "invalid_client", sdk.UnauthorizedException),
        (status == 403, sdk.ForbiddenException),
        (status == 500 and "Request was denied" in said, sdk.ForbiddenException),
        (status == 500 and "requested scope is invalid" in said, sdk.ForbiddenException),
        (status == 400 and method in NEEDS and code == "invalid_scope", sdk.ForbiddenException),
        (status == 404, sdk.NotFoundException),
        *((status == 500, error) for error in known),
        (status == 400, sdk.BadRequestException),
        (status == 429, sdk.TooManyRequestsException),
        (status >= 500, sdk.ServiceException),
        (True, sdk.ApiException),
    ]
    return next(error for fits, error in lines if fits)


def check_error(error: sdk.ApiException, method: str, response: dict[str, Any]) -> None:
    """Compare an error with the recorded response."""
    status, body = response["status"], response["body"] or ""
    assert type(error) is error_of(method, status, body), f"{status} {body}"
    assert error.status == status
    for got, recorded in [(error.body, body), *zip(said(error), words_of(body), strict=True)]:
        # Secrets are masked, and nothing else is changed.
        assert (got is None) == (recorded is None)
        assert got is None or fits(got, recorded or "")
    for name, value in response["headers"].items():
        assert fits(error.headers[name.lower()], value)
    if method in NEEDS and any(words in body for words in DENIED):
        scope, action = NEEDS[method]
        assert f"the scope {scope}," in (error.hint or "")
        assert f'"actions": ["{action}"]' in (error.hint or "")


def said(error: sdk.ApiException) -> tuple[str | None, str | None]:
    return error.error, error.error_description


def fits(masked: str, recorded: str) -> bool:
    pattern = ".*".join(map(re.escape, masked.split("***")))
    return re.fullmatch(pattern, recorded, re.DOTALL) is not None


def check_data(data: Any, method: str, response: dict[str, Any]) -> None:
    """Compare what a method returned with the recorded response."""
    kind = SUCCESS[method][1]
    if kind is None:
        assert data is None
    elif kind is dict:
        assert data == json.loads(response["body"])
    elif kind is str:
        assert data == response["headers"]["Location"]
    elif isinstance(kind, list):
        documents = json.loads(response["body"]) or []
        assert isinstance(data, list)
        assert len(data) == len(documents)
        for item, document in zip(data, documents, strict=True):
            check_model(item, kind[0], document)
    else:
        check_model(data, kind, json.loads(response["body"]))


def check_model(model: Any, kind: type, document: dict[str, Any]) -> None:
    """Compare a model with its JSON object, as a whole and attribute by attribute."""
    assert type(model) is kind
    if kind is sdk.JsonWebKeySet:
        document = {**document, "keys": document["keys"] or []}  # null for an empty list
    assert model.to_dict() == document
    assert json.loads(model.to_json()) == document
    for name, value in document.items():
        attribute = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
        read = getattr(model, attribute)
        if name == "keys":
            for key, key_document in zip(read, value, strict=True):
                check_model(key, sdk.JsonWebKey, key_document)
        elif name == "conditions":
            assert read.keys() == value.keys()
            for key, condition in read.items():
                check_model(condition, sdk.PolicyConditions, value[key])
        elif name == "options":
            check_model(read, sdk.PolicyConditionOptions, value)
        elif name in ("expiresAt", "issuedAt"):
            assert f"{read:%Y-%m-%dT%H:%M:%S.%f%z}" == f"{value.rstrip('Z'):0<26}"[:26] + "+0000"
        else:
            assert read == value, name
    if kind is sdk.OAuth2ConsentRequest:
        assert model.audience == model.client_id
