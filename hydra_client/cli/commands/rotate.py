"""hydra-client rotate: a new secret for a client, and proof that it works."""

from __future__ import annotations

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import Failure
from hydra_client.cli.options import Command
from hydra_client.cli.output import print_one
from hydra_client.cli.secret_files import SecretOut, new_secret
from hydra_client.cli.text import plain


@click.command("rotate", cls=Command)
@click.argument("id")
@click.option(
    "--secret-out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    required=True,
    help="Write the secret to a new file that only you can read.",
)
@pass_invocation
def command(invocation: Invocation, id: str, secret_out: str) -> None:
    """Give a client a new secret, and prove it at the token endpoint.

    The secret, 43 characters that need no encoding, is in FILE before the server is asked. From
    then on the old one is of no use; tokens live on. A client has one secret, so there is a gap
    until the application has the new one. The rest of the client stays as it is.

    Needs the scope hydra.clients and policies for "get" on rn:hydra:clients:ID and "update" on
    rn:hydra:clients.

    \b
    Examples:
      hydra-client rotate my-app --secret-out my-app.secret
    """  # noqa: D301 - click's mark for lines to keep
    from hydra_client.cli.manifest.check_secret import logs_in
    from hydra_client.exceptions import HydraException

    secret = new_secret()
    with invocation.api() as api:
        with SecretOut(secret_out) as out:
            client = api.get_oauth2_client(id)
            client.client_secret = secret
            out.send(secret, lambda: api.update_oauth2_client(id, client))
        done = f"{plain(id)} has a new secret, which is in {secret_out}"
        proven = None
        if not client.public:
            try:
                proven = logs_in(api, id, secret)
            except HydraException as error:
                raise Failure(f"{done}, but could not be tried: {error}") from None
            if not proven:
                raise Failure(f"{done}, but the token endpoint refuses it")
    if invocation.output != "table":
        print_one({"id": id, "secret_out": secret_out, "proven": proven}, invocation.output)
    elif proven:
        invocation.remark(f"{done}. The token endpoint takes it.")
    else:
        invocation.remark(f"{done}. It was not tried: a public client is asked for none.")
