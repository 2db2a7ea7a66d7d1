"""Starts everything that a login needs on this machine: `make example`.

Hydra (an embedded one, or the one that HYDRA_URL names), the consent app, an application that users
log in to, and an API that it calls. Each has a client and policies of its own in Hydra.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import api as photo_api
import client_app
import consent_app
from consent_app.store import Store
from consent_app.users import Users
from werkzeug import Response
from werkzeug.serving import WSGIRequestHandler, make_server

import hydra_client
from hydra_client import OAuth2Client, Policy
from hydra_client.emulator import HydraEmulator
from hydra_client.id_token import IdTokenVerifier
from hydra_client.provisioning import Apis, Desired, apply, plan
from hydra_client.resource_server import Guard

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD = "alice", "wonderland"
HOST = "127.0.0.1"


class Ports(NamedTuple):
    """Where everything listens; 0 chooses a free port."""

    hydra: int = 4444
    consent: int = 3000
    client: int = 9010
    api: int = 9020


class Example(NamedTuple):
    """What runs.

    Attributes:
        hydra: The embedded server; None if another one is used.
        hydra_url: Hydra.
        consent_url: The consent app.
        client_url: The application: begin here.
        api_url: The API.
        users: Who can log in.
        store: The database of the consent app.
    """

    hydra: HydraEmulator | None
    hydra_url: str
    consent_url: str
    client_url: str
    api_url: str
    users: Users
    store: Store


class QuietHandler(WSGIRequestHandler):
    """Logs no requests, because their URLs contain codes."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


@contextmanager
def running(
    ports: Ports | None = None, version: str = "0.10", store: str = "memory"
) -> Iterator[Example]:
    """Run everything until the end of the context.

    Args:
        ports: Where everything listens.
        version: The version of the embedded Hydra.
        store: Its store.
    """
    ports = ports or Ports()
    with ExitStack() as stack:
        servers = []
        for port in ports[1:]:
            app = Response("Starting", 503)
            server = make_server(HOST, port, app, threaded=True, request_handler=QuietHandler)
            stack.callback(server.server_close)
            servers.append(server)
        consent_url, client_url, api_url = (f"http://{HOST}:{one.server_port}" for one in servers)
        hydra, clock = None, time.time
        if "HYDRA_URL" in os.environ:
            root = hydra_client.connect()
        else:
            hydra = HydraEmulator(version, store, HOST, ports.hydra)
            hydra.consent_url = f"{consent_url}/consent"
            stack.enter_context(hydra)
            root, clock = hydra.api(), hydra.clock
        stack.enter_context(root.api_client)
        hydra_url = root.api_client.configuration.host
        wanted = desired(client_url)
        passwords = {str(one.id): str(one.client_secret) for one in wanted.clients}
        apply(plan(Apis.of(root.api_client), wanted))
        if hydra is None:
            stack.callback(_remove, Apis.of(root.api_client), wanted)

        def connect(id: str) -> hydra_client.OAuth2Api:
            found = hydra_client.connect(hydra_url, id, passwords[id])
            stack.enter_context(found.api_client)
            return found

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        users = Users(folder / "users.json")
        users.add(USER, PASSWORD)
        database = Store(folder / "consent.sqlite", clock)
        consents = connect("example-consent-app")
        servers[0].app = consent_app.create_app(
            users, database, consents, is_local=True, clock=clock
        )
        application = connect("example-client-app")
        servers[1].app = client_app.create_app(
            application,
            IdTokenVerifier(application, "example-client-app", clock=clock),
            url=client_url,
            photos_url=f"{api_url}/photos",
            accounts_url=consent_url,
            is_local=True,
        )
        guard = Guard(connect("example-api"), realm="photos")
        guard.check_credentials()
        servers[2].app = photo_api.create_app(guard)
        for server in servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield Example(hydra, hydra_url, consent_url, client_url, api_url, users, database)


def desired(client_url: str) -> Desired:
    """Return the clients and policies that Hydra needs, with new secrets."""
    return Desired(
        clients=[
            OAuth2Client(
                id="example-consent-app",
                client_secret=secrets.token_urlsafe(32),
                grant_types=["client_credentials"],
                scope="hydra.consent hydra.clients",
            ),
            OAuth2Client(
                id="example-client-app",
                client_secret=secrets.token_urlsafe(32),
                client_name="Photo app",
                client_uri=client_url,
                logo_uri=f"{client_url}/static/logo.svg",
                policy_uri=f"{client_url}/privacy",
                tos_uri=f"{client_url}/terms",
                redirect_uris=[f"{client_url}/callback"],
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code", "id_token"],
                scope=client_app.SCOPES,
            ),
            OAuth2Client(
                id="example-api",
                client_secret=secrets.token_urlsafe(32),
                grant_types=["client_credentials"],
                scope="hydra.introspect",
            ),
        ],
        policies=[
            _allow("consent-app", "oauth2:consent:requests:<.*>", "get", "accept", "reject"),
            _allow("consent-app", "clients:<.*>", "get"),
            _allow("api", "oauth2:tokens", "introspect"),
            # Everybody may read the public keys, with which ID tokens are verified.
            Policy(
                id="example-everybody:keys",
                effect="allow",
                subjects=["<.*>"],
                resources=["rn:hydra:keys:hydra.openid.id-token:public"],
                actions=["get"],
            ),
        ],
    )


def _allow(who: str, what: str, *actions: str) -> Policy:
    return Policy(
        id=f"example-{who}:{what.partition(':<')[0]}",
        effect="allow",
        subjects=[f"example-{who}"],
        resources=[f"rn:hydra:{what}"],
        actions=list(actions),
    )


def _remove(apis: Apis, wanted: Desired) -> None:
    """Remove what this program has put on a running Hydra."""
    removed = Desired(
        removed_clients=[str(client.id) for client in wanted.clients],
        removed_policies=[str(policy.id) for policy in wanted.policies],
    )
    apply(plan(apis, removed))


def main() -> None:
    """Run everything until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Run all parts of a login.")
    parser.add_argument("--version", choices=["0.9", "0.10"], default="0.10")
    parser.add_argument("--store", choices=["memory", "sql"], default="memory")
    parser.add_argument("--free-ports", action="store_true", help="listen on any free ports")
    arguments = parser.parse_args()
    ports = Ports(0, 0, 0, 0) if arguments.free_ports else Ports()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running(ports, arguments.version, arguments.store) as example:
            print(f"Hydra        {example.hydra_url}")
            print(f"Consent app  {example.consent_url}")
            print(f"API          {example.api_url}/photos")
            print(f"Application  {example.client_url}")
            print()
            print(f"Open {example.client_url} and log in as {USER}, password {PASSWORD}.")
            if example.hydra is None:
                print(f"Hydra's CONSENT_URL must be {example.consent_url}/consent.")
            print("Press Ctrl-C to stop everything.", flush=True)
            wait(example.hydra)
    except KeyboardInterrupt:
        print("Stopped.")
    except OSError as error:
        sys.exit(f"{error}. To listen on free ports, pass --free-ports.")


def wait(hydra: HydraEmulator | None) -> None:
    """Wait for Ctrl-C; meanwhile let people move the clock of the embedded server."""
    if hydra is not None and sys.stdin.isatty():
        print("To move the clock forward, type a number of seconds and press Enter.", flush=True)
        for line in sys.stdin:
            try:
                hydra.clock.advance(float(line))
            except ValueError:
                print("That is not a number of seconds.", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
