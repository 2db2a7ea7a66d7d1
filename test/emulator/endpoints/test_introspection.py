"""Introspection and revocation, `/userinfo` and the keys."""

from __future__ import annotations

import jwt
import pytest
from support.emulator import ROOT, SCOPES, Wire

INACTIVE = '{"active":false}\n'
OAUTH_JSON = "application/json;charset=UTF-8"


def tokens(wire: Wire, app: tuple[str, str], **acceptance: object) -> dict[str, str]:
    id, query, cookie = wire.start(app)
    wire.accept(id, **acceptance)  # type: ignore[arg-type]
    answer: dict[str, str] = wire.redeem(app, wire.authorize(query, cookie).told["code"]).json
    return answer


def test_what_an_active_token_tells(wire: Wire) -> None:
    app = wire.app()
    token = tokens(wire, app)["access_token"]
    reply = wire.introspect(token)
    assert reply.headers["Content-Type"] == OAUTH_JSON
    assert reply.text.endswith("}\n")
    keys = ["active", "scope", "client_id", "sub", "exp", "iat", "aud", "iss"]
    assert list(reply.json) == [key for key in keys if wire.is_0_9 or key != "aud"]
    assert reply.json["sub"] == "bob"
    assert reply.json["iss"] == "http://hydra.test"
    assert reply.json["exp"] - reply.json["iat"] == 3600
    if wire.is_0_9:
        assert reply.json["aud"] == app[0]


def test_extra_data(wire: Wire) -> None:
    extra = {"role": "a<b>", "n": 1, "nested": {"b": None, "a": [1.5]}}
    token = tokens(wire, wire.app(), accessTokenExtra=extra)["access_token"]
    reply = wire.introspect(token)
    assert '"ext":{"n":1,"nested":{"a":[1.5],"b":null},"role":"a\\u003cb\\u003e"}}' in reply.text
    empty = tokens(wire, wire.app(), accessTokenExtra={})["access_token"]
    assert "ext" not in wire.introspect(empty).json


def test_a_client_is_its_own_subject(wire: Wire) -> None:
    token = wire.client_token(wire.app(id="x"))
    reply = wire.introspect(token)
    assert (reply.json["sub"], reply.json["client_id"]) == ("x", "x")
    assert "scope" not in reply.json


def test_inactive_tokens(wire: Wire) -> None:
    app = wire.app()
    code = wire.code(app)
    issued = wire.redeem(app, wire.code(app)).json
    changed = "!" + issued["access_token"][1:]
    for token in ("", "junk", "a.b", code, issued["refresh_token"], changed):
        reply = wire.introspect(token)
        assert (reply.status, reply.text) == (200, INACTIVE)
    hinted = wire.introspect(issued["refresh_token"], token_type_hint="refresh_token")
    assert hinted.text == INACTIVE
    assert wire("POST", "/oauth2/introspect", form={"x": "y"}, basic=ROOT).text == INACTIVE
    in_query = wire("POST", f"/oauth2/introspect?token={issued['access_token']}", basic=ROOT)
    assert in_query.text == INACTIVE
    wire.hydra.clock.advance(3601)
    assert wire.introspect(issued["access_token"]).text == INACTIVE


def test_scopes(wire: Wire) -> None:
    token = wire.client_token(wire.app(scope="photos.*"), "photos.read")
    for scope in ("", "photos.read", " photos.read  "):
        assert wire.introspect(token, scope=scope).json["active"]
    for scope in ("photos.write", "photos.read photos.write", "photos"):
        assert not wire.introspect(token, scope=scope).json["active"]


def test_callers_that_prove_nothing(wire: Wire) -> None:
    token = wire.root
    for basic in (("admin", "wrong"), ("nobody", "x")):
        reply = wire.introspect(token, basic)
        if wire.is_0_9:
            assert reply.error == (401, "request_unauthorized")
        elif basic[0] == "admin":  # the name has a policy, and that is all that is looked at
            assert (reply.status, reply.text) == (200, INACTIVE)
        else:
            assert reply.status == 403
    nobody = wire.introspect(token, None)
    assert nobody.status == 401
    if wire.is_0_9:
        assert nobody.error == (401, "request_unauthorized")
        assert not nobody.text.endswith("\n")
    else:
        assert nobody.message == (401, "request_unauthorized")


def test_basic_is_taken_as_it_is(wire: Wire) -> None:
    client = wire.app(id="odd", client_secret="p+q%41 r:s")
    wire.hydra.allow("odd")
    token = wire.client_token(client)
    assert wire.introspect(token, client).json["active"]
    encoded = wire.introspect(token, ("odd", "p%2Bq%2541+r%3As"))
    assert encoded.status == (401 if wire.is_0_9 else 200)
    assert "true" not in encoded.text


def test_a_public_client_has_to_know_its_secret(wire: Wire) -> None:
    client = wire.app(id="x", public=True)
    wire.hydra.allow("x")
    assert wire.introspect(wire.root, client).json["active"]
    assert "true" not in wire.introspect(wire.root, ("x", "wrong")).text


def test_any_client_may_in_0_9_and_only_those_with_a_policy_in_0_10(wire: Wire) -> None:
    app = wire.app()
    token = wire.client_token(app)
    reply = wire.introspect(token, app)
    if wire.is_0_9:
        assert reply.json["active"]
        return
    assert reply.message == (403, "Request was denied by default: request_forbidden")
    wire.hydra.allow(app[0], resources="rn:hydra:oauth2:tokens", actions="introspect")
    assert wire.introspect(token, app).json["active"]


def test_by_bearer(wire: Wire) -> None:
    token = wire.client_token(wire.app())

    def ask(bearer: str, about: str = token) -> tuple[int, str]:
        reply = wire("POST", "/oauth2/introspect", form={"token": about}, token=bearer)
        return reply.status, reply.text

    assert '"active":true' in ask(wire.root)[1]
    scopeless = wire.client_token(ROOT, "hydra")
    if wire.is_0_9:
        assert '"active":true' in ask(scopeless)[1]
        assert ask("junk")[0] == 401
        assert ask(token)[0] == 401  # about itself
    else:
        assert ask(scopeless) == (
            400,
            '{"error":{"code":400,"status":"Bad Request","message":"invalid_scope"}}\n',
        )
        assert ask("junk")[0] == 401
        assert ask(token)[0] == 400
        assert ask(wire.root, wire.root) == (200, INACTIVE)
    expired = wire.root
    wire.hydra.clock.advance(3601)
    status, text = ask(expired)
    assert status == 401
    assert ("request_unauthorized" if wire.is_0_9 else "token_expired") in text


def test_a_form_with_a_bad_escape(wire: Wire) -> None:
    label = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = wire("POST", "/oauth2/introspect", "token=%zz", basic=ROOT, headers=label)
    if wire.is_0_9:
        assert reply.error == (400, "invalid_request")
    else:
        assert (reply.status, reply.text) == (200, INACTIVE)
    beside = f"token={wire.root}&x=%zz"
    by_basic = wire("POST", "/oauth2/introspect", beside, basic=ROOT, headers=label)
    by_bearer = wire(
        "POST", "/oauth2/introspect", beside, token=wire.client_token(ROOT, SCOPES), headers=label
    )
    if wire.is_0_9:
        assert by_basic.error == by_bearer.error == (400, "invalid_request")
    else:
        assert by_basic.json["active"]
        assert (by_bearer.status, by_bearer.text) == (200, INACTIVE)
    revoked = wire("POST", "/oauth2/revoke", "token=%zz", basic=ROOT, headers=label)
    assert revoked.status == (400 if wire.is_0_9 else 403)


def revoke(wire: Wire, token: str, basic: tuple[str, str] | None, **more: str) -> tuple[int, str]:
    reply = wire("POST", "/oauth2/revoke", form={"token": token, **more}, basic=basic)
    if not reply.text:
        assert reply.headers == {"Content-Length": "0"}
    return reply.status, reply.json["error"] if reply.text else ""


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "nonsense"])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_one_revokes_the_other(wire: Wire, kind: str, hint: str) -> None:
    app = wire.app()
    issued = wire.redeem(app, wire.code(app)).json
    other = wire.redeem(app, wire.code(app)).json
    assert revoke(wire, issued[kind], app, token_type_hint=hint) == (200, "")
    assert not wire.is_active(issued["access_token"])
    assert wire.refresh(app, issued["refresh_token"]).status == 400
    assert wire.is_active(other["access_token"])
    assert revoke(wire, issued[kind], app) == (200, "")


def test_what_a_code_and_a_token_of_one_authorization_have_in_common(wire: Wire) -> None:
    app = wire.app()
    told = wire.arrive(app, response_type="code token").told
    redeemed = wire.redeem(app, told["code"]).json["access_token"]
    assert revoke(wire, told["access_token"], app) == (200, "")
    assert not wire.is_active(told["access_token"])
    assert wire.is_active(redeemed) is wire.is_0_9


def test_revoking_what_is_unknown(wire: Wire) -> None:
    for token in ("", "junk", "a.b", wire.code(wire.app())):
        assert revoke(wire, token, ROOT) == (200, "")


def test_who_may_not_revoke(wire: Wire) -> None:
    app = wire.app(id="odd", client_secret="p+q%41 r:s")
    token = wire.client_token(app)
    if wire.is_0_9:
        nobody, wrong = (400, "invalid_request"), (401, "invalid_client")
    else:
        nobody = wrong = (403, "invalid_client")
    assert revoke(wire, token, None) == nobody
    assert revoke(wire, token, ("odd", "wrong")) == wrong
    assert revoke(wire, token, ("nobody", "wrong")) == wrong
    assert revoke(wire, token, ("odd", "p%2Bq%2541+r%3As")) == wrong
    in_form = {"client_id": "odd", "client_secret": "p+q%41 r:s"}
    assert revoke(wire, token, None, **in_form) == nobody
    assert wire.is_active(token)
    assert revoke(wire, token, app) == (200, "")
    assert not wire.is_active(token)


def test_revoking_a_token_of_another_client(wire: Wire) -> None:
    token = wire.client_token(wire.app())
    assert revoke(wire, token, wire.app()) == (200, "")
    assert wire.is_active(token) is not wire.is_0_9


def test_a_public_client_revokes_without_its_secret(wire: Wire) -> None:
    public = wire.app(id="x", public=True)
    token = wire.redeem(public, wire.code(public)).json["access_token"]
    assert revoke(wire, token, ("x", "")) == (200, "")
    assert not wire.is_active(token)


def test_userinfo(new: Wire) -> None:
    app = new.app()
    token = tokens(new, app, idTokenExtra={"email": "a@b", "sub": "x", "aud": "y"})["access_token"]
    for method in ("GET", "POST"):
        reply = new(method, "/userinfo", token=token)
        assert list(reply.json) == ["email", "rat", "sub"]
        assert (reply.json["email"], reply.json["sub"]) == ("a@b", "bob")
    assert new("GET", "/userinfo", token=new.root).text == '{"rat":-62135596800,"sub":""}'
    assert new("GET", "/userinfo").message == (401, "request_unauthorized")


def test_discovery(wire: Wire) -> None:
    told = wire("GET", "/.well-known/openid-configuration").json
    assert told["issuer"] == "http://hydra.test"
    assert ("userinfo_endpoint" in told) is not wire.is_0_9


def test_the_id_token_is_signed_by_the_key(wire: Wire) -> None:
    app = wire.app()
    token = tokens(wire, app, idTokenExtra={"email": "a@b", "iss": "x"})["id_token"]
    key = wire("GET", "/.well-known/jwks.json", token=wire.root).json["keys"][0]
    assert key["kid"] == jwt.get_unverified_header(token)["kid"] == "public"
    claims = jwt.decode(token, jwt.PyJWK(key), audience=app[0], issuer="http://hydra.test")
    assert (claims["sub"], claims["email"]) == ("bob", "a@b")
    assert claims["nonce"] == "some-random-nonce"
    assert claims["exp"] - claims["iat"] == 3600
    assert ("rat" in claims) is not wire.is_0_9
    assert list(claims) == sorted(claims)
