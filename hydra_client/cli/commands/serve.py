"""hydra-client serve: the embedded server, in the foreground."""

from __future__ import annotations

import shlex
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import Failure, exclusive, needs_extra
from hydra_client.cli.options import Command
from hydra_client.cli.secret_files import read_secret
from hydra_client.cli.text import echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = "admin:demo-password"


def variant_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose which server is played."""
    for option in (
        click.option(
            "--store",
            type=click.Choice(["memory", "sql"]),
            help="Which of its stores to play; they differ in small ways. [memory]",
        ),
        click.option(
            "--version",
            type=click.Choice(["0.9", "0.10"]),
            help="Which Hydra to play: 0.9.14 or 0.10.10. [0.10]",
        ),
    ):
        command = option(command)
    return command


@click.command("serve", cls=Command)
@variant_options
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Listen here. [127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4444,
    metavar="PORT",
    help="Listen on this port; 0 takes a free one. [4444]",
)
@click.option(
    "--allow-any-host", is_flag=True, help="Listen on an address that other machines can reach too."
)
@click.option(
    "--root",
    metavar="ID:SECRET",
    help=f"The client that may do everything; its secret is no secret. [{ROOT}]",
)
@click.option(
    "--root-file", type=click.Path(dir_okay=False), metavar="FILE", help="File with ID:SECRET."
)
@click.option(
    "--consent-url",
    default="http://localhost:3000/consent",
    metavar="URL",
    help="The consent app. [http://localhost:3000/consent]",
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
) -> None:
    """Run an embedded server that answers like ORY Hydra, for tests and demos.

    It keeps everything in memory, and a client that may do everything, whose secret everybody can
    see. Therefore it listens on loopback addresses alone, unless told otherwise. Ctrl-C ends it.

    \b
    Examples:
      hydra-client serve
      hydra-client serve --version 0.9 --store sql --port 0
      hydra-client serve --root test:not-a-secret --consent-url http://localhost:5000/consent
    """  # noqa: D301 - click's mark for lines to keep
    exclusive(root=root, root_file=root_file)
    client_id, colon, secret = (read_secret(root_file) if root_file else root or ROOT).partition(
        ":"
    )
    if not colon or not client_id or not secret:
        raise click.UsageError(f"{'--root-file' if root_file else '--root'}: expected ID:SECRET")
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
            f"{host} is not a loopback address: this server is for tests and demos, with a secret "
            "that everybody can see. With --allow-any-host it listens there all the same."
        ) from None
    with _until_told_to_end() as told:
        try:
            emulator.start()
        except OSError as error:
            raise Failure(f"cannot listen on {host}, port {port}: {error.strerror}") from None
        try:
            for line in _facts(emulator, root_file):
                echo(line)
            told.wait()
        finally:
            emulator.stop()
    if not invocation.quiet:
        echo("Ended.")


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
    yield "To call it from another terminal:"
    yield "  export " + " ".join(f"{name}={shlex.quote(text)}" for name, text in variables.items())
    yield "Ctrl-C ends it."


@contextmanager
def _until_told_to_end() -> Iterator[threading.Event]:
    """Set an event when SIGINT or SIGTERM comes; put the handlers back at the end."""
    told = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: told.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
