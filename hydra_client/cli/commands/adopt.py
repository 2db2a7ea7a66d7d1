"""hydra-client adopt: a manifest of the clients that a server has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.options import ANY_FILE, Command
from hydra_client.cli.output import _speaks_unicode, yaml_dumper
from hydra_client.cli.text import echo, escaped, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydra_client import OAuth2Client

_UNLIMITED = 2**31 - 1  # as much as the C of PyYAML takes
_HEAD = """\
# OAuth 2.0 clients; `hydra-client apply` makes the server's what this says.
# Secrets cannot be read from a server. Where one is to be managed, name its place:
#   secret: {env: NAME}, {file: FILE} or {generate: {out: FILE}}
"""


@click.command("adopt", cls=Command)
@click.argument("manifest", type=ANY_FILE, default="-")
@click.option("--owner", metavar="NAME", help="Only the clients that belong to NAME.")
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@pass_invocation
def command(invocation: Invocation, manifest: str, owner: str | None, force: bool) -> None:
    """Write a manifest of the clients that the server has, by id.

    It goes to a file, as JSON where its name ends in .json and as YAML elsewhere, or to stdout.
    Fields that are empty are left out, and secrets, which no server tells. `plan` finds nothing to
    do for it.

    Needs the scope hydra.clients and a policy for "get" on rn:hydra:clients.

    \b
    Examples:
      hydra-client adopt clients.yaml
      hydra-client adopt --owner team-photos > photos.yaml
    """  # noqa: D301 - click's mark for lines to keep
    as_json = manifest.endswith(".json") or (manifest == "-" and invocation.output == "json")
    file = Path(manifest)
    if manifest != "-" and not force and file.exists():
        raise Failure(f"{manifest}: it exists; --force overwrites it", USAGE)
    with invocation.api() as api:
        clients = [
            client for client in api.list_oauth2_clients() if owner is None or client.owner == owner
        ]
    entries = _entries(clients, owner)
    head = {"owner": owner} if owner else {}
    document = {**head, "clients": entries}
    text = _json(document) if as_json else _yaml(document, manifest != "-" or _speaks_unicode())
    text = escaped(text)
    if manifest == "-":
        click.echo(text, nl=False)
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise Failure(f"{manifest}: {error.strerror}", USAGE) from None
    invocation.remark(f"{len(entries)} clients are in {manifest}, without their secrets.")


def _entries(clients: Iterable[OAuth2Client], owner: str | None) -> list[dict[str, Any]]:
    """Make the manifest's list; say which clients no manifest can hold."""
    from hydra_client.cli.manifest.reader import FIELDS, unfit

    entries = []
    for client in sorted(clients, key=lambda client: client.id or ""):
        id = client.id or ""
        members = client.to_dict()
        fields = {name: members[name] for name in FIELDS if members.get(name)}
        why = unfit(id, fields)
        if why:
            echo(f"Warning: left out {plain(id)!r}: {why}", err=True)
            continue
        if owner is not None:
            fields.pop("owner", None)
        entries.append({"id": id, **fields})
    return entries


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"


def _yaml(document: dict[str, Any], unicode: bool) -> str:
    import yaml

    text = yaml.dump(
        document,
        Dumper=yaml_dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)),
        sort_keys=False,
        allow_unicode=unicode,
        default_flow_style=False,
        width=_UNLIMITED,
    )
    return _HEAD + str(text)
