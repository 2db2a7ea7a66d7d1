"""Values that shells complete: the ids of the server's objects, and words that Hydra knows."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from io import StringIO

import click

import hydra_client
from hydra_client.cli.context import Invocation

Complete = Callable[[click.Context, click.Parameter, str], list[str]]

# Shells insert a completed word as it is, so another id could run commands. No shell expands a word
# of these characters that starts with a letter or digit.
_UNQUOTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@%+-]*")
_SECONDS = 2.0  # nobody waits longer than that for a completion


def words(*known: str) -> Complete:
    """Complete one of these words."""
    return lambda _ctx, _param, incomplete: [word for word in known if word.startswith(incomplete)]


def _ids(
    fetch: Callable[
        [hydra_client.ApiClient], Iterable[hydra_client.OAuth2Client | hydra_client.Policy]
    ],
) -> Complete:
    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        invocation = ctx.find_root().ensure_object(Invocation)
        if invocation.options.get("client_secret_stdin"):
            return []
        try:
            # Nothing may appear between the words that the user types.
            with warnings.catch_warnings(), redirect_stderr(StringIO()):
                warnings.simplefilter("ignore")
                with invocation.open(fetch, timeout=_SECONDS, retries=0) as found:
                    ids = [one.id or "" for one in found]
            return sorted(id for id in ids if _UNQUOTED.fullmatch(id) and id.startswith(incomplete))
        except Exception:
            return []  # the command itself reports it better

    return complete


client_ids = _ids(lambda client: hydra_client.OAuth2Api(client).list_oauth2_clients())
policy_ids = _ids(lambda client: hydra_client.PolicyApi(client).list_policies(limit=1_000_000))
grant_types = words("authorization_code", "client_credentials", "implicit", "refresh_token")
response_types = words("code", "id_token", "token")
