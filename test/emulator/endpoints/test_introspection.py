"""Introspection and revocation."""

from __future__ import annotations

import pytest
from support.emulator import (
    ROOT,
    SCOPES,
    Wire,
)

INACTIVE = '{"active":false}\n'


OAUTH_JSON = "application/json;charset=UTF-8"


def test_an_active_token(wire: Wire) -> None:
    app = wire.app()
    token = wire.tokens(app)["access_token"]
    response = wire.introspect(token)
    assert response.headers["Content-Type"] == OAUTH_JSON
    assert response.text.endswith("}\n")
    keys = ["active", "scope", "client_id", "sub", "exp", "iat", "aud", "iss"]
    assert list(response.json) == [key for key in keys if wire.is_0_9 or key != "aud"]
    assert response.json["sub"] == "bob"
    assert response.json["iss"] == "http://hydra.test"
    assert response.json["exp"] - response.json["iat"] == 3600
    if wire.is_0_9:
        assert response.json["aud"] == app[0]


def test_extra_data(wire: Wire) -> None:
    extra = {"role": "a<b>", "n": 1, "nested": {"b": None, "a": [1.5]}}
    token = wire.tokens(wire.app(), accessTokenExtra=extra)["access_token"]
    response = wire.introspect(token)
    assert '"ext":{"n":1,"nested":{"a":[1.5],"b":null},"role":"a\\u003cb\\u003e"}}' in response.text
    empty = wire.tokens(wire.app(), accessTokenExtra={})["access_token"]
    assert "ext" not in wire.introspect(empty).json


def test_a_client_is_its_own_subject(wire: Wire) -> None:
    token = wire.client_token(wire.app(id="x"))
    response = wire.introspect(token)
    assert (response.json["sub"], response.json["client_id"]) == ("x", "x")
    assert "scope" not in response.json


def test_inactive_tokens(wire: Wire) -> None:
    app = wire.app()
    code = wire.code(app)
    issued = wire.redeem(app, wire.code(app)).json
    changed = "!" + issued["access_token"][1:]
    for token in ("", "junk", "a.b", code, issued["refresh_token"], changed):
        response = wire.introspect(token)
        assert (response.status, response.text) == (200, INACTIVE)
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


def test_callers_without_valid_credentials(wire: Wire) -> None:
    token = wire.root
    for basic in (("admin", "wrong"), ("nobody", "x")):
        response = wire.introspect(token, basic)
        if wire.is_0_9:
            assert response.error == (401, "request_unauthorized")
        elif basic[0] == "admin":  # 0.10 only checks that this name has a policy
            assert (response.status, response.text) == (200, INACTIVE)
        else:
            assert response.status == 403
    nobody = wire.introspect(token, None)
    assert nobody.status == 401
    if wire.is_0_9:
        assert nobody.error == (401, "request_unauthorized")
        assert not nobody.text.endswith("\n")
    else:
        assert nobody.message == (401, "request_unauthorized")


def test_basic_is_not_form_decoded(wire: Wire) -> None:
    client = wire.app(id="odd", client_secret="p+q%41 r:s")
    wire.hydra.allow("odd")
    token = wire.client_token(client)
    assert wire.introspect(token, client).json["active"]
    encoded = wire.introspect(token, ("odd", "p%2Bq%2541+r%3As"))
    assert encoded.status == (401 if wire.is_0_9 else 200)
    assert "true" not in encoded.text


def test_public_clients_need_their_secret(wire: Wire) -> None:
    client = wire.app(id="x", public=True)
    wire.hydra.allow("x")
    assert wire.introspect(wire.root, client).json["active"]
    assert "true" not in wire.introspect(wire.root, ("x", "wrong")).text


def test_access_to_introspection(wire: Wire) -> None:
    app = wire.app()
    token = wire.client_token(app)
    response = wire.introspect(token, app)
    if wire.is_0_9:
        assert response.json["active"]
        return
    assert response.message == (403, "Request was denied by default: request_forbidden")
    wire.hydra.allow(app[0], resources="rn:hydra:oauth2:tokens", actions="introspect")
    assert wire.introspect(token, app).json["active"]


def test_introspection_with_a_bearer_token(wire: Wire) -> None:
    token = wire.client_token(wire.app())

    def ask(bearer: str, about: str = token) -> tuple[int, str]:
        response = wire("POST", "/oauth2/introspect", form={"token": about}, token=bearer)
        return response.status, response.text

    assert '"active":true' in ask(wire.root)[1]
    scopeless = wire.client_token(ROOT, "hydra")
    if wire.is_0_9:
        assert '"active":true' in ask(scopeless)[1]
        assert ask("junk")[0] == 401
        assert ask(token)[0] == 401  # a token cannot introspect itself
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


def test_forms_with_an_invalid_escape(wire: Wire) -> None:
    label = {"Content-Type": "application/x-www-form-urlencoded"}
    response = wire("POST", "/oauth2/introspect", "token=%zz", basic=ROOT, headers=label)
    if wire.is_0_9:
        assert response.error == (400, "invalid_request")
    else:
        assert (response.status, response.text) == (200, INACTIVE)
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
    response = wire("POST", "/oauth2/revoke", form={"token": token, **more}, basic=basic)
    if not response.text:
        assert response.headers == {"Content-Length": "0"}
    return response.status, response.json["error"] if response.text else ""


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


def test_revoking_a_token_of_a_hybrid_flow(wire: Wire) -> None:
    app = wire.app()
    params = wire.arrive(app, response_type="code token").params
    redeemed = wire.redeem(app, params["code"]).json["access_token"]
    assert revoke(wire, params["access_token"], app) == (200, "")
    assert not wire.is_active(params["access_token"])
    assert wire.is_active(redeemed) is wire.is_0_9


def test_revoking_unknown_tokens(wire: Wire) -> None:
    for token in ("", "junk", "a.b", wire.code(wire.app())):
        assert revoke(wire, token, ROOT) == (200, "")


def test_revoking_without_valid_credentials(wire: Wire) -> None:
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
