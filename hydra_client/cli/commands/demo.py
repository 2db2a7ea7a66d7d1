"""`hydra-client demo`: runs through the main use cases, one line per step."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import click

import hydra_client
from hydra_client.cli.commands.doctor_caller import cookies
from hydra_client.cli.commands.serve import variant_options
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import FAILED, needs_extra
from hydra_client.cli.options import Command
from hydra_client.cli.secret_files import new_secret
from hydra_client.cli.text import echo
from hydra_client.exceptions import HydraException, NotFoundException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydra_client import OAuth2Api, OAuth2TokenResponse, WellKnown
    from hydra_client.code_flow import CodeFlow
    from hydra_client.consent import Challenge
    from hydra_client.id_token import IdTokenVerifier

CALLBACK = "http://127.0.0.1:5555/callback"
SCOPES = "openid offline photos.read"
USER = "alice"
REASON = "the user said no"


@click.command("demo", cls=Command)
@variant_options
@pass_invocation
def command(invocation: Invocation, version: str | None, store: str | None) -> None:
    r"""Run through the main use cases against a Hydra, one line per step.

    The demo registers an application, logs a user in, verifies, renews and revokes the tokens,
    declines a second login, and deletes everything again. It plays the user, the browser, the
    application and the consent app itself.

    By default it starts an embedded Hydra. With --url, --profile or HYDRA_URL it uses a running
    one, and leaves nothing behind; the calling client must be allowed to manage clients and consent
    requests, to introspect tokens and to read the keys.

    Examples:
      hydra-client demo
      hydra-client demo --hydra 0.9 --store sql
      HYDRA_URL=https://hydra.example.com HYDRA_CLIENT_ID=admin hydra-client demo \
          --client-secret-file admin.secret
    """
    with needs_extra("jwt"):
        from hydra_client.id_token import IdTokenVerifier
    running = invocation.names_a_server
    if running and (version or store):
        raise click.UsageError(
            "--hydra and --store are for the embedded server, but another server is configured"
        )
    with (
        _running(invocation) if running else _embedded(version or "0.10", store or "memory") as api
    ):
        succeeded = Demo(api, IdTokenVerifier).run()
    if not succeeded:
        click.get_current_context().exit(FAILED)


@contextmanager
def _running(invocation: Invocation) -> Iterator[OAuth2Api]:
    with invocation.api() as api:
        echo(f"The Hydra at {api.api_client.configuration.host}.")
        yield api


@contextmanager
def _embedded(version: str, store: str) -> Iterator[OAuth2Api]:
    with needs_extra("emulator"):
        from hydra_client.emulator import HydraEmulator
    with HydraEmulator(version=version, store=store) as emulator:
        api = emulator.api()
        with api.api_client:
            echo(f"An embedded Hydra {version} ({store} store) at {emulator.url}.")
            yield api


class UnexpectedError(Exception):
    """A step had another result than it should have."""


def expect(condition: object, problem: str) -> None:
    """Fail the step with this problem unless the condition is true."""
    if not condition:
        raise UnexpectedError(problem)


class Demo:
    """The steps, and what each leaves for the next."""

    server: WellKnown
    app: OAuth2Api
    flow: CodeFlow
    challenge: Challenge
    location: str
    tokens: OAuth2TokenResponse

    def __init__(self, api: OAuth2Api, verifier: type[IdTokenVerifier]) -> None:
        self.api = api
        self.id = f"demo-{secrets.token_hex(4)}"
        self.verifier = verifier(api, self.id, leeway=60)
        self.cookies: list[str] = []  # of the browser
        self.registered = False
        self.live = False  # whether there are tokens to revoke
        self.number = 0

    def run(self) -> bool:
        """Take the steps until one fails, and clean up. Return whether all succeeded."""
        steps = (
            ("discover", self.discover),
            ("register", self.register),
            ("list", self.list),
            ("update", self.update),
            ("authorize", self.authorize),
            ("ask", self.ask),
            ("accept", self.accept),
            ("return", self.return_with_code),
            ("exchange", self.exchange),
            ("verify", self.verify),
            ("introspect", self.introspect),
            ("refresh", self.refresh),
            ("revoke", self.revoke),
            ("introspect", self.introspect_again),
            ("reject", self.reject),
        )
        try:
            succeeded = all(self.take(name, step) for name, step in steps)
        finally:
            cleaned = not self.registered or self.take("clean up", self.clean_up)
        which = f"All {self.number}" if succeeded and cleaned else "Not all"
        left = "" if cleaned else f"; {self.id} or its tokens may still exist"
        echo(f"{which} steps succeeded{left}.")
        return succeeded and cleaned

    def take(self, name: str, step: Callable[[], str]) -> bool:
        """Take a step and print its result. Return whether it succeeded."""
        self.number += 1
        try:
            state, result = "ok", step()
        except (HydraException, UnexpectedError) as error:
            state, result = "FAILED", str(error)
        echo(f"{self.number:2}  {state}  {name:10}  {result}")
        return state == "ok"

    def discover(self) -> str:
        """Fetch the discovery document, which needs no credentials."""
        self.server = self.api.get_well_known()
        algorithms = self.server.id_token_signing_alg_values_supported
        expect("RS256" in algorithms, f"ID tokens are signed with {algorithms}")
        return f"its issuer is {self.server.issuer}; it signs ID tokens with RS256"

    def register(self) -> str:
        """Create a client for the application."""
        from hydra_client.provisioning.check_secret import as_client

        secret = new_secret()
        self.registered = True  # or perhaps not, if the response gets lost
        created = self.api.create_oauth2_client(
            hydra_client.OAuth2Client(
                id=self.id,
                client_name="Photo prints",
                client_secret=secret,
                redirect_uris=[CALLBACK],
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code", "id_token"],
                scope=SCOPES,
            )
        )
        expect(created.id == self.id, f"the client came back as {created.id}")
        self.app = as_client(self.api, self.id, secret)
        return f"the application {self.id} may ask for {SCOPES}"

    def list(self) -> str:
        """Find the client among all clients."""
        ids = [client.id for client in self.api.list_oauth2_clients()]
        expect(self.id in ids, "it is not in the list of clients")
        return f"it is one of {len(ids)} clients"

    def update(self) -> str:
        """Change one field of the client."""
        client = self.api.get_oauth2_client(self.id)
        client.client_name = "Photo prints and frames"
        self.api.update_oauth2_client(self.id, client)
        expect(self.api.get_oauth2_client(self.id) == client, "other fields changed, too")
        return f'its name is now "{client.client_name}", and nothing else changed'

    def authorize(self) -> str:
        """Send the browser to the authorization endpoint, as a login button would."""
        from hydra_client.code_flow import CodeFlow

        self.flow = CodeFlow(
            self.app,
            CALLBACK,
            SCOPES,
            verify_id_token=False,  # a separate step, after which tokens can be revoked
            authorization_endpoint=self.server.authorization_endpoint,
        )
        self.location = self.visit(self.flow.authorization_url())
        return f"the browser is sent on to the consent app, {self.location.partition('?')[0]}"

    def visit(self, url: str) -> str:
        """Visit a URL of the server as a browser, and return the target of the redirect."""
        host = self.api.api_client.configuration.host
        ours = url.startswith((self.server.issuer.rstrip("/"), host.rstrip("/")))
        expect(ours, f"the browser is sent to another server, {url.partition('?')[0]}")
        query: dict[str, Any] = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        # At the host: the server's own name for itself may not be reachable from here.
        headers = {"Cookie": "; ".join(self.cookies)}
        response = self.api.with_http_info.oauth_auth(**query, headers=headers)
        self.cookies = cookies(response)
        return response.data

    def ask(self) -> str:
        """Fetch the consent request, as the consent app."""
        from hydra_client.consent import NO_BROWSER, ConsentApp

        self.challenge = ConsentApp(self.api).challenge(self.location, NO_BROWSER)
        requested = " ".join(self.challenge.requested_scopes)
        expect(self.challenge.client_id == self.id, f"{self.challenge.client_id} asks")
        expect(requested == SCOPES, f"it asks for {requested}")
        return f"the consent app fetches the request: {requested}"

    def accept(self) -> str:
        """Accept the request for the user, as the consent app."""
        self.location = self.challenge.accept(USER, self.challenge.requested_scopes)
        return f"{USER} logs in and grants it"

    def return_with_code(self) -> str:
        """Send the browser back to Hydra, which sends it to the application."""
        self.location = self.visit(self.location)
        expected = self.location.startswith(f"{CALLBACK}?code=")
        expect(expected, f"the browser is sent to {self.location}")
        return "the browser is sent back to the application, with a code"

    def exchange(self) -> str:
        """Exchange the code for tokens, as the application."""
        self.tokens = self.flow.exchange(self.location)
        self.live = True
        expect(self.tokens.id_token and self.tokens.refresh_token, "a token is missing")
        return "the code becomes an access, a refresh and an ID token"

    def verify(self) -> str:
        """Verify the ID token with the keys of the server."""
        claims = self.verifier.verify(self.tokens.id_token or "", nonce=self.flow.nonce)
        expect(claims.sub == USER, f"the user is {claims.sub}")
        return f"the ID token's signature and claims are valid; the user is {claims.sub}"

    def introspect(self) -> str:
        """Introspect the access token, as a resource server."""
        token = self.api.introspect_oauth2_token(self.tokens.access_token)
        expect(token.active and token.sub == USER, "the access token is not active")
        expect(token.scope == SCOPES, f"it was granted {token.scope}")
        return f"the access token is active, for {token.sub}: {token.scope}"

    def refresh(self) -> str:
        """Exchange the refresh token for new tokens, as the application."""
        old = self.tokens
        self.tokens = self.flow.refresh()
        expect(not self._active(old.access_token), "the old access token is still active")
        expect(self._active(self.tokens.access_token), "the new access token is not active")
        return "new tokens; the old access token is no longer active"

    def revoke(self) -> str:
        """Revoke the tokens, as the application."""
        self.app.revoke_oauth2_token(self.tokens.refresh_token or "")
        return "the application revokes its tokens"

    def introspect_again(self) -> str:
        """Check that the tokens are revoked."""
        expect(not self._active(self.tokens.access_token), "the access token is still active")
        self.live = False
        return "the access token is no longer active"

    def _active(self, token: str) -> bool:
        return self.api.introspect_oauth2_token(token).active

    def reject(self) -> str:
        """Start over, and reject the request as the consent app."""
        from hydra_client.code_flow import AuthorizationError

        self.authorize()
        self.ask()
        location = self.visit(self.challenge.reject(REASON))
        try:
            self.flow.exchange(location)
        except AuthorizationError as error:
            expect(error.error_description == REASON, f"the application receives {error}")
            return f"{USER} declines a second login; the application gets the reason: {REASON}"
        raise UnexpectedError("the application gets tokens")

    def clean_up(self) -> str:
        """Revoke the tokens, which would outlive their client, and delete the client."""
        result = f"{self.id} is deleted"
        try:
            if self.live:
                self.app.revoke_oauth2_token(self.tokens.access_token)
        finally:
            try:
                self.api.delete_oauth2_client(self.id)
            except NotFoundException:
                result = f"{self.id} did not exist"
        return result
