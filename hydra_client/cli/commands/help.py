"""`hydra-client help`: the long help of commands, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from hydra_client.cli.options import COMMON, Command, records
from hydra_client.version import __version__

SETTINGS = """\
Settings are read from options, then from the environment, then from a profile.

Environment:
  HYDRA_URL, HYDRA_CLIENT_ID, HYDRA_CLIENT_SECRET
      the server, and the client to call as
  HYDRA_ACCESS_TOKEN
      a bearer token to use instead of the client
  HYDRA_SCOPES, HYDRA_CA_CERT, HYDRA_PROFILE, HYDRA_CONFIG
      see the options above
  NO_COLOR, or TERM=dumb
      disables colors

Config file; one with a secret must be readable only by you (chmod 600):
  default_profile = "staging"
  [profiles.staging]
  url = "https://hydra.example.com"
  client_id = "admin"
  client_secret_file = "staging.secret"  # or client_secret, or access_token
  # also: scopes, ca_cert, timeout, output
  # and headers = { X-Forwarded-Proto = "https" }

If nothing else names a server, ~/.hydra.yml is used, which `hydra connect`
writes. You can also name it: --profile hydra.yml

Exit status:
  0    success
  1    the server refused, failed or could not be reached, or you cancelled;
       `warden allowed`, `warden explain`: denied
  2    wrong usage, or an invalid file
  3    plan --check found a difference
  4    not found
  5    not authorized
  129  the terminal was closed
  130  interrupted
  141  the output was closed (broken pipe)
  143  terminated
"""


@click.command("help", cls=Command)
@click.argument("words", metavar="[COMMAND | options | man]", nargs=-1)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command with examples, the options of all commands, or the man page.

    Examples:
      hydra-client help clients create
      hydra-client help options
      hydra-client help man > ~/.local/share/man/man1/hydra-client.1
    """
    root: click.Context = ctx.find_root()
    if words == ("options",):
        formatter = root.make_formatter()
        with formatter.section("Common options"):
            formatter.write_dl(records(COMMON, root))
        click.echo(f"{formatter.getvalue()}\n{SETTINGS}", nl=False)
    elif words == ("man",):
        click.echo("\n".join(_man(root)))
    else:
        shown = root
        for word in words:
            subcommands = _subcommands(shown)
            if word not in subcommands:
                raise click.UsageError(f"no such command: {' '.join(words)}")
            shown = subcommands[word]
        click.echo(shown.command.get_help(shown))
        if examples := getattr(shown.command, "examples", ""):
            click.echo(f"\nExamples:\n{examples}")


def _subcommands(ctx: click.Context) -> dict[str, click.Context]:
    group = ctx.command
    if not isinstance(group, click.Group):
        return {}
    found = {name: group.get_command(ctx, name) for name in group.list_commands(ctx)}
    return {
        name: command.context_class(command, parent=ctx, info_name=name)
        for name, command in found.items()
        if command is not None
    }


# --- the man page


def _man(root: click.Context) -> Iterator[str]:
    """Yield the lines of the man page (groff_man(7))."""
    yield f'.TH HYDRA\\-CLIENT 1 "" "hydra\\-client {__version__}"'
    yield ".SH NAME\nhydra\\-client \\- " + _roff(root.command.get_short_help_str())
    yield ".SH SYNOPSIS\n.B hydra\\-client\n[OPTIONS] COMMAND [ARGS]..."
    yield ".SH DESCRIPTION"
    yield from _paragraphs(root.command.help or "")
    yield ".SH COMMANDS"
    yield from _man_commands(root)
    yield ".SH OPTIONS"
    yield from _man_options(COMMON, root)
    yield ".SH SETTINGS"
    yield from _verbatim(SETTINGS)


def _man_commands(ctx: click.Context) -> Iterator[str]:
    for shown in _subcommands(ctx).values():
        found = shown.command
        if isinstance(found, click.Group):
            yield from _man_commands(shown)
            continue
        usage = " ".join([shown.command_path, *found.collect_usage_pieces(shown)])
        yield f".SS {_roff(usage)}"
        yield from _paragraphs(found.help or "")
        yield from _man_options(found.params, shown)
        yield from _verbatim(getattr(found, "examples", ""))


def _man_options(params: Iterable[click.Parameter], ctx: click.Context) -> Iterator[str]:
    for names, text in records(params, ctx):
        yield f".TP\n\\fB{_roff(names)}\\fR\n{_roff(text)}"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        if paragraph.startswith("\b\n"):
            yield from _verbatim(paragraph[2:])
        else:
            yield ".PP\n" + _roff(" ".join(paragraph.split()))


def _verbatim(text: str) -> Iterator[str]:
    """Yield lines that are not filled."""
    yield ".PP\n.nf"
    yield from map(_roff, text.rstrip().split("\n"))
    yield ".fi"


def _roff(line: str) -> str:
    """Escape what groff would interpret."""
    escaped = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
