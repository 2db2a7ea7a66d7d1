"""`/oauth2/token`: client credentials, authorization codes and refresh tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import HydraError, OAuthError
from hydra_client.emulator.go.http import GoUrlError, Request, Values, unescape
from hydra_client.emulator.responses import Response, oauth_error, oauth_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import Client
from hydra_client.emulator.store.id_tokens import id_token
from hydra_client.emulator.store.scopes import covers, has, words
from hydra_client.emulator.store.tokens import LIFETIME, Grant, Tokens


def token(state: State, request: Request) -> Response:
    """POST /oauth2/token."""
    try:
        members = _token(state, request)
    except HydraError as error:
        return oauth_error(error, state.variant)
    response = oauth_response({name: members[name] for name in sorted(members)})
    response.headers += [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    return response


def _token(state: State, request: Request) -> dict[str, Any]:
    form = request.post_form
    grant_type = " ".join(words(form.get("grant_type")))
    if not request.form_is_valid or not grant_type:
        raise OAuthError("invalid_request")
    client = _client(state, request)
    if grant_type == "client_credentials":
        return _client_credentials(state, client, form)
    if grant_type == "authorization_code":
        return _authorization_code(state, client, form)
    if grant_type == "refresh_token":
        return _refresh_token(state, client, form)
    raise OAuthError("invalid_request")


def _client(state: State, request: Request) -> Client:
    credentials = request.basic
    if credentials is None and not state.variant.is_0_9:
        form = request.post_form
        if form.get("client_id"):
            credentials = form.get("client_id"), form.get("client_secret")
    if credentials is None:
        raise OAuthError("invalid_request")
    try:
        # RFC 6749 section 2.3.1. Hydra decodes credentials in the form a second time.
        client_id, secret = (unescape(part, plus=True) for part in credentials)
    except GoUrlError:
        raise OAuthError("invalid_request") from None
    return state.authenticate(client_id, secret)


def _client_credentials(state: State, client: Client, form: Values) -> dict[str, Any]:
    scopes = list(dict.fromkeys(words(form.get("scope"))))
    if not all(covers(client.scopes, scope) for scope in scopes):
        raise OAuthError("invalid_scope")
    if client.public or not has(client.grants, "client_credentials"):
        raise OAuthError("invalid_grant")
    now = state.clock()
    grant = Grant(client.id, now, scopes=scopes, subject=client.id, extra={})
    grant.expires_at = now + LIFETIME
    return _issue(state, grant)


def _authorization_code(state: State, client: Client, form: Values) -> dict[str, Any]:
    if not has(client.grants, "authorization_code"):
        raise OAuthError("invalid_grant")
    tokens, now, code = state.tokens, state.clock(), form.get("code")
    inactive = "invalid_request" if state.variant.is_0_9 else "authorization_code_inactive"
    authorized = _find(state, tokens.codes, code, error=inactive)
    if 0 < authorized.expires_at < now:
        raise OAuthError(inactive if state.variant.is_sql else "invalid_request")
    if authorized.client_id != client.id:
        raise OAuthError("invalid_request")
    redirect_uri = authorized.form.get("redirect_uri")
    if redirect_uri and redirect_uri != form.get("redirect_uri"):
        raise OAuthError("invalid_request")
    tokens.codes.delete(code)
    grant = replace(authorized, requested_at=now, expires_at=now + LIFETIME)
    if state.variant.is_0_9:  # which does not link these tokens to those of the authorization
        grant.id = str(uuid4())
    members = _issue(state, grant, refreshable=has(grant.scopes, "offline"))
    if (openid := tokens.openid.pop(code, None)) is not None:
        # Hydra checks this last, when the code is used up and the tokens are issued.
        if not has(client.responses, "id_token"):
            raise OAuthError("invalid_grant")
        members["id_token"] = id_token(state.variant, state.signing_key, openid, now)
    return members


def _refresh_token(state: State, client: Client, form: Values) -> dict[str, Any]:
    if not has(client.grants, "refresh_token"):
        raise OAuthError("invalid_grant")
    tokens, now = state.tokens, state.clock()
    original = _find(state, tokens.refresh, form.get("refresh_token"), error="invalid_request")
    if original.client_id != client.id:
        raise OAuthError("invalid_request")
    tokens.revoke_request(original.id)
    grant = replace(original, id=str(uuid4()), requested_at=now, expires_at=now + LIFETIME)
    return _issue(state, grant, refreshable=True)


def _find(state: State, tokens: Tokens, presented: str, *, error: str) -> Grant:
    """Return the grant of a code or refresh token; raise OAuthError(`error`) if unknown."""
    grant = state.tokens.find(tokens, presented)
    if grant is None and tokens.find(presented) is not None:
        raise OAuthError("server_error")  # its client no longer exists
    if grant is None or not tokens.is_valid(presented):
        raise OAuthError(error)
    return grant


def _issue(state: State, grant: Grant, *, refreshable: bool = False) -> dict[str, Any]:
    members = {
        "access_token": state.tokens.access.issue(grant),
        # In whole seconds, after a fraction of the first one has passed.
        "expires_in": LIFETIME - 1,
        "scope": " ".join(grant.scopes),
        "token_type": "bearer",
    }
    if refreshable:
        members["refresh_token"] = state.tokens.refresh.issue(replace(grant, expires_at=0))
    return members
