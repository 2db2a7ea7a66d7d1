"""Cross-origin requests, which 0.10.10 lets every origin make (rs/cors, switched on by default)."""

from __future__ import annotations

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Answer

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PREFLIGHT = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")


def preflight(request: Request) -> Answer:
    """OPTIONS: what a browser may send (Fetch standard, CORS-preflight request)."""
    answer = Answer(200, [("Vary", name) for name in _PREFLIGHT])
    method = request.header("Access-Control-Request-Method").upper()
    if request.header("Origin") and method in _METHODS:
        _allow(answer, request)
        answer.headers.append(("Access-Control-Allow-Methods", method))
        if headers := request.header("Access-Control-Request-Headers"):
            answer.headers.append(("Access-Control-Allow-Headers", headers))
    return answer


def allow(answer: Answer, request: Request) -> None:
    """Let the origin of a request see the response."""
    answer.headers.append(("Vary", "Origin"))
    if request.header("Origin"):
        _allow(answer, request)


def _allow(answer: Answer, request: Request) -> None:
    answer.headers.append(("Access-Control-Allow-Origin", request.header("Origin")))
    answer.headers.append(("Access-Control-Allow-Credentials", "true"))
