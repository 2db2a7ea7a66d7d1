"""`hydra-client adopt`: writes a manifest of the clients on a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.options import ANY_FILE, Command
from hydra_client.cli.output import as_yaml
from hydra_client.cli.text import echo, escaped, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydra_client import OAuth2Client

_HEADER = """\
# OAuth 2.0 clients; `hydra-client apply` creates and updates them on the server.
# Secrets cannot be read from a server. To manage the secret of a client, say where it is:
#   secret: {env: NAME}, {file: FILE} or {generate: {out: FILE}}
"""


@click.command("adopt", cls=Command)
@click.argument("manifest", type=ANY_FILE, default="-")
@click.option("--owner", metavar="NAME", help="Include only the clients of this owner.")
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@pass_invocation
def command(invocation: Invocation, manifest: str, owner: str | None, force: bool) -> None:
    """Write a manifest of the clients on the server, sorted by id.

    The manifest is written to a file, as JSON if its name ends in .json and as YAML otherwise, or
    to stdout. It leaves out empty fields, and secrets, which cannot be read from a server. `plan`
    finds nothing to change for it.

    Needs the scope hydra.clients and a policy for "get" on rn:hydra:clients.

    \b
    Examples:
      hydra-client adopt clients.yaml
      hydra-client adopt --owner team-photos > photos.yaml
    """  # noqa: D301 - click's mark for lines to keep
    as_json = manifest.endswith(".json") or (manifest == "-" and invocation.output == "json")
    file = Path(manifest)
    if manifest != "-" and not force and file.exists():
        raise Failure(f"{manifest}: already exists; use --force to overwrite it", USAGE)
    with invocation.api() as api:
        clients = [
            client for client in api.list_oauth2_clients() if owner is None or client.owner == owner
        ]
    entries = _entries(clients, owner)
    head = {"owner": owner} if owner else {}
    document = {**head, "clients": entries}
    if as_json:
        text = escaped(json.dumps(document, indent=2)) + "\n"
    else:
        text = f"{_HEADER}{as_yaml(document, unicode=None if manifest == '-' else True)}\n"
    if manifest == "-":
        click.echo(text, nl=False)
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise Failure(f"{manifest}: {error.strerror}", USAGE) from None
    invocation.remark(f"Wrote {len(entries)} clients to {manifest}, without their secrets.")


def _entries(clients: Iterable[OAuth2Client], owner: str | None) -> list[dict[str, Any]]:
    """Build the manifest's list; warn about clients that cannot be in a manifest."""
    from hydra_client.cli.manifest.model import FIELDS, unfit

    entries = []
    for client in sorted(clients, key=lambda client: client.id or ""):
        id = client.id or ""
        members = client.to_dict()
        fields = {name: members[name] for name in FIELDS if members.get(name)}
        if why := unfit(id, fields):
            echo(f"Warning: skipped {plain(id)!r}: {why}", err=True)
            continue
        if owner is not None:
            fields.pop("owner", None)
        entries.append({"id": id, **fields})
    return entries
