"""Cross-origin requests."""

from __future__ import annotations

from support.emulator import (
    Wire,
)

from hydra_client.emulator.go.http import Request


def test_cors(wire: Wire) -> None:
    def headers(method: str, **sent: str) -> list[tuple[str, str]]:

        sent = {name.replace("_", "-"): value for name, value in sent.items()}
        response = wire.hydra.handle(Request(method, "/health/status", sent))
        assert response.status == (405 if wire.is_0_9 and method == "OPTIONS" else 200)
        return [h for h in response.headers if h[0] == "Vary" or h[0].startswith("Access-Control")]

    origin = "https://app.example.com"
    asked = {"access_control_request_method": "PUT", "access_control_request_headers": "x-a"}
    if wire.is_0_9:
        assert headers("GET", origin=origin) == headers("OPTIONS", origin=origin, **asked) == []
        return
    allowed = ("Access-Control-Allow-Origin", origin)
    assert headers("GET") == [("Vary", "Origin")]
    assert allowed in headers("GET", origin=origin)
    assert allowed not in headers("OPTIONS")
    preflight = headers("OPTIONS", origin=origin, **asked)
    assert allowed in preflight
    assert ("Access-Control-Allow-Methods", "PUT") in preflight
    assert ("Access-Control-Allow-Headers", "x-a") in preflight
    del asked["access_control_request_headers"]
    assert allowed in headers("OPTIONS", origin=origin, **asked)
