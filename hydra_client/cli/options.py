"""Options that every command takes, and the classes that make commands take them."""

from __future__ import annotations

from typing import Any

import click

from hydra_client.cli.context import Invocation

# Paths for shells to complete. Whatever is wrong with a file is reported where it is read.
ANY_FILE = click.Path(readable=False, allow_dash=True)
FILE = click.Path(dir_okay=False)
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    invocation = ctx.find_root().ensure_object(Invocation)
    if value is not None and value is not False and value != ():
        invocation.set_option(param.name or "", value)


def _verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.find_root().ensure_object(Invocation).options.get("verbose"):
        import logging

        _store(ctx, param, value)
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logger = logging.getLogger("hydra_client")
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)


def _common(*names: str, help: str, callback: Any = _store, **settings: Any) -> click.Option:
    return click.Option(names, help=help, callback=callback, expose_value=False, **settings)


COMMON = (
    _common("--url", metavar="URL", help="Base URL of the server. [HYDRA_URL]"),
    _common("--client-id", metavar="ID", help="Client to call as. [HYDRA_CLIENT_ID]"),
    _common(
        "--client-secret-file",
        type=FILE,
        metavar="FILE",
        help="File with the secret of that client. [HYDRA_CLIENT_SECRET is the secret itself]",
    ),
    _common(
        "--client-secret-env",
        metavar="NAME",
        help="Environment variable with the secret of that client.",
    ),
    _common(
        "--client-secret-stdin", is_flag=True, help="Read the secret of that client from stdin."
    ),
    _common(
        "--access-token-file",
        type=FILE,
        metavar="FILE",
        help="File with a bearer token to use. [HYDRA_ACCESS_TOKEN is the token itself]",
    ),
    _common(
        "--token-scopes",
        metavar="SCOPES",
        help="Scopes to request for bearer tokens. [HYDRA_SCOPES]",
    ),
    _common(
        "--ca-cert", type=ANY_FILE, metavar="FILE", help="CA certificates to trust. [HYDRA_CA_CERT]"
    ),
    _common(
        "--header",
        "headers",
        multiple=True,
        metavar="'NAME: VALUE'",
        help="Extra request header, such as 'X-Forwarded-Proto: https'. Repeatable.",
    ),
    _common("--timeout", type=float, metavar="SECONDS", help="Time limit of each call. [30]"),
    _common("--profile", metavar="NAME", help="Profile of the config file. [HYDRA_PROFILE]"),
    _common(
        "--config",
        type=ANY_FILE,
        metavar="FILE",
        help="Config file. [~/.config/hydra-client/config.toml]",
    ),
    _common(
        "-o",
        "--output",
        type=click.Choice(["table", "json", "yaml"]),
        help="Output format. [table]",
    ),
    _common(
        "--show-secret", is_flag=True, help="Print secrets and tokens instead of masking them."
    ),
    _common("-q", "--quiet", is_flag=True, help="Print only the result, in its shortest form."),
    _common("-v", "--verbose", is_flag=True, callback=_verbose, help="Log each request."),
)


class Command(click.Command):
    """A command that also takes the common options."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        settings.setdefault("context_settings", HELP)
        super().__init__(*arguments, **settings)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options of the command, then the common ones."""
        return [*super().get_params(ctx), *COMMON]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the two kinds of options in a section each."""
        for title, params in (("Options", super().get_params(ctx)), ("Common options", COMMON)):
            records = [
                record
                for param in params
                if isinstance(param, click.Option)
                and (record := param.get_help_record(ctx)) is not None
            ]
            with formatter.section(title):
                formatter.write_dl(records)


class Group(Command, click.Group):
    """A group of commands that also takes the common options."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


Group.group_class = Group
