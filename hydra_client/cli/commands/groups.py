"""`hydra-client groups`: manages groups of subjects."""

from __future__ import annotations

import uuid

import click

import hydra_client
from hydra_client.cli.context import Invocation, delete_each, pass_invocation, yes_option
from hydra_client.cli.errors import refuse_existing
from hydra_client.cli.options import Group, id_option
from hydra_client.cli.output import print_model, print_models
from hydra_client.cli.text import plain

COLUMNS = ("id", "members")


@click.group("groups", cls=Group)
def command() -> None:
    """Manage groups of subjects. Policies for the name of a group apply to its members.

    The server cannot list all groups, only those of a member.
    """


@command.command("list")
@click.option("--member", required=True, metavar="SUBJECT", help="Member of the groups.")
@pass_invocation
def list_(invocation: Invocation, member: str) -> None:
    """List the groups of a member, sorted by id.

    Needs the scope hydra.warden.groups (hydra.groups on 0.9) and a policy for "list" on
    rn:hydra:warden:groups.

    Examples:
      hydra-client groups list --member alice
      hydra-client groups list --member my-app --output json
    """
    with invocation.open(hydra_client.WardenApi) as api:
        print_models(invocation, api.find_groups_by_member(member), COLUMNS)


@command.command()
@click.argument("id")
@pass_invocation
def get(invocation: Invocation, id: str) -> None:
    """Show a group.

    Needs the scope hydra.warden.groups (hydra.groups on 0.9) and a policy for "get" on
    rn:hydra:warden:groups:ID.

    Examples:
      hydra-client groups get editors
      hydra-client groups get editors --output yaml
    """
    with invocation.open(hydra_client.WardenApi) as api:
        group = api.get_group(id)
    print_model(invocation, group, group.id)


@command.command()
@id_option("Name of the group. [generated]")
@click.option(
    "--member", "members", multiple=True, metavar="SUBJECT", help="Client or user. Repeatable."
)
@pass_invocation
def create(invocation: Invocation, id: str | None, members: tuple[str, ...]) -> None:
    """Create a group.

    An id that exists is rejected, even with a memory store, which would replace the group.

    Needs the scope hydra.warden.groups (hydra.groups on 0.9) and policies for "create" on
    rn:hydra:warden:groups and "get" on rn:hydra:warden:groups:ID.

    Examples:
      hydra-client groups create --id editors --member alice --member bob
    """
    group = hydra_client.WardenGroup(id=id or str(uuid.uuid4()), members=list(members))
    with invocation.open(hydra_client.WardenApi) as api:
        if id:
            # A memory store would replace the group.
            refuse_existing("group", id, api.get_group, "use `groups add` and `groups remove`")
        created = api.create_group(group)
    print_model(invocation, created, created.id)


@command.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@yes_option
@pass_invocation
def delete(invocation: Invocation, ids: tuple[str, ...], yes: bool) -> None:
    """Delete groups. This cannot be undone. A group that does not exist is not a failure.

    Asks for confirmation; without a terminal, it needs --yes. A failure does not stop the others.
    The exit status is that of the first failure.

    Needs the scope hydra.warden.groups (hydra.groups on 0.9) and a policy for "delete" on
    rn:hydra:warden:groups:ID.

    Examples:
      hydra-client groups delete editors
      hydra-client groups delete editors authors --yes
    """
    with invocation.open(hydra_client.WardenApi) as api:
        delete_each(invocation, ids, yes, api.delete_group)


@command.command()
@click.argument("id")
@click.argument("members", metavar="MEMBER...", nargs=-1, required=True)
@pass_invocation
def add(invocation: Invocation, id: str, members: tuple[str, ...]) -> None:
    """Add members to a group.

    With an SQL store, it is a failure if one of them is a member already; then none is added.

    Needs the scope hydra.warden.groups (hydra.groups on 0.9) and a policy for "members.add" on
    rn:hydra:warden:groups:ID.

    Examples:
      hydra-client groups add editors carol dave
    """
    with invocation.open(hydra_client.WardenApi) as api:
        api.add_members_to_group(id, hydra_client.GroupMembers(members=list(members)))
    invocation.remark(plain(f"Added {' '.join(members)} to {id}."))


@command.command()
@click.argument("id")
@click.argument("members", metavar="MEMBER...", nargs=-1, required=True)
@pass_invocation
def remove(invocation: Invocation, id: str, members: tuple[str, ...]) -> None:
    """Remove members from a group. It is not a failure if they are not members.

    Needs the scope hydra.warden.groups (hydra.groups on 0.9) and a policy for "members.remove" on
    rn:hydra:warden:groups:ID.

    Examples:
      hydra-client groups remove editors carol
    """
    with invocation.open(hydra_client.WardenApi) as api:
        api.remove_members_from_group(id, hydra_client.GroupMembers(members=list(members)))
    invocation.remark(plain(f"Removed {' '.join(members)} from {id}."))
