"""A login and consent app for Hydra, with Flask: two pages and one session.

Hydra sends browsers to /consent. Who is not logged in logs in first; then the user sees which
application asks for what, and says yes or no. README.md tells how to run it, and what a real one
needs besides.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash, generate_password_hash

import hydra_client
from hydra_client.consent import ConsentApp, ConsentExpired, ConsentFlowError, sign, unsign

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
"""What the scopes that Hydra itself knows are to people."""


def create_app(
    users: Mapping[str, str],
    api: OAuth2Api | None = None,
    *,
    secret_key: str | None = None,
    public_url: str | None = None,
    secure_cookie: bool = True,
) -> Flask:
    """Make the app.

    Args:
        users: Password hashes by user name (werkzeug.security).
        api: The API, with `hydra.consent` and `hydra.clients`; from HYDRA_* variables if None.
        secret_key: Signs the session and the forms, at least 32 characters; one that lasts until
            the app is restarted if None.
        public_url: Hydra's URL as browsers know it; from its discovery document if None.
        secure_cookie: Whether the session's cookie is kept to https.
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

    def ticket(challenge: Challenge) -> str:
        """What a form carries: the request's id, signed for this session alone.

        So other sites can neither send the form nor slip another request into it.
        """
        return sign(challenge.id, key, session.setdefault("id", secrets.token_urlsafe(32)))

    def challenge_of_form() -> Challenge:
        # Without a session of its own a browser has no form either.
        mine = session.get("id") or secrets.token_urlsafe(32)
        return consents.challenge({"consent": unsign(request.form.get("ticket"), key, mine)})

    def login_page(challenge: Challenge, problem: str = "") -> Page:
        page = render_template(
            "login.html", client=challenge.client, ticket=ticket(challenge), problem=problem
        )
        return page, 401 if problem else 200

    @app.get("/consent")
    def consent() -> str | Page:
        challenge = consents.challenge(request.args)
        if "user" not in session:
            return login_page(challenge)
        return render_template(
            "consent.html",
            client=challenge.client,
            logo=web_address(challenge.client.logo_uri),
            meanings=[(scope, MEANINGS.get(scope, scope)) for scope in challenge.requested_scopes],
            ticket=ticket(challenge),
            user=session["user"],
        )

    @app.post("/login")
    def login() -> Redirect | Page:
        challenge = challenge_of_form()
        user = request.form.get("user", "")
        # An unknown user takes as long as a known one.
        expected = users.get(user, next(iter(users.values())))
        right = check_password_hash(expected, request.form.get("password", ""))
        if not right or user not in users:
            return login_page(challenge, "That is not the right name and password.")
        session.clear()
        session["user"] = user
        return to(url_for("consent", consent=challenge.id))

    @app.post("/logout")
    def logout() -> Redirect:
        challenge = challenge_of_form()
        session.clear()
        return to(url_for("consent", consent=challenge.id))

    @app.post("/decide")
    def decide() -> Redirect | Page:
        challenge = challenge_of_form()
        if "user" not in session:
            return login_page(challenge)
        if request.form.get("decision") != "allow":
            return to(challenge.reject("The user declined."))
        ticked = request.form.getlist("scope")
        granted = [scope for scope in challenge.requested_scopes if scope in ticked]
        return to(challenge.accept(session["user"], granted))

    @app.errorhandler(ConsentFlowError)
    def cannot_go_on(error: ConsentFlowError) -> Page:
        restart = error.restart_url if isinstance(error, ConsentExpired) else None
        return render_template("problem.html", text=str(error), restart=restart), 400

    @app.errorhandler(hydra_client.HydraException)
    def hydra_is_away(error: HydraException) -> Page:
        app.logger.error("Hydra: %s", error)
        return render_template("problem.html", text="Please try again later.", restart=None), 502

    @app.after_request
    def protect(response: Response) -> Response:
        # Nobody may frame the page, read it from a cache, or learn from a link where it was.
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; img-src https:; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


def to(url: str) -> Redirect:
    """Send the browser on, with GET."""
    return redirect(url, 303)


def web_address(address: str | None) -> str | None:
    """An https address that a client gave, or None: browsers know more dangerous ones."""
    try:
        return address if address and urlsplit(address).scheme == "https" else None
    except ValueError:
        return None


def demo() -> Flask:
    """The app with one user, alice, and her password, wonderland: for trying it out."""
    return create_app(
        {"alice": generate_password_hash("wonderland")},
        secret_key=os.environ.get("CONSENT_APP_KEY"),
        secure_cookie=False,
    )
