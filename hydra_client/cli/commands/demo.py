"""hydra-client demo: the main job, step by step, each told in a line."""

from __future__ import annotations

import copy
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import click

from hydra_client.cli.commands.serve import variant_options
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import FAILED, needs_extra
from hydra_client.cli.options import Command
from hydra_client.cli.secret_files import new_secret
from hydra_client.cli.text import echo
from hydra_client.exceptions import HydraException, NotFoundException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydra_client import OAuth2Api, OAuth2ConsentRequest, OAuth2TokenResponse, WellKnown
    from hydra_client.id_token import IdTokenVerifier

CALLBACK = "http://127.0.0.1:5555/callback"
SCOPES = "openid offline photos.read"
USER = "alice"
REASON = "the user said no"


@click.command("demo", cls=Command)
@variant_options
@pass_invocation
def command(invocation: Invocation, version: str | None, store: str | None) -> None:
    """Do the main job against a Hydra, and tell each step in a line.

    An application is registered, a user logs in to it, its tokens are checked, renewed and ended,
    the user says no another time, and everything is deleted again. The user, the browser, the
    application and the consent app are all played by this command.

    The Hydra is an embedded one that lives as long as the demo. With --url, --profile or HYDRA_URL
    it is a running one; the calling client must be allowed to manage clients and consent requests,
    to introspect and to read the keys. Nothing of the demo stays there.

    \b
    Examples:
      hydra-client demo
      hydra-client demo --version 0.9 --store sql
      HYDRA_URL=https://hydra.example.com HYDRA_CLIENT_ID=admin hydra-client demo \\
          --client-secret-file admin.secret
    """  # noqa: D301 - click's mark for lines to keep
    with needs_extra("jwt"):
        from hydra_client.id_token import IdTokenVerifier
    running = invocation.names_a_server
    if running and (version or store):
        raise click.UsageError("--version and --store are for the embedded server; one is named")
    with (
        _running(invocation) if running else _embedded(version or "0.10", store or "memory") as api
    ):
        held = Demo(api, IdTokenVerifier).run()
    if not held:
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
    """A step came to something else than it should."""


def expect(truth: object, otherwise: str) -> None:
    """Let a step fail unless something is so."""
    if not truth:
        raise UnexpectedError(otherwise)


class Demo:
    """The steps, and what one of them leaves for the next."""

    server: WellKnown
    consent: OAuth2ConsentRequest
    tokens: OAuth2TokenResponse
    live = False
    location: str
    state: str
    nonce: str

    def __init__(self, api: OAuth2Api, verifier: type[IdTokenVerifier]) -> None:
        self.api = api
        self.verifier = verifier
        self.id = f"demo-{secrets.token_hex(4)}"
        self.registered = False
        self.number = 0

    def run(self) -> bool:
        """Take the steps until one fails; clean up in any case; tell whether all held."""
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
            held = all(self.take(name, step) for name, step in steps)
        finally:
            cleaned = not self.registered or self.take("clean up", self.clean_up)
        if held and cleaned:
            echo(f"All {self.number} steps held.")
        elif cleaned:
            echo("Not all steps held.")
        else:
            echo(f"Not all steps held, and something of {self.id} may still be there.")
        return held and cleaned

    def take(self, name: str, step: Callable[[], str]) -> bool:
        """Take a step and tell what came of it."""
        self.number += 1
        held = False
        try:
            said = step()
            held = True
        except (HydraException, UnexpectedError) as error:
            said = str(error)
        echo(f"{self.number:2}  {'ok' if held else 'FAILED':2}  {name:10}  {said}")
        return held

    def discover(self) -> str:
        """Ask the server what it is; this needs no credential."""
        self.server = self.api.get_well_known()
        algorithms = self.server.id_token_signing_alg_values_supported
        expect("RS256" in algorithms, f"ID tokens are signed with {algorithms}")
        return f"it calls itself {self.server.issuer} and signs ID tokens with RS256"

    def register(self) -> str:
        """Create the application's client, with a secret made here."""
        from hydra_client import OAuth2Client

        secret = new_secret()
        self.registered = True  # from here on nobody knows, until it is deleted
        created = self.api.create_oauth2_client(
            OAuth2Client(
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
        self.app = self._application(secret)
        return f"the application {self.id} may ask for {SCOPES}"

    def _application(self, secret: str) -> OAuth2Api:
        """Make the API as the application uses it: the same server, its own credential."""
        from hydra_client import ApiClient, OAuth2Api

        configuration = copy.copy(self.api.api_client.configuration)
        configuration.username, configuration.password = self.id, secret
        configuration.access_token = None
        client = ApiClient(configuration)
        client.default_headers = dict(self.api.api_client.default_headers)
        return OAuth2Api(client)

    def list(self) -> str:
        """Find it among all clients."""
        ids = [client.id for client in self.api.list_oauth2_clients()]
        expect(self.id in ids, "it is not in the list of clients")
        return f"it is one of {len(ids)} clients"

    def update(self) -> str:
        """Fetch it, change one field, put it back."""
        client = self.api.get_oauth2_client(self.id)
        client.client_name = "Photo prints and frames"
        self.api.update_oauth2_client(self.id, client)
        expect(self.api.get_oauth2_client(self.id) == client, "more changed than its name")
        return f'its name is now "{client.client_name}", and nothing else changed'

    def authorize(self) -> str:
        """Send the browser to the authorization endpoint, as a log-in button would."""
        self.browser = Browser(self.api, self.server)
        self.state, self.nonce = new_secret(), new_secret()
        query = urlencode(
            {
                "client_id": self.id,
                "redirect_uri": CALLBACK,
                "response_type": "code",
                "scope": SCOPES,
                "state": self.state,
                "nonce": self.nonce,
            }
        )
        location = self.browser.visit(f"{self.server.authorization_endpoint}?{query}")
        answer = fields(location)
        expect("consent" in answer, _refusal(answer))
        self.consent_id = answer["consent"]
        return f"the browser is sent on to the consent app, {location.partition('?')[0]}"

    def ask(self) -> str:
        """Learn, as the consent app, what is asked for."""
        self.consent = self.api.get_oauth2_consent_request(self.consent_id)
        expect(self.consent.client_id == self.id, f"{self.consent.client_id} asks")
        requested = " ".join(self.consent.requested_scopes or ())
        expect(requested == SCOPES, f"it asks for {requested}")
        return f"the consent app learns who asks, and for what: {requested}"

    def accept(self) -> str:
        """Say yes, as the consent app, for the user."""
        from hydra_client import ConsentRequestAcceptance

        self.api.accept_oauth2_consent_request(
            self.consent_id,
            ConsentRequestAcceptance(subject=USER, grant_scopes=self.consent.requested_scopes),
        )
        return f"{USER} logs in and grants it"

    def return_with_code(self) -> str:
        """Send the browser back to Hydra, which sends it to the application."""
        answer = self._returned()
        expect("code" in answer, _refusal(answer))
        self.code = answer["code"]
        return "the browser is sent back to the application, with a code"

    def _returned(self) -> dict[str, str]:
        location = self.browser.visit(self.consent.redirect_url or "")
        expect(location.startswith(CALLBACK), "the browser is not sent to the application")
        answer = fields(location)
        expect(answer.get("state") == self.state, "the state came back changed")
        return answer

    def exchange(self) -> str:
        """Trade the code for tokens, as the application."""
        self.tokens = self.app.oauth_token(
            grant_type="authorization_code", code=self.code, redirect_uri=CALLBACK
        )
        self.live = True
        expect(self.tokens.id_token and self.tokens.refresh_token, "a token is missing")
        return "the code becomes an access, a refresh and an ID token"

    def verify(self) -> str:
        """Check the ID token against the server's keys."""
        verifier = self.verifier(self.api, self.id, leeway=60)
        claims = verifier.verify(self.tokens.id_token or "", nonce=self.nonce)
        expect(claims.sub == USER, f"the user is {claims.sub}")
        return f"the ID token's signature and claims are right; it says {claims.sub}"

    def introspect(self) -> str:
        """Ask, as a resource server, what the access token is worth."""
        token = self.api.introspect_oauth2_token(self.tokens.access_token)
        expect(token.active and token.sub == USER, "the access token is not active")
        expect(token.scope == SCOPES, f"it was granted {token.scope}")
        return f"the access token is active, for {token.sub}: {token.scope}"

    def refresh(self) -> str:
        """Trade the refresh token for new tokens, as the application."""
        old = self.tokens
        self.tokens = self.app.oauth_token(
            grant_type="refresh_token", refresh_token=old.refresh_token
        )
        expect(not self._active(old.access_token), "the old access token is still active")
        expect(self._active(self.tokens.access_token), "the new access token is not active")
        return "new tokens; the old access token is no longer active"

    def revoke(self) -> str:
        """End the tokens, as the application."""
        self.app.revoke_oauth2_token(self.tokens.refresh_token or "")
        return "the application gives its tokens back"

    def introspect_again(self) -> str:
        """See that they have ended."""
        expect(not self._active(self.tokens.access_token), "the access token is still active")
        self.live = False
        return "the access token is no longer active"

    def _active(self, token: str) -> bool:
        return self.api.introspect_oauth2_token(token).active

    def reject(self) -> str:
        """Go the way to the consent app once more, and say no there."""
        from hydra_client import ConsentRequestRejection

        self.authorize()
        self.ask()
        self.api.reject_oauth2_consent_request(
            self.consent_id, ConsentRequestRejection(reason=REASON)
        )
        answer = self._returned()
        expect(answer.get("error_description") == REASON, f"it is told {_refusal(answer)}")
        return f"another time {USER} says no; the application is told: {REASON}"

    def clean_up(self) -> str:
        """Leave nothing behind: tokens first, since they outlive their client."""
        try:
            if self.live:
                self.app.revoke_oauth2_token(self.tokens.access_token)
        finally:
            gone = self._delete()
        return gone

    def _delete(self) -> str:
        try:
            self.api.delete_oauth2_client(self.id)
        except NotFoundException:
            return f"{self.id} was never there"
        return f"{self.id} is deleted"


class Browser:
    """A browser that keeps its cookies and follows no redirect by itself."""

    def __init__(self, api: OAuth2Api, server: WellKnown) -> None:
        import requests

        client = api.api_client
        self._host = client.configuration.host.rstrip("/")
        self._issuer = server.issuer.rstrip("/")
        self._timeout = client.configuration.timeout
        self._session = requests.Session()
        self._session.verify = client.session.verify
        self._session.cert = client.session.cert
        self._session.headers.update(client.default_headers)
        self._session.headers["Accept"] = "text/html"

    def visit(self, url: str) -> str:
        """Visit an address of the server; return where it sends the browser."""
        import requests

        # Where the server has another name for itself than the one it is called by, it is called by
        # that one all the same.
        if url.startswith(self._issuer):
            url = f"{self._host}/{url[len(self._issuer) :].lstrip('/')}"
        try:
            answer = self._session.get(
                url,
                allow_redirects=False,
                timeout=self._timeout,
                verify=self._session.verify,  # else variables of the environment go before it
            )
        except requests.RequestException as error:
            problem = type(error).__name__
        else:
            answer.close()
            if "Location" in answer.headers:
                return answer.headers["Location"]
            problem = f"status {answer.status_code}"
        raise UnexpectedError(f"the browser is not sent on: {problem}")


def fields(location: str) -> dict[str, str]:
    """Read the query of an address."""
    return dict(parse_qsl(urlsplit(location).query))


def _refusal(answer: dict[str, str]) -> str:
    said = ": ".join(answer[name] for name in ("error", "error_description") if name in answer)
    return said or "nothing"
