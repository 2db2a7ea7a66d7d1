"""The emulator without a socket, for tests that use the `responses` library.

Register the emulator with the mock:

    hydra = HydraEmulator()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        in_process.register(mock, hydra)
        api = hydra.api()                       # http://hydra.test
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import requests
from requests import PreparedRequest

from hydra_client.emulator.go.http import Request

if TYPE_CHECKING:
    from responses import RequestsMock

    from hydra_client.emulator.hydra import HydraEmulator

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def register(mock: RequestsMock, emulator: HydraEmulator, url: str = "http://hydra.test") -> None:
    """Send every request to `url` that `requests` makes under the mock to the emulator.

    Scripted faults that break the connection raise `requests.ConnectionError`.
    """
    emulator.url = url
    pattern = re.compile(re.escape(emulator.url) + r"(?:[/?].*)?\Z", re.DOTALL)

    def handle(request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        response = emulator.handle(_request(request, emulator.url))
        if response.reset or response.cut is not None:
            raise requests.ConnectionError("a scripted fault of the emulator broke the connection")
        return response.status, dict(response.all_headers()), response.body

    for method in METHODS:
        mock.add_callback(method, pattern, callback=handle, content_type=None)


def _request(request: PreparedRequest, url: str) -> Request:
    body: Any = request.body or b""
    if isinstance(body, str):
        body = body.encode("utf-8")
    target = (request.url or "")[len(url) :]
    return Request(
        request.method or "GET",
        target if target.startswith("/") else f"/{target}",
        {name.lower(): _decode(value) for name, value in request.headers.items()},
        body,
    )


def _decode(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
