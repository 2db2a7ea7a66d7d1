"""`/oauth2/introspect` (RFC 7662) and `/oauth2/revoke` (RFC 7009)."""

from __future__ import annotations

from typing import Any

from hydra_client.emulator.endpoints.token import authenticated
from hydra_client.emulator.errors import HydraError, OAuthError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import encode
from hydra_client.emulator.responses import OAUTH_JSON, Answer, admin_error, oauth_error
from hydra_client.emulator.state import State
from hydra_client.emulator.store.tokens import Grant, UnknownClientError

SCOPE = "hydra.introspect"


def introspect(state: State, request: Request, id: str) -> Answer:
    """POST /oauth2/introspect."""
    if not state.variant.is_0_9:
        try:
            _check_access(state, request)
        except HydraError as error:
            return admin_error(error, state.variant, request)
    try:
        _authenticate(state, request)
    except OAuthError as error:
        if state.variant.is_0_9:
            return oauth_error(error, state.variant)
        # 0.10 compares errors in a way that no longer finds them, and calls the token inactive.
        return _answer({"active": False})
    form = request.post_form
    try:
        grant = state.active(form.get("token"), form.get("scope"))
    except OAuthError:
        return _answer({"active": False})
    return _answer(_describe(state, grant))


def _check_access(state: State, request: Request) -> None:
    """0.10's policy: for the token's subject, or for the name in Basic, proven or not."""
    resource = "rn:hydra:oauth2:tokens"
    if request.bearer:
        state.authorize(request, SCOPE, "introspect", resource)
    elif request.basic is not None:
        state.check_policies(request.basic[0], "introspect", resource)
    else:
        raise OAuthError("request_unauthorized")


def _authenticate(state: State, request: Request) -> None:
    """Raise OAuthError unless the caller is who it says. Basic is taken as it is, undecoded."""
    # Looking for a bearer in the form, 0.10 read it before, and complains no more.
    if not request.form_is_readable and (state.variant.is_0_9 or request.bearer):
        raise OAuthError("invalid_request")
    if request.bearer:
        if request.bearer == request.post_form.get("token"):
            raise OAuthError("request_unauthorized")
        try:
            state.active(request.bearer)
        except OAuthError:
            raise OAuthError("request_unauthorized") from None
        return
    try:
        client = state.clients.get(request.basic[0]) if request.basic else None
    except HydraError:
        client = None
    # A public client has to know its secret here, too.
    if client is None or request.basic is None or not client.has_secret(request.basic[1]):
        raise OAuthError("request_unauthorized")


def _describe(state: State, grant: Grant) -> dict[str, Any]:
    described = {
        "active": True,
        "scope": " ".join(grant.scopes),
        "client_id": grant.client_id,
        "sub": grant.subject,
        "exp": int(grant.expires_at),
        "iat": int(grant.requested_at),
        "aud": grant.client_id if state.variant.is_0_9 else "",
        "iss": state.issuer,
        "ext": grant.extra,
    }
    return {name: value for name, value in described.items() if value}


def _answer(members: dict[str, Any]) -> Answer:
    return Answer(200, [("Content-Type", OAUTH_JSON)], (encode(members) + "\n").encode("utf-8"))


def revoke(state: State, request: Request, id: str) -> Answer:
    """POST /oauth2/revoke. Takes Basic as it is; an unknown token is no error."""
    try:
        if not request.form_is_readable or request.basic is None:
            raise OAuthError("invalid_request")
        client = authenticated(state, *request.basic)
    except OAuthError as error:
        # 0.10 calls every mistake of the client's an invalid client.
        told = error if state.variant.is_0_9 else OAuthError("invalid_client")
        return oauth_error(told, state.variant)
    grant = _find(state, request.post_form.get("token"))
    # 0.9 lets any client revoke any token; 0.10 leaves others' alone, and says nothing.
    if grant is not None and (state.variant.is_0_9 or grant.client_id == client.id):
        state.tokens.revoke_request(grant.id)
    return Answer(200)


def _find(state: State, token: str) -> Grant | None:
    tokens = state.tokens
    try:
        return tokens.find(tokens.refresh, token) or tokens.find(tokens.access, token)
    except UnknownClientError:
        return None
