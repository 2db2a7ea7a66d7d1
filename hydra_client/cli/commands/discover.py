"""`hydra-client discover`: shows the server's OpenID Connect configuration."""

from __future__ import annotations

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.options import Command
from hydra_client.cli.output import print_model


@click.command("discover", cls=Command)
@pass_invocation
def command(invocation: Invocation) -> None:
    """Show the server's OpenID Connect configuration. Needs no credentials.

    With --quiet, print only the issuer.

    Examples:
      hydra-client discover --url https://hydra.example.com
      hydra-client discover --output json
    """
    with invocation.api() as api:
        server = api.get_well_known()
    print_model(invocation, server, server.issuer)
