"""`hydra-client warden`: asks the server for decisions about access."""

from __future__ import annotations

from typing import Any

import click

import hydra_client
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import FAILED
from hydra_client.cli.options import Group, scope_option, secret_options
from hydra_client.cli.output import print_ids, print_model, print_result, table
from hydra_client.cli.secret_files import given_secret
from hydra_client.cli.text import echo, warn
from hydra_client.protocol.model import parse_json


def _values(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    return dict(map(_pair, given))


def _pair(text: str) -> tuple[str, Any]:
    """Convert the value of --context to a name and a value."""
    name, equals, value = text.partition("=")
    try:
        if name.endswith(":"):
            return name.removesuffix(":"), parse_json(value)
    except hydra_client.ApiDecodeError:
        equals = ""
    if not name or not equals:
        raise click.BadParameter(
            f"{text!r} is not NAME=VALUE or NAME:=JSON", param_hint="--context"
        )
    return name, value


_context_option = click.option(
    "--context",
    multiple=True,
    callback=_values,
    metavar="NAME=VALUE",
    help="Value for the conditions of policies; NAME:=JSON for a value that is not a string. "
    "Repeatable.",
)


@click.group("warden", cls=Group)
def command() -> None:
    """Ask whether a subject or a token may do something."""


@command.command()
@click.argument("request", metavar="[SUBJECT] ACTION RESOURCE", nargs=-1, required=True)
@_context_option
@scope_option("Scope that the token must have. Repeatable.")
@secret_options("token", "the token to ask about instead of SUBJECT")
@pass_invocation
def allowed(
    invocation: Invocation,
    /,
    request: tuple[str, ...],
    context: dict[str, Any],
    scopes: tuple[str, ...],
    **options: Any,
) -> None:
    r"""Ask whether SUBJECT may perform ACTION on RESOURCE. Exits with 0 if allowed, 1 if denied.

    With a token, the subject is the token's, and the server also checks that it is active and
    has the scopes. Errors exit with 1 or higher, too, and print a message on stderr.

    Needs the scope hydra.warden and a policy for "decide" on rn:hydra:warden:allowed, or with a
    token on rn:hydra:warden:token:allowed.

    Examples:
      hydra-client warden allowed alice edit articles:7
      hydra-client warden allowed alice edit articles:7 --context owner=alice \
          --context 'pairs:=[["a", "a"]]'
      hydra-client warden allowed edit articles:7 --token-file token.json --scope articles
    """
    token = given_secret(options, "token", "the token", member="access_token")
    names = ("ACTION", "RESOURCE") if token else ("SUBJECT", "ACTION", "RESOURCE")
    if len(request) != len(names):
        raise click.UsageError(
            f"expected {len(names)} arguments {'with' if token else 'without'} a token "
            f"({' '.join(names)}), not {len(request)}"
        )
    if scopes and not token:
        raise click.UsageError(
            "--scope needs a token: add --token-file, --token-env or --token-stdin"
        )
    *subject, action, resource = request
    asked: dict[str, Any] = {"action": action, "resource": resource, "context": context}
    with invocation.open(hydra_client.WardenApi) as api:
        response = (
            api.does_warden_allow_token_access_request(
                hydra_client.WardenTokenAccessRequest(token=token, scopes=list(scopes), **asked)
            )
            if token
            else api.does_warden_allow_access_request(
                hydra_client.WardenAccessRequest(subject=subject[0], **asked)
            )
        )
    print_model(invocation, response, "allowed" if response.allowed else "denied")
    if not response.allowed:
        click.get_current_context().exit(FAILED)


@command.command()
@click.argument("subject")
@click.argument("action")
@click.argument("resource")
@_context_option
@pass_invocation
def explain(
    invocation: Invocation, subject: str, action: str, resource: str, context: dict[str, Any]
) -> None:
    """Show why SUBJECT may, or may not, perform ACTION on RESOURCE.

    Lists the policies that match. If none decides, it also lists those with one mismatch. Warns if
    the server's decision differs. Exits with 0 if allowed, 1 if denied.

    Needs the scopes hydra.policies, hydra.warden.groups (hydra.groups on 0.9) and hydra.warden, and
    policies for "list" on rn:hydra:policies and rn:hydra:warden:groups, and "decide" on
    rn:hydra:warden:allowed.

    Examples:
      hydra-client warden explain alice edit articles:7 --context owner=alice
    """
    from hydra_client.cli.commands.warden_explain import Request, Row, explanation
    from hydra_client.provisioning import Apis
    from hydra_client.provisioning.policies import policies_by_id

    request = Request(subject, action, resource, context)
    with invocation.open(Apis.of) as apis:
        policies = policies_by_id(apis.policies).values()
        groups = sorted(group.id or "" for group in apis.groups.find_groups_by_member(subject))
        asked = hydra_client.WardenAccessRequest(**request._asdict())
        allowed = bool(apis.groups.does_warden_allow_access_request(asked).allowed)
    subjects = [subject, *groups]
    expected, rows = explanation(policies, subjects, request)
    if invocation.shortest:
        print_ids(dict.fromkeys(row.policy for row in rows if row.decides))
    elif invocation.output == "table":
        table([("allowed", allowed), ("subjects", subjects)])
        echo("" if rows else "No policy matches, and each has more than one mismatch.")
        if rows:
            table(rows, Row._fields)
    else:
        document = {"allowed": allowed, "expected": expected, "subjects": subjects}
        print_result({**document, "policies": [row._asdict() for row in rows]}, invocation.output)
    if expected is None:
        warn("some of the policies cannot be evaluated here")
    elif expected != allowed:
        warn(
            f"by these policies, the request is {'allowed' if expected else 'denied'}. "
            "They may have changed in the meantime: try again"
        )
    if not allowed:
        click.get_current_context().exit(FAILED)
