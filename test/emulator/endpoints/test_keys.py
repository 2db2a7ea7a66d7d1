"""`/keys` and `/.well-known/jwks.json`, beyond the recorded exchanges."""

from __future__ import annotations

import json
from typing import Any

from support.emulator import Wire

KEY = {"kty": "oct", "kid": "a", "k": "c2VjcmV0"}


def documents(text: str) -> list[Any]:
    """Return the JSON documents, of which Hydra can send several."""
    return [json.loads(line) for line in text.splitlines()]


def test_access_to_a_key_without_a_token(wire: Wire) -> None:
    wire.admin("PUT", "/keys/x/a", KEY)
    wire.admin("PUT", "/keys/x/b", {**KEY, "kid": "b"})
    denied = 500 if wire.is_0_9 else 403
    assert wire("GET", "/keys/x/a").status == denied
    wire.hydra.allow("", resources="rn:hydra:keys:x:a", actions="get")
    assert wire("GET", "/keys/x/a").json == {"keys": [KEY]}
    assert wire("GET", "/keys/x/b").status == denied
    assert wire("GET", "/keys/x").status == (500 if wire.is_0_9 else 401)


def test_access_to_a_set_needs_access_to_each_key(wire: Wire) -> None:
    app = wire.app(id="app", scope="hydra.*")
    token = wire.client_token(app, "hydra.keys.get")
    for kid in ("a", "b"):
        wire.admin("PUT", "/keys/x/a", {**KEY, "kid": kid})
    wire.hydra.allow("app", resources=["rn:hydra:keys:x", "rn:hydra:keys:x:a"], actions="get")
    assert wire("GET", "/keys/x", token=token).status == (500 if wire.is_0_9 else 403)
    wire.hydra.allow("app", resources="rn:hydra:keys:x:b", actions="get")
    assert len(wire("GET", "/keys/x", token=token).json["keys"]) == 2


def test_a_set_is_looked_up_before_the_token_is_checked(wire: Wire) -> None:
    assert wire("GET", "/keys/x").message == (404, ": Not found")


def test_the_memory_store_loses_all_keys_of_a_set(memory: Wire) -> None:
    for kid in ("a", "b"):
        memory.admin("PUT", "/keys/x/a", {**KEY, "kid": kid})
    assert memory.admin("DELETE", "/keys/x/a").status == 204
    assert memory("GET", "/keys/x").text == '{"keys":null}'
    assert memory.admin("DELETE", "/keys/nope/a").message == (404, ": Not found")


def test_the_id_in_the_body_counts(wire: Wire) -> None:
    app = wire.app(id="app", scope="hydra.*")
    token = wire.client_token(app, "hydra.keys.update")
    wire.hydra.allow("app", resources="rn:hydra:keys:x:a", actions="update")
    assert wire("PUT", "/keys/x/other", json=KEY, token=token).status == 200
    response = wire("PUT", "/keys/x/a", json={**KEY, "kid": "b"}, token=token)
    assert response.status == (500 if wire.is_0_9 else 403)
    assert wire("PUT", "/keys/x/a", "{").message == (500, "unexpected EOF")


def test_creating_goes_on_after_an_error(wire: Wire) -> None:
    response = wire.admin("POST", "/keys/x", {"alg": "HS256", "kid": 5})
    assert response.status == 500
    assert "Location" not in response.headers
    failure, made = documents(response.text)
    assert failure["error"]["message"] == (
        "json: cannot unmarshal number into Go struct field createRequest.kid of type string"
    )
    assert made == wire.admin("GET", "/keys/x").json


def test_creating_a_key_that_exists(wire: Wire) -> None:
    for status in (201, 500 if wire.is_sql else 201):
        assert wire.admin("POST", "/keys/x", {"alg": "HS256", "kid": "a"}).status == status


def test_updating_goes_on_after_a_key_that_is_not_valid(wire: Wire) -> None:
    response = wire.admin("PUT", "/keys/x", {"keys": [KEY, {"kty": "y"}, None]})
    assert response.status == 500
    messages = [document["error"]["message"] for document in documents(response.text)]
    name = "JsonWebKey" if wire.is_0_9 else "JSONWebKey"
    assert messages == [
        "square/go-jose: unknown json web key type 'y'",
        "square/go-jose: unknown json web key type ''",
        f"json: error calling MarshalJSON for type jose.{name}: "
        "square/go-jose: unknown key type '%!s(<nil>)'",
    ]
    stored = wire.admin("GET", "/keys/x")
    # The memory store now has keys that it cannot send.
    assert stored.message == (404, ": Not found") if wire.is_sql else (500, messages[-1])


def test_updating_with_nothing(wire: Wire) -> None:
    for sent in ({}, {"keys": None}, {"keys": []}):
        assert wire.admin("PUT", "/keys/x", sent).text == '{"keys":null}'
    response = wire.admin("PUT", "/keys/x", {"keys": {}})
    assert response.message == (
        500,
        "json: cannot unmarshal object into Go struct field joseWebKeySetRequest.keys of type "
        "[]json.RawMessage",
    )
    assert wire.admin("GET", "/keys/x").status == 404


def test_ids_that_have_to_be_escaped(wire: Wire) -> None:
    assert wire.admin("PUT", "/keys/a%20b/x", {**KEY, "kid": "c:d"}).status == 200
    assert wire.admin("GET", "/keys/a%20b/c:d").json == {"keys": [KEY | {"kid": "c:d"}]}
    location = wire.admin("POST", "/keys/a%20b", {"alg": "HS256", "kid": "e"}).headers["Location"]
    assert location == ":///keys/a b"


def test_the_servers_own_keys(wire: Wire) -> None:
    private, public = wire.admin("GET", "/keys/hydra.openid.id-token").json["keys"]
    assert (private["kid"], public["kid"]) == ("private", "public")
    assert private["n"] == public["n"]
    assert wire.admin("GET", "/.well-known/jwks.json").json == {"keys": [public]}
