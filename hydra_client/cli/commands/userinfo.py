"""`hydra-client userinfo`: shows the claims about a user."""

from __future__ import annotations

from typing import Any

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.options import Command, token_options
from hydra_client.cli.output import print_model
from hydra_client.cli.secret_files import given_token


@click.command("userinfo", cls=Command)
@token_options
@pass_invocation
def command(invocation: Invocation, /, **options: Any) -> None:
    """Show the claims about the user who a token was issued for. Needs 0.10.

    Without an option, the user's access token is read from stdin. Needs no credentials. With
    --quiet, print only the user's id.

    Examples:
      hydra-client userinfo --token-file token.json
      hydra-client userinfo --output json < token.txt
    """
    token = given_token(options)
    with invocation.api() as api:
        user = api.userinfo(token)
    print_model(invocation, user, user.sub)
