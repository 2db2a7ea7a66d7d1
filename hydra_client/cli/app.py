"""The root of the command: its table of subcommands, and what every run has in common."""

from __future__ import annotations

import io
import os
import sys
import warnings
from importlib import import_module
from itertools import chain
from typing import Any

import click

import hydra_client
from hydra_client.cli.errors import Failure, failure_of
from hydra_client.cli.options import Group
from hydra_client.cli.text import echo, warn
from hydra_client.version import __version__

# The name of each command, which is also its module, and its line of help, which is here so that
# listing the commands imports none of them.
COMMANDS: dict[str, dict[str, str]] = {
    "The API": {
        "clients": "List, create, change, import and delete OAuth 2.0 clients.",
        "token": "Get, introspect and revoke tokens; log a user in.",
        "consent": "Show, accept or reject a consent request.",
        "discover": "Show the server's OpenID Connect configuration.",
        "jwks": "Show the keys that ID tokens are verified with.",
        "keys": "Get, generate, store and delete JSON Web Keys.",
        "userinfo": "Show the claims about a user.",
        "health": "Check whether the server is running; show its metrics.",
        "doctor": "Diagnose problems: address, TLS, clock, login, permissions.",
    },
    "Access control": {
        "policies": "List, create, update and delete access control policies.",
        "groups": "Manage groups of subjects.",
        "warden": "Ask whether a subject or a token may do something.",
    },
    "Access as code": {
        "plan": "Show what a manifest would change on the server.",
        "apply": "Create and update clients, policies and groups from a manifest.",
        "export": "Write a manifest of the clients, policies and groups on the server.",
        "rotate": "Give a client a new secret and verify that it works.",
    },
    "Embedded server": {
        "serve": "Run an embedded Hydra for tests and demos.",
        "demo": "Run through the main use cases step by step.",
    },
    "Help": {
        "help": "Show help with examples, the common options, or the man page.",
        "completion": "Print a shell completion script.",
    },
}
_NAMES = list(chain(*COMMANDS.values()))

_INTERRUPTED = 130
_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE ended


class App(Group):
    """The root group: loads commands by name and turns errors into exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the table."""
        return _NAMES

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in _NAMES:
            return None
        command: click.Command = import_module(f"{__package__}.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest one: click does not know the names of those not loaded."""
        name = args[0]
        if name not in _NAMES and not ctx.resilient_parsing:
            from hydra_client.protocol.names import nearest

            if meant := nearest(name, _NAMES):
                ctx.fail(f"No such command {name!r}. Did you mean {meant!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl(list(section.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn errors and signals into an exit status."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", hydra_client.InsecureTransportWarning)
                warnings.simplefilter("always", hydra_client.LongSecretWarning)
                warnings.showwarning = lambda message, *_, **__: warn(message)
                result = super().invoke(ctx)
                sys.stdout.flush()
                return result
        except (KeyboardInterrupt, click.Abort):
            echo("Interrupted.", err=True)
            ctx.exit(_INTERRUPTED)
        except hydra_client.HydraException as error:  # loaded only after an error
            raise failure_of(error) from None
        except OSError as error:
            if error.filename is not None:
                raise
            # Nothing can be written to stdout, so Python must not flush it at exit either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                ctx.exit(_BROKEN_PIPE)
            raise Failure(f"stdout: {error.strerror}") from None


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from hydra_client.protocol.extras import other_project

    click.echo(f"hydra-client, version {__version__}")
    if (other := other_project()) is not None:
        warn(other)
    ctx.exit()


@click.group(cls=App)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def app() -> None:
    """Call the API of ORY Hydra 0.9.14 and 0.10: OAuth 2.0, OpenID Connect, access control.

    Settings are read from options (before or after the command), then from the environment, then
    from a profile of the config file. Secrets are never read from the command line, and masked in
    the output unless you pass --show-secret. Programs get tokens with --quiet or --output json.

    \b
    To get started:
      hydra-client demo
      hydra-client serve --port 4444
      HYDRA_URL=http://127.0.0.1:4444 hydra-client discover
      hydra-client --profile staging clients list --output json
    """  # noqa: D301 - click's mark for lines to keep
