"""Consent requests, and the cookie that ties each one to the browser that started it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from hydra_client.emulator.clock import rfc3339
from hydra_client.emulator.errors import NotFoundError
from hydra_client.emulator.store.rows import Rows
from hydra_client.emulator.variant import Variant

LIFETIME = 600
"""How long a consent request is valid, in seconds."""
COOKIE = "consent_session"
COOKIE_LIFETIME = 30 * 24 * 3600
"""How long the cookie is valid, in seconds."""


@dataclass
class ConsentRequest:
    """A request for the user's consent, pending or decided by the consent app."""

    id: str
    client_id: str
    requested_scopes: list[str]
    expires_at: float
    redirect_url: str
    csrf: str
    accepted: bool = False
    subject: str = ""
    granted_scopes: list[str] = field(default_factory=list)
    access_token_extra: dict[str, Any] | None = None
    id_token_extra: dict[str, Any] | None = None
    deny_reason: str = ""


class ConsentRequests(Rows[ConsentRequest]):
    """The consent requests of a server."""

    def __init__(self, variant: Variant) -> None:
        super().__init__(variant)
        # 0.9 keeps consent requests in memory even with the SQL store.
        self.is_sql = self.is_sql and not self.is_0_9
        self.missing = NotFoundError, "Not found" if self.is_sql else ": Not found"

    def add(self, request: ConsentRequest) -> None:
        """Store a new or changed request. Raises PlainError for a string that SQL rejects."""
        granted = request.granted_scopes
        self.check(request.subject, request.deny_reason, request.redirect_url)
        self.check(*request.requested_scopes, *granted)
        if self.is_sql:
            # Spaces separate scopes in the column, so Hydra removes them from each scope.
            granted = [scope.replace(" ", "") for scope in granted]
        self._rows[request.id] = replace(request, granted_scopes=granted)

    def get(self, id: str) -> ConsentRequest:
        """Return a copy of the request, even if it has expired. Raises HydraError."""
        return replace(super().get(id))

    def to_json(self, request: ConsentRequest) -> dict[str, Any]:
        """Return the members that the consent app sees."""
        # In a text column, an empty list of scopes and one empty scope are the same.
        empty = [""] if self.is_sql else None
        return {
            "id": request.id,
            "requestedScopes": request.requested_scopes or empty,
            "clientId": request.client_id,
            # PostgreSQL stores microseconds.
            "expiresAt": rfc3339(request.expires_at, digits=6 if self.is_sql else 9),
            "redirectUrl": request.redirect_url,
        }


class Cookies:
    """Signed session cookies, which hold the CSRF secret of one consent request, or nothing."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def write(self, csrf: str, now: float) -> str:
        """Return the value of a cookie with this secret."""
        return self._sign(f"{int(now)}|{csrf}")

    def read(self, value: str, now: float) -> str:
        """Return the secret in the cookie, if any. Raises ValueError for an invalid cookie."""
        signed = base64.urlsafe_b64decode(value.encode("ascii")).decode("ascii")
        content = signed.rpartition("|")[0]
        if not hmac.compare_digest(self._sign(content), value):
            raise ValueError("the cookie was not signed by this server")
        issued_at, _, csrf = content.partition("|")
        if int(issued_at) + COOKIE_LIFETIME < now:
            raise ValueError("the cookie has expired")
        return csrf

    def _sign(self, content: str) -> str:
        mac = hmac.new(self._key, content.encode("ascii"), hashlib.sha256).hexdigest()
        return base64.urlsafe_b64encode(f"{content}|{mac}".encode("ascii")).decode("ascii")
