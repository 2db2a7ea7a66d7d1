"""hydra-client token: get, look at and end tokens."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.act_as import act_as, as_options, print_tokens
from hydra_client.cli.commands.token_user import user
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.options import Group
from hydra_client.cli.output import document_of, print_one
from hydra_client.cli.secret_files import SecretOut, given_secret, out_option, secret_options
from hydra_client.cli.text import echo

if TYPE_CHECKING:
    from collections.abc import Callable


def token_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that tell where a token is."""
    return secret_options("token", "the token, or what --secret-out wrote")(command)


def given_token(options: dict[str, Any]) -> str:
    """Read the token from where an option says, or from stdin."""
    token = given_secret(options, "token", "the token", member="access_token")
    if token is None:
        token = given_secret({"token_stdin": True}, "token", "the token", member="access_token")
    return token or ""


@click.group("token", cls=Group)
def command() -> None:
    """Get tokens, ask what they are worth, end them."""


@command.command()
@click.option(
    "--scope", "scopes", multiple=True, metavar="SCOPE", help="Scope to ask for. May be repeated."
)
@as_options
@out_option
@pass_invocation
def client(
    invocation: Invocation,
    /,
    scopes: tuple[str, ...],
    as_id: str | None,
    secret_out: str | None,
    **options: Any,
) -> None:
    """Get an access token by client credentials (RFC 6749 section 4.4).

    Tokens are secrets: they are masked unless --show-secret is given. --secret-out writes the whole
    answer as JSON to a new file, which --token-file and --access-token-file can read.

    \b
    Examples:
      hydra-client token client --scope hydra.clients --secret-out token.json
      hydra-client token client --as my-app --secret-file my-app.secret --scope photos.read \\
          --quiet --show-secret
    """  # noqa: D301 - click's mark for lines to keep
    scope = " ".join(scopes) or (invocation.settings.scopes if as_id is None else None)
    with SecretOut(secret_out) as out, act_as(invocation, as_id, options) as api:
        tokens = api.oauth_token(grant_type="client_credentials", scope=scope)
        print_tokens(invocation, tokens, out, secret_out)


@command.command()
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="Scope that the token must have to count as active. May be repeated.",
)
@token_options
@pass_invocation
def introspect(invocation: Invocation, /, scopes: tuple[str, ...], **options: Any) -> None:
    """Ask whether an access token is active, and what it says (RFC 7662).

    Without an option the token is read from stdin. A token that is not active is no failure.

    Needs, for 0.10, a policy for "introspect" on rn:hydra:oauth2:tokens, and, with a bearer token
    of one's own, the scope hydra.introspect.

    \b
    Examples:
      hydra-client token introspect --token-file token.json
      hydra-client token introspect --scope photos.read --output json < token.txt
    """  # noqa: D301 - click's mark for lines to keep
    token = given_token(options)
    with invocation.api() as api:
        answer = api.introspect_oauth2_token(token, scope=" ".join(scopes) or None)
        if not answer.active and invocation.settings.access_token is None:
            # To a wrong secret 0.10 says the same; revoking nothing tells which it is.
            api.revoke_oauth2_token(secrets.token_urlsafe())
    if invocation.shortest:
        echo("active" if answer.active else "inactive")
    else:
        print_one(document_of(answer), invocation.output)


@command.command()
@as_options
@token_options
@pass_invocation
def revoke(invocation: Invocation, /, as_id: str | None, **options: Any) -> None:
    """End an access or refresh token, and the other one of the two with it (RFC 7009).

    It must be the client's own. Without an option the token is read from stdin. A token that is
    unknown, or has ended, is no failure.

    \b
    Examples:
      hydra-client token revoke --token-file token.json
      hydra-client token revoke --as my-app --secret-file my-app.secret < token.txt
    """  # noqa: D301 - click's mark for lines to keep
    token = given_token(options)
    with act_as(invocation, as_id, options) as api:
        api.revoke_oauth2_token(token)
    invocation.remark("Revoked.")


command.add_command(user)
