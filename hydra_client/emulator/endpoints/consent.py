"""`/oauth2/consent/requests`: the endpoints for consent apps."""

from __future__ import annotations

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import decode_struct
from hydra_client.emulator.responses import Response, json_response
from hydra_client.emulator.state import State

SCOPE = "hydra.consent"

_EXTRA = "map[string]interface {}"
_ACCEPTANCE = {
    "accessTokenExtra": _EXTRA,
    "idTokenExtra": _EXTRA,
    "subject": "string",
    "grantScopes": "[]string",
}


def get(state: State, request: Request, id: str) -> Response:
    """GET /oauth2/consent/requests/{id}."""
    _authorize(state, request, "get", id)
    return json_response(state.consents.to_json(state.consents.get(id)))


def accept(state: State, request: Request, id: str) -> Response:
    """PATCH /oauth2/consent/requests/{id}/accept. Also changes an earlier decision."""
    _authorize(state, request, "accept", id)
    payload = decode_struct(request.body, "oauth2.AcceptConsentRequestPayload", _ACCEPTANCE)
    consent = state.consents.get(id)
    consent.accepted = True
    consent.subject = payload.get("subject", "")
    consent.granted_scopes = payload.get("grantScopes") or []
    consent.access_token_extra = payload.get("accessTokenExtra")
    consent.id_token_extra = payload.get("idTokenExtra")
    state.consents.add(consent)
    return Response(204)


def reject(state: State, request: Request, id: str) -> Response:
    """PATCH /oauth2/consent/requests/{id}/reject."""
    _authorize(state, request, "reject", id)
    payload = decode_struct(
        request.body, "oauth2.RejectConsentRequestPayload", {"reason": "string"}
    )
    consent = state.consents.get(id)
    consent.accepted = False
    consent.deny_reason = payload.get("reason", "")
    state.consents.add(consent)
    return Response(204)


def _authorize(state: State, request: Request, action: str, id: str) -> None:
    state.authorize(request, SCOPE, action, f"rn:hydra:oauth2:consent:requests:{id}")
