"""Sessions that stay on the server. The browser has only a random id, which a logout ends."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from flask.sessions import SessionInterface, SessionMixin

if TYPE_CHECKING:
    from flask import Flask, Request, Response

    from .store import Store

ANONYMOUS_LIFETIME = 3600.0  # seconds
LIFETIME = 8 * 3600.0


class Session(dict[str, Any], SessionMixin):
    """What the app knows of a browser.

    Attributes:
        id: The value of the cookie; empty if the browser came without the cookie of a session.
    """

    def __init__(self, id: str = "", data: dict[str, Any] | None = None) -> None:
        super().__init__(data or {})
        self.id = self.stored_id = id
        self.stored = dict(self)

    def renew(self, **data: Any) -> None:
        """End this session and begin another: nothing that anybody knew is of use in it."""
        self.clear()
        self.id, secret, csrf = (secrets.token_urlsafe(32) for _ in range(3))
        self.update(secret=secret, csrf=csrf, **data)


class Sessions(SessionInterface):
    """Keeps the sessions in the store.

    Args:
        store: Where.
        secure: Whether browsers send the cookie only over https.
    """

    def __init__(self, store: Store, secure: bool) -> None:
        self.store = store
        self.secure = secure
        # Browsers accept the prefix only from this very host, over https and for all paths.
        self.cookie = "__Host-consent_app" if secure else "consent_app"

    def open_session(self, app: Flask, request: Request) -> Session:
        """Find the session of a browser."""
        id = request.cookies.get(self.cookie, "")
        data = self.store.get(f"session {id}") if id else None
        return Session() if data is None else Session(id, json.loads(data))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store what has changed, and send the cookie of a new session."""
        assert isinstance(session, Session)  # noqa: S101 - `open_session` makes no others
        if session.id == session.stored_id:
            if session.id and session != session.stored:
                self.store.change(f"session {session.id}", json.dumps(session))
            return
        if session.stored_id:
            self.store.delete(f"session {session.stored_id}")
        lifetime = LIFETIME if "user" in session else ANONYMOUS_LIFETIME
        self.store.set(f"session {session.id}", json.dumps(session), lifetime)
        response.set_cookie(
            self.cookie, session.id, secure=self.secure, httponly=True, samesite="Lax"
        )
