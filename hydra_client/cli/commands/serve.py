"""`hydra-client serve`: runs the embedded server in the foreground."""

from __future__ import annotations

import shlex
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.commands.plan import expectations_met, load, plan_for
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import Failure, exclusive, needs_extra
from hydra_client.cli.options import ANY_FILE, FILE, Command, together
from hydra_client.cli.secret_files import read_secret
from hydra_client.cli.text import echo
from hydra_client.cli.workers import handling_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra_client import ApiClient
    from hydra_client.cli.manifest.model import Manifest

ROOT = "admin:demo-password"


# The options that choose the kind of server.
variant_options = together(
    click.option(
        "--hydra",
        "version",
        type=click.Choice(["0.9", "0.10"]),
        help="Version of Hydra: 0.9.14 or 0.10.10. [0.10]",
    ),
    click.option(
        "--store",
        type=click.Choice(["memory", "sql"]),
        help="Store of the server; they behave slightly differently. [memory]",
    ),
)


@click.command("serve", cls=Command)
@variant_options
@click.option(
    "--host", default="127.0.0.1", metavar="ADDRESS", help="Address to listen on. [127.0.0.1]"
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4444,
    metavar="PORT",
    help="Port to listen on; 0 chooses a free one. [4444]",
)
@click.option(
    "--allow-any-host", is_flag=True, help="Allow an address that other machines can reach."
)
@click.option(
    "--root",
    metavar="ID:SECRET",
    help=f"Client that may do everything. Its secret is printed. [{ROOT}]",
)
@click.option("--root-file", type=FILE, metavar="FILE", help="File with ID:SECRET.")
@click.option(
    "--consent-url",
    default="http://localhost:3000/consent",
    metavar="URL",
    help="URL of the consent app. [http://localhost:3000/consent]",
)
@click.option(
    "--manifest", type=ANY_FILE, metavar="FILE", help="Apply this manifest before serving."
)
@pass_invocation
def command(
    invocation: Invocation,
    version: str | None,
    store: str | None,
    host: str,
    port: int,
    allow_any_host: bool,
    root: str | None,
    root_file: str | None,
    consent_url: str,
    manifest: str | None,
) -> None:
    """Run an embedded server that behaves like ORY Hydra, for tests and demos.

    It keeps everything in memory. It has a client that may do everything, and everyone can see its
    secret, so by default the server listens only on loopback addresses. Press Ctrl-C to stop it.

    Examples:
      hydra-client serve
      hydra-client serve --hydra 0.9 --store sql --port 0
      hydra-client serve --root test:not-a-secret --consent-url http://localhost:5000/consent
      hydra-client serve --manifest access.yaml
    """
    exclusive(root=root, root_file=root_file)
    client_id, colon, secret = (read_secret(root_file) if root_file else root or ROOT).partition(
        ":"
    )
    if not colon or not client_id or not secret:
        raise click.UsageError(f"{'--root-file' if root_file else '--root'}: expected ID:SECRET")
    wanted = None if manifest is None else load(manifest, prune=False, long_secrets=False)
    with needs_extra("emulator"):
        from hydra_client.emulator import HydraEmulator
    try:
        emulator = HydraEmulator(
            version=version or "0.10",
            store=store or "memory",
            host=host,
            port=port,
            root=(client_id, secret),
            consent_url=consent_url,
            allow_any_host=allow_any_host,
        )
    except ValueError:
        raise click.UsageError(
            f"{host} is not a loopback address. This server is for tests and demos, and its secret "
            "is public; use --allow-any-host to listen there anyway"
        ) from None
    # Not an Event, whose lock a signal may find held by the very thread that it interrupts.
    stop: SimpleQueue[int] = SimpleQueue()
    with handling_signals(stop.put):
        try:
            emulator.start()
        except OSError as error:
            raise Failure(
                f"cannot listen on {host}, port {port}: {error.strerror}; "
                "choose another address or port with --host or --port"
            ) from None
        try:
            if wanted is not None:
                _provision(invocation, emulator.api().api_client, wanted)
            for line in _facts(emulator, root_file):
                echo(line)
            stop.get()
        finally:
            emulator.stop()
    if not invocation.quiet:
        echo("Stopped.")


def _provision(invocation: Invocation, client: ApiClient, manifest: Manifest) -> None:
    """Create what is in a manifest. Serve even if an expectation is not met: you can look why."""
    from hydra_client.provisioning import Apis, apply

    apis = Apis.of(client)
    apply(plan_for(invocation, apis, manifest, jobs=1, prune=False))
    expectations_met(apis, manifest)


def _facts(emulator: Any, root_file: str | None) -> Iterator[str]:
    version, store = emulator.variant.version, emulator.variant.store
    client_id, secret = emulator.root
    variables = {"HYDRA_URL": emulator.url, "HYDRA_CLIENT_ID": client_id}
    if root_file is None:
        variables["HYDRA_CLIENT_SECRET"] = secret
    yield f"Hydra {version} ({store} store), embedded, for tests and demos only."
    yield f"  URL          {emulator.url}"
    yield f"  consent app  {emulator.consent_url}"
    yield f"  root client  {client_id}, its secret {f'in {root_file}' if root_file else secret}"
    yield "To use it in another terminal:"
    yield "  export " + " ".join(f"{name}={shlex.quote(text)}" for name, text in variables.items())
    yield "Press Ctrl-C to stop it."
