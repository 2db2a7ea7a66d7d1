"""`/oauth2/token`: client credentials, authorization codes, refresh tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import HydraError, OAuthError
from hydra_client.emulator.go.http import GoUrlError, Request, Values, unescape
from hydra_client.emulator.responses import Answer, oauth_error, oauth_json
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import Client
from hydra_client.emulator.store.id_tokens import id_token
from hydra_client.emulator.store.scopes import covers, distinct, has, words
from hydra_client.emulator.store.tokens import LIFETIME, Grant, UnknownClientError


def token(state: State, request: Request, id: str) -> Answer:
    """POST /oauth2/token."""
    try:
        members = _token(state, request)
    except HydraError as error:
        return oauth_error(error, state.variant)
    answer = oauth_json({name: members[name] for name in sorted(members)})
    answer.headers += [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    return answer


def _token(state: State, request: Request) -> dict[str, Any]:
    form = request.post_form
    grant_type = " ".join(words(form.get("grant_type")))
    if not request.form_is_readable or not grant_type:
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
    """The client that proves itself, or names itself and is public. Raises OAuthError."""
    credentials = request.basic
    if credentials is None and not state.variant.is_0_9:
        form = request.post_form
        if form.get("client_id"):
            credentials = form.get("client_id"), form.get("client_secret")
    if credentials is None:
        raise OAuthError("invalid_request")
    try:
        # RFC 6749 section 2.3.1. What comes in the form is decoded here a second time.
        name, secret = (unescape(part, plus=True) for part in credentials)
    except GoUrlError:
        raise OAuthError("invalid_request") from None
    return authenticated(state, name, secret)


def authenticated(state: State, id: str, secret: str) -> Client:
    """The client with this id and secret; a public one needs no secret. Raises OAuthError."""
    try:
        client = state.clients.get(id)
    except HydraError:
        raise OAuthError("invalid_client") from None
    if not client.public and not client.has_secret(secret):
        raise OAuthError("invalid_client")
    return client


def _client_credentials(state: State, client: Client, form: Values) -> dict[str, Any]:
    scopes = distinct(words(form.get("scope")))
    if not all(covers(client.scopes, scope) for scope in scopes):
        raise OAuthError("invalid_scope")
    if client.public or not has(client.grants, "client_credentials"):
        raise OAuthError("invalid_grant")
    now = state.clock()
    grant = Grant(client.id, now, scopes=scopes, subject=client.id, expires_at=now + LIFETIME)
    return _answer(grant, state.tokens.access.issue(grant))


def _authorization_code(state: State, client: Client, form: Values) -> dict[str, Any]:
    if not has(client.grants, "authorization_code"):
        raise OAuthError("invalid_grant")
    tokens, now = state.tokens, state.clock()
    code = form.get("code")
    try:
        authorized = tokens.find(tokens.codes, code)
    except UnknownClientError:
        raise OAuthError("server_error") from None
    inactive = "invalid_request" if state.variant.is_0_9 else "authorization_code_inactive"
    if authorized is None or not tokens.codes.is_whole(code):
        raise OAuthError(inactive)
    if 0 < authorized.expires_at < now:
        raise OAuthError(inactive if state.variant.is_sql else "invalid_request")
    if authorized.client_id != client.id:
        raise OAuthError("invalid_request")
    redirect_uri = authorized.form.get("redirect_uri")
    if redirect_uri and redirect_uri != form.get("redirect_uri"):
        raise OAuthError("invalid_request")
    tokens.codes.drop(code)
    grant = replace(authorized, requested_at=now, expires_at=now + LIFETIME)
    if state.variant.is_0_9:  # which does not tie the tokens to those of the authorization
        grant.id = str(uuid4())
    answer = _answer(grant, tokens.access.issue(grant))
    if has(grant.scopes, "offline"):
        answer["refresh_token"] = tokens.refresh.issue(replace(grant, expires_at=0))
    if (openid := tokens.openid.pop(code, None)) is not None:
        # Looked at only now, when the code is spent and the tokens are issued.
        if not has(client.responses, "id_token"):
            raise OAuthError("invalid_grant")
        answer["id_token"] = id_token(state, openid)
    return answer


def _refresh_token(state: State, client: Client, form: Values) -> dict[str, Any]:
    if not has(client.grants, "refresh_token"):
        raise OAuthError("invalid_grant")
    tokens, now = state.tokens, state.clock()
    presented = form.get("refresh_token")
    try:
        original = tokens.find(tokens.refresh, presented)
    except UnknownClientError:
        raise OAuthError("server_error") from None
    if (
        original is None
        or not tokens.refresh.is_whole(presented)
        or original.client_id != client.id
    ):
        raise OAuthError("invalid_request")
    tokens.revoke_request(original.id)
    grant = Grant(
        client.id,
        now,
        scopes=original.scopes,
        subject=original.subject,
        claims=original.claims,
        extra=original.extra,
        expires_at=now + LIFETIME,
    )
    answer = _answer(grant, tokens.access.issue(grant))
    answer["refresh_token"] = tokens.refresh.issue(replace(grant, expires_at=0))
    return answer


def _answer(grant: Grant, access_token: str) -> dict[str, Any]:
    return {
        "access_token": access_token,
        # The lifetime less the moment that has passed, in whole seconds.
        "expires_in": LIFETIME - 1,
        "scope": " ".join(grant.scopes),
        "token_type": "bearer",
    }
