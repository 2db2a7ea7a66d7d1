"""`hydra-client consent`: does the work of a consent app by hand."""

from __future__ import annotations

from typing import Any

import click

import hydra_client
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.document import load_object
from hydra_client.cli.options import ANY_FILE, Group
from hydra_client.cli.output import print_model, print_result, print_value
from hydra_client.protocol.redaction import MASK


@click.group("consent", cls=Group)
def command() -> None:
    """Show, accept or reject a consent request on behalf of the user.

    Its ID is in the URL that the browser is sent to, as consent=ID.
    """


@command.command()
@click.argument("id")
@pass_invocation
def get(invocation: Invocation, id: str) -> None:
    """Show a consent request: who asks for what, and when it expires.

    Its redirectUrl contains the state of a login, so it is masked like a secret.

    Needs the scope hydra.consent and a policy for "get" on rn:hydra:oauth2:consent:requests:ID.

    Examples:
      hydra-client consent get 5f7b9dbb-4e8c-4a8c-8f37-3dd9a9b0f2c5
      hydra-client consent get 5f7b9dbb-4e8c-4a8c-8f37-3dd9a9b0f2c5 --output json --show-secret
    """
    with invocation.api() as api:
        request = api.get_oauth2_consent_request(id)
    print_model(invocation, request, " ".join(request.requested_scopes or ()))


@command.command()
@click.argument("id")
@click.option("--subject", required=True, metavar="USER", help="Id of the user.")
@click.option(
    "--grant-scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="Scope that the user grants. Repeatable.",
)
@click.option("--grant-all", is_flag=True, help="Grant all requested scopes.")
@click.option(
    "--access-token-extra",
    type=ANY_FILE,
    metavar="FILE",
    help="JSON or YAML file with data for introspections of the access token; - is stdin.",
)
@click.option(
    "--id-token-extra",
    type=ANY_FILE,
    metavar="FILE",
    help="JSON or YAML file with extra claims for the ID token; - is stdin.",
)
@pass_invocation
def accept(
    invocation: Invocation,
    id: str,
    subject: str,
    scopes: tuple[str, ...],
    grant_all: bool,
    access_token_extra: str | None,
    id_token_extra: str | None,
) -> None:
    """Accept a consent request on behalf of a user.

    Unlike the server, this command rejects scopes that were not requested. It prints the URL to
    send the browser to, which is masked like a secret. Programs get it with --quiet or --output
    json.

    Needs the scope hydra.consent and policies for "get" and "accept" on
    rn:hydra:oauth2:consent:requests:ID.

    Examples:
      hydra-client consent accept "$ID" --subject alice --grant-all
      hydra-client consent accept "$ID" --subject alice --grant-scope openid --quiet > url
    """
    if bool(scopes) == grant_all:
        raise click.UsageError("use either --grant-scope SCOPE or --grant-all")
    from hydra_client.consent import NO_BROWSER, ConsentApp

    extras: dict[str, Any] = {
        "access_token_extra": load_object(access_token_extra) if access_token_extra else None,
        "id_token_extra": load_object(id_token_extra) if id_token_extra else None,
    }
    with invocation.api() as api:
        challenge = ConsentApp(api).challenge({"consent": id}, NO_BROWSER)
        requested = challenge.requested_scopes
        for scope in scopes:
            if scope not in requested:
                raise click.BadParameter(
                    f"{scope!r} was not requested; the requested scopes are {' '.join(requested)}",
                    param_hint="--grant-scope",
                )
        granted = requested if grant_all else scopes
        url = challenge.accept(subject, granted, **extras)
    _print_url(invocation, id, url)


@command.command()
@click.argument("id")
@click.option("--reason", required=True, metavar="TEXT", help="Reason for the application.")
@pass_invocation
def reject(invocation: Invocation, id: str, reason: str) -> None:
    """Reject a consent request on behalf of a user.

    It prints the URL to send the browser to, which is masked like a secret. Programs get it with
    --quiet or --output json.

    Needs the scope hydra.consent and policies for "get" and "reject" on
    rn:hydra:oauth2:consent:requests:ID.

    Examples:
      hydra-client consent reject "$ID" --reason 'The user said no.'
    """
    rejection = hydra_client.ConsentRequestRejection(reason=reason)
    with invocation.api() as api:
        request = api.get_oauth2_consent_request(id)
        api.reject_oauth2_consent_request(id, rejection)
    _print_url(invocation, id, request.redirect_url)


def _print_url(invocation: Invocation, id: str, url: str | None) -> None:
    show = invocation.show_secret or invocation.for_program
    shown = url if show else MASK
    if invocation.shortest:
        print_value(shown)
    else:
        print_result({"id": id, "redirectUrl": shown}, invocation.output)
    if not show:
        invocation.remark("Use --show-secret to print the URL to send the browser to.")
