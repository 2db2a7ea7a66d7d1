"""`/oauth2/consent/requests`: what the consent app asks and says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra_client.emulator.errors import PlainError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import GoJsonError, decode_struct
from hydra_client.emulator.responses import Answer, json_answer
from hydra_client.emulator.state import State

SCOPE = "hydra.consent"

_EXTRA = "map[string]interface {}"
_ACCEPTANCE = {
    "accessTokenExtra": _EXTRA,
    "idTokenExtra": _EXTRA,
    "subject": "string",
    "grantScopes": "[]string",
}


def get(state: State, request: Request, id: str) -> Answer:
    """GET /oauth2/consent/requests/{id}."""
    _authorize(state, request, "get", id)
    return json_answer(state.consents.to_json(state.consents.get(id)))


def accept(state: State, request: Request, id: str) -> Answer:
    """PATCH /oauth2/consent/requests/{id}/accept. Also after an earlier answer, also too late."""
    _authorize(state, request, "accept", id)
    payload = _read(request, "oauth2.AcceptConsentRequestPayload", _ACCEPTANCE)
    consent = state.consents.get(id)
    consent.accepted = True
    consent.subject = payload.get("subject", "")
    consent.granted_scopes = payload.get("grantScopes") or []
    consent.access_token_extra = payload.get("accessTokenExtra")
    consent.id_token_extra = payload.get("idTokenExtra")
    state.consents.add(consent)
    return Answer(204)


def reject(state: State, request: Request, id: str) -> Answer:
    """PATCH /oauth2/consent/requests/{id}/reject."""
    _authorize(state, request, "reject", id)
    payload = _read(request, "oauth2.RejectConsentRequestPayload", {"reason": "string"})
    consent = state.consents.get(id)
    consent.accepted = False
    consent.deny_reason = payload.get("reason", "")
    state.consents.add(consent)
    return Answer(204)


def _authorize(state: State, request: Request, action: str, id: str) -> None:
    state.authorize(request, SCOPE, action, f"rn:hydra:oauth2:consent:requests:{id}")


def _read(request: Request, go_type: str, fields: Mapping[str, str]) -> dict[str, Any]:
    try:
        return decode_struct(request.body, go_type, fields)
    except GoJsonError as error:
        raise PlainError(str(error)) from None
