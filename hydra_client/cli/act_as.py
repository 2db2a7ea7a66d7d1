"""Acting as another client than the calling one, and what comes of it: tokens."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation
from hydra_client.cli.output import document_of, print_one, say
from hydra_client.cli.secret_files import SecretOut, given_secret, secret_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydra_client import OAuth2Api, OAuth2TokenResponse


def as_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options by which a command acts as another client than the calling one."""
    command = secret_options("secret", "the secret of that client")(command)
    return click.option(
        "--as", "as_id", metavar="ID", help="Act as this client. [the calling client]"
    )(command)


@contextmanager
def acting(
    invocation: Invocation, as_id: str | None, options: dict[str, Any]
) -> Iterator[OAuth2Api]:
    """Make the API as the client uses it that a command acts as."""
    secret = given_secret(options, "secret", "the client's secret")
    if as_id is None:
        if secret is not None:
            raise click.UsageError("whose secret is it? Say --as ID")
        with invocation.api() as api:
            yield api
        return
    # A client that keeps no secret says its id and nothing: so both versions take it.
    with invocation.api(
        username=as_id, password=secret or "", access_token=None, scopes=None
    ) as api:
        yield api


def print_tokens(
    invocation: Invocation, tokens: OAuth2TokenResponse, out: SecretOut, path: str | None
) -> None:
    """Print what the token endpoint gave, and keep it if it is to be kept."""
    out.write(json.dumps(tokens.to_dict(), indent=2))
    document = document_of(tokens, show_secret=invocation.show_secret)
    if invocation.shortest:
        say(document["access_token"])
    else:
        print_one(document, invocation.output)
    if path is not None:
        invocation.remark(f"The tokens are in {path}.")
    elif not invocation.show_secret:
        invocation.remark("--show-secret shows tokens, --secret-out FILE keeps them.")
