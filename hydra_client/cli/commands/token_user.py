"""hydra-client token user: the authorization code flow, with the browser of whoever runs it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from hydra_client.cli.act_as import act_as, as_options, print_tokens
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import USAGE, Failure, exclusive, needs_extra
from hydra_client.cli.options import Command
from hydra_client.cli.secret_files import SecretOut, out_option
from hydra_client.cli.text import echo
from hydra_client.exceptions import (
    ApiValueError,
    BadRequestException,
    ForbiddenException,
    HydraException,
    UnauthorizedException,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra_client import OAuth2Api, OAuth2TokenResponse
    from hydra_client.code_flow import CodeFlow

# Over plain http the server lets users go to these only; [::1] is not among them.
LOOPBACK = ("127.0.0.1", "localhost")
PATH = "/callback"
_SLOWEST = 10  # seconds that a browser may take for one request; it opens connections to spare


@click.command("user", cls=Command)
@click.option(
    "--scope",
    "asked",
    multiple=True,
    default=["openid"],
    metavar="SCOPE",
    help="Scope to ask for. May be repeated. [openid]",
)
@as_options
@click.option(
    "--redirect-uri",
    metavar="URI",
    help="Where the browser comes back, such as http://127.0.0.1:5555/callback. "
    "[one of the client's that is like this]",
)
@click.option(
    "--register",
    is_flag=True,
    help="Choose a free port, and put its redirect URI into the client meanwhile.",
)
@click.option("--no-browser", is_flag=True, help="Print the address, and open nothing.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0, min_open=True),
    default=300,
    metavar="SECONDS",
    help="How long the user may take. [300]",
)
@out_option
@pass_invocation
def user(
    invocation: Invocation,
    /,
    asked: tuple[str, ...],
    as_id: str | None,
    redirect_uri: str | None,
    register: bool,
    no_browser: bool,
    wait: float,
    secret_out: str | None,
    **options: Any,
) -> None:
    """Log a user in and get their tokens, by the authorization code flow (RFC 6749 section 4.1).

    The browser comes back to this command, on a loopback address. The server sends it nowhere that
    the client has not registered, character by character: so the redirect URI is taken from the
    client's own, or given, or registered for the time being by --register. State, nonce and ID
    token are verified, and one answer is accepted.

    The calling client needs the scope hydra.keys.get, to verify the ID token, and hydra.clients, to
    look at (or change) the redirect URIs.

    \b
    Examples:
      hydra-client token user --as my-app --secret-file my-app.secret --secret-out tokens.json
      hydra-client token user --as my-phone-app --register --no-browser --scope openid \\
          --scope offline --show-secret
    """  # noqa: D301 - click's mark for lines to keep
    exclusive(redirect_uri=redirect_uri, register=register)
    client_id = as_id or invocation.settings.client_id
    if client_id is None:
        raise click.UsageError("which client is it for? Say --as ID")
    scope = " ".join(asked)
    with (
        SecretOut(secret_out) as out,
        invocation.api() as caller,
        act_as(invocation, as_id, options) as api,
        _listening(caller, client_id, redirect_uri, register) as (server, uri),
    ):
        flow = _flow(caller, api, client_id, uri, scope)
        address = flow.authorization_url()
        if no_browser or not _opened(address):
            echo(f"Open this address in a browser:\n{address}", err=True)
        else:
            invocation.remark("Go on in the browser.")
        tokens = server.answer_to(flow, wait)
        if flow.claims is not None:
            invocation.remark(f"The ID token is good; the user is {flow.claims.sub}.")
        print_tokens(invocation, tokens, out, secret_out)


def _flow(caller: OAuth2Api, api: OAuth2Api, client_id: str, uri: str, scope: str) -> CodeFlow:
    from hydra_client.code_flow import CodeFlow

    verifier = None
    if "openid" in scope.split():
        with needs_extra("jwt"):
            from hydra_client.id_token import IdTokenVerifier
        caller.well_known()  # rather fail now than after the user has logged in
        verifier = IdTokenVerifier(caller, client_id, leeway=60)
    return CodeFlow(api, uri, scope, client_id=client_id, verifier=verifier)


def _opened(address: str) -> bool:
    import webbrowser

    return webbrowser.open(address)


# --- where the browser comes back


@contextmanager
def _listening(
    caller: OAuth2Api, client_id: str, uri: str | None, register: bool
) -> Iterator[tuple[Callback, str]]:
    """Listen on a redirect URI of the client."""
    if register:
        with Callback(0, PATH) as server:
            uri = f"http://127.0.0.1:{server.server_port}{PATH}"
            with _registered(caller, client_id, uri):
                yield server, uri
        return
    given = uri is not None
    if uri is None:
        uri = _own_uri(caller, client_id)
    place = _place(uri)
    if place is None:
        raise Failure(
            f"{uri} is no address to listen on: it must be http, on 127.0.0.1 or localhost, with a "
            "port",
            USAGE,
        )
    if given:
        _refuse_strange(caller, client_id, uri)
    try:
        server = Callback(*place)
    except OSError as error:
        raise Failure(f"cannot listen for {uri}: {error.strerror}") from None
    with server:
        yield server, uri


def _own_uri(caller: OAuth2Api, client_id: str) -> str:
    uris = caller.get_oauth2_client(client_id).redirect_uris or []
    for uri in uris:
        if _place(uri) is not None:
            return uri
    raise Failure(
        f"the client {client_id} has no redirect URI on a loopback address with a port; --register "
        "adds one for the time being",
        USAGE,
    )


def _refuse_strange(caller: OAuth2Api, client_id: str, uri: str) -> None:
    """Look, where the caller may, whether the client has this redirect URI.

    The server would tell the consent app alone, and nobody would come back.
    """
    try:
        uris = caller.get_oauth2_client(client_id).redirect_uris or []
    except (ApiValueError, BadRequestException, ForbiddenException, UnauthorizedException):
        return
    if uri.lower() not in map(str.lower, uris):  # as the server compares them
        raise Failure(
            f"the client {client_id} has no redirect URI {uri}; it has "
            f"{', '.join(uris) or 'none'}. They are compared character by character",
            USAGE,
        )


def _place(uri: str) -> tuple[int, str] | None:
    """Tell where to listen for a redirect URI, if that can be."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or not port or parts.fragment:
        return None
    return port, parts.path or "/"


@contextmanager
def _registered(caller: OAuth2Api, client_id: str, uri: str) -> Iterator[None]:
    """Let a client have one more redirect URI for a while."""
    client = caller.get_oauth2_client(client_id)
    client.redirect_uris = [*(client.redirect_uris or []), uri]
    caller.update_oauth2_client(client_id, client)
    try:
        yield
    finally:
        try:
            # Fetched anew: somebody may have changed it meanwhile.
            client = caller.get_oauth2_client(client_id)
            client.redirect_uris = [other for other in client.redirect_uris or [] if other != uri]
            caller.update_oauth2_client(client_id, client)
        except HydraException:
            echo(f"Warning: the redirect URI {uri} may still be registered", err=True)
            raise
        if not client.redirect_uris and caller.get_oauth2_client(client_id).redirect_uris:
            # A memory store empties no field.
            echo(f"Warning: {uri} stays registered, as the only redirect URI", err=True)


class Callback(ThreadingHTTPServer):
    """Waits on a loopback address for the browser to come back with an answer."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, path: str) -> None:
        self.path = path
        self.flow: CodeFlow | None = None
        self.tokens: OAuth2TokenResponse | None = None
        self.error: HydraException | None = None
        self.done = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def answer_to(self, flow: CodeFlow, seconds: float) -> OAuth2TokenResponse:
        """Wait for the answer to this flow, and return the tokens.

        Raises:
            Failure: Nobody came in time.
            HydraException: The user or the server refused, or the tokens are not to be believed.
        """
        self.flow = flow
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            answered = self.done.wait(seconds)
        finally:
            self.shutdown()
            thread.join()
        if not answered:
            raise Failure(f"nobody came back from the browser in {seconds:g} seconds")
        if self.error is not None:
            raise self.error
        assert self.tokens is not None  # noqa: S101 - there is one or the other
        return self.tokens

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that went away."""


class _Handler(BaseHTTPRequestHandler):
    server: Callback  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = _SLOWEST

    def do_GET(self) -> None:
        """Take the browser's answer, if it is one."""
        from hydra_client.code_flow import CallbackError, StateError

        path, _, query = self.path.partition("?")
        flow = self.server.flow
        if path != self.server.path or flow is None:
            self._say(404, "Not here.")
            return
        try:
            self.server.tokens = flow.exchange(query)
        except (StateError, CallbackError) as error:
            self._say(400, str(error))  # somebody else's; the right one may still come
            return
        except HydraException as error:
            self.server.error = error
        try:
            if self.server.error is None:
                self._say(200, "Logged in. This page can be closed.")
            else:
                self._say(200, "That did not work. The command says why; this page can be closed.")
        finally:
            self.server.done.set()  # though the browser may have gone away

    def _say(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Write no log: the path has the code in it."""
