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
    """GET /health/metrics: the uptime, and what else Hydra counts as zeros."""
    state.authorize(request, "hydra.health", "get", "rn:hydra:health:stats")
    # Hydra counts requests only if it may report them to its makers.
    counters: dict[str, object] = {name: {} for name in ("methods", "status", "sizes", "paths")}
    counters["id"] = state.instance_id
    counters["uptime"] = int(state.clock() - state.started_at)
    counters["memory"] = dict.fromkeys(_MEMORY, 0)
    return json_response(counters)
