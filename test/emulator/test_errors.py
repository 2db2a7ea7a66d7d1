"""The errors of the admin endpoints."""

from __future__ import annotations

from support.emulator import (
    Wire,
)


def test_the_request_id_is_returned(wire: Wire) -> None:
    response = wire("GET", "/clients/nope", headers={"X-Request-ID": "abc"})
    assert response.text == ('{"error":{"code":404,"request":"abc","message":": Not found"}}\n')
    denied = wire("GET", "/clients", headers={"X-Request-ID": "abc"})
    keys = ["code", "request", "message"]
    full = ["code", "status", "request", "reason", "message"]
    assert list(denied.json["error"]) == (keys if wire.is_0_9 else full)
