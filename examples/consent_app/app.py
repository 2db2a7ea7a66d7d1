"""A login and consent app for Hydra, written with Flask.

Hydra redirects browsers to /consent. Users who are not logged in log in first. Then they see which
application asks for what, and allow or deny it. The page / lists the choices that they want
remembered. README.md explains how to run the app, and what you need in production.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import datetime, timezone
from hmac import compare_digest
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
from flask import Flask, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

import hydra_client
from hydra_client.consent import (
    AuthorizationRequestError,
    ConsentApp,
    ConsentExpired,
    ConsentFlowError,
    WrongBrowser,
)

from .scopes import explain
from .sessions import LIFETIME, Session, Sessions
from .store import Store
from .users import Users, normal

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug import Response as Redirect

    from hydra_client import HydraException, OAuth2Api, OAuth2Client
    from hydra_client.consent import Challenge

Page = tuple[str, int]


class StaleForm(Exception):  # noqa: N818 - says what happened
    """A form does not belong to this session."""


STALE_FORM = "That page was out of date, so nothing was changed. Please try again."
WRONG_PASSWORD = "The name or the password is wrong."
NOT_ALL_NEEDED = "The application needs what is marked as needed. Tick it, or choose Deny."
NOTHING_TICKED = "Nothing is ticked. Tick what you allow, or choose Deny."

LONGEST_NAME = 60
# Seconds in which the same form again is a double click. After that, the browser has moved on.
DOUBLE_CLICK = 2
# Seconds for which a login is new enough for a request that asks for a new one.
FRESH_LOGIN = 120.0
# The shortest limit, whatever max_age is: a browser needs time to get to the next page.
SHORTEST_LIMIT = 5.0


def create_app(
    users: Users,
    store: Store,
    api: OAuth2Api | None = None,
    *,
    public_url: str | None = None,
    is_local: bool = False,
    clock: Callable[[], float] = time.time,
) -> Flask:
    """Create the app.

    Args:
        users: Who can log in.
        store: Where the app keeps sessions and consents.
        api: The API, with the scopes `hydra.consent` and `hydra.clients`. If None, it is created
            from the HYDRA_* variables.
        public_url: Hydra's URL as browsers see it. If None, it is read from Hydra's discovery
            document.
        is_local: Whether the app is tried on one machine, over http. Then browsers send its cookie
            without https, and logos may come from 127.0.0.1.
        clock: Returns the time, in seconds since 1970-01-01 UTC.
    """
    consents = ConsentApp(api or hydra_client.connect(), public_url, clock=clock, memory=store)
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=64 * 1024)
    app.session_interface = Sessions(store, secure=not is_local)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["explain"] = explain
    app.jinja_env.filters["day"] = day
    images = "https: http://127.0.0.1:*" if is_local else "https:"
    schemes = ("https", "http") if is_local else ("https",)

    deciding = [threading.Lock() for _ in range(64)]

    # --- what pages and forms share

    def challenge_of(query: object) -> Challenge:
        """Read the request that this browser has begun; WrongBrowser sends it round otherwise."""
        # Without a session, no request and no form belongs to this browser.
        return consents.challenge(query, session().get("secret") or secrets.token_urlsafe(32))

    def check_csrf() -> None:
        """Check that a form that belongs to no request is of this session."""
        sent, expected = request.form.get("csrf", ""), session().get("csrf", "")
        if not expected or not compare_digest(sent.encode(), expected.encode()):
            raise StaleForm

    def page(template: str, status: int = 200, **values: object) -> Page:
        notices = session().pop("notice", ""), getattr(values.get("challenge"), "notice", "")
        notice = " ".join(filter(None, notices))
        text = render_template(template, notice=notice, csrf=session().get("csrf"), **values)
        return text, status

    def problem(status: int, title: str, text: str, **values: object) -> Page:
        return page("problem.html", status, title=title, text=text, **values)

    def user_of(challenge: Challenge | None = None) -> str | None:
        """Return who is logged in, if that is enough for the request."""
        user: str | None = session().get("user")
        if user is None or users.version(user) != session()["version"]:
            return None  # the account is gone, or has another password
        limit = login_limit(challenge) if challenge and asks_again(challenge) else LIFETIME
        return user if clock() - session()["since"] < limit else None

    def login_page(challenge: Challenge | None, status: int = 200, **values: object) -> Page:
        client = shown(challenge.client(), schemes) if challenge else None
        return page("login.html", status, challenge=challenge, client=client, **values)

    def consent_page(challenge: Challenge, client: OAuth2Client, problem: str = "") -> Page:
        session()["shown"] = challenge.id
        return page(
            "consent.html",
            422 if problem else 200,
            challenge=challenge,
            client=shown(client, schemes),
            scopes=explain(challenge.requested_scopes, challenge.client_id),
            ticked=request.form.getlist("scope") if problem else challenge.requested_scopes,
            can_remember=can_remember(client),
            remember=bool(request.form.get("remember")),
            problem=problem,
            user=session()["user"],
        )

    def cookie_first() -> Redirect | Page | None:
        """Make sure that the browser keeps the session's cookie, which every page needs."""
        others = [pair for pair in request.args.items(multi=True) if pair[0] != "cookies"]
        here = f"{request.path}?{urlencode(others)}".rstrip("?")
        is_second = "cookies" in request.args
        if session().id:
            return see_other(here) if is_second else None
        if is_second:
            text = "Allow cookies for this site in your browser. Then try again."
            return problem(400, "This page needs cookies", text, again=here)
        session().renew()
        return see_other(f"{request.path}?{urlencode([*others, ('cookies', 'set')])}")

    # --- a login, step by step

    @app.get("/consent")
    def consent() -> Redirect | Page:
        if "error" not in request.args and (first := cookie_first()):
            return first
        challenge = challenge_of(request.args)
        user = user_of(challenge)
        if user is None:
            return login_page(challenge)
        client = challenge.client()
        granted = store.remembered(user, client, challenge.requested_scopes)
        if granted is not None and can_remember(client) and not asks_again(challenge):
            return see_other(accept(challenge, user, granted))
        return consent_page(challenge, client)

    @app.post("/login")
    def login() -> Redirect | Page | Response:
        challenge = challenge_of(request.form) if "ticket" in request.form else None
        if challenge is None:
            check_csrf()
        user = normal(request.form.get("user", ""))
        wait = store.attempt(user, request.remote_addr)
        if wait:
            minutes = f"{wait // 60 + 1:.0f} minute{'s' if wait >= 60 else ''}"
            text = f"Too many attempts. Please try again in {minutes}."
            response = app.make_response(login_page(challenge, 429, problem=text, user=user))
            response.headers["Retry-After"] = f"{wait + 1:.0f}"
            return response
        if not users.check(user, request.form.get("password", "")):
            return login_page(challenge, 401, problem=WRONG_PASSWORD, user=user)
        store.succeeded(user, request.remote_addr)
        session().renew(user=user, since=clock(), version=users.version(user))
        return see_other(way_on())

    @app.post("/decide")
    def decide() -> Redirect | Page:
        form = f"{session().id} {request.form.get('ticket')}"
        # Of a double click, the browser follows the second response only: it must be the same.
        with deciding[hash(form) % len(deciding)]:
            if url := store.get(form):
                return see_other(url)
            challenge = challenge_of(request.form)
            # Who has read the page for long need not log in again; who got the login page must.
            user = user_of(None if session().get("shown") == challenge.id else challenge)
            if user is None:
                return login_page(challenge)
            client = challenge.client()
            allows = request.form.get("decision") == "allow"
            ticked = request.form.getlist("scope")
            granted = [scope for scope in challenge.requested_scopes if scope in ticked]
            if allows and (problem := what_is_missing(challenge, granted)):
                return consent_page(challenge, client, problem)
            if allows and request.form.get("remember") and can_remember(client):
                store.remember(user, client, challenge.requested_scopes, granted)
            else:
                store.forget(user, challenge.client_id)
            said_no = "The user declined."
            url = accept(challenge, user, granted) if allows else challenge.reject(said_no)
            store.set(form, url, DOUBLE_CLICK)
        return see_other(url)

    @app.post("/logout")
    def logout() -> Redirect:
        check_csrf()
        session().renew(notice="You are logged out.")
        return see_other(way_on())

    # --- the user's own page

    @app.get("/")
    def home() -> Redirect | Page:
        if first := cookie_first():
            return first
        user = user_of()
        if user is None:
            return login_page(None)
        return page("home.html", user=user, consents=store.all_remembered(user))

    @app.post("/forget")
    def forget() -> Redirect:
        check_csrf()
        store.forget(user_of() or "", request.form.get("client_id", ""))
        session()["notice"] = "Forgotten. You will be asked again next time."
        return see_other(url_for("home"))

    # --- what goes wrong

    @app.errorhandler(WrongBrowser)
    def go_round(error: WrongBrowser) -> Redirect:
        return see_other(error.redirect_url)

    @app.errorhandler(StaleForm)
    def stale_form(error: StaleForm) -> Redirect:
        # Another tab logged in, the session ended, or another site sent the form.
        if session().id:
            session()["notice"] = STALE_FORM
        return see_other(way_on())

    @app.errorhandler(ConsentExpired)
    def expired(error: ConsentExpired) -> Page:
        text = "The login took too long. Please start again."
        return problem(400, "This login has expired", text, again=error.restart_url)

    @app.errorhandler(AuthorizationRequestError)
    def refused(error: AuthorizationRequestError) -> Page:
        app.logger.warning("Hydra refused a request: %s. %s", error, error.hint)
        text = (
            "The application that sent you here asked in a way that is not allowed. You have done "
            "nothing wrong. Go back to the application and try again. If this happens again, its "
            "operators can use the details below."
        )
        return problem(400, "The application made a mistake", text, details=str(error))

    @app.errorhandler(ConsentFlowError)
    def flow_ended(error: ConsentFlowError) -> Page:
        text = "Go back to the application that you want to use, and log in again."
        return problem(400, "This login cannot continue", text, details=str(error))

    @app.errorhandler(hydra_client.HydraException)
    def hydra_failed(error: HydraException) -> Page:
        app.logger.error("Hydra: %s", error)
        again = request.full_path if request.method == "GET" else way_on()
        text = "The server behind this page does not respond. Please try again in a minute."
        return problem(502, "Please try again later", text, again=again)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Page:
        title = "This page does not exist" if error.code == 404 else str(error.name)
        return problem(error.code or 500, title, "Go back, or continue at your own page.")

    @app.after_request
    def protect(response: Response) -> Response:
        # No form-action on the pages of a login: browsers apply it to redirects as well, and these
        # lead to the application, and on to wherever it redirects.
        ends_here = "" if "consent" in request.args else "form-action 'self'; "
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'self'; img-src 'self' {images}; {ends_here}"
            "frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    return app


def session() -> Session:
    """Return the session of the browser that sent the request."""
    return cast("Session", flask.session)


def way_on() -> str:
    """Return where a browser goes on after a form: to the login that it belongs to, or home.

    The id in the form's URL may come from anybody. It is of no use for more than a fresh page.
    """
    id = request.args.get("consent")
    return url_for("consent", consent=id) if id else url_for("home")


def see_other(url: str) -> Redirect:
    """Redirect the browser, which follows with GET."""
    return redirect(url, 303)


def what_is_missing(challenge: Challenge, granted: list[str]) -> str:
    """Return why these scopes are not enough for the application; empty if they are."""
    scopes = explain(challenge.requested_scopes, challenge.client_id)
    if any(scope.is_needed and scope.name not in granted for scope in scopes):
        return NOT_ALL_NEEDED
    return NOTHING_TICKED if scopes and not granted else ""


def accept(challenge: Challenge, user: str, granted: list[str]) -> str:
    """Report to Hydra what the user allows.

    No client may have the id that is a user's subject, because policies and APIs know both by their
    subjects only. The prefix separates them. Applications show the name without it.
    """
    names = {"preferred_username": user}
    return challenge.accept(f"user:{user}", granted, id_token_extra=names)


def can_remember(client: OAuth2Client) -> bool:
    """Return whether choices for a client are remembered.

    Anybody can pretend to be a public client, so the user decides each time (RFC 6749 section 10.2
    and RFC 8252 section 8.6).
    """
    return not client.public


def parameters(challenge: Challenge) -> dict[str, list[str]]:
    """Return the parameters of the application's request."""
    return parse_qs(urlsplit(challenge.redirect_url).query, keep_blank_values=True)


def asks_again(challenge: Challenge) -> bool:
    """Return whether the application wants the user to be asked, whatever is remembered."""
    return not parameters(challenge).keys().isdisjoint(("prompt", "max_age"))


def login_limit(challenge: Challenge) -> float:
    """Return the seconds for which a login is new enough for a request that asks for a new one."""
    ages = [float(age) for age in parameters(challenge).get("max_age", ()) if age.isdecimal()]
    return max(SHORTEST_LIMIT, min([FRESH_LOGIN, *ages]))


def shown(client: OAuth2Client, schemes: tuple[str, ...]) -> dict[str, str | None]:
    """Return what pages show of a client. Addresses with other schemes can be dangerous."""
    name = " ".join((client.client_name or client.id or "").split())
    addresses = {
        "logo": client.logo_uri,
        "policy": client.policy_uri,
        "terms": client.tos_uri,
        "url": client.client_uri,
    }
    checked = {kind: web_address(address, schemes) for kind, address in addresses.items()}
    return {"name": name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…", **checked}


def web_address(address: str | None, schemes: tuple[str, ...]) -> str | None:
    """Return an address if its scheme is one of these, or None."""
    try:
        return address if address and urlsplit(address).scheme in schemes else None
    except ValueError:
        return None


def from_env() -> Flask:
    """Create the app from CONSENT_APP_USERS, CONSENT_APP_DATABASE and CONSENT_APP_IS_LOCAL."""
    return create_app(
        Users(os.environ.get("CONSENT_APP_USERS", "users.json")),
        Store(os.environ.get("CONSENT_APP_DATABASE", "consent.sqlite")),
        is_local=bool(os.environ.get("CONSENT_APP_IS_LOCAL")),
    )


def day(timestamp: float) -> str:
    """Write a date."""
    date = datetime.fromtimestamp(timestamp, timezone.utc)
    return f"{date.day} {date:%B %Y}"
