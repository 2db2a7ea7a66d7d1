"""`hydra-client policies`: manages the access control policies of the server."""

from __future__ import annotations

import uuid
from typing import Any

import click

import hydra_client
from hydra_client.cli import completion
from hydra_client.cli.context import Invocation, delete_each, pass_invocation, yes_option
from hydra_client.cli.document import load_object, model_of
from hydra_client.cli.errors import USAGE, Failure, refuse_existing
from hydra_client.cli.options import Group, file_option, id_option, together
from hydra_client.cli.output import print_model, print_models
from hydra_client.cli.text import warn

COLUMNS = ("id", "effect", "subjects", "actions", "resources", "conditions")
EFFECTS = ("allow", "deny")
LISTS = ("subjects", "resources", "actions")
_TEMPLATES = {
    "subject": "Client, user or group that the policy is about. Repeatable.",
    "resource": "What it may be done with, such as 'rn:hydra:clients:<.*>'. Repeatable.",
    "action": "What may be done, such as get. Repeatable.",
}


_field_options = together(
    file_option("JSON or YAML file with the policy; - is stdin. Options override it."),
    *(
        click.option(f"--{name}", f"{name}s", multiple=True, metavar="TEMPLATE", help=text)
        for name, text in _TEMPLATES.items()
    ),
    click.option(
        "--effect", type=click.Choice(EFFECTS), help="Whether the policy allows or denies."
    ),
    click.option("--description", metavar="TEXT", help="What the policy is for."),
    click.option(
        "--condition",
        "conditions",
        multiple=True,
        metavar="NAME=TYPE[:VALUE]",
        help="Condition for a value of the context, such as ip=CIDRCondition:10.0.0.0/8. "
        "Repeatable.",
    ),
)


@click.group("policies", cls=Group)
def command() -> None:
    """List, create, update and delete access control policies.

    A policy allows or denies subjects to perform actions on resources. All three are templates:
    text between < and > is a regular expression. What no policy allows is denied, and a policy that
    denies overrides all that allow.
    """


@command.command("list")
@pass_invocation
def list_(invocation: Invocation) -> None:
    """List all policies, sorted by id.

    Needs the scope hydra.policies and a policy for "list" on rn:hydra:policies.

    Examples:
      hydra-client policies list
      hydra-client policies list --quiet
      hydra-client policies list --output yaml
    """
    from hydra_client.provisioning.policies import policies_by_id

    with invocation.open(hydra_client.PolicyApi) as api:
        print_models(invocation, list(policies_by_id(api).values()), COLUMNS)


@command.command()
@click.argument("id", shell_complete=completion.policy_ids)
@pass_invocation
def get(invocation: Invocation, id: str) -> None:
    """Show a policy.

    Needs the scope hydra.policies and a policy for "get" on rn:hydra:policies:ID.

    Examples:
      hydra-client policies get default-admin-policy
      hydra-client policies get my-policy --output yaml > my-policy.yaml
    """
    with invocation.open(hydra_client.PolicyApi) as api:
        policy = api.get_policy(id)
    print_model(invocation, policy, policy.id)


@command.command()
@id_option("Id of the policy. [generated]")
@_field_options
@pass_invocation
def create(invocation: Invocation, /, id: str | None, **options: Any) -> None:
    r"""Create a policy.

    An id that exists is rejected, even with an SQL store, which would add the new subjects to the
    existing policy.

    Needs the scope hydra.policies and policies for "get" on rn:hydra:policies:ID and "create" on
    rn:hydra:policies.

    Examples:
      hydra-client policies create --id my-policy --effect allow --subject my-app --action get \
          --resource 'rn:hydra:clients:<.*>'
      hydra-client policies create --file my-policy.yaml
      hydra-client policies create --effect allow --subject '<.*>' --action edit \
          --resource 'articles:<[0-9]+>' --condition owner=EqualsSubjectCondition
    """
    members = _members_of(options)
    if id is not None:
        members["id"] = id
    policy = _policy_of(members, options["file"] or "options")
    given_id, policy.id = policy.id, policy.id or str(uuid.uuid4())
    with invocation.open(hydra_client.PolicyApi) as api:
        if given_id:
            # An SQL store would merge both policies.
            refuse_existing(
                "policy", given_id, api.get_policy, "use `policies update` to replace it"
            )
        created = api.create_policy(policy)
    print_model(invocation, created, created.id)


@command.command()
@click.argument("id", shell_complete=completion.policy_ids)
@_field_options
@pass_invocation
def update(invocation: Invocation, /, id: str, **options: Any) -> None:
    r"""Replace a policy with the fields from the file and the options.

    Fields that are not given are emptied. If no policy has this id, it is created.

    Needs the scope hydra.policies and a policy for "update" on rn:hydra:policies:ID.

    Examples:
      hydra-client policies update my-policy --file my-policy.yaml
      hydra-client policies get my-policy --output json | \
          hydra-client policies update my-policy --file - --effect deny
    """
    place = options["file"] or "options"
    policy = _policy_of({"id": id} | _members_of(options), place)
    if policy.id != id:
        raise Failure(f"{place}: the id of the policy is not {id}; remove it, or change it", USAGE)
    with invocation.open(hydra_client.PolicyApi) as api:
        updated = api.update_policy(id, policy)
    print_model(invocation, updated, updated.id)


@command.command()
@click.argument(
    "ids", metavar="ID...", nargs=-1, required=True, shell_complete=completion.policy_ids
)
@yes_option
@pass_invocation
def delete(invocation: Invocation, ids: tuple[str, ...], yes: bool) -> None:
    """Delete policies. This cannot be undone. A policy that does not exist is not a failure.

    Asks for confirmation; without a terminal, it needs --yes. A failure does not stop the others.
    The exit status is that of the first failure.

    Needs the scope hydra.policies and a policy for "get" (not "delete") on rn:hydra:policies:ID.

    Examples:
      hydra-client policies delete my-policy
      hydra-client policies delete my-policy other-policy --yes
    """
    with invocation.open(hydra_client.PolicyApi) as api:
        delete_each(invocation, ids, yes, api.delete_policy)


def _members_of(options: dict[str, Any]) -> dict[str, Any]:
    """Combine the fields of a policy from the file and the options."""
    members = load_object(options["file"]) if options["file"] else {}
    for name in ("description", "effect"):
        if options[name] is not None:
            members[name] = options[name]
    members |= {name: list(options[name]) for name in LISTS if options[name]}
    if options["conditions"]:
        members["conditions"] = dict(map(_condition, options["conditions"]))
    return members


def _condition(text: str) -> tuple[str, dict[str, Any]]:
    """Convert the value of --condition to a name and a condition."""
    from hydra_client.provisioning.compare import CONDITION_OPTIONS

    name, _, rest = text.partition("=")
    kind, colon, value = rest.partition(":")
    if not name or kind not in CONDITION_OPTIONS:
        raise click.BadParameter(
            f"{text!r} is not NAME=TYPE[:VALUE] with one of the types "
            f"{', '.join(CONDITION_OPTIONS)}; use --file for other types",
            param_hint="--condition",
        )
    names = CONDITION_OPTIONS[kind]
    if bool(names) != bool(colon):
        form = ":".join([f"{name}={kind}", *map(str.upper, names)])
        raise click.BadParameter(f"{text!r} must be {form}", param_hint="--condition")
    return name, {"type": kind, "options": dict.fromkeys(names, value)}


def _policy_of(members: dict[str, Any], place: str) -> hydra_client.Policy:
    """Convert an object to a policy, and check what the server accepts unchecked.

    Raises:
        Failure: The object is not a valid policy.
    """
    from hydra_client.cli.manifest import lint_policies as lint

    policy = model_of(hydra_client.Policy, members, place)
    if policy.effect not in EFFECTS:
        if policy.effect is None:
            raise Failure(f"{place}: effect is missing: it must be allow or deny", USAGE)
        raise Failure(f"{place}: effect must be allow or deny, not {policy.effect!r}", USAGE)
    for name in LISTS:
        templates = getattr(policy, name)
        if not templates:
            warn(f"{place}: no {name}: the policy applies to nothing")
        for template in templates or []:
            if not _is_balanced(template):
                raise Failure(
                    f"{place}: {name}: {template!r} has a < or > without its counterpart", USAGE
                )
            if why := lint.doubtful_item(name, template, policy.resources or []):
                warn(f"{place}: {name}: {template!r}: {why}")
    for name, why in lint.doubtful_conditions(policy.to_dict().get("conditions") or {}):
        warn(f"{place}: conditions: {name}: {why}")
    return policy


def _is_balanced(template: str) -> bool:
    depth = 0
    for character in template:
        depth += (character == "<") - (character == ">")
        if depth < 0:
            return False
    return depth == 0
