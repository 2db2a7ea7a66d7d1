"""What commands are made of: options that all of them share, and errors with an exit status."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.text import echo, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra_client import Configuration, HydraException, OAuth2Api
    from hydra_client.cli.settings import Settings

FAILED = 1
USAGE = 2
NOT_FOUND = 4
NOT_AUTHORIZED = 5


class Failure(click.ClickException):
    """An end with a message on stderr and an exit status."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # a subclass each would say no more

    def format_message(self) -> str:
        """Write the message, which may hold a server's words, harmless to a terminal."""
        return "\n".join(map(plain, self.message.split("\n")))


def failure_of(error: HydraException) -> Failure:
    """Say what went wrong in a call, with the exit status that it has."""
    from hydra_client.exceptions import (
        ApiException,
        ApiTypeError,
        ApiValueError,
        ForbiddenException,
        NotFoundException,
        UnauthorizedException,
    )

    # On one line, so that no server can add a line, or a hint, of its own.
    message = plain(str(error))
    if isinstance(error, ApiException) and error.hint:
        hint = plain(error.hint)
        message = f"{message.removesuffix(hint).rstrip()}\nHint: {hint}"
    if isinstance(error, (ApiValueError, ApiTypeError)):
        return Failure(message, USAGE)
    if isinstance(error, NotFoundException) or isinstance(error.__cause__, NotFoundException):
        return Failure(message, NOT_FOUND)
    if isinstance(error, (UnauthorizedException, ForbiddenException)):
        return Failure(message, NOT_AUTHORIZED)
    return Failure(message)


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Say which extra is missing when an import of something else's fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hydra_client"):
            raise
        raise Failure(
            f"{error.name} is missing, which this command needs: pip install 'hydra-client[{name}]'"
        ) from None


def exclusive(**given: object) -> None:
    """Refuse options that exclude each other, named by their parameters."""
    names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(names) > 1:
        raise click.UsageError(f"{' and '.join(names)} exclude each other")


def confirm(question: str) -> None:
    """Ask, at a terminal, before something is deleted.

    Raises:
        Failure: The answer is no.
    """
    if not click.confirm(question, err=True):
        raise Failure("nothing was deleted, and nothing else done")


class Invocation:
    """One run of the command: the common options as they were given, and what follows from them."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    def note(self, name: str, value: Any) -> None:
        """Keep an option. The last one counts; headers add up."""
        if name == "headers":
            value = (*self.options.get(name, ()), *value)
        self.options[name] = value

    @cached_property
    def settings(self) -> Settings:
        """Options, environment and profile, in this order."""
        from hydra_client.cli.settings import resolve

        return resolve(self.options)

    @property
    def quiet(self) -> bool:
        """Whether to say nothing beside the result."""
        return bool(self.options.get("quiet"))

    @property
    def shortest(self) -> bool:
        """Whether to print the shortest form of the result, an id say."""
        return self.quiet and self.output == "table"

    @property
    def show_secret(self) -> bool:
        """Whether secrets may be seen on the screen."""
        return bool(self.options.get("show_secret"))

    @property
    def output(self) -> str:
        """The form of the result: table, json or yaml."""
        return self.settings.output

    def remark(self, text: str) -> None:
        """Say something beside the result."""
        if not self.quiet:
            echo(text, err=True)

    @property
    def names_a_server(self) -> bool:
        """Whether this run names a server, beyond a default profile."""
        names = ("url", "profile")
        return any(
            self.options.get(name) or os.environ.get(f"HYDRA_{name.upper()}") for name in names
        )

    def configuration(self, **changed: Any) -> Configuration:
        """Make the client's settings; `changed` ones go first.

        Raises:
            Failure: Nobody said which server.
        """
        from hydra_client import Configuration

        settings = self.settings
        if settings.url is None:
            raise Failure("no server: give --url, set HYDRA_URL, or make a profile for it", USAGE)
        given = {
            "host": settings.url,
            "username": settings.client_id,
            "password": settings.client_secret,
            "access_token": settings.access_token,
            "scopes": settings.scopes,
            "ssl_ca_cert": settings.ca_cert,
            **({} if settings.timeout is None else {"timeout": settings.timeout}),
        }
        return Configuration(**(given | changed))

    @contextmanager
    def api(self, **changed: Any) -> Iterator[OAuth2Api]:
        """Make the API of the server that the settings name; `changed` settings go first."""
        from hydra_client import (
            ApiClient,
            InsecureTransportWarning,
            LongSecretWarning,
            OAuth2Api,
        )

        warnings.simplefilter("always", InsecureTransportWarning)
        warnings.simplefilter("always", LongSecretWarning)
        with ApiClient(self.configuration(**changed)) as client:
            client.default_headers.update(self.settings.headers)
            yield OAuth2Api(client)


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    invocation = ctx.find_root().ensure_object(Invocation)
    if value is not None and value is not False and value != ():
        invocation.note(param.name or "", value)


def _verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.find_root().ensure_object(Invocation).options.get("verbose"):
        _note(ctx, param, value)
        _show_log()


def _show_log() -> None:
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("hydra_client")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def _common(*names: str, help: str, callback: Any = _note, **settings: Any) -> click.Option:
    return click.Option(names, help=help, callback=callback, expose_value=False, **settings)


_FILE = click.Path(dir_okay=False)
# Names of files for shells to complete; what is wrong with one is told where it is read.
ANY_FILE = click.Path(readable=False, allow_dash=True)

COMMON = (
    _common("--url", metavar="URL", help="Base URL of the server. [HYDRA_URL]"),
    _common("--client-id", metavar="ID", help="Client that calls. [HYDRA_CLIENT_ID]"),
    _common(
        "--client-secret-file",
        type=_FILE,
        metavar="FILE",
        help="File with the caller's secret. [HYDRA_CLIENT_SECRET holds it]",
    ),
    _common(
        "--client-secret-env",
        metavar="NAME",
        help="Environment variable with the caller's secret.",
    ),
    _common("--client-secret-stdin", is_flag=True, help="Read the caller's secret from stdin."),
    _common(
        "--access-token-file",
        type=_FILE,
        metavar="FILE",
        help="File with a bearer token to use. [HYDRA_ACCESS_TOKEN holds it]",
    ),
    _common(
        "--token-scopes",
        metavar="SCOPES",
        help="Scopes of the bearer tokens that are fetched. [HYDRA_SCOPES]",
    ),
    _common(
        "--ca-cert",
        type=ANY_FILE,
        metavar="FILE",
        help="CA certificates to trust. [HYDRA_CA_CERT]",
    ),
    _common(
        "--header",
        "headers",
        multiple=True,
        metavar="'NAME: VALUE'",
        help="One more request header, such as 'X-Forwarded-Proto: https'.",
    ),
    _common("--timeout", type=float, metavar="SECONDS", help="Limit for one call. [30]"),
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
        help="Form of the result. [table]",
    ),
    _common("--show-secret", is_flag=True, help="Print secrets and tokens as they are."),
    _common("-q", "--quiet", is_flag=True, help="Print the result alone, in its shortest form."),
    _common("-v", "--verbose", is_flag=True, callback=_verbose, help="Tell each request."),
)
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Command(click.Command):
    """A command that takes the common options too."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        settings.setdefault("context_settings", HELP)
        super().__init__(*arguments, **settings)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Put the common options behind its own."""
        return [*super().get_params(ctx), *COMMON]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write its own options, then the common ones."""
        for title, params in (
            ("Options", super().get_params(ctx)),
            ("Common options", COMMON),
        ):
            records = [
                record
                for param in params
                if isinstance(param, click.Option)
                and (record := param.get_help_record(ctx)) is not None
            ]
            with formatter.section(title):
                formatter.write_dl(records)


class Group(Command, click.Group):
    """A group of commands that takes the common options too."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write its own options and the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


Group.group_class = Group
