"""`/warden/allowed` and `/warden/token/allowed`: what policies allow."""

from __future__ import annotations

from typing import Any

from hydra_client.emulator.clock import rfc3339
from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import decode_struct
from hydra_client.emulator.responses import Response, json_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.tokens import Grant

SCOPE = "hydra.warden"
_FIELDS = {"resource": "string", "action": "string", "context": "map[string]interface {}"}


def allowed(state: State, request: Request) -> Response:
    """POST /warden/allowed."""
    state.authorize(request, SCOPE, "decide", "rn:hydra:warden:allowed")
    fields = {**_FIELDS, "subject": "string"}
    asked = decode_struct(request.body, "firewall.AccessRequest", fields)
    try:
        _check(state, asked.get("subject", ""), asked)
    except HydraError:
        return json_response({"allowed": False})
    return json_response({"allowed": True})


def token_allowed(state: State, request: Request) -> Response:
    """POST /warden/token/allowed."""
    state.authorize(request, SCOPE, "decide", "rn:hydra:warden:token:allowed")
    fields = {**_FIELDS, "scopes": "[]string", "token": "string"}
    asked = decode_struct(request.body, "warden.wardenAccessRequest", fields)
    try:
        grant = state.active(asked.get("token", ""), *(asked.get("scopes") or []))
        _check(state, grant.subject, asked)
    except HydraError:
        return json_response({"allowed": False})
    return json_response(_describe(state, grant))


def _check(state: State, subject: str, asked: dict[str, Any]) -> None:
    action, resource = asked.get("action", ""), asked.get("resource", "")
    state.check_policies(subject, action, resource, asked.get("context"))


def _describe(state: State, grant: Grant) -> dict[str, object]:
    is_sql = state.variant.is_sql
    return {
        "subject": grant.subject,
        # In a text column, an empty list of scopes and one empty scope are the same.
        "grantedScopes": grant.scopes or ([""] if is_sql else []),
        "issuer": state.issuer,
        "clientId": grant.client_id,
        # PostgreSQL stores this in microseconds, but what belongs to the session as text.
        "issuedAt": rfc3339(grant.requested_at, digits=6 if is_sql else 9),
        "expiresAt": rfc3339(grant.expires_at, digits=9),
        "accessTokenExtra": grant.extra,
        "allowed": True,
    }
