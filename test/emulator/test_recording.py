"""Recorded requests, with their secrets masked."""

from __future__ import annotations

import json

from support.emulator import (
    make_wire,
)


def test_secrets_are_masked() -> None:
    wire = make_wire()
    hydra = wire.hydra
    wire("GET", "/clients?Access_token=a;bc&x=1", headers={"Cookie": "a=b", "Authorization": "odd"})
    wire.grant(("admin", "demo-password"), grant_type="client_credentials", client_secret="s3cret")
    wire("POST", "/clients", json={"client_secret": "s3cret", "client_name": "n"}, token="abc")
    wire("POST", "/clients", '{"client_secret":"s3cret"')
    wire("POST", "/clients", "hello")
    wire("PUT", "/clients/x%20y", json=["list"])
    query, form, body, broken, plain, other = hydra.requests
    assert [str(request) for request in hydra.requests] == [
        "GET /clients", "POST /oauth2/token", "POST /clients", "POST /clients", "POST /clients",
        "PUT /clients/x%20y",
    ]  # fmt: skip
    assert query.query == "Access_token=***&x=1"
    assert query.headers == {"cookie": "***", "authorization": "***"}
    assert form.body == "grant_type=client_credentials&client_secret=***"
    assert form.headers["authorization"] == "Basic ***"
    assert json.loads(body.body) == {"client_secret": "***", "client_name": "n"}
    assert body.headers["authorization"] == "bearer ***"
    assert (broken.body, plain.body, other.body) == ("***", "hello", '["list"]')
    assert "s3cret" not in repr(hydra.requests)
    assert "demo-password" not in repr(hydra.requests)
    hydra.reset()
    assert hydra.requests == []


def test_private_parts_of_keys_are_masked() -> None:
    wire = make_wire()
    key = {"kty": "oct", "kid": "a", "k": "c2VjcmV0"}
    wire("PUT", "/keys/x", json={"keys": [key, {"k": "not a key"}]})
    wire("PUT", "/keys/x/a", json=key)
    wire("PUT", "/keys/x/a", json=[key])
    wire("PUT", "/keys/x/a", '{"kty":"oct","k":"c2VjcmV0"')
    a_set, a_key, a_list, broken = wire.hydra.requests
    masked = {**key, "k": "***"}
    assert json.loads(a_set.body) == {"keys": [masked, {"k": "not a key"}]}
    assert json.loads(a_key.body) == masked
    assert json.loads(a_list.body) == [masked]
    assert broken.body == "***"
    assert "c2VjcmV0" not in repr(wire.hydra.requests)
