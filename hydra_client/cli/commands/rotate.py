"""`hydra-client rotate`: gives a client a new secret and verifies it."""

from __future__ import annotations

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import Failure
from hydra_client.cli.options import Command, out_option
from hydra_client.cli.output import print_result
from hydra_client.cli.secret_files import SecretOut, new_secret
from hydra_client.cli.text import plain


@click.command("rotate", cls=Command)
@click.argument("id")
@out_option(required=True)
@pass_invocation
def command(invocation: Invocation, id: str, secret_out: str) -> None:
    """Give a client a new secret, and verify it at the token endpoint.

    The secret, 43 characters that need no encoding, is saved to FILE before it is sent. Then the
    old secret stops working; tokens remain valid. A client has only one secret, so the application
    cannot log in until it has the new one. Nothing else about the client changes.

    Needs the scope hydra.clients and policies for "get" on rn:hydra:clients:ID and "update" on
    rn:hydra:clients.

    Examples:
      hydra-client rotate my-app --secret-out my-app.secret
    """
    from hydra_client.exceptions import HydraException
    from hydra_client.provisioning.check_secret import can_log_in

    invocation.refuse_overridden_profile()
    secret = new_secret()
    with invocation.api() as api:
        with SecretOut(secret_out) as out:
            client = api.get_oauth2_client(id)
            client.client_secret = secret
            out.send(secret, lambda: api.update_oauth2_client(id, client))
        done = f"{plain(id)} has a new secret, saved to {secret_out}"
        verified = None
        if not client.public:
            try:
                verified = can_log_in(api, id, secret)
            except HydraException as error:
                raise Failure(f"{done}, but it could not be verified: {error}") from None
            if not verified:
                raise Failure(f"{done}, but the token endpoint rejects it")
    if invocation.output != "table":
        print_result({"id": id, "secret_out": secret_out, "verified": verified}, invocation.output)
    elif verified:
        invocation.remark(f"{done}. The token endpoint accepts it.")
    else:
        invocation.remark(f"{done}. It was not verified: a public client does not use its secret.")
