"""An application that users log in to through Hydra (the relying party), written with Flask.

It shows what the ID token says, calls an API with the access token, refreshes and revokes tokens.
The browser has only the id of a session. Tokens never leave the server.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hmac import compare_digest
from typing import TYPE_CHECKING

import requests
from flask import Flask, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.exceptions import HTTPException

from hydra_client import BadRequestException, HydraException
from hydra_client.code_flow import AuthorizationError, CodeFlow, CodeFlowError

if TYPE_CHECKING:
    from werkzeug import Response as Redirect

    from hydra_client import OAuth2Api
    from hydra_client.id_token import IdTokenVerifier

Page = tuple[str, int]

SCOPES = "openid offline photos.read photos.write"
MOST_SESSIONS = 10_000
MOST_LOGINS = 5  # that one browser can have begun, one in each tab


@dataclass
class Visitor:
    """What the application knows of one browser. Use a database where there are several servers.

    Attributes:
        logins: Logins that have begun, by their state.
        flow: The login that ended well, with its tokens and claims.
        csrf: What forms of this browser hold, and other sites do not know.
        notice: A line for the next page.
        response: What the API responded last.
    """

    logins: dict[str, CodeFlow] = field(default_factory=dict)
    flow: CodeFlow | None = None
    csrf: str = field(default_factory=secrets.token_urlsafe)
    notice: str = ""
    response: requests.Response | None = None


def create_app(
    api: OAuth2Api,
    verifier: IdTokenVerifier,
    *,
    url: str,
    photos_url: str,
    accounts_url: str,
    is_local: bool = False,
) -> Flask:
    """Create the app.

    Args:
        api: The API, with the application's own id and secret.
        verifier: Verifies ID tokens.
        url: Where browsers reach this app. Its redirect URI is `{url}/callback`.
        photos_url: The API's endpoint for photos.
        accounts_url: Where users can log out of the consent app.
        is_local: Whether the app is tried on one machine, over http.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME="client_app" if is_local else "__Host-client_app",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=not is_local,
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    visitors: dict[str, Visitor] = {}
    lock = threading.Lock()

    def new_visitor() -> Visitor:
        """Begin a session under a new id; the one before is gone."""
        with lock:
            visitors.pop(session.get("id", ""), None)
            while len(visitors) >= MOST_SESSIONS:
                visitors.pop(next(iter(visitors)), None)
            session["id"] = secrets.token_urlsafe(32)
            return visitors.setdefault(session["id"], Visitor())

    def visitor() -> Visitor:
        return visitors.get(session.get("id", "")) or new_visitor()

    def submitter() -> Visitor:
        """Return who submitted a form; other sites cannot."""
        # No new session here: its cookie would end the one of a browser that another site sends.
        known = visitors.get(session.get("id", "")) or Visitor()
        if not compare_digest(request.form.get("csrf", "").encode(), known.csrf.encode()):
            abort(403, "This form is out of date. Go back, reload the page and try again.")
        return known

    def problem(status: int, title: str, text: str) -> Page:
        return render_template("problem.html", title=title, text=text), status

    @app.get("/")
    def home() -> str:
        known = visitor()
        notice, known.notice = known.notice, ""
        return render_template(
            "home.html", visitor=known, flow=known.flow, notice=notice, accounts_url=accounts_url
        )

    @app.get("/login")
    def login() -> Redirect:
        known = visitor()
        flow = CodeFlow(api, f"{url}/callback", SCOPES, verifier=verifier)
        while len(known.logins) >= MOST_LOGINS:
            known.logins.pop(next(iter(known.logins)), None)
        known.logins[flow.state] = flow
        return see_other(flow.authorization_url())

    @app.get("/callback")
    def callback() -> Redirect | Page:
        flow = visitor().logins.pop(request.args.get("state", ""), None)
        if flow is None:
            # An old page was loaded again, or somebody else's login ends in this browser.
            if visitor().flow:
                visitor().notice = "You were already logged in."
                return see_other(url_for("home"))
            text = "It is already complete, or did not begin in this browser. Please log in again."
            return problem(400, "This login is not known", text)
        flow.exchange(request.args)
        others = visitor().logins
        known = new_visitor()
        known.flow, known.logins = flow, others
        return see_other(url_for("home"))

    @app.get("/privacy")
    def privacy() -> Page:
        return problem(200, "Privacy policy", "This example keeps nothing once it has ended.")

    @app.get("/terms")
    def terms() -> Page:
        return problem(200, "Terms of service", "This example comes without any warranty.")

    @app.post("/photos")
    def photos() -> Redirect:
        known = submitter()
        what = request.form.get("what")
        headers = {}
        if what != "anonymous" and known.flow and known.flow.tokens:
            headers["Authorization"] = f"Bearer {known.flow.tokens.access_token}"
        method = "POST" if what == "add" else "GET"
        try:
            known.response = requests.request(
                method, photos_url, headers=headers, timeout=10, allow_redirects=False
            )
        except requests.RequestException:
            known.response, known.notice = None, "The API cannot be reached."
        return see_other(url_for("home"))

    @app.post("/refresh")
    def refresh() -> Redirect:
        known = submitter()
        try:
            if known.flow:
                known.flow.refresh()
                known.notice = "There are new tokens. The old access token is no longer valid."
        except BadRequestException:
            known = new_visitor()
            known.notice = "The login has ended. Please log in again."
        except ValueError:
            known.notice = "There is no refresh token: you did not allow the app to stay connected."
        return see_other(url_for("home"))

    @app.post("/logout")
    def logout() -> Redirect:
        flow = submitter().flow
        known = new_visitor()
        known.notice = "You are logged out here, and the tokens are revoked."
        tokens = flow.tokens if flow else None
        try:
            for token in (tokens.refresh_token, tokens.access_token) if tokens else ():
                if token:
                    api.revoke_oauth2_token(token)
        except HydraException as error:
            app.logger.error("Hydra: %s", error)
            known.notice = "You are logged out here, but the tokens could not be revoked."
        return see_other(url_for("home"))

    @app.errorhandler(AuthorizationError)
    def refused(error: AuthorizationError) -> Page:
        app.logger.warning("A login was refused: %s (%s)", error, error.hint or "by the user")
        return problem(403, "You are not logged in", error.error_description or str(error))

    @app.errorhandler(CodeFlowError)
    def login_failed(error: CodeFlowError) -> Page:
        return problem(400, "You are not logged in", str(error))

    @app.errorhandler(HydraException)
    def hydra_failed(error: HydraException) -> Page:
        app.logger.error("Hydra: %s", error)
        return problem(
            502,
            "Please try again later",
            "The login server does not respond. Please try again in a minute.",
        )

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Page:
        return problem(error.code or 500, error.name, error.description or "")

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    app.jinja_env.filters["claim"] = claim
    return app


def see_other(url: str) -> Redirect:
    """Redirect the browser, which follows with GET."""
    return redirect(url, 303)


def claim(value: object, name: str) -> str:
    """Write a claim; times as people read them."""
    if name in ("exp", "iat", "auth_time", "rat") and isinstance(value, (int, float)):
        return f"{datetime.fromtimestamp(value, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
