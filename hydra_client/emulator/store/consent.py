"""Consent requests, and the cookie that ties each to the browser that started it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from hydra_client.emulator.clock import rfc3339
from hydra_client.emulator.errors import NotFoundError
from hydra_client.emulator.store.clients import check_text
from hydra_client.emulator.variant import Variant

LIFETIME = 600
"""Of a consent request, in seconds."""
COOKIE = "consent_session"
COOKIE_LIFETIME = 30 * 24 * 3600


@dataclass
class ConsentRequest:
    """One authorization that waits for, or has, the consent app's word."""

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


class ConsentRequests:
    """The consent requests of a server."""

    def __init__(self, variant: Variant) -> None:
        self._requests: dict[str, ConsentRequest] = {}
        # 0.9 keeps them in memory whatever the store; a database keeps microseconds.
        self._in_sql = variant.is_sql and not variant.is_0_9

    def add(self, request: ConsentRequest) -> None:
        """Remember a request, new or changed. Raises PlainError for a text that SQL refuses."""
        granted = request.granted_scopes
        if self._in_sql:
            texts = (request.subject, request.deny_reason, request.redirect_url)
            for text in (*texts, *request.requested_scopes, *granted):
                check_text(text)
        if self._in_sql:  # where a space ends a scope, and is therefore taken out of each
            granted = [scope.replace(" ", "") for scope in granted]
        self._requests[request.id] = replace(request, granted_scopes=granted)

    def get(self, id: str) -> ConsentRequest:
        """A copy of the request, also after it expired.

        Raises NotFoundError, and PlainError for an impossible id.
        """
        if self._in_sql:
            check_text(id)
        if id not in self._requests:
            raise NotFoundError("Not found" if self._in_sql else ": Not found")
        return replace(self._requests[id])

    def to_json(self, request: ConsentRequest) -> dict[str, Any]:
        """What the consent app is told."""
        # Scopes pass through one column of text, where none and one without a name look alike.
        nothing = [""] if self._in_sql else None
        return {
            "id": request.id,
            "requestedScopes": request.requested_scopes or nothing,
            "clientId": request.client_id,
            "expiresAt": rfc3339(request.expires_at, digits=6 if self._in_sql else 9),
            "redirectUrl": request.redirect_url,
        }


class Cookies:
    """Signed session cookies. They hold the secret of one consent request, or nothing."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def write(self, csrf: str, now: float) -> str:
        """The value of a cookie for this secret."""
        return self._seal(f"{int(now)}|{csrf}")

    def read(self, value: str | None, now: float) -> str | None:
        """The secret in the cookie, nothing without one. Raises ValueError for a forged cookie."""
        if value is None:
            return None
        try:
            sealed = base64.urlsafe_b64decode(value.encode("ascii")).decode("ascii")
        except ValueError:
            raise ValueError("the cookie is unreadable") from None
        content = sealed.rpartition("|")[0]
        if not hmac.compare_digest(self._seal(content), value):
            raise ValueError("the cookie was not made by this server")
        made_at, _, csrf = content.partition("|")
        if int(made_at) + COOKIE_LIFETIME < now:
            raise ValueError("the cookie is too old")
        return csrf or None

    def _seal(self, content: str) -> str:
        mac = hmac.new(self._key, content.encode("ascii"), hashlib.sha256).hexdigest()
        return base64.urlsafe_b64encode(f"{content}|{mac}".encode("ascii")).decode("ascii")
