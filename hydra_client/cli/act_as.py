"""Options and output of commands that act as another client (`--as`) to get tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import click

import hydra_client
from hydra_client.cli.completion import client_ids
from hydra_client.cli.context import Invocation
from hydra_client.cli.errors import Failure, failure_of
from hydra_client.cli.options import secret_options, together
from hydra_client.cli.output import document_of, print_result, print_value
from hydra_client.cli.secret_files import SecretOut, given_secret

as_options = together(
    click.option(
        "--as",
        "as_id",
        metavar="ID",
        shell_complete=client_ids,
        help="Client to act as. [the calling client]",
    ),
    secret_options("secret", "the secret of the client in --as"),
)


def act_as(
    invocation: Invocation, as_id: str | None, options: dict[str, Any]
) -> AbstractContextManager[hydra_client.OAuth2Api]:
    """Open the API as the client that the command acts as."""
    secret = given_secret(options, "secret", "the client's secret")
    if as_id is not None:
        # A public client sends its id and an empty secret, which both versions accept.
        return invocation.api(username=as_id, password=secret or "", access_token=None, scopes=None)
    if secret is not None:
        raise click.UsageError("a secret needs the client it belongs to: add --as ID")
    return invocation.api()


@contextmanager
def naming_as(as_id: str | None) -> Iterator[None]:
    """Make errors name the options of the client that the command acts as, not the caller's."""
    try:
        yield
    except hydra_client.HydraException as error:
        if as_id is None:
            raise
        failure = failure_of(error)
        ours = failure.message.replace(
            "--client-id and --client-secret-file", "--as and --secret-file"
        )
        raise Failure(ours, failure.exit_code) from None


def print_tokens(
    invocation: Invocation,
    tokens: hydra_client.OAuth2TokenResponse,
    out: SecretOut,
    path: str | None,
) -> None:
    """Print the response of the token endpoint, and save it if a file is given.

    Tokens are masked, except where a program gets them.
    """
    out.write(json.dumps(tokens.to_dict(), indent=2))
    show = invocation.show_secret or (invocation.for_program and path is None)
    document = document_of(tokens, show_secret=show)
    if invocation.shortest:
        print_value(document["access_token"])
    else:
        print_result(document, invocation.output)
    if path is not None:
        invocation.remark(f"Saved the tokens to {path}.")
    elif not show:
        invocation.remark(
            "Use --show-secret to print the tokens, or --secret-out FILE to save them."
        )
