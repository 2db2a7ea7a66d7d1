"""`/oauth2/auth`: redirects to the consent app and back to the client."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from support.emulator import (
    CALLBACK,
    CONSENT,
    Wire,
)

UNRECOGNIZABLE = "The error is unrecognizable."


def unknown(wire: Wire) -> str:
    return "unknown_error" if wire.is_0_9 else "error"


def test_the_redirect_to_the_consent_app(wire: Wire) -> None:
    app = wire.app()
    response = wire.authorize(wire.query(app))
    assert response.status == 302
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.text == f'<a href="{response.location}">Found</a>.\n\n'
    cookie, *attributes = response.headers["Set-Cookie"].split("; ")
    assert cookie.startswith("consent_session=")
    assert [part.partition("=")[0] for part in attributes] == ["Path", "Expires", "Max-Age"]
    consent = wire.admin("GET", f"/oauth2/consent/requests/{response.params['consent']}")
    assert list(consent.json) == ["id", "requestedScopes", "clientId", "expiresAt", "redirectUrl"]
    assert consent.json["clientId"] == app[0]
    assert consent.json["redirectUrl"] == (
        f"http://hydra.test/oauth2/auth?{wire.query(app)}&consent={response.params['consent']}"
    )
    assert "\\u0026" in consent.text
    assert consent.json["expiresAt"].endswith("Z")


def test_duplicate_scopes(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app, scope=" openid  photos.read\topenid openid \t")
    consent = wire.admin("GET", f"/oauth2/consent/requests/{id}").json
    assert consent["requestedScopes"] == ["openid", "photos.read\topenid"]
    id, query, cookie = wire.start(app, scope="foo openid foo ")
    consent = wire.admin("GET", f"/oauth2/consent/requests/{id}").json
    assert consent["requestedScopes"] == ["foo", "openid"]
    wire.accept(id, scopes="foo foo openid foo")
    assert wire.authorize(query, cookie).params["scope"] == "foo openid"


def test_the_query_of_the_consent_url_is_kept(wire: Wire) -> None:
    wire.hydra.consent_url = "http://127.0.0.1:4900/consent?z=1&a=<"
    response = wire.authorize(wire.query(wire.app()))
    assert parse_qs(urlsplit(response.location).query).keys() == {"a", "consent", "z"}
    assert "&amp;consent=" in response.text
    rejected = wire.authorize("")
    assert rejected.location.startswith("http://127.0.0.1:4900/consent?a=%3C&error=invalid_client")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": None}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": "a\0"}, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:4900/other"}, "invalid_request"),
        ({"redirect_uri": f"{CALLBACK}/"}, "invalid_request"),
        ({"redirect_uri": f"{CALLBACK}#x"}, "invalid_request"),
        ({"redirect_uri": "%zz"}, "invalid_request"),
    ],
)
def test_errors_without_a_valid_redirect_uri(
    wire: Wire, change: dict[str, str | None], error: str
) -> None:
    response = wire.authorize(wire.query(wire.app(), **change))
    assert response.status == 302
    assert response.location.startswith(f"{CONSENT}?error={error}&error_description=")
    assert "state" not in response.params
    assert set(response.headers) == {"Location", "Content-Length"}


def test_a_query_with_an_invalid_escape(wire: Wire) -> None:
    response = wire.authorize(wire.query(wire.app()) + "&x=%zz")
    assert response.location.startswith(f"{CONSENT}?error=invalid_request")


def test_redirect_uris(wire: Wire) -> None:
    one = wire.app()
    two = wire.app(redirect_uris=[CALLBACK, "http://localhost/other"])
    none = wire.app(redirect_uris=[])
    odd = wire.app(redirect_uris=["relative", "http://[", "http://127.0.0.1/x y"])
    assert wire.start(one, redirect_uri=None)
    assert wire.start(one, redirect_uri=CALLBACK.upper().replace("HTTP", "http"))
    assert wire.start(odd, redirect_uri="http://127.0.0.1/x%20y")  # decoded twice
    for client, uri in ((two, None), (none, None), (odd, "relative"), (odd, "http://[")):
        response = wire.authorize(wire.query(client, redirect_uri=uri))
        assert response.params["error"] == "invalid_request"


@pytest.mark.parametrize("state", [None, "", "seven77"])
def test_a_short_state_is_reported_to_the_client(wire: Wire, state: str | None) -> None:
    app = wire.app(redirect_uris=[f"{CALLBACK}?b=2&a=1"])
    response = wire.authorize(wire.query(app, redirect_uri=f"{CALLBACK}?b=2&a=1", state=state))
    assert response.location == (
        f"{CALLBACK}?a=1&b=2&error=invalid_state&error_description=The+state+is+missing+or+has+"
        "less+than+8+characters+and+is+therefore+considered+too+weak&state="
    )
    assert set(response.headers) == {"Location", "Content-Length"}


def test_post(wire: Wire) -> None:
    app = wire.app()
    response = wire("POST", f"/oauth2/auth?{wire.query(app)}")
    assert (response.status, response.text) == (302, "")
    assert "Content-Type" not in response.headers
    form = {
        "client_id": app[0],
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "some-random-state",
    }
    posted = wire("POST", "/oauth2/auth", form=form)
    consent = wire.admin("GET", f"/oauth2/consent/requests/{posted.params['consent']}").json
    # Parameters in the body are lost.
    assert consent["redirectUrl"] == f"http://hydra.test/oauth2/auth&consent={consent['id']}"


def test_undecided_and_rejected_consent_requests(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    early = wire.authorize(query, cookie)
    assert early.params == {
        "error": "rejected_consent_request",
        "state": "some-random-state",
    }  # the description is empty
    path = f"/oauth2/consent/requests/{id}"
    assert wire.admin("PATCH", f"{path}/reject", {"reason": "no & never"}).status == 204
    rejected = wire.authorize(query, cookie)
    assert rejected.location == (
        f"{CALLBACK}?error=rejected_consent_request&error_description=no+%26+never"
        "&state=some-random-state"
    )
    wire.accept(id)
    assert "code" in wire.authorize(query, cookie).params
    assert wire.admin("PATCH", f"{path}/reject", {}).status == 204
    assert wire.authorize(query, cookie).params["error"] == "rejected_consent_request"


def test_the_redirect_to_the_client(wire: Wire) -> None:
    response = wire.arrive(wire.app())
    assert list(response.params) == ["code", "scope", "state"]
    assert "scope=openid%20offline%20photos.read&state=" in response.location
    assert response.headers["Set-Cookie"].startswith("consent_session=")
    assert response.text == ""
    assert "Content-Type" not in response.headers


def test_the_query_of_the_redirect_uri_is_kept(wire: Wire) -> None:
    uri = f"{CALLBACK}?z=1&code=mine&a=b+c"
    response = wire.arrive(wire.app(redirect_uris=[uri]), redirect_uri=None)
    assert list(response.params) == ["a", "code", "scope", "state", "z"]
    assert response.params["code"] != "mine"


def test_another_browser(wire: Wire) -> None:
    app = wire.app()
    id, query, _ = wire.start(app)
    _, _, other = wire.start(app)
    wire.accept(id)
    # Go ignores invalid cookies.
    for cookie in (None, other, "something=else", "consent_session=ä"):
        response = wire.authorize(query, cookie)
        assert response.params["error"] == unknown(wire)
        assert response.params["error_description"] == UNRECOGNIZABLE
        assert "Set-Cookie" not in response.headers


def test_a_forged_cookie(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    wire.accept(id)
    foreign = base64.urlsafe_b64encode(b"1|x|y").decode()
    for forged in ("", "=", "=junk", f"={foreign}", f"=junk; {cookie}"):
        forged = f"consent_session{forged}"
        assert wire.authorize(query, forged).params["error"] == "server_error"
    wire.hydra.clock.advance(31 * 24 * 3600)
    assert wire.authorize(query, cookie).params["error"] == "server_error"


def test_the_last_cookie_is_useless(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    wire.accept(id)
    arrived = wire.authorize(query, cookie)
    left = arrived.headers["Set-Cookie"].partition(";")[0]
    assert wire.authorize(query, left).params["error"] == unknown(wire)
    # A browser with the old cookie can complete the request again.
    assert wire.authorize(query, cookie).params["code"] != arrived.params["code"]


def test_repeated_and_quoted_cookies(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    _, _, other = wire.start(app)
    wire.accept(id)
    assert wire.authorize(query, f"{other}; {cookie}").params["error"] == unknown(wire)
    quoted = cookie.replace("=", '="', 1) + '"'
    assert "code" in wire.authorize(query, f"{quoted}; {other}").params


def test_unusable_acceptances(wire: Wire) -> None:
    app, other = wire.app(), wire.app()
    id, query, cookie = wire.start(app)
    wire.accept(id, subject="")
    assert wire.authorize(query, cookie).params["error"] == unknown(wire)
    wire.accept(id)
    theirs = f"{wire.query(other)}&consent={id}"
    assert wire.authorize(theirs, cookie).params["error"] == unknown(wire)
    lost = f"{wire.query(app)}&consent=nope"
    assert wire.authorize(lost, cookie).params["error"] == unknown(wire)
    wire.hydra.clock.advance(601)
    assert wire.authorize(query, cookie).params["error"] == unknown(wire)
    # The consent app can still read and accept it.
    wire.forget_root()
    assert wire.admin("GET", f"/oauth2/consent/requests/{id}").status == 200
    wire.accept(id)


def test_more_scopes_may_be_granted_than_requested(wire: Wire) -> None:
    app = wire.app()
    response = wire.arrive(app, "hydra.clients", scope="photos.read")
    assert response.params["scope"] == "hydra.clients"
    assert wire.redeem(app, response.params["code"]).json["scope"] == "hydra.clients"


def test_implicit(wire: Wire) -> None:
    app = wire.app()
    response = wire.arrive(app, "openid photos.read", response_type="token id_token")
    assert "#" in response.location
    assert urlsplit(response.location).query == ""
    params = response.params
    assert list(params) == [
        "access_token", "expires_in", "id_token", "scope", "state", "token_type",
    ]  # fmt: skip
    claims = jwt.decode(params["id_token"], options={"verify_signature": False})
    half = hashlib.sha256(params["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert "c_hash" not in claims
    assert wire.is_active(params["access_token"])


def test_token_or_id_token_only(wire: Wire) -> None:
    app = wire.app()
    token = wire.arrive(app, "photos.read", response_type="token").params
    assert list(token) == ["access_token", "expires_in", "scope", "state", "token_type"]
    id_token = wire.arrive(app, "openid", response_type="id_token").params
    assert list(id_token) == ["id_token", "state"]
    claims = jwt.decode(id_token["id_token"], options={"verify_signature": False})
    assert "at_hash" not in claims


@pytest.mark.parametrize(
    ("response_type", "names"),
    [
        ("code id_token", ["code", "id_token", "state"]),
        ("code token", ["access_token", "code", "expires_in", "scope", "state", "token_type"]),
        (
            "id_token code token",
            ["access_token", "code", "expires_in", "id_token", "scope", "state", "token_type"],
        ),
    ],
)
def test_hybrid(wire: Wire, response_type: str, names: list[str]) -> None:
    app = wire.app()
    response = wire.arrive(app, "openid offline", response_type=response_type)
    assert list(response.params) == names
    if "id_token" in names:
        claims = jwt.decode(response.params["id_token"], options={"verify_signature": False})
        assert "c_hash" in claims
        assert ("at_hash" in claims) is ("access_token" in names)
    redeemed = wire.redeem(app, response.params["code"]).json
    assert "refresh_token" in redeemed
    assert "id_token" not in redeemed
    without = wire.arrive(app, "photos.read", response_type=response_type)
    assert "id_token" not in without.params


def error_of(wire: Wire, app: tuple[str, str], scopes: str | None = None, **more: str) -> str:
    response = wire.arrive(app, scopes, **more)
    assert response.headers["Set-Cookie"].startswith("consent_session=")
    return f"{response.params['error']} {'#' if '#' in response.location else '?'}"


def test_unsupported_response_types(wire: Wire) -> None:
    app = wire.app()
    name = "unsupported_response_type"
    assert error_of(wire, app, response_type="") == f"{name} ?"
    assert error_of(wire, app, response_type="magic") == f"{name} ?"
    assert error_of(wire, app, response_type="code magic") == f"{name} #"
    assert error_of(wire, app, response_type="token id_token magic") == f"{name} #"
    # Without `openid`, no flow issues an ID token.
    assert error_of(wire, app, "foo", response_type="id_token") == f"{name} ?"
    assert error_of(wire, app, "foo", response_type="token id_token") == f"{name} #"


def test_unsupported_flows_of_a_client(wire: Wire) -> None:
    plain = wire.create(redirect_uris=[CALLBACK], scope="openid photos.read")
    scope = "photos.read"

    def error(response_type: str, granted: str = scope) -> str:
        return error_of(wire, plain, granted, response_type=response_type, scope=scope)

    assert "code" in wire.arrive(plain, scope, scope=scope).params
    # `openid` requires both response types.
    assert error("code", "openid") == "invalid_request ?"
    assert error("token") == "invalid_grant #"
    assert error("id_token", "openid") == "invalid_grant ?"
    assert error("token id_token", "openid") == "invalid_grant #"
    assert error("code token") == "invalid_grant #"
    implicit = wire.create(
        redirect_uris=[CALLBACK], grant_types=["implicit"], response_types=["id_token"]
    )
    response = wire.arrive(implicit, "openid", scope=None)
    assert response.params["error"] == "invalid_grant"
    response = wire.arrive(implicit, "openid", scope=None, response_type="code id_token")
    assert response.params["error"] == "invalid_grant"
    response = wire.arrive(implicit, "openid", scope=None, response_type="token id_token")
    assert response.params["error"] == "invalid_grant"


@pytest.mark.parametrize("response_type", ["code", "token", "code token", "token id_token"])
def test_scopes_are_checked_after_consent(wire: Wire, response_type: str) -> None:
    place = "?" if response_type == "code" else "#"
    app = wire.app()
    error = error_of(wire, app, "openid", response_type=response_type, scope="openid beyond")
    assert error == f"invalid_scope {place}"


def test_http_redirect_uris_must_be_local(wire: Wire) -> None:
    far = "http://app.example/cb"
    rejected = [far, "http://LOCALHOST/cb", "http://localhost.example/cb", "http://localhost@a/cb"]
    accepted = [
        "http://localhost:9/cb", "http://127.0.0.1/cb", "http://a.localhost/cb",
        "http://a@localhost:9/cb", "https://app.example/cb", "app:/cb",
        "http://notlocalhost/cb",  # only the suffix is compared
    ]  # fmt: skip
    app = wire.app(redirect_uris=rejected + accepted)
    for uri in rejected:
        assert error_of(wire, app, redirect_uri=uri) == "invalid_request ?"
    for uri in accepted:
        assert "code" in wire.arrive(app, redirect_uri=uri).params
    assert "access_token" in wire.arrive(app, redirect_uri=far, response_type="token").params


@pytest.mark.parametrize("response_type", ["id_token", "token id_token", "code id_token"])
def test_a_short_nonce_in_the_fragment_flows(wire: Wire, response_type: str) -> None:
    app = wire.app()
    place = "?" if response_type == "id_token" else "#"
    error = error_of(wire, app, response_type=response_type, nonce="short")
    assert error == f"insufficient_entropy {place}"
    # Without a nonce, the server generates one.
    params = wire.arrive(app, response_type=response_type, nonce=None).params
    claims = jwt.decode(params["id_token"], options={"verify_signature": False})
    assert len(claims["nonce"]) == 36


def test_fragments_are_escaped_twice(wire: Wire) -> None:
    response = wire.arrive(wire.app(), "photos.read", response_type="token", state="a b&c+d-e")
    assert "state=a%20b%2526c%252Bd-e&" in response.location


def test_the_scheme_of_a_redirect_uri_becomes_lower_case(wire: Wire) -> None:
    written = "HTTP://127.0.0.1/CB?a=B"
    app = wire.app(redirect_uris=[written])
    for more in ({}, {"response_type": "token"}, {"state": "x"}):
        response = (
            wire.authorize(wire.query(app, redirect_uri=written, **more))
            if "state" in more
            else wire.arrive(app, redirect_uri=written, **more)
        )
        assert response.location.startswith("http://127.0.0.1/CB?a=B"), urlencode(more)
