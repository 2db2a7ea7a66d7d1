"""The token endpoint."""

from __future__ import annotations

import pytest
from support.emulator import CALLBACK, ROOT, Wire

INVALID_REQUEST = (400, "invalid_request")
INVALID_GRANT = (400, "invalid_grant")
INVALID_SCOPE = (400, "invalid_scope")
SERVER_ERROR = (500, "server_error")


def invalid_client(wire: Wire) -> tuple[int, str]:
    return (401 if wire.is_0_9 else 403), "invalid_client"


def test_the_shape_of_a_token(wire: Wire) -> None:
    response = wire.grant(ROOT, grant_type="client_credentials")
    assert list(response.json) == ["access_token", "expires_in", "scope", "token_type"]
    assert (response.json["expires_in"], response.json["scope"]) == (3599, "")
    assert response.json["token_type"] == "bearer"
    assert [len(part) for part in response.json["access_token"].split(".")] == [43, 43]
    assert response.headers == {
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "Content-Type": "application/json;charset=UTF-8",
        "Content-Length": str(len(response.text)),
    }


def test_the_shape_of_an_error(wire: Wire) -> None:
    response = wire.grant(ROOT, grant_type="client_credentials", scope="nope")
    assert response.text == (
        '{"error":"invalid_scope","error_description":"The requested scope is invalid, unknown, '
        'or malformed","statusCode":400}'
    )
    assert set(response.headers) == {"Content-Type", "Content-Length"}


def test_invalid_forms(wire: Wire) -> None:
    form = "grant_type=client_credentials"
    label = {"Content-Type": "application/x-www-form-urlencoded"}
    assert wire("POST", "/oauth2/token", form, basic=ROOT).error == INVALID_REQUEST
    assert wire("POST", "/oauth2/token", "", basic=ROOT, headers=label).error == INVALID_REQUEST
    broken = form + "&scope=%zz"
    assert wire("POST", "/oauth2/token", broken, basic=ROOT, headers=label).error == (
        INVALID_REQUEST
    )
    apart = form + ";scope=hydra"
    assert wire("POST", "/oauth2/token", apart, basic=ROOT, headers=label).error == INVALID_REQUEST
    mislabelled = {"Content-Type": "application/x-www-form-urlencoded; charset"}
    assert wire("POST", "/oauth2/token", form, basic=ROOT, headers=mislabelled).error == (
        INVALID_REQUEST
    )
    as_json = {"Content-Type": "application/json"}
    body = '{"grant_type":"client_credentials"}'
    assert wire("POST", "/oauth2/token", body, basic=ROOT, headers=as_json).error == (
        INVALID_REQUEST
    )
    in_query = wire("POST", f"/oauth2/token?{form}", basic=ROOT, headers=label)
    assert in_query.error == INVALID_REQUEST


def test_grant_types(wire: Wire) -> None:
    for unknown in ("magic", "password", "client_credentials refresh_token", "Client_Credentials"):
        assert wire.grant(ROOT, grant_type=unknown).error == INVALID_REQUEST
    assert wire.grant(ROOT, grant_type="").error == INVALID_REQUEST
    assert wire.grant(ROOT, grant_type=" client_credentials ").status == 200
    doubled = [("grant_type", "client_credentials"), ("grant_type", "magic")]
    assert wire("POST", "/oauth2/token", form=doubled, basic=ROOT).status == 200


def test_clients_are_limited_to_their_grant_types(wire: Wire) -> None:
    none = wire.create(scope="foo")  # the default is authorization_code
    for grant_type in ("client_credentials", "refresh_token"):
        assert wire.grant(none, grant_type=grant_type).error == INVALID_GRANT
    only = wire.create(grant_types=["client_credentials"])
    assert wire.grant(only, grant_type="authorization_code").error == INVALID_GRANT
    assert wire.grant(only, grant_type="client_credentials").status == 200


def test_scopes_of_client_credentials(wire: Wire) -> None:
    app = wire.app(scope="photos.* foo")

    def ask(scope: str) -> tuple[int, str]:
        response = wire.grant(app, grant_type="client_credentials", scope=scope)
        return response.status, response.json.get("scope") or response.json.get("error", "")

    assert ask("photos.read.all foo") == (200, "photos.read.all foo")
    assert ask("  foo   photos.read foo ") == (200, "foo photos.read")
    assert ask("photos") == INVALID_SCOPE
    assert ask("foo.bar") == INVALID_SCOPE
    # The scope is checked before the grant type.
    never = wire.create(grant_types=["implicit"])
    response = wire.grant(never, grant_type="client_credentials", scope="x")
    assert response.error == INVALID_SCOPE


def test_invalid_credentials(wire: Wire) -> None:
    for basic in (("admin", "wrong"), ("nobody", "x"), ("", ""), ("admin", "")):
        response = wire.grant(basic, grant_type="client_credentials")
        assert response.error == invalid_client(wire)
    assert wire.grant(("admin", "%zz"), grant_type="client_credentials").error == INVALID_REQUEST
    assert wire.grant(None, grant_type="client_credentials").error == INVALID_REQUEST
    response = wire(
        "POST",
        "/oauth2/token",
        form={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic !"},
    )
    assert response.error == INVALID_REQUEST


def test_basic_is_form_decoded(wire: Wire) -> None:
    wire.app(id="od:d", client_secret="p+q%41 r:s")
    assert wire.client_token(("od:d", "p+q%41 r:s"), "foo")
    raw = wire.grant(("od%3Ad", "p+q%41 r:s"), grant_type="client_credentials")
    assert raw.error == invalid_client(wire)


def test_credentials_in_the_form(wire: Wire) -> None:
    wire.app(id="x", client_secret="p+q%41 r:s")
    form = {"grant_type": "client_credentials", "client_id": "x"}
    # Decoded twice.
    encoded = wire.grant(None, **form, client_secret="p%2Bq%2541+r%3As")
    if wire.is_0_9:
        assert encoded.error == INVALID_REQUEST
        return
    assert encoded.status == 200
    raw = wire.grant(None, **form, client_secret="p+q%41 r:s")
    assert raw.error == invalid_client(wire)
    assert wire.grant(None, **form, client_secret="%zz").error == INVALID_REQUEST
    assert wire.grant(None, **form).error == invalid_client(wire)
    # Basic takes precedence.
    both = wire.grant(("x", "wrong"), **form, client_secret="p%2Bq%2541+r%3As")
    assert both.error == invalid_client(wire)


def test_public_clients(wire: Wire) -> None:
    public = wire.app(id="x", public=True)
    assert wire.grant(public, grant_type="client_credentials").error == INVALID_GRANT
    code = wire.code(public)
    if wire.is_0_9:
        assert wire.grant(
            None, grant_type="authorization_code", client_id="x", code=code
        ).error == (INVALID_REQUEST)
        assert wire.redeem(("x", "any secret"), code).status == 200
    else:
        form = {"client_id": "x", "code": code, "redirect_uri": CALLBACK}
        assert wire.grant(None, grant_type="authorization_code", **form).status == 200


def test_a_code(wire: Wire) -> None:
    app = wire.app()
    response = wire.redeem(app, wire.code(app))
    assert list(response.json) == [
        "access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type",
    ]  # fmt: skip
    assert response.json["scope"] == "openid offline photos.read"


def test_a_code_works_once(wire: Wire) -> None:
    app = wire.app()
    code = wire.code(app)
    token = wire.redeem(app, code).json["access_token"]
    again = INVALID_REQUEST if wire.is_0_9 else (403, "authorization_code_inactive")
    assert wire.redeem(app, code).error == again
    assert wire.is_active(token)
    for unknown in ("", "junk", "a.b"):
        assert wire.redeem(app, unknown).error == again
    # An access token is not a code.
    assert wire.redeem(app, token).error == again


def test_failed_requests_do_not_use_up_the_code(wire: Wire) -> None:
    app, other = wire.app(), wire.app()
    code = wire.code(app)
    assert wire.redeem(other, code).error == INVALID_REQUEST
    assert wire.redeem(app, code, redirect_uri="http://127.0.0.1:4900/x").error == INVALID_REQUEST
    assert wire.redeem(app, code, redirect_uri="").error == INVALID_REQUEST
    inactive = INVALID_REQUEST if wire.is_0_9 else (403, "authorization_code_inactive")
    assert wire.redeem(app, "!" + code[1:]).error == inactive
    assert wire.redeem((app[0], "wrong"), code).error == invalid_client(wire)
    assert wire.redeem(app, code).status == 200


def test_redirect_uri_may_be_omitted_in_both_requests(wire: Wire) -> None:
    app = wire.app()
    assert wire.redeem(app, wire.code(app, redirect_uri=None), redirect_uri="any").status == 200


def test_an_expired_code(wire: Wire) -> None:
    app = wire.app()
    code = wire.code(app)
    wire.hydra.clock.advance(601)
    inactive = wire.hydra.variant.is_sql and not wire.is_0_9
    error = (403, "authorization_code_inactive") if inactive else INVALID_REQUEST
    assert wire.redeem(app, code).error == error


@pytest.mark.parametrize("response_type", ["code token", "code id_token", "code token id_token"])
def test_a_code_of_a_hybrid_flow_does_not_expire(wire: Wire, response_type: str) -> None:
    app = wire.app()
    code = wire.code(app, response_type=response_type)
    wire.hydra.clock.advance(30 * 24 * 3600)
    assert wire.redeem(app, code).status == 200


def test_a_client_without_id_tokens_uses_up_the_code(wire: Wire) -> None:
    app = wire.app()
    code = wire.code(app)
    members = wire.admin("GET", f"/clients/{app[0]}").json
    wire.admin("PUT", f"/clients/{app[0]}", {**members, "response_types": ["code"]})
    assert wire.redeem(app, code).error == INVALID_GRANT
    spent = INVALID_REQUEST if wire.is_0_9 else (403, "authorization_code_inactive")
    assert wire.redeem(app, code).error == spent


def test_a_code_of_a_deleted_client(sql: Wire) -> None:
    app, other = wire_apps(sql)
    code = sql.code(app)
    token = sql.redeem(app, sql.code(app)).json["refresh_token"]
    sql.admin("DELETE", f"/clients/{app[0]}")
    assert sql.redeem(other, code).error == SERVER_ERROR
    assert sql.refresh(other, token).error == SERVER_ERROR


def wire_apps(wire: Wire) -> tuple[tuple[str, str], tuple[str, str]]:
    return wire.app(), wire.app()


def test_no_refresh_token_without_the_scope_offline(wire: Wire) -> None:
    app = wire.app(scope="openid photos.read offline_access")
    for scope in ("openid photos.read", "photos.read", "offline_access"):
        code = wire.arrive(app, scope, scope=scope).params["code"]
        assert "refresh_token" not in wire.redeem(app, code).json


def test_refreshing_rotates_the_tokens(wire: Wire) -> None:
    app = wire.app()
    first = wire.redeem(app, wire.code(app)).json
    second = wire.refresh(app, first["refresh_token"])
    assert list(second.json) == [
        "access_token", "expires_in", "refresh_token", "scope", "token_type",
    ]  # fmt: skip
    assert second.json["scope"] == first["scope"]
    assert not wire.is_active(first["access_token"])
    assert wire.is_active(second.json["access_token"])
    assert wire.refresh(app, first["refresh_token"]).error == INVALID_REQUEST
    assert wire.refresh(app, second.json["refresh_token"]).status == 200


def test_invalid_refresh_tokens(wire: Wire) -> None:
    app, other = wire_apps(wire)
    token = wire.redeem(app, wire.code(app)).json["refresh_token"]
    for bad in ("", "junk", "!" + token[1:], wire.root):
        assert wire.refresh(app, bad).error == INVALID_REQUEST
    assert wire.refresh(other, token).error == INVALID_REQUEST
    assert wire.refresh(app, token).status == 200


def test_a_refresh_token_outlives_its_access_token(wire: Wire) -> None:
    app = wire.app()
    first = wire.redeem(app, wire.code(app)).json
    wire.hydra.clock.advance(30 * 24 * 3600)
    assert not wire.is_active(first["access_token"])
    assert wire.refresh(app, first["refresh_token"]).status == 200


@pytest.mark.parametrize("nonce", ["short", "ä"])
def test_a_short_nonce_is_an_error_when_the_code_is_redeemed(wire: Wire, nonce: str) -> None:
    app = wire.app()
    code = wire.code(app, nonce=nonce)
    assert wire.redeem(app, code).error == (400, "insufficient_entropy")
    assert wire.redeem(app, code).status != 200  # the code is used up
