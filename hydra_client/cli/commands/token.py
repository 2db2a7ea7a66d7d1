"""`hydra-client token`: gets, introspects and revokes tokens."""

from __future__ import annotations

import secrets
from typing import Any

import click

from hydra_client.cli.act_as import act_as, as_options, naming_as, print_tokens
from hydra_client.cli.commands.token_user import user
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.options import Group, out_option, scope_option, token_options
from hydra_client.cli.output import document_of, print_model, print_result, with_times
from hydra_client.cli.secret_files import SecretOut, given_token


@click.group("token", cls=Group)
def command() -> None:
    """Get, introspect and revoke tokens."""


@command.command()
@scope_option("Scope to request. Repeatable.")
@as_options
@out_option()
@pass_invocation
def client(
    invocation: Invocation, /, scopes: tuple[str, ...], as_id: str | None, **options: Any
) -> None:
    r"""Get an access token by client credentials (RFC 6749 section 4.4).

    On a terminal, tokens are masked unless you pass --show-secret. Programs get them with --quiet
    or --output json. --secret-out saves the whole response as JSON to a new file, which
    --token-file and --access-token-file can read.

    Examples:
      hydra-client token client --scope hydra.clients --secret-out token.json
      hydra-client token client --as my-app --secret-file my-app.secret --scope photos.read \
          --quiet | hydra-client token introspect
    """
    scope = " ".join(scopes) or (invocation.settings.scopes if as_id is None else None)
    with SecretOut(options["secret_out"]) as out, act_as(invocation, as_id, options) as api:
        with naming_as(as_id):
            tokens = api.oauth_token(grant_type="client_credentials", scope=scope)
        print_tokens(invocation, tokens, out, options["secret_out"])


@command.command()
@scope_option("Scope that the token must have to be active. Repeatable.")
@token_options
@pass_invocation
def introspect(invocation: Invocation, /, scopes: tuple[str, ...], **options: Any) -> None:
    """Find out whether an access token is active, and what it is for (RFC 7662).

    Without an option, the token is read from stdin. A token that is not active is not a failure.

    With 0.10, needs a policy for "introspect" on rn:hydra:oauth2:tokens; with --access-token-file,
    also the scope hydra.introspect.

    Examples:
      hydra-client token introspect --token-file token.json
      hydra-client token introspect --scope photos.read --output json < token.txt
    """
    token = given_token(options)
    with invocation.api() as api:
        found = api.introspect_oauth2_token(token, scope=" ".join(scopes) or None)
        if not found.active and invocation.settings.access_token is None:
            # 0.10 responds the same to a wrong secret, so check it by revoking a random token.
            api.revoke_oauth2_token(secrets.token_urlsafe())
    if invocation.output == "table" and not invocation.quiet:
        print_result(with_times(document_of(found), "exp", "iat", "nbf"), "table")
    else:
        print_model(invocation, found, "active" if found.active else "inactive")


@command.command()
@as_options
@token_options
@pass_invocation
def revoke(invocation: Invocation, /, as_id: str | None, **options: Any) -> None:
    """Revoke an access or refresh token, and the token issued together with it (RFC 7009).

    The token must belong to the client. Without an option, it is read from stdin. A token that is
    unknown or no longer active is not a failure.

    Examples:
      hydra-client token revoke --token-file token.json
      hydra-client token revoke --as my-app --secret-file my-app.secret < token.txt
    """
    token = given_token(options)
    with act_as(invocation, as_id, options) as api, naming_as(as_id):
        api.revoke_oauth2_token(token)
    invocation.remark("Revoked.")


command.add_command(user)
