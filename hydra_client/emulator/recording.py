"""The requests that the server received, for tests to inspect, with every secret masked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hydra_client.emulator.go.http import FORM, Request

# Not shared with the SDK, from which the emulator must stay independent.
MASK = "***"
_SECRETS = frozenset(
    {"access_token", "client_secret", "code", "id_token", "id_token_hint"}
    | {"password", "refresh_token", "token"}
)
# The private members of a JSON Web Key (RFC 7518 section 6).
_PRIVATE = frozenset({"d", "dp", "dq", "k", "oth", "p", "q", "qi"})
_SECRET_PAIR = re.compile(rf"((?:^|[&;])(?:{'|'.join(_SECRETS)})=)[^&]+", re.IGNORECASE)


@dataclass(frozen=True)
class RecordedRequest:
    """A request; `str()` is its method and path."""

    method: str
    path: str
    """Percent-encoded, as it was sent."""
    query: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def size(self) -> int:
        """How many characters the record holds."""
        headers = sum(len(name) + len(value) for name, value in self.headers.items())
        return len(self.path) + len(self.query) + len(self.body) + headers

    @classmethod
    def of(cls, request: Request) -> RecordedRequest:
        """Record the request."""
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
        value = json.loads(text, object_hook=_masked_key)
    except (ValueError, RecursionError):
        # A body that cannot be parsed cannot be masked field by field.
        return MASK if any(name in text for name in (*_SECRETS, "kty")) else text
    if not isinstance(value, dict):
        return json.dumps(value) if "kty" in text else text
    masked = {
        key: MASK if key.lower() in _SECRETS and item else item for key, item in value.items()
    }
    return json.dumps(masked)


def _masked_key(members: dict[str, Any]) -> dict[str, Any]:
    if "kty" not in members:
        return members
    return {name: MASK if name in _PRIVATE else value for name, value in members.items()}


def _masked_form(text: str) -> str:
    return _SECRET_PAIR.sub(rf"\1{MASK}", text)
