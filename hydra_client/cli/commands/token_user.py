"""`hydra-client token user`: the authorization code flow, with the browser of this machine."""

from __future__ import annotations

import errno
import socket
import threading
from contextlib import ExitStack, contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from hydra_client.cli.act_as import act_as, as_options, naming_as, print_tokens
from hydra_client.cli.callback_page import HEADERS, page
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import USAGE, Failure, exclusive, needs_extra
from hydra_client.cli.options import Command, out_option, scope_option
from hydra_client.cli.secret_files import SecretOut
from hydra_client.cli.text import echo, warn
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

# The server redirects users to plain http on these hosts only; [::1] is not among them.
LOOPBACK = ("127.0.0.1", "localhost")
PATH = "/callback"
# Errors of a machine without IPv6, where nobody can listen on [::1].
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
# Seconds that a browser may take for a request. Browsers open connections that they do not use.
_REQUEST_TIMEOUT = 10


@click.command("user", cls=Command)
@scope_option("Scope to request. Repeatable. [openid]", default=["openid"])
@as_options
@click.option(
    "--redirect-uri",
    metavar="URI",
    help="URI that the browser comes back to, such as http://127.0.0.1:5555/callback. "
    "[the client's first such URI, preferably with 127.0.0.1]",
)
@click.option(
    "--register",
    is_flag=True,
    help="Choose a free port, and register a redirect URI for it temporarily.",
)
@click.option("--no-browser", is_flag=True, help="Print the URL instead of opening a browser.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0, min_open=True),
    default=300,
    metavar="SECONDS",
    help="Time limit for the user. [300]",
)
@out_option()
@pass_invocation
def user(
    invocation: Invocation,
    /,
    scopes: tuple[str, ...],
    as_id: str | None,
    redirect_uri: str | None,
    register: bool,
    no_browser: bool,
    wait: float,
    secret_out: str | None,
    **options: Any,
) -> None:
    r"""Log a user in and get their tokens, by the authorization code flow (RFC 6749 section 4.1).

    The browser comes back to this command, at a redirect URI on a loopback address. The client must
    have exactly this URI registered; --register does so temporarily. State, nonce and ID token are
    verified, and only one response is accepted.

    The calling client needs the scopes hydra.keys.get, to verify the ID token, and hydra.clients,
    to read or change the redirect URIs.

    Examples:
      hydra-client token user --as my-app --secret-file my-app.secret --secret-out tokens.json
      hydra-client token user --as my-phone-app --register --no-browser --scope openid \
          --scope offline --show-secret
    """
    import webbrowser

    exclusive(redirect_uri=redirect_uri, register=register)
    client_id = as_id or invocation.settings.client_id
    if client_id is None:
        raise click.UsageError("no client: use --as ID or --client-id")
    scope = " ".join(scopes)
    with (
        SecretOut(secret_out) as out,
        invocation.api() as caller,
        act_as(invocation, as_id, options) as api,
        _listening(caller, client_id, redirect_uri, register) as (server, uri),
    ):
        flow = _flow(caller, api, client_id, uri, scope)
        url = flow.authorization_url()
        if no_browser or not webbrowser.open(url):
            echo(f"Open this URL in a browser:\n{url}", err=True)
        else:
            invocation.remark("Continue in the browser.")
        with naming_as(as_id):
            tokens = server.wait_for(flow, wait)
        if flow.claims is not None:
            invocation.remark(f"The ID token is valid; the user is {flow.claims.sub}.")
        print_tokens(invocation, tokens, out, secret_out)


def _flow(caller: OAuth2Api, api: OAuth2Api, client_id: str, uri: str, scope: str) -> CodeFlow:
    from hydra_client.code_flow import CodeFlow

    verifier = None
    if "openid" in scope.split():
        with needs_extra("jwt"):
            from hydra_client.id_token import IdTokenVerifier
        caller.well_known()  # fails before the user logs in rather than after
        verifier = IdTokenVerifier(caller, client_id, leeway=60)
    return CodeFlow(api, uri, scope, client_id=client_id, verifier=verifier)


# --- the redirect URI


@contextmanager
def _listening(
    caller: OAuth2Api, client_id: str, uri: str | None, register: bool
) -> Iterator[tuple[Callback, str]]:
    """Listen on a redirect URI of the client, and yield it."""
    if register:
        with Callback(0, PATH) as server:
            uri = f"http://127.0.0.1:{server.server_port}{PATH}"
            with _registered(caller, client_id, uri):
                yield server, uri
        return
    if uri is None:
        uri = _own_uri(caller, client_id)
    elif _place(uri) is not None:
        _reject_unregistered(caller, client_id, uri)
    place = _place(uri)
    if place is None:
        raise Failure(
            f"{uri} cannot be listened on: it must be http on 127.0.0.1 or localhost, with a port "
            "and without a fragment",
            USAGE,
        )
    host, port, path = place
    try:
        server = Callback(port, path)
    except OSError as error:
        raise Failure(f"cannot listen on {uri}: {error.strerror}") from None
    with server, _reserved_ipv6(port) if host == "localhost" else nullcontext():
        yield server, uri


@contextmanager
def _reserved_ipv6(port: int) -> Iterator[None]:
    """Keep other programs from listening on [::1], which browsers may try first for localhost.

    The socket refuses connections, so browsers then try 127.0.0.1.
    """
    with ExitStack() as stack:
        try:
            reserved = stack.enter_context(socket.socket(socket.AF_INET6))
            reserved.bind(("::1", port))
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise Failure(
                    f"cannot reserve [::1]:{port}: {error.strerror}. The browser might send the "
                    "code to another program there; use a redirect URI with 127.0.0.1"
                ) from None
        yield


def _own_uri(caller: OAuth2Api, client_id: str) -> str:
    uris = caller.get_oauth2_client(client_id).redirect_uris or []
    places = {uri: place for uri in uris if (place := _place(uri)) is not None}
    if places:
        # For localhost, the browser may find another program on [::1].
        return min(places, key=lambda uri: LOOPBACK.index(places[uri][0]))
    raise Failure(
        f"the client {client_id} has no redirect URI on a loopback address with a port; use "
        "--register to add one temporarily",
        USAGE,
    )


def _reject_unregistered(caller: OAuth2Api, client_id: str, uri: str) -> None:
    """Reject a redirect URI that the client does not have, if the caller may read the client.

    The server would report the error to the consent app only, and the browser would not come back.
    """
    try:
        uris = caller.get_oauth2_client(client_id).redirect_uris or []
    except (ApiValueError, BadRequestException, ForbiddenException, UnauthorizedException):
        return
    if uri.lower() not in map(str.lower, uris):  # the server ignores case, too
        raise Failure(
            f"the client {client_id} has no redirect URI {uri}; it has "
            f"{', '.join(uris) or 'none'}. They must match exactly",
            USAGE,
        )


def _place(uri: str) -> tuple[str, int, str] | None:
    """Return host, port and path of a redirect URI; None if this command cannot listen on it."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or not port or parts.fragment:
        return None
    return parts.hostname, port, parts.path or "/"


@contextmanager
def _registered(caller: OAuth2Api, client_id: str, uri: str) -> Iterator[None]:
    """Register one more redirect URI temporarily."""
    client = caller.get_oauth2_client(client_id)
    client.redirect_uris = [*(client.redirect_uris or []), uri]
    caller.update_oauth2_client(client_id, client)
    try:
        yield
    finally:
        try:
            # Fetched again, because someone may have changed it meanwhile.
            client = caller.get_oauth2_client(client_id)
            client.redirect_uris = [other for other in client.redirect_uris or [] if other != uri]
            caller.update_oauth2_client(client_id, client)
        except HydraException:
            warn(f"the redirect URI {uri} may still be registered")
            raise
        if not client.redirect_uris and caller.get_oauth2_client(client_id).redirect_uris:
            # A memory store cannot empty a field.
            warn(f"{uri} remains registered, as the only redirect URI")


class Callback(ThreadingHTTPServer):
    """Waits on a loopback address for the browser to come back."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, path: str) -> None:
        self.path = path
        self.flow: CodeFlow | None = None
        self.tokens: OAuth2TokenResponse | None = None
        self.error: HydraException | None = None
        self.done = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def wait_for(self, flow: CodeFlow, seconds: float) -> OAuth2TokenResponse:
        """Wait until the browser comes back from this flow, and return the tokens.

        Raises:
            Failure: It did not come back in time.
            HydraException: The user or the server refused, or the ID token is not valid.
        """
        self.flow = flow
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            done = self.done.wait(seconds)
        finally:
            self.shutdown()
            thread.join()
        if not done:
            raise Failure(f"the browser did not come back within {seconds:g} seconds")
        if self.error is not None:
            raise self.error
        assert self.tokens is not None  # noqa: S101 - either of them is set
        return self.tokens

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a browser that closed the connection."""


class _Handler(BaseHTTPRequestHandler):
    server: Callback  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = _REQUEST_TIMEOUT

    def do_GET(self) -> None:
        """Exchange the code in the browser's callback."""
        from hydra_client.code_flow import CallbackError, StateError

        path, _, query = self.path.partition("?")
        flow = self.server.flow
        if path != self.server.path or flow is None:
            self._respond(404, "Not found", "This is not the address that the login returns to.")
            return
        try:
            self.server.tokens = flow.exchange(query)
        except (StateError, CallbackError) as error:
            # Of another flow; the right one may still come.
            self._respond(400, "Unexpected login", str(error))
            return
        except HydraException as error:
            self.server.error = error
        try:
            if self.server.error is None:
                self._respond(200, "Logged in", "Go on in the terminal. You can close this page.")
            else:
                text = "The terminal says why. You can close this page."
                self._respond(200, "Login failed", text)
        finally:
            self.server.done.set()  # even if the browser closed the connection

    def _respond(self, status: int, title: str, text: str) -> None:
        body = page(title, text)
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, because the path contains the code."""
