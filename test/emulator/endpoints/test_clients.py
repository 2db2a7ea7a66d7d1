"""Clients: create, read, list, update, delete, by each store's ways."""

from __future__ import annotations

import pytest
from support.emulator import ROOT, SCOPES, Wire, make_wire

DUPLICATE = 'pq: duplicate key value violates unique constraint "hydra_client_pkey"'
EMPTY = {
    "client_name": "", "redirect_uris": None, "grant_types": None, "response_types": None,
    "scope": "", "owner": "", "policy_uri": "", "tos_uri": "", "client_uri": "", "logo_uri": "",
    "contacts": None, "public": False,
}  # fmt: skip


def test_the_smallest_client(wire: Wire) -> None:
    reply = wire.admin("POST", "/clients", {})
    assert reply.status == 201
    members = reply.json
    assert reply.location == f"/clients/{members['id']}"
    assert len(members["id"]) == 36
    assert len(members["client_secret"]) == 12
    assert list(members) == [
        "id", "client_name", "client_secret", "redirect_uris", "grant_types", "response_types",
        "scope", "owner", "policy_uri", "tos_uri", "client_uri", "logo_uri", "contacts", "public",
    ]  # fmt: skip
    assert {**members, "id": 0, "client_secret": 0} == {"id": 0, "client_secret": 0, **EMPTY}


def test_null_is_a_client_too(wire: Wire) -> None:
    assert wire.admin("POST", "/clients", None, body="null").status == 201


def test_lists_by_store(wire: Wire) -> None:
    wire.create(id="none")
    wire.create(id="empty", redirect_uris=[], contacts=["a|b", ""])
    none = wire.admin("GET", "/clients/none").json
    empty = wire.admin("GET", "/clients/empty").json
    nothing = [] if wire.is_sql and not wire.is_0_9 else None
    assert none["redirect_uris"] == nothing
    if wire.is_sql:
        assert (empty["redirect_uris"], empty["contacts"]) == (nothing, ["a", "b", ""])
    else:
        assert (empty["redirect_uris"], empty["contacts"]) == ([], ["a|b", ""])
    assert "client_secret" not in none


def test_unknown_members_are_dropped_and_cases_do_not_matter(wire: Wire) -> None:
    reply = wire.admin("POST", "/clients", {"ID": "x", "jwks": {}, "Client_Name": "n"})
    assert (reply.json["id"], reply.json["client_name"]) == ("x", "n")
    assert "jwks" not in reply.json


@pytest.mark.parametrize("id", ["a b", "50%", "q?x#y", "ä", "a+b", "dot.", "x" * 255])
def test_odd_ids(wire: Wire, id: str) -> None:
    from urllib.parse import quote

    reply = wire.admin("POST", "/clients", {"id": id, "client_secret": "odd-secret"})
    assert reply.location == f"/clients/{id}".encode().decode("latin-1")
    path = f"/clients/{quote(id, safe='')}"
    assert wire.admin("GET", path).json["id"] == id
    assert wire.admin("PUT", path, {"client_name": "x"}).location == reply.location
    assert wire.admin("DELETE", path).status == 204
    assert wire.admin("DELETE", path).message == (404, ": Not found")


def test_an_id_that_is_taken(wire: Wire) -> None:
    wire.create(id="x", client_name="first")
    reply = wire.admin("POST", "/clients", {"id": "x"})
    if wire.is_sql:
        assert reply.message == (500, DUPLICATE)
        assert wire.admin("GET", "/clients/x").json["client_name"] == "first"
    else:
        assert reply.status == 201
        assert wire.admin("GET", "/clients/x").json["client_name"] == ""


def test_a_short_secret_is_refused_and_stored_all_the_same(wire: Wire) -> None:
    reply = wire.admin("POST", "/clients", {"id": "x", "client_secret": "ab"})
    assert reply.status == 500
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Location" not in reply.headers
    error, client = reply.text.split("\n")
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
def test_a_body_that_is_no_client(wire: Wire, body: str, message: str) -> None:
    wire.create(id="x")
    for method, path in (("POST", "/clients"), ("PUT", "/clients/x"), ("PUT", "/clients/nope")):
        # Read before the token is looked at, and before the client is looked for.
        assert wire(method, path, body).message == (500, message)


def test_the_client_is_looked_for_before_the_token(wire: Wire) -> None:
    for method in ("GET", "DELETE", "PUT"):
        assert wire(method, "/clients/nope", "{}").message == (404, ": Not found")
    id, _ = wire.create()
    for method in ("GET", "DELETE", "PUT"):
        reply = wire(method, f"/clients/{id}", "{}")
        assert reply.status == (500 if wire.is_0_9 else 401)


def test_update_by_store(wire: Wire) -> None:
    wire.create(id="x", client_name="old", scope="foo", public=True, contacts=["c"])
    reply = wire.admin("PUT", "/clients/x", {"id": "y", "client_name": "new"})
    assert (reply.status, reply.json["id"], reply.json["client_name"]) == (201, "x", "new")
    assert "client_secret" not in reply.json
    told = wire.admin("GET", "/clients/x").json
    if wire.is_sql:
        assert (told["scope"], told["public"], told["contacts"] or None) == ("", False, None)
        assert reply.json["contacts"] is None
    else:
        assert (told["scope"], told["public"], told["contacts"]) == ("foo", True, ["c"])
        assert reply.json["contacts"] == ["c"]
    assert wire.admin("GET", "/clients/y").status == 404


@pytest.mark.parametrize(("stored", "sent"), [(None, []), ([], None)])
def test_the_memory_store_fills_no_list_from_an_empty_one(
    memory: Wire, stored: list[str] | None, sent: list[str] | None
) -> None:
    memory.create(id="x", redirect_uris=stored, contacts=["c"])
    told = memory.admin("PUT", "/clients/x", {"redirect_uris": sent, "contacts": []}).json
    assert (told["redirect_uris"], told["contacts"]) == (sent, ["c"])
    assert memory.admin("GET", "/clients/x").json == told


def test_the_secret_stays_until_a_new_one_is_given(wire: Wire) -> None:
    client = wire.app(id="x", client_secret="first-secret")
    update = {"grant_types": ["client_credentials"], "scope": "foo"}
    wire.admin("PUT", "/clients/x", update)
    assert wire.client_token(client, "foo")
    reply = wire.admin("PUT", "/clients/x", {**update, "client_secret": "second-secret"})
    assert reply.json["client_secret"] == "second-secret"
    assert wire.client_token(("x", "second-secret"), "foo")
    assert wire.grant(client, grant_type="client_credentials").json["error"] == "invalid_client"


def test_bcrypt_looks_at_72_bytes(wire: Wire) -> None:
    wire.app(id="x", client_secret="s" * 72 + "tail")
    assert wire.client_token(("x", "s" * 72 + "other"), "foo")
    assert wire.grant(("x", "s" * 71), grant_type="client_credentials").status != 200


def test_list(wire: Wire) -> None:
    wire.create(id="a")
    wire.create(id="b")
    listed = wire.admin("GET", "/clients?limit=1").json
    assert {client["id"] for client in listed} == {"admin", "a", "b"}
    assert not any("client_secret" in client for client in listed)
    root = next(client for client in listed if client["id"] == "admin")
    assert root["scope"] == "hydra.* openid offline hydra"
    assert root["client_name"].startswith("This temporary client")


def test_what_postgres_does_not_take(sql: Wire) -> None:
    zero = (500, 'pq: invalid byte sequence for encoding "UTF8": 0x00')
    assert sql.admin("POST", "/clients", {"id": "a\0"}).message == zero
    assert sql.admin("POST", "/clients", {"contacts": ["a\0"]}).message == zero
    assert sql.admin("GET", "/clients/a%00").message == zero
    long = sql.admin("POST", "/clients", {"id": "x" * 256})
    assert long.message == (500, "pq: value too long for type character varying(255)")
    sql.create(id="x")
    assert sql.admin("PUT", "/clients/x", {"owner": "\0"}).message == zero


@pytest.mark.parametrize(
    ("id", "named"),
    [
        ("%FF", "0xff"),
        ("a%C3%28%00", "0xc3 0x28"),
        ("%C3", "0xc3"),
        ("%C3%A4%E2%82x", "0xe2 0x82 0x78"),
        ("%F0%9F%98xy", "0xf0 0x9f 0x98 0x78"),
        ("%F8%80", "0xf8"),
        ("%80", "0x80"),
        ("%ED%A0%80", "0xed 0xa0 0x80"),
        ("%00%FF", "0x00"),
    ],
)
def test_an_id_that_is_no_utf_8(wire: Wire, id: str, named: str) -> None:
    refused = (500, f'pq: invalid byte sequence for encoding "UTF8": {named}')
    unknown = (404, ": Not found")
    for method in ("GET", "PUT", "DELETE"):
        message = wire.admin(method, f"/clients/{id}", {}).message
        assert message == (refused if wire.is_sql else unknown)
    # 0.9 keeps consent requests in memory.
    in_sql = wire.is_sql and not wire.is_0_9
    for method, verb in (("GET", ""), ("PATCH", "/accept"), ("PATCH", "/reject")):
        message = wire.admin(method, f"/oauth2/consent/requests/{id}{verb}", {}).message
        assert message == (refused if in_sql else unknown)


def test_root_can_be_somebody_else() -> None:
    wire = make_wire(root=("boss", "another-secret"))
    assert wire.grant(ROOT, grant_type="client_credentials").json["error"] == "invalid_client"
    assert wire.client_token(("boss", "another-secret"), SCOPES)


def test_tokens_of_a_deleted_client_by_store(wire: Wire) -> None:
    client = wire.app(id="x")
    token = wire.client_token(client, "foo")
    assert wire.is_active(token)
    wire.admin("DELETE", "/clients/x")
    assert wire.is_active(token) is not wire.is_sql
    assert wire.grant(client, grant_type="client_credentials").json["error"] == "invalid_client"
    # The SQL store no longer finds it to revoke, either; both answer the same.
    assert wire("POST", "/oauth2/revoke", form={"token": token}, basic=ROOT).status == 200
