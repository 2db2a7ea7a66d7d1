"""Codes and tokens, and the grant that the server stores for each of them."""

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
"""How long access tokens and ID tokens are valid, in seconds. Refresh tokens do not expire."""
CODE_LIFETIME = 600
"""How long codes of the code flow are valid, in seconds. Those of hybrid flows do not expire."""
_GO_ZERO_TIME = -62135596800  # in Unix seconds


@dataclass
class Grant:
    """A granted request, and the session of the subject that granted it."""

    client_id: str
    requested_at: float
    id: str = field(default_factory=lambda: str(uuid4()))
    scopes: list[str] = field(default_factory=list)
    form: Values = field(default_factory=Values)
    subject: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "", "rat": _GO_ZERO_TIME})
    """Claims for ID tokens, which all copies of the grant share."""
    extra: dict[str, Any] | None = None
    expires_at: float = 0.0
    """When the token or code expires, in Unix seconds; 0 for never."""


class Tokens:
    """All tokens of one type, by the part after the dot. Only a digest of a token is stored."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[bytes, Grant]] = {}

    def issue(self, grant: Grant) -> str:
        """Create a token for a copy of the grant."""
        token = f"{secrets.token_urlsafe(32)}.{secrets.token_urlsafe(32)}"
        self._entries[_signature(token)] = (_digest(token), replace(grant))
        return token

    def find(self, token: str) -> Grant | None:
        """Return a copy of the token's grant, even if expired."""
        entry = self._entries.get(_signature(token))
        return replace(entry[1]) if entry else None

    def is_valid(self, token: str) -> bool:
        """Return whether the part of a known token before the dot is correct as well."""
        return hmac.compare_digest(self._entries[_signature(token)][0], _digest(token))

    def delete(self, token: str) -> None:
        """Delete the token, if it exists."""
        self._entries.pop(_signature(token), None)

    def delete_request(self, id: str) -> None:
        """Delete every token of the request with this id."""
        self._entries = {key: entry for key, entry in self._entries.items() if entry[1].id != id}


def _signature(token: str) -> str:
    parts = token.split(".")
    return parts[1] if len(parts) == 2 else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


class TokenStore:
    """All codes and tokens of a server."""

    def __init__(self, variant: Variant, clients: MemoryClients) -> None:
        self._variant, self._clients = variant, clients
        self.access, self.refresh, self.codes = Tokens(), Tokens(), Tokens()
        self.openid: dict[str, Grant] = {}
        """By code: the grant for which the token endpoint adds an ID token."""

    def find(self, tokens: Tokens, token: str) -> Grant | None:
        """Return the grant of the token, even if expired; the SQL store needs its client, too."""
        grant = tokens.find(token)
        if grant is not None and self._variant.is_sql:
            try:
                self._clients.get(grant.client_id)
            except NotFoundError:
                return None
        return grant

    def active(self, token: str, now: float) -> Grant:
        """Return the grant of an access token. Raises OAuthError if the token is not active."""
        grant = self.find(self.access, token)
        if grant is None:
            raise OAuthError("request_unauthorized")
        if grant.expires_at < now:
            raise OAuthError("token_expired")
        if not self.access.is_valid(token):
            raise OAuthError("token_signature_mismatch")
        return grant

    def revoke_request(self, id: str) -> None:
        """Delete every access and refresh token of the request with this id."""
        self.refresh.delete_request(id)
        self.access.delete_request(id)
