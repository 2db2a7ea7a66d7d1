"""Recorded exchanges, replayed by name in place of the server."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import responses
from support.browsing import parameters_of
from support.loopback import Peer, Server

import hydra_client

RECORDINGS = Path(__file__).parents[1] / "wire" / "recordings"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))


class Recording:
    """One session with a running server."""

    def __init__(self, name: str) -> None:
        document = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
        self.exchanges: dict[str, dict[str, Any]] = {
            exchange["name"]: exchange for exchange in document["exchanges"]
        }
        self.issuer: str = self.body("discovery")["issuer"]

    def body(self, name: str) -> dict[str, Any]:
        """The body of a response, read as JSON."""
        members: dict[str, Any] = json.loads(self.exchanges[name]["response"]["body"])
        return members

    def sent(self, name: str) -> Any:
        """The body of a request, read as JSON or as a form."""
        request = self.exchanges[name]["request"]
        if request["headers"]["Content-Type"] == "application/json":
            return json.loads(request["body"])
        return dict(parse_qsl(request["body"]))

    def url(self, name: str) -> str:
        """Where a request went."""
        return self.issuer + str(self.exchanges[name]["request"]["path"])

    def location(self, name: str) -> str:
        """Where a response sent the browser."""
        return str(self.exchanges[name]["response"]["headers"]["Location"])

    def parameters(self, name: str) -> dict[str, str]:
        """What a response sends to the browser's next URL, in query or fragment."""
        return parameters_of(self.location(name))

    def play(self, server: responses.RequestsMock, *names: str) -> None:
        """Let these exchanges happen again; each request must come just as often."""
        for name in names:
            exchange = self.exchanges[name]
            headers = dict(exchange["response"]["headers"])
            server.add(
                exchange["request"]["method"],
                self.url(name),
                body=exchange["response"]["body"],
                status=exchange["response"]["status"],
                content_type=headers.pop("Content-Type", None),
                headers={
                    name: value
                    for name, value in headers.items()
                    if name not in ("Content-Length", "Transfer-Encoding")
                },
            )

    def api(self, **settings: Any) -> hydra_client.OAuth2Api:
        """The API, with the bearer token that the recording was made with."""
        token = self.body("token: client_credentials as the root client")["access_token"]
        return hydra_client.connect(self.issuer, access_token=token, **settings)


def replay(server: Server, response: dict[str, Any]) -> None:
    """Let the server send a recorded response, byte for byte, and forget earlier requests."""
    status, headers = response["status"], response["headers"]
    content = (response["body"] or "").encode()
    if headers.get("Transfer-Encoding") == "chunked":
        half = len(content) // 2
        parts = [part for part in (content[:half], content[half:]) if part]
        content = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")

    def step(peer: Peer) -> None:
        peer.send(head + content)
        if status != 204 and headers.keys().isdisjoint(("Content-Length", "Transfer-Encoding")):
            peer.close()  # the end of the connection ends the body

    server.steps[:] = [step]
    server.requests.clear()
