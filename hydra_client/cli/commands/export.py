"""`hydra-client export`: writes a manifest of what is on a server."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.options import ANY_FILE, Command
from hydra_client.cli.output import as_yaml
from hydra_client.cli.text import escaped, plain, warn
from hydra_client.cli.workers import Each, jobs_option, side_by_side
from hydra_client.exceptions import BadRequestException, ForbiddenException

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hydra_client import OAuth2Client, Policy
    from hydra_client.provisioning import Apis

_HEADER = """\
# What `hydra-client apply` creates and updates on the server: OAuth 2.0 clients, policies, groups.
# Secrets cannot be read from a server. To manage the secret of a client, say where it is:
#   secret: {env: NAME}, {file: FILE} or {generate: {out: FILE}}
# A server cannot list its groups. Here are those that policies name or clients belong to.
"""


@click.command("export", cls=Command)
@jobs_option
@click.argument("manifest", type=ANY_FILE, default="-")
@click.option(
    "--owner",
    metavar="NAME",
    help="Include only the clients of this owner, and the policies whose id begins with NAME:.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@pass_invocation
def command(
    invocation: Invocation, manifest: str, owner: str | None, force: bool, jobs: int
) -> None:
    """Write a manifest of the clients, policies and groups on the server, sorted by id.

    The manifest is written to a file, as JSON if its name ends in .json and as YAML otherwise, or
    to stdout. It leaves out empty fields, the policy default-admin-policy, and secrets, which
    cannot be read from a server. The server cannot list its groups: the manifest has those that the
    policies name as subjects or that the clients belong to, and there may be others. `plan` finds
    nothing to change for a manifest that was just exported.

    Needs the scope hydra.clients and a policy for "get" on rn:hydra:clients. For policies and
    groups also hydra.policies, hydra.warden.groups (hydra.groups on 0.9), and policies for "list"
    on rn:hydra:policies and rn:hydra:warden:groups, and "get" on rn:hydra:warden:groups:<.*>.
    Without these, it leaves out policies and groups, with a warning.

    Examples:
      hydra-client export access.yaml
      hydra-client export --owner team-photos > photos.yaml
    """
    from hydra_client.provisioning.planning import COLON_IN_OWNER, Apis

    if owner and ":" in owner:
        raise Failure(f"--owner {COLON_IN_OWNER}", USAGE)
    as_json = manifest.endswith(".json") or (manifest == "-" and invocation.output == "json")
    file = Path(manifest)
    if manifest != "-" and not force and file.exists():
        raise Failure(f"{manifest}: already exists; use --force to overwrite it", USAGE)

    each = partial(side_by_side, invocation, "reading", jobs)
    with invocation.open(Apis.of, connection_pool_maxsize=jobs) as apis:
        document = _document(apis, owner, each)
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
    counts = ", ".join(
        f"{len(document[kind])} {one if len(document[kind]) == 1 else kind}"
        for kind, one in (("clients", "client"), ("policies", "policy"), ("groups", "group"))
        if kind in document
    )
    invocation.remark(f"Wrote {counts} to {manifest}, without their secrets.")
    invocation.remark("The server cannot list groups, so it may have others.")


def _document(apis: Apis, owner: str | None, each: Each) -> dict[str, Any]:
    clients = [
        client
        for client in apis.clients.list_oauth2_clients()
        if owner is None or client.owner == owner
    ]
    head = {"owner": owner} if owner else {}
    document = {**head, "clients": list(_clients(clients, owner))}
    try:
        return document | _access(apis, clients, owner, each)
    except (ForbiddenException, BadRequestException) as error:
        warn(f"left out policies and groups: {error}")
        return document


def _clients(clients: Iterable[OAuth2Client], owner: str | None) -> Iterator[dict[str, Any]]:
    """Yield the manifest's entries; warn about clients that cannot be in a manifest."""
    from hydra_client.cli.manifest.model import FIELDS

    for client in sorted(clients, key=lambda client: client.id or ""):
        members = client.to_dict()
        fields = {name: members[name] for name in FIELDS if members.get(name)}
        if _fits(client.id or "", fields):
            if owner is not None:
                fields.pop("owner", None)
            yield {"id": client.id, **fields}


def _access(
    apis: Apis, clients: Iterable[OAuth2Client], owner: str | None, each: Each
) -> dict[str, Any]:
    """Return the policies, and the groups that they name or the clients belong to."""
    from hydra_client.cli.manifest.model import unfit
    from hydra_client.provisioning.planning import ADMIN_POLICY
    from hydra_client.provisioning.policies import policies_by_id
    from hydra_client.provisioning.reconcile import find

    policies = [
        policy
        for id, policy in sorted(policies_by_id(apis.policies).items())
        if id != ADMIN_POLICY and (owner is None or id.startswith(f"{owner}:"))
    ]
    joined = each(apis.groups.find_groups_by_member, [client.id or "" for client in clients])
    names = {group.id or "" for groups in joined for group in groups}
    subjects = {subject for policy in policies for subject in policy.subjects or []}
    names |= {subject for subject in subjects if "<" not in subject}
    found = each(
        partial(find, apis.groups.get_group), sorted(name for name in names if not unfit(name, {}))
    )
    groups = [
        {"id": group.id, "members": sorted(group.members or [])}
        for group in found
        if group is not None and _fits(group.id or "", {"members": group.members or []})
    ]
    kinds = {"policies": list(_policies(policies)), "groups": groups}
    return {kind: objects for kind, objects in kinds.items() if objects}


def _policies(policies: Iterable[Policy]) -> Iterator[dict[str, Any]]:
    for policy in policies:
        members = policy.to_dict()
        for name in ("subjects", "resources", "actions"):
            members[name] = sorted(set(members.get(name) or ()))  # SQL stores keep no order
        members["conditions"] = {
            name: _condition(condition.to_dict())
            for name, condition in sorted((policy.conditions or {}).items())
        }
        if policy.effect not in ("allow", "deny"):
            warn(f"skipped {plain(policy.id)!r}: its effect is neither allow nor deny")
        elif _fits(policy.id or "", _texts(members)):
            yield {name: value for name in policy._by_wire if (value := members.get(name))}


def _condition(condition: dict[str, Any]) -> dict[str, Any]:
    """Return a condition without the empty options that servers add."""
    options = {name: value for name, value in (condition.get("options") or {}).items() if value}
    return {"type": condition.get("type"), **({"options": options} if options else {})}


def _texts(members: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a policy, with its conditions as one list of strings."""
    conditions = members["conditions"].items()
    texts = [
        (name, found["type"], *found.get("options", {}).values()) for name, found in conditions
    ]
    return members | {"conditions": [str(text) for found in texts for text in found]}


def _fits(id: str, fields: dict[str, Any]) -> bool:
    """Return whether an object can be in a manifest. Warn if not."""
    from hydra_client.cli.manifest.model import unfit

    if why := unfit(id, fields):
        warn(f"skipped {plain(id)!r}: {why}")
    return not why
