"""Discovery, the public keys and `/userinfo`."""

from __future__ import annotations

from support.emulator import (
    ROOT,
    Wire,
    make_wire,
)


def test_discovery(wire: Wire) -> None:
    document = wire("GET", "/.well-known/openid-configuration").json
    assert document["issuer"] == "http://hydra.test"
    assert ("userinfo_endpoint" in document) is not wire.is_0_9


def test_access_to_the_keys(wire: Wire) -> None:
    text = "The request is not allowed" if wire.is_0_9 else "request_forbidden"
    denied = (500 if wire.is_0_9 else 403), f"Request was denied by default: {text}"
    for token in (None, "nope", wire.client_token(ROOT, "hydra")):
        assert wire("GET", "/.well-known/jwks.json", token=token).message == denied
    token = wire.root
    assert wire("GET", "/.well-known/jwks.json", token=token).status == 200
    wire.hydra.clock.advance(4000)
    assert wire("GET", "/.well-known/jwks.json", token=token).message == denied


def test_a_policy_can_make_the_keys_public(wire: Wire) -> None:
    wire.hydra.allow("", resources="rn:hydra:keys:hydra.openid.id-token:public", actions="get")
    response = wire("GET", "/.well-known/jwks.json")
    assert list(response.json["keys"][0]) == ["use", "kty", "kid", "alg", "n", "e"]


def test_userinfo_exists_since_0_10() -> None:
    assert make_wire("0.9")("GET", "/userinfo").status == 404
    assert make_wire("0.10")("GET", "/userinfo").status == 401
    assert make_wire("0.10")("PUT", "/userinfo").status == 405


def test_userinfo(new: Wire) -> None:
    app = new.app()
    token = new.tokens(app, idTokenExtra={"email": "a@b", "sub": "x", "aud": "y"})["access_token"]
    for method in ("GET", "POST"):
        response = new(method, "/userinfo", token=token)
        assert list(response.json) == ["email", "rat", "sub"]
        assert (response.json["email"], response.json["sub"]) == ("a@b", "bob")
    assert new("GET", "/userinfo", token=new.root).text == '{"rat":-62135596800,"sub":""}'
    assert new("GET", "/userinfo").message == (401, "request_unauthorized")


def test_acr_values_in_userinfo(wire: Wire) -> None:
    if wire.is_0_9:
        return
    app = wire.app()
    for acr_values, acr in (("2 1", "0"), ("", None)):
        token = wire.redeem(app, wire.code(app, acr_values=acr_values)).json["access_token"]
        assert wire("GET", "/userinfo", token=token).json.get("acr") == acr
