"""`/health`: the status, and metrics."""

from __future__ import annotations

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import TEXT, Response, json_response
from hydra_client.emulator.state import State

_MEMORY = (
    "alloc", "totalAlloc", "sys", "lookups", "mallocs", "frees", "heapAlloc", "heapSys", "heapIdle",
    "heapInuse", "heapReleased", "heapObjects", "numGC",
)  # fmt: skip


def status(state: State, request: Request) -> Response:
    """GET /health/status."""
    return Response(200, [("Content-Type", TEXT)], b'{"status": "ok"}')


def metrics(state: State, request: Request) -> Response:
    """GET /health/metrics. All numbers but the uptime are 0."""
    state.authorize(request, "hydra.health", "get", "rn:hydra:health:stats")
    # Without telemetry, Hydra counts no requests.
    counters: dict[str, object] = {name: {} for name in ("methods", "status", "sizes", "paths")}
    counters["id"] = state.instance_id
    counters["uptime"] = int(state.clock() - state.started_at)
    counters["memory"] = dict.fromkeys(_MEMORY, 0)
    return json_response(counters)
