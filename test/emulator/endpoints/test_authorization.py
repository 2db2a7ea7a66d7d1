"""The browser's side: authorize, consent, return."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from support.emulator import CALLBACK, CONSENT, Wire, make_wire

UNRECOGNIZABLE = "The error is unrecognizable."


def unknown(wire: Wire) -> str:
    return "unknown_error" if wire.is_0_9 else "error"


def test_the_first_visit(wire: Wire) -> None:
    app = wire.app()
    reply = wire.authorize(wire.query(app))
    assert reply.status == 302
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.text == f'<a href="{reply.location}">Found</a>.\n\n'
    cookie, *attributes = reply.headers["Set-Cookie"].split("; ")
    assert cookie.startswith("consent_session=")
    assert [part.partition("=")[0] for part in attributes] == ["Path", "Expires", "Max-Age"]
    told = wire.admin("GET", f"/oauth2/consent/requests/{reply.told['consent']}")
    assert list(told.json) == ["id", "requestedScopes", "clientId", "expiresAt", "redirectUrl"]
    assert told.json["clientId"] == app[0]
    assert told.json["redirectUrl"] == (
        f"http://hydra.test/oauth2/auth?{wire.query(app)}&consent={reply.told['consent']}"
    )
    assert "\\u0026" in told.text
    assert told.json["expiresAt"].endswith("Z")


def test_a_request_without_scopes(wire: Wire) -> None:
    id, _, _ = wire.start(wire.app(), scope=None)
    told = wire.admin("GET", f"/oauth2/consent/requests/{id}").json
    # 0.10 keeps scopes in a column of text, which cannot tell none from one without a name.
    nothing = [""] if wire.is_sql and not wire.is_0_9 else None
    assert told["requestedScopes"] == nothing


def test_scopes_count_once(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app, scope=" openid  photos.read\topenid openid \t")
    told = wire.admin("GET", f"/oauth2/consent/requests/{id}").json
    assert told["requestedScopes"] == ["openid", "photos.read\topenid"]
    id, query, cookie = wire.start(app, scope="foo openid foo ")
    told = wire.admin("GET", f"/oauth2/consent/requests/{id}").json
    assert told["requestedScopes"] == ["foo", "openid"]
    wire.accept(id, scopes="foo foo openid foo")
    assert wire.authorize(query, cookie).told["scope"] == "foo openid"


def test_a_scope_with_a_space(wire: Wire) -> None:
    id, query, cookie = wire.start(wire.app())
    body = {"subject": "bob", "grantScopes": ["photos read", "foo"]}
    wire.admin("PATCH", f"/oauth2/consent/requests/{id}/accept", body)
    kept = "photosread foo" if wire.is_sql and not wire.is_0_9 else "photos read foo"
    assert wire.authorize(query, cookie).told["scope"] == kept


@pytest.mark.parametrize(
    ("version", "store", "fraction"),
    [
        ("0.9", "memory", ".0078125"),
        ("0.9", "sql", ".0078125"),
        ("0.10", "memory", ".0078125"),
        ("0.10", "sql", ".007812"),
    ],
)
def test_times_have_the_stores_precision(version: str, store: str, fraction: str) -> None:
    wire = make_wire(version, store, clock=lambda: 1_511_430_504 + 1 / 128)
    id, _, _ = wire.start(wire.app())
    told = wire.admin("GET", f"/oauth2/consent/requests/{id}").json["expiresAt"]
    assert told == f"2017-11-23T09:58:24{fraction}Z"


def test_a_full_second_has_no_fraction() -> None:
    wire = make_wire(clock=lambda: 1_511_430_504.0)
    id, _, _ = wire.start(wire.app())
    told = wire.admin("GET", f"/oauth2/consent/requests/{id}").json["expiresAt"]
    assert told == "2017-11-23T09:58:24Z"


def test_the_consent_urls_own_query_stays(wire: Wire) -> None:
    wire.hydra.consent_url = "http://127.0.0.1:4900/consent?z=1&a=<"
    reply = wire.authorize(wire.query(wire.app()))
    assert parse_qs(urlsplit(reply.location).query).keys() == {"a", "consent", "z"}
    assert "&amp;consent=" in reply.text
    refused = wire.authorize("")
    assert refused.location.startswith("http://127.0.0.1:4900/consent?a=%3C&error=invalid_client")


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
def test_without_a_place_to_go_the_consent_app_is_told(
    wire: Wire, change: dict[str, str | None], error: str
) -> None:
    reply = wire.authorize(wire.query(wire.app(), **change))
    assert reply.status == 302
    assert reply.location.startswith(f"{CONSENT}?error={error}&error_description=")
    assert "state" not in reply.told
    assert set(reply.headers) == {"Location", "Content-Length"}


def test_a_query_with_a_bad_escape(wire: Wire) -> None:
    reply = wire.authorize(wire.query(wire.app()) + "&x=%zz")
    assert reply.location.startswith(f"{CONSENT}?error=invalid_request")


def test_redirect_uris(wire: Wire) -> None:
    one = wire.app()
    two = wire.app(redirect_uris=[CALLBACK, "http://localhost/other"])
    none = wire.app(redirect_uris=[])
    odd = wire.app(redirect_uris=["relative", "http://[", "http://127.0.0.1/x y"])
    assert wire.start(one, redirect_uri=None)
    assert wire.start(one, redirect_uri=CALLBACK.upper().replace("HTTP", "http"))
    assert wire.start(odd, redirect_uri="http://127.0.0.1/x%20y")  # decoded once more
    for client, uri in ((two, None), (none, None), (odd, "relative"), (odd, "http://[")):
        reply = wire.authorize(wire.query(client, redirect_uri=uri))
        assert reply.told["error"] == "invalid_request"


@pytest.mark.parametrize("state", [None, "", "seven77"])
def test_a_weak_state_is_told_to_the_client(wire: Wire, state: str | None) -> None:
    app = wire.app(redirect_uris=[f"{CALLBACK}?b=2&a=1"])
    reply = wire.authorize(wire.query(app, redirect_uri=f"{CALLBACK}?b=2&a=1", state=state))
    assert reply.location == (
        f"{CALLBACK}?a=1&b=2&error=invalid_state&error_description=The+state+is+missing+or+has+"
        "less+than+8+characters+and+is+therefore+considered+too+weak&state="
    )
    assert set(reply.headers) == {"Location", "Content-Length"}


def test_post_goes_the_same_way_without_a_page(wire: Wire) -> None:
    app = wire.app()
    reply = wire("POST", f"/oauth2/auth?{wire.query(app)}")
    assert (reply.status, reply.text) == (302, "")
    assert "Content-Type" not in reply.headers
    form = {
        "client_id": app[0],
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "some-random-state",
    }
    posted = wire("POST", "/oauth2/auth", form=form)
    told = wire.admin("GET", f"/oauth2/consent/requests/{posted.told['consent']}").json
    # What was in the body is lost on the way.
    assert told["redirectUrl"] == f"http://hydra.test/oauth2/auth&consent={told['id']}"


# --- consent


def test_consent_requests_that_are_unknown(wire: Wire) -> None:
    message = "Not found" if wire.is_sql and not wire.is_0_9 else ": Not found"
    assert wire.admin("GET", "/oauth2/consent/requests/nope").message == (404, message)
    for path in ("/oauth2/consent/requests/nope", "/oauth2/consent/requests/"):
        assert wire.admin("PATCH", f"{path}/accept", {}).message == (404, message)
        assert wire.admin("PATCH", f"{path}/reject", {}).message == (404, message)


@pytest.mark.parametrize(
    ("verb", "body", "message"),
    [
        ("accept", "", "EOF"),
        ("reject", "", "EOF"),
        ("accept", "[]", "array into Go value of type oauth2.AcceptConsentRequest"),
        ("reject", '{"reason":1}', "field RejectConsentRequestPayload.reason of type string"),
        ("accept", '{"grantScopes":"a"}', "RequestPayload.grantScopes of type []string"),
        ("accept", '{"idTokenExtra":1}', ".idTokenExtra of type map[string]interface {}"),
    ],
)  # fmt: skip
def test_answers_that_cannot_be_read(wire: Wire, verb: str, body: str, message: str) -> None:
    reply = wire.admin("PATCH", f"/oauth2/consent/requests/nope/{verb}", body=body)
    assert reply.status == 500
    assert message in reply.message[1]


def test_before_an_answer_and_after_a_rejection(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    early = wire.authorize(query, cookie)
    assert early.told == {
        "error": "rejected_consent_request",
        "state": "some-random-state",
    }  # with an empty description
    path = f"/oauth2/consent/requests/{id}"
    assert wire.admin("PATCH", f"{path}/reject", {"reason": "no & never"}).status == 204
    rejected = wire.authorize(query, cookie)
    assert rejected.location == (
        f"{CALLBACK}?error=rejected_consent_request&error_description=no+%26+never"
        "&state=some-random-state"
    )
    wire.accept(id)
    assert "code" in wire.authorize(query, cookie).told
    assert wire.admin("PATCH", f"{path}/reject", {}).status == 204
    assert wire.authorize(query, cookie).told["error"] == "rejected_consent_request"


def test_the_return(wire: Wire) -> None:
    reply = wire.arrive(wire.app())
    assert list(reply.told) == ["code", "scope", "state"]
    assert "scope=openid%20offline%20photos.read&state=" in reply.location
    assert reply.headers["Set-Cookie"].startswith("consent_session=")
    assert reply.text == ""
    assert "Content-Type" not in reply.headers


def test_the_callbacks_own_query_stays(wire: Wire) -> None:
    uri = f"{CALLBACK}?z=1&code=mine&a=b+c"
    reply = wire.arrive(wire.app(redirect_uris=[uri]), redirect_uri=None)
    assert list(reply.told) == ["a", "code", "scope", "state", "z"]
    assert reply.told["code"] != "mine"


def test_another_browser(wire: Wire) -> None:
    app = wire.app()
    id, query, _ = wire.start(app)
    _, _, other = wire.start(app)
    wire.accept(id)
    # Go drops a cookie that it cannot read.
    for cookie in (None, other, "something=else", "consent_session=ä"):
        reply = wire.authorize(query, cookie)
        assert reply.told["error"] == unknown(wire)
        assert reply.told["error_description"] == UNRECOGNIZABLE
        assert "Set-Cookie" not in reply.headers


def test_a_forged_cookie(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    wire.accept(id)
    foreign = base64.urlsafe_b64encode(b"1|x|y").decode()
    for forged in ("", "=", "=junk", f"={foreign}", f"=junk; {cookie}"):
        forged = f"consent_session{forged}"
        assert wire.authorize(query, forged).told["error"] == "server_error"
    wire.hydra.clock.advance(31 * 24 * 3600)
    assert wire.authorize(query, cookie).told["error"] == "server_error"


def test_the_cookie_that_is_left_opens_nothing(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    wire.accept(id)
    arrived = wire.authorize(query, cookie)
    left = arrived.headers["Set-Cookie"].partition(";")[0]
    assert wire.authorize(query, left).told["error"] == unknown(wire)
    # The browser that kept the old one may come again.
    assert wire.authorize(query, cookie).told["code"] != arrived.told["code"]


def test_of_two_cookies_the_first_counts_also_in_quotes(wire: Wire) -> None:
    app = wire.app()
    id, query, cookie = wire.start(app)
    _, _, other = wire.start(app)
    wire.accept(id)
    assert wire.authorize(query, f"{other}; {cookie}").told["error"] == unknown(wire)
    quoted = cookie.replace("=", '="', 1) + '"'
    assert "code" in wire.authorize(query, f"{quoted}; {other}").told


def test_what_is_wrong_with_an_acceptance(wire: Wire) -> None:
    app, other = wire.app(), wire.app()
    id, query, cookie = wire.start(app)
    wire.accept(id, subject="")
    assert wire.authorize(query, cookie).told["error"] == unknown(wire)
    wire.accept(id)
    theirs = f"{wire.query(other)}&consent={id}"
    assert wire.authorize(theirs, cookie).told["error"] == unknown(wire)
    lost = f"{wire.query(app)}&consent=nope"
    assert wire.authorize(lost, cookie).told["error"] == unknown(wire)
    wire.hydra.clock.advance(601)
    assert wire.authorize(query, cookie).told["error"] == unknown(wire)
    # Telling of it and accepting it go on as before.
    wire.forget_root()
    assert wire.admin("GET", f"/oauth2/consent/requests/{id}").status == 200
    wire.accept(id)


def test_more_is_granted_than_was_asked_for(wire: Wire) -> None:
    app = wire.app()
    reply = wire.arrive(app, "hydra.clients", scope="photos.read")
    assert reply.told["scope"] == "hydra.clients"
    assert wire.redeem(app, reply.told["code"]).json["scope"] == "hydra.clients"


# --- response types

HYBRID = [("code id_token", "code"), ("id_token code token", "code"), ("code token", "code")]


def test_implicit(wire: Wire) -> None:
    app = wire.app()
    reply = wire.arrive(app, "openid photos.read", response_type="token id_token")
    assert "#" in reply.location
    assert urlsplit(reply.location).query == ""
    told = reply.told
    assert list(told) == [
        "access_token", "expires_in", "id_token", "scope", "state", "token_type",
    ]  # fmt: skip
    claims = jwt.decode(told["id_token"], options={"verify_signature": False})
    half = hashlib.sha256(told["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert "c_hash" not in claims
    assert wire.is_active(told["access_token"])


def test_token_alone_and_id_token_alone(wire: Wire) -> None:
    app = wire.app()
    token = wire.arrive(app, "photos.read", response_type="token").told
    assert list(token) == ["access_token", "expires_in", "scope", "state", "token_type"]
    id_token = wire.arrive(app, "openid", response_type="id_token").told
    assert list(id_token) == ["id_token", "state"]
    claims = jwt.decode(id_token["id_token"], options={"verify_signature": False})
    assert "at_hash" not in claims


@pytest.mark.parametrize(
    ("response_type", "told"),
    [
        ("code id_token", ["code", "id_token", "state"]),
        ("code token", ["access_token", "code", "expires_in", "scope", "state", "token_type"]),
        (
            "id_token code token",
            ["access_token", "code", "expires_in", "id_token", "scope", "state", "token_type"],
        ),
    ],
)
def test_hybrid(wire: Wire, response_type: str, told: list[str]) -> None:
    app = wire.app()
    reply = wire.arrive(app, "openid offline", response_type=response_type)
    assert list(reply.told) == told
    if "id_token" in told:
        claims = jwt.decode(reply.told["id_token"], options={"verify_signature": False})
        assert "c_hash" in claims
        assert ("at_hash" in claims) is ("access_token" in told)
    redeemed = wire.redeem(app, reply.told["code"]).json
    assert "refresh_token" in redeemed
    assert "id_token" not in redeemed
    without = wire.arrive(app, "photos.read", response_type=response_type)
    assert "id_token" not in without.told


def error_of(wire: Wire, app: tuple[str, str], scopes: str | None = None, **more: str) -> str:
    reply = wire.arrive(app, scopes, **more)
    assert reply.headers["Set-Cookie"].startswith("consent_session=")
    return f"{reply.told['error']} {'#' if '#' in reply.location else '?'}"


def test_response_types_that_nobody_handles(wire: Wire) -> None:
    app = wire.app()
    name = "unsupported_response_type"
    assert error_of(wire, app, response_type="") == f"{name} ?"
    assert error_of(wire, app, response_type="magic") == f"{name} ?"
    assert error_of(wire, app, response_type="code magic") == f"{name} #"
    # Without `openid` no flow gives an ID token.
    assert error_of(wire, app, "foo", response_type="id_token") == f"{name} ?"
    assert error_of(wire, app, "foo", response_type="token id_token") == f"{name} #"


def test_clients_that_may_not(wire: Wire) -> None:
    plain = wire.create(redirect_uris=[CALLBACK], scope="openid photos.read")
    scope = "photos.read"

    def error(response_type: str, granted: str = scope) -> str:
        return error_of(wire, plain, granted, response_type=response_type, scope=scope)

    assert "code" in wire.arrive(plain, scope, scope=scope).told
    # `openid` needs both response types, and the code is issued before that is looked at.
    assert error("code", "openid") == "invalid_request ?"
    assert error("token") == "invalid_grant #"
    assert error("id_token", "openid") == "invalid_grant ?"
    assert error("token id_token", "openid") == "invalid_grant #"
    assert error("code token") == "invalid_grant #"
    implicit = wire.create(
        redirect_uris=[CALLBACK], grant_types=["implicit"], response_types=["id_token"]
    )
    reply = wire.arrive(implicit, "openid", scope=None)
    assert reply.told["error"] == "invalid_grant"
    reply = wire.arrive(implicit, "openid", scope=None, response_type="code id_token")
    assert reply.told["error"] == "invalid_grant"
    reply = wire.arrive(implicit, "openid", scope=None, response_type="token id_token")
    assert reply.told["error"] == "invalid_grant"


@pytest.mark.parametrize("response_type", ["code", "token", "code token", "token id_token"])
def test_scopes_are_checked_on_the_return(wire: Wire, response_type: str) -> None:
    place = "?" if response_type == "code" else "#"
    reply = error_of(wire, wire.app(), "openid", response_type=response_type, scope="openid beyond")
    assert reply == f"invalid_scope {place}"


def test_plain_http_is_for_this_machine(wire: Wire) -> None:
    far = "http://app.example/cb"
    refused = [far, "http://LOCALHOST/cb", "http://localhost.example/cb", "http://localhost@a/cb"]
    taken = [
        "http://localhost:9/cb", "http://127.0.0.1/cb", "http://a.localhost/cb",
        "http://a@localhost:9/cb", "https://app.example/cb", "app:/cb",
        "http://notlocalhost/cb",  # the end is all that is compared
    ]  # fmt: skip
    app = wire.app(redirect_uris=refused + taken)
    for uri in refused:
        assert error_of(wire, app, redirect_uri=uri) == "invalid_request ?"
    for uri in taken:
        assert "code" in wire.arrive(app, redirect_uri=uri).told
    assert "access_token" in wire.arrive(app, redirect_uri=far, response_type="token").told


@pytest.mark.parametrize("response_type", ["id_token", "token id_token", "code id_token"])
def test_a_weak_nonce_in_the_fragment_flows(wire: Wire, response_type: str) -> None:
    app = wire.app()
    place = "?" if response_type == "id_token" else "#"
    error = error_of(wire, app, response_type=response_type, nonce="short")
    assert error == f"insufficient_entropy {place}"
    # Without one the server makes its own.
    told = wire.arrive(app, response_type=response_type, nonce=None).told
    claims = jwt.decode(told["id_token"], options={"verify_signature": False})
    assert len(claims["nonce"]) == 36


def test_what_the_fragment_escapes_twice(wire: Wire) -> None:
    reply = wire.arrive(wire.app(), "photos.read", response_type="token", state="a b&c+d-e")
    assert "state=a%20b%2526c%252Bd-e&" in reply.location


# --- prompt and max_age, which 0.10 looks at


def test_max_age(wire: Wire) -> None:
    app = wire.app()
    late, fresh = ("login_required", 400), None
    if wire.is_0_9:  # where no login can succeed that asks for it
        late = fresh = ("unknown_error", 500)  # type: ignore[assignment]
    for max_age, error in (("10", late), ("1000", fresh), ("0", None), ("x", None), ("-1", None)):
        code = wire.code(app, max_age=max_age)
        wire.hydra.clock.advance(20)
        reply = wire.redeem(app, code)
        if error is None:
            assert reply.status == 200
        else:
            assert (reply.json["error"], reply.status) == error


def test_prompt(wire: Wire) -> None:
    app = wire.app()
    assert wire.redeem(app, wire.code(app, prompt="none")).status == 200
    reply = wire.redeem(app, wire.code(app, prompt="login"))
    assert reply.status == (200 if wire.is_0_9 else 400)


def test_acr_values(wire: Wire) -> None:
    app = wire.app()
    for acr_values, acr in (("2 1", None if wire.is_0_9 else "0"), ("", None)):
        id_token = wire.redeem(app, wire.code(app, acr_values=acr_values)).json["id_token"]
        claims = jwt.decode(id_token, options={"verify_signature": False})
        assert claims.get("acr") == acr
