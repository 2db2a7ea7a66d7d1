"""The root of the command: the table of what there is, and what every run has in common."""

from __future__ import annotations

import io
import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click

from hydra_client.cli.base import Command, Group, failure_of
from hydra_client.cli.text import echo
from hydra_client.version import __version__

# Each command: the module that has it as `command`, and its line in the list. The lines stand here
# so that the list needs none of the modules.
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "The API": {
        "clients": ("clients", "List, create, change, import and delete OAuth 2.0 clients."),
        "token": ("token", "Get, introspect and revoke tokens; log a user in."),
        "consent": ("consent", "Look at a consent request; accept or reject it."),
        "discover": ("discover", "Show the server's OpenID Connect configuration."),
        "jwks": ("jwks", "Show the keys that ID tokens are verified with."),
        "doctor": ("doctor", "Find out why it does not work: address, TLS, clock, login, rights."),
    },
    "Clients as code": {
        "plan": ("plan", "Show what a manifest of clients would change on the server."),
        "apply": ("apply", "Make the server's clients what the manifest says."),
        "adopt": ("adopt", "Write a manifest of the clients that the server has."),
        "rotate": ("rotate", "Give a client a new secret, and prove it."),
    },
    "A server to try things on": {
        "serve": ("serve", "Run an embedded Hydra for tests and demos."),
        "demo": ("demo", "Do the main job step by step, and tell each step."),
    },
    "Help": {
        "completion": ("completion", "Print the script for a shell's completion."),
    },
}
_PLACES = {name: place for section in COMMANDS.values() for name, (place, _) in section.items()}

INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports for a program that ended by SIGPIPE


class App(Group):
    """The root: commands by name, errors as exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in _PLACES:
            return None
        command: click.Command = import_module(
            f"{__package__}.commands.{_PLACES[cmd_name]}"
        ).command
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first: they are what most come for."""
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list out of the table."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in section.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; make an exit status of whatever ends it early."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                result = super().invoke(ctx)
                sys.stdout.flush()
                return result
        except (KeyboardInterrupt, click.Abort):
            echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            # The reader has gone. Nothing more can be said there, at exit neither.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(BROKEN_PIPE)
        except Exception as error:
            # Imported when something went wrong, and not before every start.
            from hydra_client.exceptions import HydraException

            if isinstance(error, HydraException):
                raise failure_of(error) from None
            raise


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    echo(f"Warning: {message}", err=True)


@click.group(cls=App)
@click.version_option(__version__, prog_name="hydra-client")
def app() -> None:
    """Call the OAuth 2.0 and OpenID Connect API of ORY Hydra 0.9.14 and 0.10.

    Settings come from options, which stand before or after the command, then from the environment,
    then from a profile of the config file. Secrets are never taken from the command line and never
    shown unless --show-secret asks for it.

    \b
    Environment:
      HYDRA_URL, HYDRA_CLIENT_ID, HYDRA_CLIENT_SECRET   the server, and who calls
      HYDRA_ACCESS_TOKEN                                a bearer token, in place of these two
      HYDRA_SCOPES, HYDRA_CA_CERT, HYDRA_PROFILE, HYDRA_CONFIG
      NO_COLOR                                          no colours

    \b
    Config file, which nobody else may read when a secret is in it (chmod 600):
      default_profile = "staging"
      [profiles.staging]
      url = "https://hydra.example.com"
      client_id = "admin"
      client_secret_file = "staging.secret"    # or client_secret, or access_token
      # also: scopes, ca_cert, timeout, output, headers = { X-Forwarded-Proto = "https" }

    \b
    Exit status:
      0    done
      1    the server refused or failed, or could not be reached, or you said no
      2    usage, or a faulty file
      3    drift found
      4    not found
      5    not authorized
      130  interrupted
      141  whoever read the output went away
      143  told to end

    \b
    Examples:
      hydra-client demo
      hydra-client serve --port 4444
      HYDRA_URL=http://127.0.0.1:4444 hydra-client discover
      hydra-client --profile staging clients list --output json
    """  # noqa: D301 - click's mark for lines to keep
