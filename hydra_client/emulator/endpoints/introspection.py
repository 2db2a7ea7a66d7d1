"""`/oauth2/introspect` (RFC 7662) and `/oauth2/revoke` (RFC 7009)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hydra_client.emulator.errors import HydraError, OAuthError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response, oauth_error, oauth_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.tokens import Grant

SCOPE = "hydra.introspect"
RESOURCE = "rn:hydra:oauth2:tokens"


def introspect(state: State, request: Request) -> Response:
    """POST /oauth2/introspect."""
    if not state.variant.is_0_9:
        _check_access(state, request)
    try:
        _authenticate(state, request)
    except OAuthError as error:
        if state.variant.is_0_9:
            return oauth_error(error, state.variant)
        # 0.10 fails to recognize this error, and calls the token inactive.
        return oauth_response({"active": False}, end="\n")
    form = request.post_form
    try:
        members = _describe(state, state.active(form.get("token"), *form.get("scope").split(" ")))
    except OAuthError:
        members = {"active": False}
    return oauth_response(members, end="\n")


def _check_access(state: State, request: Request) -> None:
    """Check the policies of 0.10 for the token's subject, or for the unverified user of Basic."""
    if request.bearer:
        state.authorize(request, SCOPE, "introspect", RESOURCE)
    elif request.basic is not None:
        state.check_policies(request.basic[0], "introspect", RESOURCE)
    else:
        raise OAuthError("request_unauthorized")


def _authenticate(state: State, request: Request) -> None:
    """Raise OAuthError unless the caller proves its identity. Basic is not form-decoded."""
    # 0.10 has read the form before, in search of a bearer token, and no longer reports its errors.
    if not request.form_is_valid and (state.variant.is_0_9 or request.bearer):
        raise OAuthError("invalid_request")
    authenticated = False
    with suppress(HydraError):
        if request.bearer:
            state.active(request.bearer)
            authenticated = request.bearer != request.post_form.get("token")
        elif request.basic is not None:
            client_id, secret = request.basic
            # Unlike elsewhere, a public client needs its secret.
            authenticated = state.clients.get(client_id).has_secret(secret)
    if not authenticated:
        raise OAuthError("request_unauthorized")


def _describe(state: State, grant: Grant) -> dict[str, Any]:
    members = {
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
    return {name: value for name, value in members.items() if value}


def revoke(state: State, request: Request) -> Response:
    """POST /oauth2/revoke. Basic is not form-decoded; an unknown token is not an error."""
    try:
        if not request.form_is_valid or request.basic is None:
            raise OAuthError("invalid_request")
        client = state.authenticate(*request.basic)
    except OAuthError as error:
        # 0.10 reports every mistake of the client as an invalid client.
        reported = error if state.variant.is_0_9 else OAuthError("invalid_client")
        return oauth_error(reported, state.variant)
    tokens, token = state.tokens, request.post_form.get("token")
    grant = tokens.find(tokens.refresh, token) or tokens.find(tokens.access, token)
    # 0.9 lets a client revoke tokens of other clients; 0.10 silently ignores the request.
    if grant is not None and (state.variant.is_0_9 or grant.client_id == client.id):
        state.tokens.revoke_request(grant.id)
    return Response(200)
