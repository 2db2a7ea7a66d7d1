"""`/clients`: create, list, get, update, delete."""

from __future__ import annotations

import pytest
from support.emulator import (
    Wire,
)

EMPTY = {
    "client_name": "", "redirect_uris": None, "grant_types": None, "response_types": None,
    "scope": "", "owner": "", "policy_uri": "", "tos_uri": "", "client_uri": "", "logo_uri": "",
    "contacts": None, "public": False,
}  # fmt: skip


def test_the_smallest_client(wire: Wire) -> None:
    response = wire.admin("POST", "/clients", {})
    assert response.status == 201
    members = response.json
    assert response.location == f"/clients/{members['id']}"
    assert len(members["id"]) == 36
    assert len(members["client_secret"]) == 12
    assert list(members) == [
        "id", "client_name", "client_secret", "redirect_uris", "grant_types", "response_types",
        "scope", "owner", "policy_uri", "tos_uri", "client_uri", "logo_uri", "contacts", "public",
    ]  # fmt: skip
    assert {**members, "id": 0, "client_secret": 0} == {"id": 0, "client_secret": 0, **EMPTY}


def test_null_creates_a_client(wire: Wire) -> None:
    assert wire.admin("POST", "/clients", None, body="null").status == 201


def test_unknown_members_are_ignored_and_names_match_in_any_case(wire: Wire) -> None:
    response = wire.admin("POST", "/clients", {"ID": "x", "jwks": {}, "Client_Name": "n"})
    assert (response.json["id"], response.json["client_name"]) == ("x", "n")
    assert "jwks" not in response.json


@pytest.mark.parametrize("id", ["a b", "50%", "q?x#y", "ä", "a+b", "dot.", "x" * 255])
def test_unusual_ids(wire: Wire, id: str) -> None:
    from urllib.parse import quote

    response = wire.admin("POST", "/clients", {"id": id, "client_secret": "odd-secret"})
    assert response.location == f"/clients/{id}".encode().decode("latin-1")
    path = f"/clients/{quote(id, safe='')}"
    assert wire.admin("GET", path).json["id"] == id
    assert wire.admin("PUT", path, {"client_name": "x"}).location == response.location
    assert wire.admin("DELETE", path).status == 204
    assert wire.admin("DELETE", path).message == (404, ": Not found")


def test_a_short_secret_is_an_error_but_stored(wire: Wire) -> None:
    response = wire.admin("POST", "/clients", {"id": "x", "client_secret": "ab"})
    assert response.status == 500
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Location" not in response.headers
    error, client = response.text.split("\n")
    assert "at least 6 characters" in error
    assert '"client_secret":"ab"' in client
    again = wire.admin("POST", "/clients", {"id": "x", "client_secret": "äb"})
    assert again.text.count('"error"') == (2 if wire.is_sql else 1)
    assert wire.admin("PUT", "/clients/x", {"client_secret": "ab"}).message == (
        500,
        "The client secret must be at least 6 characters long",
    )
    assert wire.admin("PUT", "/clients/x", {"client_secret": "äöü"}).status == 201  # six bytes


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "EOF"),
        ("{", "unexpected EOF"),
        ("id=x", "invalid character 'i' looking for beginning of value"),
        ("[]", "json: cannot unmarshal array into Go value of type client.Client"),
        ('{"id":1}', "json: cannot unmarshal number into Go struct field Client.id of type string"),
    ],
)
def test_invalid_client_bodies(wire: Wire, body: str, message: str) -> None:
    wire.create(id="x")
    for method, path in (("POST", "/clients"), ("PUT", "/clients/x"), ("PUT", "/clients/nope")):
        # Parsed before the token is checked and the client is looked up.
        assert wire(method, path, body).message == (500, message)


def test_the_client_is_looked_up_before_the_token_is_checked(wire: Wire) -> None:
    for method in ("GET", "DELETE", "PUT"):
        assert wire(method, "/clients/nope", "{}").message == (404, ": Not found")
    id, _ = wire.create()
    for method in ("GET", "DELETE", "PUT"):
        response = wire(method, f"/clients/{id}", "{}")
        assert response.status == (500 if wire.is_0_9 else 401)


def test_an_update_without_a_secret_keeps_it(wire: Wire) -> None:
    client = wire.app(id="x", client_secret="first-secret")
    update = {"grant_types": ["client_credentials"], "scope": "foo"}
    wire.admin("PUT", "/clients/x", update)
    assert wire.client_token(client, "foo")
    response = wire.admin("PUT", "/clients/x", {**update, "client_secret": "second-secret"})
    assert response.json["client_secret"] == "second-secret"
    assert wire.client_token(("x", "second-secret"), "foo")
    assert wire.grant(client, grant_type="client_credentials").json["error"] == "invalid_client"


def test_list(wire: Wire) -> None:
    wire.create(id="a")
    wire.create(id="b")
    listed = wire.admin("GET", "/clients?limit=1").json
    assert {client["id"] for client in listed} == {"admin", "a", "b"}
    assert not any("client_secret" in client for client in listed)
    root = next(client for client in listed if client["id"] == "admin")
    assert root["scope"] == "hydra.* openid offline hydra"
    assert root["client_name"].startswith("This temporary client")


def test_the_owner_is_what_policies_can_test(wire: Wire) -> None:
    clerk = wire.app(id="clerk", scope="hydra.clients")
    token = wire.client_token(clerk, "hydra.clients")
    policy = {
        "subjects": ["clerk"],
        "resources": ["rn:hydra:clients<.*>"],
        "actions": ["<.*>"],
        "effect": "allow",
        "conditions": {"owner": {"type": "EqualsSubjectCondition"}},
    }
    assert wire.admin("POST", "/policies", policy).status == 201
    denied = 500 if wire.is_0_9 else 403
    mine, theirs = {"id": "mine", "owner": "clerk"}, {"id": "theirs", "owner": "another"}
    wire.create(**theirs)
    assert wire("POST", "/clients", json=theirs, token=token).status == denied
    assert wire("POST", "/clients", json=mine, token=token).status == 201
    assert wire("GET", "/clients", token=token).status == denied  # no owner
    for id, expected in (("mine", (200, 201, 204)), ("theirs", (denied,) * 3)):
        path = f"/clients/{id}"
        # The stored owner counts, not the new one.
        statuses = (
            wire("GET", path, token=token).status,
            wire("PUT", path, json={"owner": "clerk"}, token=token).status,
            wire("DELETE", path, token=token).status,
        )
        assert statuses == expected
