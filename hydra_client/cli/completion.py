"""Values that shells complete: the ids of the server's objects, and words that Hydra knows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from hydra_client.cli.context import Invocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import click

    from hydra_client import ApiClient

    Complete = Callable[[click.Context, click.Parameter, str], list[str]]

_SECONDS = 2.0  # nobody waits longer than that for a completion


def words(*known: str) -> Complete:
    """Complete one of these words."""
    return lambda _ctx, _param, incomplete: [word for word in known if word.startswith(incomplete)]


def _client_ids(client: ApiClient) -> Iterator[str | None]:
    from hydra_client import OAuth2Api

    return (found.id for found in OAuth2Api(client).list_oauth2_clients())


def _policy_ids(client: ApiClient) -> Iterator[str | None]:
    from hydra_client import PolicyApi

    return (found.id for found in PolicyApi(client).list_policies(limit=1_000_000))


def _ids(fetch: Callable[[ApiClient], Iterator[str | None]]) -> Complete:
    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        invocation = ctx.find_root().ensure_object(Invocation)
        if invocation.options.get("client_secret_stdin"):
            return []
        try:
            with (
                warnings.catch_warnings(),
                invocation.client(timeout=_SECONDS, retries=0) as client,
            ):
                warnings.simplefilter("ignore")
                return sorted(id for id in fetch(client) if id and id.startswith(incomplete))
        except Exception:
            return []  # whatever it is, the command itself will say it better

    return complete


client_ids = _ids(_client_ids)
policy_ids = _ids(_policy_ids)
grant_types = words("authorization_code", "client_credentials", "implicit", "refresh_token")
response_types = words("code", "id_token", "token")
