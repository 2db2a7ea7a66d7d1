"""`/health`."""

from __future__ import annotations

import json

from support.emulator import Wire


def test_health_needs_no_token(wire: Wire) -> None:
    response = wire("GET", "/health/status")
    assert (response.status, response.text) == (200, '{"status": "ok"}')
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_metrics(wire: Wire) -> None:
    wire.hydra.clock.advance(60)
    metrics = wire.admin("GET", "/health/metrics").json
    assert list(metrics) == ["methods", "status", "sizes", "paths", "id", "uptime", "memory"]
    assert 60 <= metrics["uptime"] < 120
    assert set(metrics["memory"].values()) == {0}
    assert len(metrics["id"]) == (36 if wire.is_0_9 else 88)
    wire.hydra.restart()
    wire.forget_root()
    again = wire.admin("GET", "/health/metrics").json
    assert again["uptime"] < 60
    assert again["id"] != metrics["id"]
    assert json.dumps(again["memory"]) == json.dumps(metrics["memory"])
