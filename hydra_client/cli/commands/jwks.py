"""`hydra-client jwks`: shows the keys that ID tokens are verified with."""

from __future__ import annotations

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.options import Command
from hydra_client.cli.output import document_of, print_documents

COLUMNS = ("kid", "kty", "alg", "use", "n")


@click.command("jwks", cls=Command)
@pass_invocation
def command(invocation: Invocation) -> None:
    """Show the keys that ID tokens are verified with, as a JSON Web Key Set.

    Needs the scope hydra.keys.get and a policy for "get" on
    rn:hydra:keys:hydra.openid.id-token:public.

    Examples:
      hydra-client jwks
      hydra-client jwks --output json > keys.json
    """
    with invocation.api() as api:
        keys = api.well_known()
    documents = [document_of(key, show_secret=invocation.show_secret) for key in keys.keys]
    whole = keys.to_dict() | {"keys": documents}
    print_documents(invocation, documents, COLUMNS, id="kid", whole=whole)
