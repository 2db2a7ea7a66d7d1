"""Clients in each store."""

from __future__ import annotations

import pytest
from support.emulator import (
    Wire,
)

from hydra_client.emulator.store.clients import Client

DUPLICATE = 'pq: duplicate key value violates unique constraint "hydra_client_pkey"'


def test_lists_in_each_store(wire: Wire) -> None:
    wire.create(id="none")
    wire.create(id="empty", redirect_uris=[], contacts=["a|b", ""])
    none = wire.admin("GET", "/clients/none").json
    empty = wire.admin("GET", "/clients/empty").json
    empty_list = [] if wire.is_sql and not wire.is_0_9 else None
    assert none["redirect_uris"] == empty_list
    if wire.is_sql:
        assert (empty["redirect_uris"], empty["contacts"]) == (empty_list, ["a", "b", ""])
    else:
        assert (empty["redirect_uris"], empty["contacts"]) == ([], ["a|b", ""])
    assert "client_secret" not in none


def test_creating_a_client_with_an_id_in_use(wire: Wire) -> None:
    wire.create(id="x", client_name="first")
    response = wire.admin("POST", "/clients", {"id": "x"})
    if wire.is_sql:
        assert response.message == (500, DUPLICATE)
        assert wire.admin("GET", "/clients/x").json["client_name"] == "first"
    else:
        assert response.status == 201
        assert wire.admin("GET", "/clients/x").json["client_name"] == ""


def test_update_in_each_store(wire: Wire) -> None:
    wire.create(id="x", client_name="old", scope="foo", public=True, contacts=["c"])
    response = wire.admin("PUT", "/clients/x", {"id": "y", "client_name": "new"})
    assert (response.status, response.json["id"], response.json["client_name"]) == (201, "x", "new")
    assert "client_secret" not in response.json
    client = wire.admin("GET", "/clients/x").json
    if wire.is_sql:
        assert (client["scope"], client["public"], client["contacts"] or None) == ("", False, None)
        assert response.json["contacts"] is None
    else:
        assert (client["scope"], client["public"], client["contacts"]) == ("foo", True, ["c"])
        assert response.json["contacts"] == ["c"]
    assert wire.admin("GET", "/clients/y").status == 404


@pytest.mark.parametrize(("stored", "sent"), [(None, []), ([], None)])
def test_null_and_empty_lists_in_the_memory_store(
    memory: Wire, stored: list[str] | None, sent: list[str] | None
) -> None:
    memory.create(id="x", redirect_uris=stored, contacts=["c"])
    client = memory.admin("PUT", "/clients/x", {"redirect_uris": sent, "contacts": []}).json
    assert (client["redirect_uris"], client["contacts"]) == (sent, ["c"])
    assert memory.admin("GET", "/clients/x").json == client


def test_bcrypt_looks_at_72_bytes(wire: Wire) -> None:
    wire.app(id="x", client_secret="s" * 72 + "tail")
    assert wire.client_token(("x", "s" * 72 + "other"), "foo")
    assert wire.grant(("x", "s" * 71), grant_type="client_credentials").status != 200


def test_strings_that_postgresql_rejects(sql: Wire) -> None:
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
def test_an_id_that_is_not_valid_utf_8(wire: Wire, id: str, named: str) -> None:
    rejected = (500, f'pq: invalid byte sequence for encoding "UTF8": {named}')
    unknown = (404, ": Not found")
    for method in ("GET", "PUT", "DELETE"):
        message = wire.admin(method, f"/clients/{id}", {}).message
        assert message == (rejected if wire.is_sql else unknown)
    # 0.9 keeps consent requests in memory.
    in_sql = wire.is_sql and not wire.is_0_9
    for method, verb in (("GET", ""), ("PATCH", "/accept"), ("PATCH", "/reject")):
        message = wire.admin(method, f"/oauth2/consent/requests/{id}{verb}", {}).message
        assert message == (rejected if in_sql else unknown)


def test_repr_does_not_show_the_secret() -> None:
    assert "s3cret" not in repr(Client(id="x", client_secret="s3cret"))
