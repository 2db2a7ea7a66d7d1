"""`hydra-client warden`: asks the server for decisions about access."""

from __future__ import annotations

from typing import Any

import click

import hydra_client
from hydra_client.cli.commands.warden_explain import explain
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import FAILED
from hydra_client.cli.options import Group, scope_option
from hydra_client.cli.output import print_model
from hydra_client.cli.secret_files import given_secret, secret_options
from hydra_client.cli.warden_context import context_option


@click.group("warden", cls=Group)
def command() -> None:
    """Ask whether a subject or a token may do something."""


@command.command()
@click.argument("request", metavar="[SUBJECT] ACTION RESOURCE", nargs=-1, required=True)
@context_option
@scope_option("Scope that the token must have. Repeatable.")
@secret_options("token", "the token to ask about instead of SUBJECT")
@pass_invocation
def allowed(
    invocation: Invocation,
    /,
    request: tuple[str, ...],
    context: dict[str, Any],
    scopes: tuple[str, ...],
    **options: Any,
) -> None:
    r"""Ask whether SUBJECT may perform ACTION on RESOURCE. Exits with 0 if allowed, 1 if denied.

    With a token, the subject is the token's, and the server also checks that it is active and
    has the scopes. Errors exit with 1 or higher, too, and print a message on stderr.

    Needs the scope hydra.warden and a policy for "decide" on rn:hydra:warden:allowed, or with a
    token on rn:hydra:warden:token:allowed.

    Examples:
      hydra-client warden allowed alice edit articles:7
      hydra-client warden allowed alice edit articles:7 --context owner=alice \
          --context 'pairs:=[["a", "a"]]'
      hydra-client warden allowed edit articles:7 --token-file token.json --scope articles
    """
    token = given_secret(options, "token", "the token", member="access_token")
    names = ("ACTION", "RESOURCE") if token else ("SUBJECT", "ACTION", "RESOURCE")
    if len(request) != len(names):
        raise click.UsageError(
            f"expected {' '.join(names)} {'with' if token else 'without'} a token, but got "
            f"{len(request)} arguments"
        )
    if scopes and not token:
        raise click.UsageError(
            "--scope needs a token: add --token-file, --token-env or --token-stdin"
        )
    *subject, action, resource = request
    asked: dict[str, Any] = {"action": action, "resource": resource, "context": context}
    with invocation.open(hydra_client.WardenApi) as api:
        response = (
            api.does_warden_allow_token_access_request(
                hydra_client.WardenTokenAccessRequest(token=token, scopes=list(scopes), **asked)
            )
            if token
            else api.does_warden_allow_access_request(
                hydra_client.WardenAccessRequest(subject=subject[0], **asked)
            )
        )
    print_model(invocation, response, "allowed" if response.allowed else "denied")
    if not response.allowed:
        click.get_current_context().exit(FAILED)


command.add_command(explain)
