"""`hydra-client warden explain`: says which policies lead to a decision of the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import FAILED
from hydra_client.cli.options import Command
from hydra_client.cli.output import print_one, print_value, table
from hydra_client.cli.text import echo
from hydra_client.cli.warden_context import context_option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydra_client import ApiClient, Policy
    from hydra_client.emulator.store.policies import Policy as Evaluated


class Request(NamedTuple):
    """A request to the warden."""

    subject: str
    action: str
    resource: str
    context: dict[str, Any]


class Row(NamedTuple):
    """What a policy says about a request.

    Attributes:
        policy: Id of the policy.
        effect: `allow`, or what denies.
        subject: The subject of the request, or one of its groups.
        decides: Whether the policy is one that the decision depends on.
        unmet: What does not match: names of lists and conditions, and errors.
    """

    policy: str
    effect: str
    subject: str
    decides: bool
    unmet: list[str]


@click.command("explain", cls=Command)
@click.argument("subject")
@click.argument("action")
@click.argument("resource")
@context_option
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
    request = Request(subject, action, resource, context)
    with invocation.client() as client:
        policies, subjects, allowed = _fetch(client, request)
    expected, rows = explanation(policies, subjects, request)
    if invocation.shortest:
        for id in dict.fromkeys(row.policy for row in rows if row.decides):
            print_value(id)
    elif invocation.output == "table":
        table([("allowed", allowed), ("subjects", subjects)])
        echo("" if rows else "No policy matches, and none has only one mismatch.")
        if rows:
            table(rows, Row._fields)
    else:
        document = {"allowed": allowed, "expected": expected, "subjects": subjects}
        print_one({**document, "policies": [row._asdict() for row in rows]}, invocation.output)
    if expected is None:
        echo("Warning: some of the policies cannot be evaluated here", err=True)
    elif expected != allowed:
        echo(
            f"Warning: by these policies, the request is {'allowed' if expected else 'denied'}. "
            "They may have changed in the meantime: try again",
            err=True,
        )
    if not allowed:
        click.get_current_context().exit(FAILED)


def _fetch(client: ApiClient, request: Request) -> tuple[Iterable[Policy], list[str], bool]:
    """Read the policies and the groups of the subject, and ask the server for its decision."""
    from hydra_client import PolicyApi, WardenAccessRequest, WardenApi
    from hydra_client.provisioning.policies import policies_by_id

    warden = WardenApi(client)
    policies = policies_by_id(PolicyApi(client)).values()
    groups = sorted(group.id or "" for group in warden.find_groups_by_member(request.subject))
    response = warden.does_warden_allow_access_request(WardenAccessRequest(**request._asdict()))
    return policies, [request.subject, *groups], bool(response.allowed)


def explanation(
    policies: Iterable[Policy], subjects: Iterable[str], request: Request
) -> tuple[bool | None, list[Row]]:
    """Evaluate policies as the server does: for a subject and for each of its groups.

    Returns:
        The decision, or None if a policy cannot be evaluated; and the policies to show.
    """
    from hydra_client.emulator.go.json import GoJsonError
    from hydra_client.emulator.go.regexp import MatchLimitError
    from hydra_client.emulator.store.decisions import Decision, decide
    from hydra_client.emulator.store.policies import Policy as Evaluated

    complete = True
    known: list[Evaluated] = []
    rows: list[Row] = []
    for policy in sorted(policies, key=lambda policy: policy.id or ""):
        try:
            known.append(Evaluated.from_json(json.dumps(policy.to_dict()).encode()))
        except GoJsonError as error:
            complete = False
            rows.append(Row(policy.id or "", policy.effect or "", "", False, [str(error)]))
    requests = [request._replace(subject=subject) for subject in subjects]
    decisions = set()
    for asked in requests:
        try:
            decisions.add(decide(known, *asked))
        except MatchLimitError:
            complete = False
    allowed = Decision.ALLOWED in decisions and Decision.DENIED not in decisions
    rows += [_judge(policy, asked, allowed) for asked in requests for policy in known]
    limit = 0 if any(row.decides for row in rows) else 1
    return allowed if complete else None, [row for row in rows if len(row.unmet) <= limit]


def _judge(policy: Evaluated, request: Request, allowed: bool) -> Row:
    from hydra_client.emulator.go.regexp import MatchLimitError
    from hydra_client.emulator.store.policies import ALLOW
    from hydra_client.emulator.store.templates import InvalidTemplateError

    unmet = []
    try:
        # One by one, to keep what comes before an error.
        for name in policy.unmet(*request):
            unmet.append(name)
    except (InvalidTemplateError, MatchLimitError) as error:
        unmet.append(str(error))
    decides = not unmet and (policy.effect == ALLOW) == allowed
    return Row(policy.id, policy.effect, request.subject, decides, unmet)
