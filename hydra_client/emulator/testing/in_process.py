"""The emulator without a socket, for users of `responses`.

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
    """Let the emulator answer every request to `url` that `requests` makes under the mock.

    Scripted faults work, too: what breaks the connection is a `requests.ConnectionError`.
    """
    emulator.answer_at(url)
    here = re.compile(re.escape(emulator.url) + r"(?:[/?].*)?\Z", re.DOTALL)

    def answer(request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        answer = emulator.handle(_request(request, emulator.url))
        if answer.reset or answer.cut is not None:
            raise requests.ConnectionError("the emulator was told to break the connection")
        return answer.status, dict(answer.all_headers()), answer.body

    for method in METHODS:
        mock.add_callback(method, here, callback=answer, content_type=None)


def _request(request: PreparedRequest, url: str) -> Request:
    body: Any = request.body or b""
    if isinstance(body, str):
        body = body.encode("utf-8")
    target = (request.url or "")[len(url) :]
    return Request(
        request.method or "GET",
        target if target.startswith("/") else f"/{target}",
        {name.lower(): _text(value) for name, value in request.headers.items()},
        body,
    )


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
