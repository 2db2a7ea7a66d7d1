"""The key that signs ID tokens."""

from __future__ import annotations

import jwt
from support.emulator import (
    Wire,
)


def test_the_key_has_4096_bits(wire: Wire) -> None:
    (key,) = wire.admin("GET", "/.well-known/jwks.json").json["keys"]
    assert len(key["n"]) == 683  # 512 bytes as base64url


def test_the_id_token_is_signed_by_the_key(wire: Wire) -> None:
    app = wire.app()
    token = wire.tokens(app, idTokenExtra={"email": "a@b", "iss": "x"})["id_token"]
    key = wire("GET", "/.well-known/jwks.json", token=wire.root).json["keys"][0]
    assert key["kid"] == jwt.get_unverified_header(token)["kid"] == "public"
    claims = jwt.decode(token, jwt.PyJWK(key), audience=app[0], issuer="http://hydra.test")
    assert (claims["sub"], claims["email"]) == ("bob", "a@b")
    assert claims["nonce"] == "some-random-nonce"
    assert claims["exp"] - claims["iat"] == 3600
    assert ("rat" in claims) is not wire.is_0_9
    assert list(claims) == sorted(claims)
