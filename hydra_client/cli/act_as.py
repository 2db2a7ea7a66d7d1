"""Options and output of commands that act as another client (`--as`) to get tokens."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.completion import client_ids
from hydra_client.cli.context import Invocation
from hydra_client.cli.output import document_of, print_one, print_value
from hydra_client.cli.secret_files import SecretOut, given_secret, secret_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydra_client import OAuth2Api, OAuth2TokenResponse


def as_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to act as another client than the calling one."""
    command = secret_options("secret", "the secret of the client in --as")(command)
    return click.option(
        "--as",
        "as_id",
        metavar="ID",
        shell_complete=client_ids,
        help="Client to act as. [the calling client]",
    )(command)


@contextmanager
def act_as(
    invocation: Invocation, as_id: str | None, options: dict[str, Any]
) -> Iterator[OAuth2Api]:
    """Open the API as the client that the command acts as."""
    secret = given_secret(options, "secret", "the client's secret")
    if as_id is None:
        if secret is not None:
            raise click.UsageError("a secret needs the client it belongs to: add --as ID")
        with invocation.api() as api:
            yield api
        return
    # A public client sends its id and an empty secret, which both versions accept.
    with invocation.api(
        username=as_id, password=secret or "", access_token=None, scopes=None
    ) as api:
        yield api


def print_tokens(
    invocation: Invocation, tokens: OAuth2TokenResponse, out: SecretOut, path: str | None
) -> None:
    """Print the response of the token endpoint, and save it if a file is given.

    Tokens are masked, except where a program asks for them: stdout is not a terminal, and the
    output is the shortest, JSON or YAML.
    """
    out.write(json.dumps(tokens.to_dict(), indent=2))
    for_program = invocation.shortest or invocation.output != "table"
    show = invocation.show_secret or (for_program and path is None and not sys.stdout.isatty())
    document = document_of(tokens, show_secret=show)
    if invocation.shortest:
        print_value(document["access_token"])
    else:
        print_one(document, invocation.output)
    if path is not None:
        invocation.remark(f"Saved the tokens to {path}.")
    elif not show:
        invocation.remark(
            "Use --show-secret to print the tokens, or --secret-out FILE to save them."
        )
