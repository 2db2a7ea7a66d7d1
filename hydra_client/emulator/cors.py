"""Cross-origin requests, which 0.10.10 allows from every origin (rs/cors with its defaults)."""

from __future__ import annotations

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PREFLIGHT = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")


def preflight(request: Request) -> Response:
    """Return the response to OPTIONS: what a browser may send (Fetch standard, CORS-preflight)."""
    response = Response(200, [("Vary", name) for name in _PREFLIGHT])
    method = request.header("Access-Control-Request-Method").upper()
    if request.header("Origin") and method in _METHODS:
        _allow(response, request)
        response.headers.append(("Access-Control-Allow-Methods", method))
        if headers := request.header("Access-Control-Request-Headers"):
            response.headers.append(("Access-Control-Allow-Headers", headers))
    return response


def allow(response: Response, request: Request) -> None:
    """Add the headers that let the request's origin read the response."""
    response.headers.append(("Vary", "Origin"))
    if request.header("Origin"):
        _allow(response, request)


def _allow(response: Response, request: Request) -> None:
    response.headers.append(("Access-Control-Allow-Origin", request.header("Origin")))
    response.headers.append(("Access-Control-Allow-Credentials", "true"))
