"""Consent requests in each store."""

from __future__ import annotations

import pytest
from support.emulator import (
    CALLBACK,
    Wire,
    make_wire,
)


def test_a_request_without_scopes(wire: Wire) -> None:
    id, _, _ = wire.start(wire.app(), scope=None)
    consent = wire.admin("GET", f"/oauth2/consent/requests/{id}").json
    # 0.10 stores scopes in a text column, where no scope and one empty scope are the same.
    empty = [""] if wire.is_sql and not wire.is_0_9 else None
    assert consent["requestedScopes"] == empty


def test_a_scope_with_a_space(wire: Wire) -> None:
    id, query, cookie = wire.start(wire.app())
    body = {"subject": "bob", "grantScopes": ["photos read", "foo"]}
    wire.admin("PATCH", f"/oauth2/consent/requests/{id}/accept", body)
    granted = "photosread foo" if wire.is_sql and not wire.is_0_9 else "photos read foo"
    assert wire.authorize(query, cookie).params["scope"] == granted


@pytest.mark.parametrize(
    ("version", "store", "fraction"),
    [
        ("0.9", "memory", ".0078125"),
        ("0.9", "sql", ".0078125"),
        ("0.10", "memory", ".0078125"),
        ("0.10", "sql", ".007812"),
    ],
)
def test_times_have_the_precision_of_the_store(version: str, store: str, fraction: str) -> None:
    wire = make_wire(version, store, clock=lambda: 1_511_430_504 + 1 / 128)
    id, _, _ = wire.start(wire.app())
    expires_at = wire.admin("GET", f"/oauth2/consent/requests/{id}").json["expiresAt"]
    assert expires_at == f"2017-11-23T09:58:24{fraction}Z"


def test_a_full_second_has_no_fraction() -> None:
    wire = make_wire(clock=lambda: 1_511_430_504.0)
    id, _, _ = wire.start(wire.app())
    expires_at = wire.admin("GET", f"/oauth2/consent/requests/{id}").json["expiresAt"]
    assert expires_at == "2017-11-23T09:58:24Z"


def test_a_scope_that_is_not_valid_utf_8(wire: Wire) -> None:
    query = wire.query(wire.app(), scope=None) + "&scope=%FF"
    response = wire.authorize(query)
    if wire.is_0_9 or not wire.hydra.variant.is_sql:
        assert "consent" in response.params
    else:
        assert response.location.startswith(CALLBACK)
        assert response.params["error"] == "error"
