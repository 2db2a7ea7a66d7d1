"""The browser's path: to the consent app, back, and on to the client with the decision."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from live.server import (
    CALLBACK,
    NONCE,
    SCOPES,
    STATE,
    Browser,
    Server,
    asking,
    is_callback,
    parameters_of,
    redeem,
)

import hydra_client as sdk
from hydra_client.code_flow import AuthorizationError, CodeFlow
from hydra_client.consent import NO_BROWSER, Challenge, ConsentApp, WrongBrowser
from hydra_client.id_token import IdTokenVerifier

ODD_STATE = "state with & and = and ü"
ODD_NONCE = "nonce with + and % and ü"
REASON = "the user said no & left; 100% ü"


def claims(server: Server, id_token: str | None, app: sdk.OAuth2Client) -> dict[str, Any]:
    """The claims of an ID token whose signature, audience, issuer and times are right."""
    assert id_token is not None
    kid = jwt.get_unverified_header(id_token)["kid"]
    assert kid == "public"
    decode = partial(
        jwt.decode,
        id_token,
        algorithms=["RS256"],
        audience=app.id,
        issuer=server.well_known.issuer,
        leeway=60,
        options={"require": ["iss", "aud", "sub", "exp", "iat", "auth_time"]},
    )
    keys = [key for key in server.root.well_known().keys if key.kid == kid]
    for key in keys[:-1]:  # a rotation may leave several
        with suppress(jwt.InvalidSignatureError):
            return decode(key=jwt.PyJWK(key.to_dict()).key)
    return decode(key=jwt.PyJWK(keys[-1].to_dict()).key)


# --- the code flow


def test_the_code_flow(server: Server) -> None:
    app, browser, api = server.app(), Browser(server), server.root
    request = server.start(app, browser, state=ODD_STATE, nonce=ODD_NONCE)
    assert request.id is not None
    assert request.client_id == request.audience == app.id
    assert request.requested_scopes == SCOPES.split()
    assert type(request) is sdk.OAuth2ConsentRequest is sdk.OAuth2consentRequest
    assert request.expires_at is not None
    assert request.expires_at > datetime.now(timezone.utc)
    assert parameters_of(str(request.redirect_url))["consent"] == request.id

    extra = {"role": "admin", "n": 1, "list": [1, "two"], "nested": {"a": None, "b": True}}
    accepted = api.with_http_info.accept_oauth2_consent_request(
        request.id,
        sdk.ConsentRequestAcceptance(
            subject="alice",
            grant_scopes=SCOPES.split(),
            access_token_extra=extra,
            id_token_extra={"email": "alice@example.com", "groups": ["a", "b"]},
        ),
    )
    assert (accepted.status, accepted.data) == (204, None)

    response = browser.return_to(request)
    assert set(response) == {"code", "scope", "state"}
    assert (response["scope"], response["state"]) == (SCOPES, ODD_STATE)

    tokens = redeem(server.by_basic(app), response["code"])
    assert tokens.refresh_token
    assert tokens.scope == SCOPES
    found = claims(server, tokens.id_token, app)
    assert (found["sub"], found["aud"], found["nonce"]) == ("alice", app.id, ODD_NONCE)
    assert (found["email"], found["groups"]) == ("alice@example.com", ["a", "b"])
    assert ("rat" in found) is not server.is_0_9

    token = server.by_basic().introspect_oauth2_token(tokens.access_token)
    assert (token.active, token.sub, token.ext) == (True, "alice", extra)


def test_the_sdk_as_the_browser(server: Server) -> None:
    app, api = server.app(), server.api()
    query = asking(app)
    first = api.with_http_info.oauth_auth(**query)
    assert first.status == 302
    id = parameters_of(first.data)["consent"]
    body = sdk.ConsentRequestAcceptance(subject="bob", grant_scopes=["photos.read"])
    server.root.accept_oauth2_consent_request(id, body)
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    location = api.oauth_auth(**query, consent=id, headers={"Cookie": cookie})
    assert is_callback(location)
    assert redeem(server.by_basic(app), parameters_of(location)["code"]).scope == "photos.read"


def test_the_parts_for_apps(server: Server) -> None:
    app, browser = server.app(client_name="Photo app"), Browser(server)
    api = server.by_basic(app)
    verifier = IdTokenVerifier(server.root, str(app.id), leeway=60)
    flow = CodeFlow(api, CALLBACK, SCOPES, verifier=verifier)
    consent_app = ConsentApp(server.root)

    location = browser.visit(urlsplit(flow.authorization_url()).query)
    challenge = consent_app.challenge(urlsplit(location).query, NO_BROWSER)
    assert challenge.client().client_name == "Photo app"
    back = challenge.accept("alice", SCOPES.split())
    tokens = flow.exchange(browser.visit(urlsplit(back).query))
    assert flow.claims is not None
    assert (flow.claims.sub, flow.claims["nonce"]) == ("alice", flow.nonce)
    renewed = flow.refresh()
    assert not server.is_active(tokens.access_token)
    assert server.is_active(renewed.access_token)

    flow = CodeFlow(api, CALLBACK, SCOPES, verifier=verifier)
    location = browser.visit(urlsplit(flow.authorization_url()).query)
    back = consent_app.challenge(urlsplit(location).query, NO_BROWSER).reject(REASON)
    with pytest.raises(AuthorizationError) as refused:
        flow.exchange(browser.visit(urlsplit(back).query))
    assert refused.value.error == "rejected_consent_request"
    assert refused.value.error_description == REASON


def test_a_request_belongs_to_the_browser_that_began_it(server: Server) -> None:
    app, victim, attacker = server.app(), Browser(server), Browser(server)
    flow = CodeFlow(server.by_basic(app), CALLBACK, SCOPES, verify_id_token=False)
    consent_app = ConsentApp(server.root)
    secrets = {victim: "v" * 32, attacker: "a" * 32}

    def arrive(browser: Browser, location: str) -> Challenge:
        """Opens the consent page, and goes round."""
        with pytest.raises(WrongBrowser) as sent:
            consent_app.challenge(urlsplit(location).query, secrets[browser])
        location = browser.visit(urlsplit(sent.value.redirect_url).query)
        return consent_app.challenge(urlsplit(location).query, secrets[browser])

    link = attacker.visit(urlsplit(flow.authorization_url()).query)
    theirs = arrive(attacker, link)
    for swapped in (link, f"?consent={theirs.id}"):
        challenge = arrive(victim, swapped)
        back = challenge.accept("alice", challenge.requested_scopes)
        assert "code" not in parameters_of(attacker.visit(urlsplit(theirs.redirect_url).query))
        location = victim.visit(urlsplit(back).query)
        assert "code" in parameters_of(location)
        assert "hydra_client_browser" not in location
        secrets[victim] = f"{secrets[victim]}+"  # a new session

    # Only the flow begun last can end: the form of an older tab is sent round.
    older = arrive(victim, victim.visit(urlsplit(flow.authorization_url(tab=1)).query))
    newer = arrive(victim, victim.visit(urlsplit(flow.authorization_url(tab=2)).query))
    for page in (older, newer):
        with pytest.raises(WrongBrowser) as sent:
            consent_app.challenge({"ticket": page.ticket}, secrets[victim])
        location = victim.visit(urlsplit(sent.value.redirect_url).query)
        challenge = consent_app.challenge(urlsplit(location).query, secrets[victim])
        assert challenge.notice
        back = challenge.accept("alice", challenge.requested_scopes)
        assert "code" in parameters_of(victim.visit(urlsplit(back).query))


def test_a_code_works_once(server: Server) -> None:
    app = server.app()
    code = server.arrive(app)["code"]
    redeem(server.by_basic(app), code)
    with pytest.raises(sdk.ApiException) as refused:
        redeem(server.by_basic(app), code)
    if server.is_0_9:
        assert type(refused.value) is sdk.BadRequestException
        assert (refused.value.status, refused.value.error) == (400, "invalid_request")
    else:
        assert type(refused.value) is sdk.ForbiddenException
        assert refused.value.error == "authorization_code_inactive"


def test_what_is_granted_is_what_the_acceptance_says(server: Server) -> None:
    app = server.app()
    less = server.tokens(app, "photos.read")
    assert less.scope == "photos.read"
    more = server.tokens(app, "photos.read", "nobody.asked")
    assert more.scope == "photos.read nobody.asked"


# --- the user's decision


def test_a_rejection(server: Server) -> None:
    app, browser = server.app(), Browser(server)
    request = server.start(app, browser)
    body = sdk.ConsentRequestRejection(reason=REASON)
    response = server.root.with_http_info.reject_oauth2_consent_request(str(request.id), body)
    assert (response.status, response.data) == (204, None)
    assert browser.return_to(request) == {
        "error": "rejected_consent_request",
        "error_description": REASON,
        "state": STATE,
    }


def test_a_decision_can_be_made_again(server: Server) -> None:
    app, api = server.app(), server.root
    yes = sdk.ConsentRequestAcceptance(subject="alice", grant_scopes=["photos.read"])
    no = sdk.ConsentRequestRejection(reason=REASON)

    browser = Browser(server)
    request = server.start(app, browser)
    api.accept_o_auth2_consent_request(str(request.id), yes)
    api.reject_o_auth2_consent_request(str(request.id), no)
    assert browser.return_to(request)["error"] == "rejected_consent_request"

    browser = Browser(server)
    request = server.start(app, browser)
    api.reject_oauth2_consent_request(str(request.id), no)
    api.accept_oauth2_consent_request(str(request.id), yes)
    assert "code" in browser.return_to(request)
    assert api.get_o_auth2_consent_request(str(request.id)).client_id == app.id


def test_a_consent_request_that_does_not_exist(server: Server) -> None:
    for call in (
        lambda: server.root.get_oauth2_consent_request("nope"),
        lambda: server.root.accept_oauth2_consent_request(
            "nope", sdk.ConsentRequestAcceptance(subject="alice")
        ),
        lambda: server.root.reject_oauth2_consent_request(
            "nope", sdk.ConsentRequestRejection(reason="no")
        ),
    ):
        with pytest.raises(sdk.NotFoundException) as missing:
            call()
        assert missing.value.status == 404


# --- ways back that fail


def test_another_browser_than_the_first(server: Server) -> None:
    app = server.app()
    request = server.start(app)
    body = sdk.ConsentRequestAcceptance(subject="alice", grant_scopes=["photos.read"])
    server.root.accept_oauth2_consent_request(str(request.id), body)
    response = Browser(server).return_to(request)
    assert (response["error"], response["state"]) == (unknown_error(server), STATE)
    assert "code" not in response


def test_an_acceptance_without_a_subject(server: Server) -> None:
    app, browser = server.app(), Browser(server)
    request = server.start(app, browser)
    body = sdk.ConsentRequestAcceptance(grant_scopes=["photos.read"])
    server.root.accept_oauth2_consent_request(str(request.id), body)
    assert browser.return_to(request)["error"] == unknown_error(server)


def unknown_error(server: Server) -> str:
    return "unknown_error" if server.is_0_9 else "error"


def test_openid_needs_both_response_types(server: Server) -> None:
    app = server.app(response_types=["code"])
    assert server.arrive(app)["error"] == "invalid_request"
    assert "code" in server.arrive(app, "photos.read", scope="photos.read")


@pytest.mark.parametrize(
    "query",
    [
        {"response_type": "magic"},
        {"scope": "openid scope.the-client-may-not-have"},
        {"response_type": "id_token", "nonce": "short"},
    ],
    ids=["response_type", "scope", "nonce"],
)
def test_what_is_looked_at_only_when_the_browser_returns(
    server: Server, query: dict[str, str | None]
) -> None:
    response = server.arrive(server.app(), "openid", **query)
    assert "error" in response
    assert not {"code", "access_token", "id_token"} & set(response)


# --- first visits that fail


def test_a_client_that_does_not_exist(server: Server) -> None:
    app = server.app()
    consent_app = server.api().oauth_auth(**asking(app)).partition("?")[0]
    for query in (asking(app, client_id=f"{server.prefix}-nobody"), {}):
        location = server.api().oauth_auth(**query)
        assert location.partition("?")[0] == consent_app
        assert parameters_of(location)["error"] == "invalid_client"
        assert parameters_of(location)["error_description"]


def test_a_redirect_uri_that_is_not_the_clients(server: Server) -> None:
    location = server.api().oauth_auth(**asking(server.app(), redirect_uri=f"{CALLBACK}/2"))
    assert not location.startswith(CALLBACK)
    assert parameters_of(location)["error"]


def test_a_state_that_is_too_short(server: Server) -> None:
    location = server.api().oauth_auth(**asking(server.app(), state="short"))
    assert is_callback(location)
    assert parameters_of(location)["error"]


# --- implicit and hybrid


def test_the_implicit_flow(server: Server) -> None:
    app = server.app()
    response = server.arrive(app, response_type="token", scope="photos.read")
    assert response["state"] == STATE
    assert response["scope"] == "photos.read"
    assert int(response["expires_in"]) > 0
    assert "id_token" not in response
    found = server.by_basic().introspect_oauth2_token(response["access_token"])
    assert (found.active, found.sub, found.client_id) == (True, "alice", app.id)


def test_the_implicit_flow_with_an_id_token(server: Server) -> None:
    app, browser = server.app(), Browser(server)
    request = server.start(app, browser, response_type="token id_token")
    server.root.accept_oauth2_consent_request(
        str(request.id),
        sdk.ConsentRequestAcceptance(
            subject="carol",
            grant_scopes=["openid", "photos.read"],
            id_token_extra={"email": "carol@example.com"},
        ),
    )
    location = browser.visit(urlsplit(str(request.redirect_url)).query)
    assert location.startswith(f"{CALLBACK}#")
    response = dict(parse_qsl(urlsplit(location).fragment))
    assert (response["scope"], response["state"]) == ("openid photos.read", STATE)
    found = claims(server, response["id_token"], app)
    assert (found["sub"], found["nonce"]) == ("carol", NONCE)
    assert found["email"] == "carol@example.com"
    half = hashlib.sha256(response["access_token"].encode()).digest()[:16]
    assert found["at_hash"] == urlsafe_b64encode(half).decode().rstrip("=")
    assert server.is_active(response["access_token"])


def test_the_hybrid_flow(server: Server) -> None:
    app, browser = server.app(), Browser(server)
    request = server.start(app, browser, response_type="code id_token")
    body = sdk.ConsentRequestAcceptance(subject="dave", grant_scopes=["openid", "photos.read"])
    server.root.accept_oauth2_consent_request(str(request.id), body)
    location = browser.visit(urlsplit(str(request.redirect_url)).query)
    assert location.startswith(f"{CALLBACK}#")
    response = dict(parse_qsl(urlsplit(location).fragment))
    assert response["state"] == STATE
    assert response["code"]
    found = claims(server, response["id_token"], app)
    assert (found["sub"], found["nonce"]) == ("dave", NONCE)
    assert found["c_hash"]
