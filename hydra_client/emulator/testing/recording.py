"""What came in, for a test to look at, with every secret masked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hydra_client.emulator.go.http import FORM, Request

# The client has such a mask and such a list too; the emulator knows nothing of the client.
MASK = "***"
_SECRET = frozenset(
    {
        "access_token",
        "client_secret",
        "code",
        "id_token",
        "id_token_hint",
        "password",
        "refresh_token",
        "token",
    }
)
_SECRET_PAIR = re.compile(rf"((?:^|[&;])(?:{'|'.join(_SECRET)})=)[^&]+", re.IGNORECASE)


@dataclass(frozen=True)
class RecordedRequest:
    """One request; `str()` is its method and path."""

    method: str
    path: str
    """As it was sent, with its escapes."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def size(self) -> int:
        """Characters that it keeps."""
        headers = sum(len(name) + len(value) for name, value in self.headers.items())
        return len(self.path) + len(self.query) + len(self.body) + headers

    @classmethod
    def of(cls, request: Request) -> RecordedRequest:
        """A record of the request."""
        return cls(
            request.method,
            request.raw_path,
            _masked_form(request.raw_query),
            {name: _masked_header(name, value) for name, value in request.headers.items()},
            _masked_body(request),
        )


def _masked_header(name: str, value: str) -> str:
    if name == "cookie":
        return MASK
    if name == "authorization":
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {MASK}" if space else MASK
    return value


def _masked_body(request: Request) -> str:
    text = request.body.decode("utf-8", "replace")
    if request.header("Content-Type").startswith(FORM):
        return _masked_form(text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # What cannot be read cannot be masked field by field.
        return MASK if any(name in text for name in _SECRET) else text
    return json.dumps(_masked_json(value)) if isinstance(value, dict) else text


def _masked_json(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: MASK if name.lower() in _SECRET and value else value
        for name, value in members.items()
    }


def _masked_form(text: str) -> str:
    return _SECRET_PAIR.sub(rf"\1{MASK}", text)
