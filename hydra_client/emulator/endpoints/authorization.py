"""`/oauth2/auth`: the browser's first visit, its way to the consent app, and its return."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import uuid4

from hydra_client.emulator.errors import (
    MINIMUM_ENTROPY,
    HydraError,
    NotFoundError,
    OAuthError,
    PlainError,
    RejectedConsentError,
    oauth_fields,
)
from hydra_client.emulator.go.http import (
    GoUrlError,
    Request,
    Values,
    query_of,
    unescape,
    with_fragment,
    with_query,
)
from hydra_client.emulator.responses import Answer, found, go_redirect
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import Client
from hydra_client.emulator.store.consent import COOKIE, COOKIE_LIFETIME, ConsentRequest
from hydra_client.emulator.store.consent import LIFETIME as CONSENT_LIFETIME
from hydra_client.emulator.store.id_tokens import id_token
from hydra_client.emulator.store.keys import half_hash
from hydra_client.emulator.store.scopes import covers, distinct, has, words
from hydra_client.emulator.store.tokens import CODE_LIFETIME, LIFETIME, Claims, Grant


class _Authorization:
    """One authorization request, as far as it could be read."""

    def __init__(self, request: Request) -> None:
        self.form = request.form
        self.redirect_uri = ""
        self.response_types: list[str] = []
        self.scopes: list[str] = []
        self.state = ""

    def asks_exactly(self, response_type: str) -> bool:
        return " ".join(self.response_types) == response_type

    def asks_for(self, *response_types: str) -> bool:
        return has(self.response_types, *response_types)


def authorize(state: State, request: Request, id: str) -> Answer:
    """GET or POST /oauth2/auth."""
    authorization = _Authorization(request)
    try:
        client = _read(state, request, authorization)
        if not (consent_id := authorization.form.get("consent")):
            return _send_to_consent(state, request, authorization, client)
        return _return(state, request, authorization, client, consent_id)
    except HydraError as error:
        return _error(state, authorization, error)


def _read(state: State, request: Request, authorization: _Authorization) -> Client:
    if not request.form_is_readable:
        raise OAuthError("invalid_request")
    try:
        client = state.clients.get(authorization.form.get("client_id"))
    except (NotFoundError, PlainError):
        raise OAuthError("invalid_client") from None
    authorization.redirect_uri = _redirect_uri(authorization.form, client)
    authorization.response_types = words(authorization.form.get("response_type"))
    if len(authorization.form.get("state").encode("utf-8", "surrogateescape")) < MINIMUM_ENTROPY:
        raise OAuthError("invalid_state")
    authorization.state = authorization.form.get("state")
    authorization.scopes = distinct(words(authorization.form.get("scope")))
    return client


def _redirect_uri(form: Values, client: Client) -> str:
    try:
        # The server decodes it once more than the form.
        wanted = unescape(form.get("redirect_uri"), plus=True)
    except GoUrlError:
        raise OAuthError("invalid_request") from None
    registered = client.redirect_uris or []
    if not wanted and len(registered) == 1:
        wanted = registered[0]
    if not wanted or not has(registered, wanted) or not _is_valid(wanted):
        raise OAuthError("invalid_request")
    return wanted


def _is_valid(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return bool(parts.scheme) and not parts.fragment and bool(parts.netloc or parts.path)


def _is_secure(uri: str) -> bool:
    parts = urlsplit(uri)
    # In the letters it came in, unlike `parts.hostname`.
    host = parts.netloc.rpartition("@")[2].partition(":")[0]
    return parts.scheme != "http" or host.endswith("localhost") or host == "127.0.0.1"


def _send_to_consent(
    state: State, request: Request, authorization: _Authorization, client: Client
) -> Answer:
    now = state.clock()
    consent = ConsentRequest(
        id=str(uuid4()),
        client_id=client.id,
        requested_scopes=authorization.scopes,
        expires_at=now + CONSENT_LIFETIME,
        redirect_url="",
        csrf=str(uuid4()),
    )
    url = f"{state.issuer}/oauth2/auth"
    url = f"{url}?{request.raw_query}" if request.raw_query else url
    consent.redirect_url = f"{url}&consent={consent.id}"
    state.consents.add(consent)
    query = query_of(state.consent_url)
    query.set("consent", consent.id)
    answer = go_redirect(request, with_query(state.consent_url, query), 302)
    answer.headers.append(("Set-Cookie", _cookie(state, consent.csrf)))
    return answer


def _return(
    state: State,
    request: Request,
    authorization: _Authorization,
    client: Client,
    consent_id: str,
) -> Answer:
    now = state.clock()
    try:
        csrf = state.cookies.read(request.cookies.get(COOKIE), now)
    except ValueError:
        raise OAuthError("server_error") from None
    consent = state.consents.get(consent_id)
    if not consent.accepted:
        raise RejectedConsentError(consent.deny_reason)
    if now > consent.expires_at or consent.client_id != client.id or not consent.subject:
        raise PlainError("the consent request has expired, or belongs to another client")
    if csrf is None or csrf != consent.csrf:
        raise PlainError("the session cookie belongs to another consent request")
    grant = Grant(
        client_id=client.id,
        requested_at=now,
        scopes=distinct(consent.granted_scopes),
        form=authorization.form,
        subject=consent.subject,
        claims=Claims(
            subject=consent.subject,
            issuer=state.issuer,
            audience=client.id,
            expires_at=now + LIFETIME,
            auth_time=now,
            requested_at=now,
            extra=consent.id_token_extra or {},
        ),
        extra=consent.access_token_extra,
    )
    # The cookie is answered also with an error that comes after this point.
    cookie = ("Set-Cookie", _cookie(state, ""))
    try:
        answer = _grant(state, authorization, client, grant)
    except HydraError as error:
        answer = _error(state, authorization, error)
    answer.headers.append(cookie)
    return answer


def _cookie(state: State, csrf: str) -> str:
    now = state.clock()
    until = datetime.fromtimestamp(int(now) + COOKIE_LIFETIME, timezone.utc)
    return (
        f"{COOKIE}={state.cookies.write(csrf, now)}; Path=/; "
        f"Expires={format_datetime(until, usegmt=True)}; Max-Age={COOKIE_LIFETIME}"
    )


def _grant(state: State, authorization: _Authorization, client: Client, grant: Grant) -> Answer:
    """Issue what the response types ask for; each flow sees whether it is meant."""
    query, fragment = Values(), Values()
    handled = _code_flow(state, authorization, client, grant, query)
    handled |= _token_flow(state, authorization, client, grant, fragment)
    handled |= _hybrid_flow(state, authorization, client, grant, fragment)
    handled |= _openid_implicit_flow(state, authorization, client, grant, fragment)
    if not authorization.response_types or not has(handled, *authorization.response_types):
        raise OAuthError("unsupported_response_type")
    own = query_of(authorization.redirect_uri)
    for key in query.lists:
        own.set(key, query.get(key))
    url = with_fragment(with_query(authorization.redirect_uri, own), fragment)
    return found(url.replace("+", "%20"))


def _check_scopes(authorization: _Authorization, client: Client) -> None:
    if not all(covers(client.scopes, scope) for scope in authorization.scopes):
        raise OAuthError("invalid_scope")


def _code_flow(
    state: State,
    authorization: _Authorization,
    client: Client,
    grant: Grant,
    query: Values,
) -> set[str]:
    if not authorization.asks_exactly("code"):
        return set()
    if not has(client.responses, "code"):
        raise OAuthError("invalid_grant")
    if not _is_secure(authorization.redirect_uri):
        raise OAuthError("invalid_request")
    _check_scopes(authorization, client)
    grant.expires_at = state.clock() + CODE_LIFETIME
    code = state.tokens.codes.issue(grant)
    query.set("code", code)
    query.set("state", authorization.state)
    query.set("scope", " ".join(grant.scopes))
    if has(grant.scopes, "openid"):
        if not has(client.responses, "id_token", "code"):
            raise OAuthError("invalid_request")
        state.tokens.openid[code] = grant
    return {"code"}


def _token_flow(
    state: State,
    authorization: _Authorization,
    client: Client,
    grant: Grant,
    fragment: Values,
) -> set[str]:
    if not authorization.asks_exactly("token"):
        return set()
    if not has(client.responses, "token") or not has(client.grants, "implicit"):
        raise OAuthError("invalid_grant")
    _check_scopes(authorization, client)
    _issue_access_token(state, authorization, grant, fragment)
    return {"token"}


def _issue_access_token(
    state: State, authorization: _Authorization, grant: Grant, fragment: Values
) -> None:
    grant.expires_at = state.clock() + LIFETIME
    token = state.tokens.access.issue(grant)
    fragment.set("access_token", token)
    fragment.set("expires_in", str(LIFETIME - 1))
    fragment.set("token_type", "bearer")
    fragment.set("state", authorization.state)
    fragment.set("scope", " ".join(grant.scopes))
    grant.claims.access_token_hash = half_hash(token)


def _hybrid_flow(
    state: State,
    authorization: _Authorization,
    client: Client,
    grant: Grant,
    fragment: Values,
) -> set[str]:
    asked = sorted(word.lower() for word in authorization.response_types)
    if asked not in (["code", "id_token", "token"], ["code", "token"], ["code", "id_token"]):
        return set()
    _check_scopes(authorization, client)
    if not has(client.grants, "authorization_code"):
        raise OAuthError("invalid_grant")
    code = state.tokens.codes.issue(grant)  # which the server forgets to let expire
    fragment.set("code", code)
    grant.claims.code_hash = half_hash(code)
    if "token" in asked:
        if not has(client.grants, "implicit"):
            raise OAuthError("invalid_grant")
        _issue_access_token(state, authorization, grant, fragment)
    fragment.set("state", authorization.state)
    if "id_token" in asked and has(grant.scopes, "openid"):
        fragment.set("id_token", id_token(state, grant))
    return {"code", "token", "id_token"}


def _openid_implicit_flow(
    state: State,
    authorization: _Authorization,
    client: Client,
    grant: Grant,
    fragment: Values,
) -> set[str]:
    if authorization.asks_for("code") or not has(grant.scopes, "openid"):
        return set()
    with_token = authorization.asks_for("token", "id_token")
    if not with_token and not authorization.asks_exactly("id_token"):
        return set()
    wanted = ("token", "id_token") if with_token else ("id_token",)
    if not has(client.grants, "implicit") or not has(client.responses, *wanted):
        raise OAuthError("invalid_grant")
    _check_scopes(authorization, client)
    if with_token:
        _issue_access_token(state, authorization, grant, fragment)
    fragment.set("state", authorization.state)
    fragment.set("id_token", id_token(state, grant))
    return set(wanted)


def _error(state: State, authorization: _Authorization, error: HydraError) -> Answer:
    name, description, _ = oauth_fields(error, state.variant.is_0_9)
    told = Values([("error", name), ("error_description", description)])
    if not authorization.redirect_uri:
        # Without a client and an address of its own to go to, the consent app has to tell.
        query = query_of(state.consent_url)
        query.add_all(told)
        return found(with_query(state.consent_url, query))
    told.set("state", authorization.state)
    if authorization.asks_exactly("token") or len(authorization.response_types) > 1:
        return found(with_fragment(authorization.redirect_uri, told))
    told.add_all(query_of(authorization.redirect_uri))
    return found(with_query(authorization.redirect_uri, told))
