"""Codes and tokens, and what the server remembers for each of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from hydra_client.emulator.errors import NotFoundError, OAuthError
from hydra_client.emulator.go.http import Values
from hydra_client.emulator.store.clients import MemoryClients
from hydra_client.emulator.variant import Variant

LIFETIME = 3600
"""Of access tokens and ID tokens, in seconds. Refresh tokens have none."""
GO_ZERO_TIME = -62135596800.0
"""What Go calls no time at all, in Unix seconds."""
CODE_LIFETIME = 600
"""Of authorization codes that come alone, in seconds. Those of hybrid flows have none."""


@dataclass
class Claims:
    """What an ID token will say, as far as it is known."""

    subject: str = ""
    issuer: str = ""
    audience: str = ""
    expires_at: float = 0.0
    auth_time: float = 0.0
    requested_at: float = GO_ZERO_TIME
    extra: dict[str, Any] = field(default_factory=dict)
    access_token_hash: str = ""
    code_hash: str = ""
    context_class: str = ""


@dataclass
class Grant:
    """A request that was granted, and the session of the subject that granted it."""

    client_id: str
    requested_at: float
    id: str = field(default_factory=lambda: str(uuid4()))
    scopes: list[str] = field(default_factory=list)
    form: Values = field(default_factory=Values)
    subject: str = ""
    claims: Claims = field(default_factory=Claims)
    extra: dict[str, Any] | None = None
    expires_at: float = 0.0
    """When the token or code dies, in Unix seconds; 0 for never."""


class _Entries:
    """One kind of token. The key is the part after the dot; the rest is kept as a digest."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[bytes, Grant]] = {}

    def issue(self, grant: Grant) -> str:
        token = f"{secrets.token_urlsafe(32)}.{secrets.token_urlsafe(32)}"
        self._entries[_signature(token)] = (_digest(token), replace(grant))
        return token

    def find(self, token: str) -> Grant | None:
        entry = self._entries.get(_signature(token))
        return replace(entry[1]) if entry else None

    def is_whole(self, token: str) -> bool:
        """Whether the token's first part is right too."""
        return hmac.compare_digest(self._entries[_signature(token)][0], _digest(token))

    def drop(self, token: str) -> None:
        self._entries.pop(_signature(token), None)

    def drop_request(self, id: str) -> None:
        self._entries = {key: entry for key, entry in self._entries.items() if entry[1].id != id}


def _signature(token: str) -> str:
    parts = token.split(".")
    return parts[1] if len(parts) == 2 else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


class UnknownClientError(NotFoundError):
    """The token is there, but the SQL store no longer finds the client it was issued to."""


class Tokens:
    """All codes and tokens of a server."""

    def __init__(self, variant: Variant, clients: MemoryClients) -> None:
        self._variant, self._clients = variant, clients
        self.access, self.refresh, self.codes = _Entries(), _Entries(), _Entries()
        self.openid: dict[str, Grant] = {}
        """By code: the request for which the token endpoint adds an ID token."""

    def find(self, entries: _Entries, token: str) -> Grant | None:
        """What is remembered for the token, dead or alive. Raises UnknownClientError."""
        grant = entries.find(token)
        if grant is not None and self._variant.is_sql:
            try:
                self._clients.get(grant.client_id)
            except NotFoundError:
                raise UnknownClientError("Not found") from None
        return grant

    def active(self, token: str, now: float) -> Grant:
        """What a living access token stands for. Raises OAuthError."""
        try:
            grant = self.find(self.access, token)
        except UnknownClientError:
            grant = None
        if grant is None:
            raise OAuthError("request_unauthorized")
        if grant.expires_at < now:
            raise OAuthError("token_expired")
        if not self.access.is_whole(token):
            raise OAuthError("token_signature_mismatch")
        return grant

    def revoke_request(self, id: str) -> None:
        """Forget every access and refresh token of one request."""
        self.refresh.drop_request(id)
        self.access.drop_request(id)
