"""A login and consent app for Hydra, written with Flask.

Hydra redirects browsers to /consent. Users who are not logged in log in first. Then they see which
application asks for what, and allow or deny it. README.md explains how to run the app, and what you
need in production.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash, generate_password_hash

import hydra_client
from hydra_client.consent import ConsentApp, ConsentExpired, ConsentFlowError, WrongBrowser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug import Response as Redirect

    from hydra_client import HydraException, OAuth2Api
    from hydra_client.consent import Challenge

Page = tuple[str, int]

MEANINGS = {
    "openid": "know who you are",
    "offline": "stay connected while you are away",
}
"""What Hydra's own scopes mean, in the words that users see."""


def create_app(
    users: Mapping[str, str],
    api: OAuth2Api | None = None,
    *,
    secret_key: str | None = None,
    public_url: str | None = None,
    secure_cookie: bool = True,
) -> Flask:
    """Create the app.

    Args:
        users: Password hashes by user name (see werkzeug.security).
        api: The API, with the scopes `hydra.consent` and `hydra.clients`. If None, it is created
            from the HYDRA_* variables.
        secret_key: Signs the session and the forms; at least 32 characters. If None, a random key
            is used until the app restarts.
        public_url: Hydra's URL as browsers see it. If None, it is read from Hydra's discovery
            document.
        secure_cookie: Whether browsers send the session cookie only over https.
    """
    key = secret_key or secrets.token_urlsafe(32)
    consents = ConsentApp(api or hydra_client.connect(), public_url)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure_cookie,
        MAX_CONTENT_LENGTH=64 * 1024,
    )

    def begin_session() -> None:
        """Begin a new session, with a new secret: flows under way are bound to it anew."""
        session.clear()
        session["browser"] = secrets.token_urlsafe(32)

    def challenge_of_form() -> Challenge:
        # The ticket is valid only for this session, so another site cannot submit the form.
        if "browser" not in session:
            abort(400)
        return consents.challenge({"ticket": request.form.get("ticket", "")}, session["browser"])

    def login_page(challenge: Challenge, problem: str = "") -> Page:
        page = render_template(
            "login.html", client=challenge.client(), challenge=challenge, problem=problem
        )
        return page, 401 if problem else 200

    @app.get("/consent")
    def consent() -> str | Page | Redirect:
        if "browser" not in session and "error" not in request.args:
            if "cookies" in request.args:
                return render_template("problem.html", text="This page needs cookies."), 400
            begin_session()
            return see_other(f"{request.full_path}&cookies=tested")
        browser = session.get("browser") or secrets.token_urlsafe(32)
        challenge = consents.challenge(request.args, browser)
        if "user" not in session:
            return login_page(challenge)
        client = challenge.client()
        return render_template(
            "consent.html",
            client=client,
            logo=web_address(client.logo_uri),
            meanings=[(scope, MEANINGS.get(scope, scope)) for scope in challenge.requested_scopes],
            challenge=challenge,
            user=session["user"],
        )

    @app.post("/login")
    def login() -> Redirect | Page:
        challenge = challenge_of_form()
        user = request.form.get("user", "")
        # Check a hash for unknown users as well, so that response times do not reveal them.
        expected = users.get(user, next(iter(users.values())))
        matches = check_password_hash(expected, request.form.get("password", ""))
        if not matches or user not in users:
            return login_page(challenge, "That is not the right name and password.")
        begin_session()
        session["user"] = user
        return see_other(url_for("consent", consent=challenge.id))

    @app.post("/logout")
    def logout() -> Redirect:
        challenge = challenge_of_form()
        begin_session()
        return see_other(url_for("consent", consent=challenge.id))

    @app.post("/decide")
    def decide() -> Redirect | Page:
        challenge = challenge_of_form()
        if "user" not in session:
            return login_page(challenge)
        if request.form.get("decision") != "allow":
            return see_other(challenge.reject("The user declined."))
        ticked = request.form.getlist("scope")
        granted = [scope for scope in challenge.requested_scopes if scope in ticked]
        return see_other(challenge.accept(session["user"], granted))

    @app.errorhandler(WrongBrowser)
    def start_again(error: WrongBrowser) -> Redirect:
        return see_other(error.redirect_url)

    @app.errorhandler(ConsentFlowError)
    def show_problem(error: ConsentFlowError) -> Page:
        restart = error.restart_url if isinstance(error, ConsentExpired) else None
        return render_template("problem.html", text=str(error), restart=restart), 400

    @app.errorhandler(hydra_client.HydraException)
    def hydra_failed(error: HydraException) -> Page:
        app.logger.error("Hydra: %s", error)
        return render_template("problem.html", text="Please try again later.", restart=None), 502

    @app.after_request
    def protect(response: Response) -> Response:
        # Forbid framing and caching, and do not send the page's URL as a referrer.
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; img-src https:; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


def see_other(url: str) -> Redirect:
    """Redirect the browser, which follows with GET."""
    return redirect(url, 303)


def web_address(address: str | None) -> str | None:
    """Return a client's address if it is https, or None: other schemes can be dangerous."""
    try:
        return address if address and urlsplit(address).scheme == "https" else None
    except ValueError:
        return None


def demo() -> Flask:
    """Create the app with one user, alice, whose password is wonderland."""
    return create_app(
        {"alice": generate_password_hash("wonderland")},
        secret_key=os.environ.get("CONSENT_APP_KEY"),
        secure_cookie=False,
    )
