"""Options that every command takes, and the classes that make commands take them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, reduce
from inspect import cleandoc
from typing import Any, TypeVar

import click

from hydra_client.cli.context import Invocation

F = TypeVar("F", bound=Callable[..., Any])

# Paths for shells to complete. Problems with a file are reported where it is read.
ANY_FILE = click.Path(readable=False, allow_dash=True)
FILE = click.Path(dir_okay=False)
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_HYPHEN = "\N{NON-BREAKING HYPHEN}"


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Store a common option. The last value wins, except that headers add up."""
    if value is None or value is False or value == ():
        return
    options = ctx.find_root().ensure_object(Invocation).options
    if param.name == "headers":
        value = (*options.get("headers", ()), *value)
    options[param.name or ""] = value


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


class _Formatter(click.HelpFormatter):
    """Never breaks a line at a hyphen, which may be a part of an option."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write a list of terms and their descriptions."""
        rows = [(term, text.replace("-", _HYPHEN)) for term, text in rows]
        super().write_dl(rows, col_max, col_spacing)

    def getvalue(self) -> str:
        """Return the text."""
        return super().getvalue().replace(_HYPHEN, "-")


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command that also takes the common options.

    Its help is short. `hydra-client help options` shows the common options, and `hydra-client help
    COMMAND` the examples, which follow `Examples:` in the docstring.
    """

    context_class = _Context

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        settings.setdefault("context_settings", HELP)
        super().__init__(*arguments, **settings)
        self.help, _, self.examples = cleandoc(self.help or "").partition("\nExamples:\n")

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options of the command, then the common ones."""
        return [*super().get_params(ctx), *COMMON]

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence of the help, whatever its length."""
        return super().get_short_help_str(1000)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the command only."""
        # Without --help, which the user has just found.
        if found := records(self.params, ctx):
            with formatter.section("Options"):
                formatter.write_dl(found)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say where the rest is."""
        program, *words = ctx.command_path.split()
        pages = ("options", " ".join(words)) if self.examples and words else ("options",)
        formatter.write_paragraph()
        formatter.write_text(f"More: {', '.join(f'{program} help {page}' for page in pages)}")


class Group(Command, click.Group):
    """A group of commands that also takes the common options."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands. A group itself has no options."""
        self.format_commands(ctx, formatter)


Group.group_class = Group


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Combine options and arguments into one decorator, in the order in which help lists them."""
    return lambda command: reduce(lambda added, option: option(added), reversed(options), command)


def file_option(help: str, *, required: bool = False) -> Callable[[F], F]:
    """Add --file, a JSON or YAML file with the object to write."""
    return click.option("-f", "--file", type=ANY_FILE, required=required, metavar="FILE", help=help)


def _refuse_empty(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value == "":
        raise click.BadParameter("must not be empty; leave the option out to generate an id")
    return value


def id_option(help: str) -> Callable[[F], F]:
    """Add --id, the id of a new object. An empty one is likely an unset variable of the shell."""
    return click.option("--id", metavar="ID", callback=_refuse_empty, help=help)


def scope_option(help: str, **settings: Any) -> Callable[[F], F]:
    """Add --scope, which can be repeated."""
    return click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help=help, **settings)


def secret_options(prefix: str, what: str) -> Callable[[F], F]:
    """Add --PREFIX-file, --PREFIX-env and --PREFIX-stdin; `given_secret` reads them."""
    return together(
        click.option(f"--{prefix}-file", type=FILE, metavar="FILE", help=f"File with {what}."),
        click.option(f"--{prefix}-env", metavar="NAME", help=f"Environment variable with {what}."),
        click.option(f"--{prefix}-stdin", is_flag=True, help=f"Read {what} from stdin."),
    )


def _refuse_arguments(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> None:
    if given:
        raise click.UsageError(
            "a token on the command line can be read by others; use --token-file, --token-env or "
            "stdin"
        )


# Adds --token-file, --token-env and --token-stdin; `given_token` reads them.
token_options = together(
    secret_options("token", "the token or the output of --secret-out"),
    click.argument("given", nargs=-1, metavar="", expose_value=False, callback=_refuse_arguments),
)
out_option = partial(
    click.option,
    "--secret-out",
    type=FILE,
    metavar="FILE",
    help="New private file for the secret or tokens.",
)
long_secret_option = click.option(
    "--allow-long-secret", is_flag=True, help="Allow over 72 bytes; the server ignores the rest."
)


def records(params: Iterable[click.Parameter], ctx: click.Context) -> list[tuple[str, str]]:
    """Return the names and the help of options."""
    options = (param for param in params if isinstance(param, click.Option))
    return [record for option in options if (record := option.get_help_record(ctx))]
