"""What the answer to a call has to become, said without a look at how the SDK does it."""

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
}

# Where policies and scopes are looked at: the scope, and the action of the policy.
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
}
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
    """The class of an answer that is no success: the first line that fits."""
    code, explanation = words_of(body)
    said = f"{code} {explanation}"
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
        (
            status == 500 and method == "create_oauth2_client" and "duplicate key" in said,
            sdk.ConflictException,
        ),
        (status == 400, sdk.BadRequestException),
        (status == 429, sdk.TooManyRequestsException),
        (status >= 500, sdk.ServiceException),
        (True, sdk.ApiException),
    ]
    return next(error for fits, error in lines if fits)


def check_error(error: sdk.ApiException, method: str, response: dict[str, Any]) -> None:
    """Compares an error with the recorded answer that it came of."""
    status, body = response["status"], response["body"] or ""
    assert type(error) is error_of(method, status, body), f"{status} {body}"
    assert error.status == status
    for got, recorded in [(error.body, body), *zip(said(error), words_of(body), strict=True)]:
        # What is secret is masked, and nothing else is changed.
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
    """Compares what a method returned with the recorded answer that it came of."""
    kind = SUCCESS[method][1]
    if kind is None:
        assert data is None
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
    """Compares a model with its JSON object, as a whole and attribute by attribute."""
    assert type(model) is kind
    assert model.to_dict() == document
    assert json.loads(model.to_json()) == document
    for name, value in document.items():
        attribute = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
        read = getattr(model, attribute)
        if name == "keys":
            for key, key_document in zip(read, value, strict=True):
                check_model(key, sdk.JsonWebKey, key_document)
        elif name == "expiresAt":
            assert f"{read:%Y-%m-%dT%H:%M:%S.%f%z}" == f"{value.rstrip('Z'):0<26}"[:26] + "+0000"
        else:
            assert read == value
    if kind is sdk.OAuth2ConsentRequest:
        assert model.audience == model.client_id
