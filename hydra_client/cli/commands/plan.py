"""`hydra-client plan`: shows what `apply` would change."""

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import DRIFT, FAILED
from hydra_client.cli.options import ANY_FILE, Command, long_secret_option, together
from hydra_client.cli.output import print_result
from hydra_client.cli.text import colored, echo, plain, warn
from hydra_client.cli.workers import jobs_option, side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydra_client.cli.manifest.model import Manifest
    from hydra_client.provisioning import Apis, Plan, Step

_MARKS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}


# What `plan` and `apply` share.
manifest_options = together(
    click.argument("manifest", type=ANY_FILE),
    long_secret_option,
    click.option(
        "--prune",
        is_flag=True,
        help="Delete clients and policies of the manifest's owner that are not in it, and the "
        "groups under `removed`.",
    ),
    jobs_option,
)


def _print_schema(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.resources import files

        schema = files("hydra_client.cli.manifest").joinpath("schema.json")
        click.echo(schema.read_text(encoding="utf-8"), nl=False)
        ctx.exit()


@click.command("plan", cls=Command)
@manifest_options
@click.option(
    "--check",
    is_flag=True,
    help="Exit with status 3 if something would change. If not, check the manifest's expectations.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of manifests, for editors, and exit.",
)
@pass_invocation
def command(
    invocation: Invocation,
    manifest: str,
    prune: bool,
    jobs: int,
    check: bool,
    allow_long_secret: bool,
) -> None:
    """Show what `apply` would change, field by field, and change nothing.

    The manifest is YAML or JSON; - is stdin. Fields that are not in the manifest are not compared,
    and neither is the order of lists and scopes. A secret in the manifest is compared by using it,
    in a request that changes nothing.

    Needs the scope hydra.clients and a policy for "get" on rn:hydra:clients. For policies and
    groups also hydra.policies, hydra.warden.groups (hydra.groups on 0.9), and policies for "list"
    on rn:hydra:policies and "get" on rn:hydra:warden:groups:<.*>; for expectations hydra.warden and
    "decide" on rn:hydra:warden:allowed.

    Examples:
      hydra-client plan access.yaml
      hydra-client plan --check --prune access.yaml
      hydra-client plan --schema > access.schema.json
    """
    from hydra_client.provisioning import Apis

    wanted = load(manifest, prune, allow_long_secret)
    with invocation.open(Apis.of, connection_pool_maxsize=jobs) as apis:
        planned = plan_for(invocation, apis, wanted, jobs, prune)
        _print(invocation, wanted, planned)
        if check and planned.steps:
            click.get_current_context().exit(DRIFT)
        if check and not expectations_met(apis, wanted):
            click.get_current_context().exit(FAILED)


def _print(invocation: Invocation, manifest: Manifest, plan: Plan) -> None:
    secrets = {entry.id: entry.secret.source for entry in manifest.entries if entry.secret}
    if invocation.shortest:
        for id in dict.fromkeys(step.id for step in plan.steps):
            click.echo(plain(id))
    elif invocation.output == "table":
        for step in plan.steps:
            _show(step, secrets.get(step.id))
        click.echo(_summary(manifest, plan.steps))
    else:
        documents = [_document(step, secrets.get(step.id)) for step in plan.steps]
        print_result(documents, invocation.output)


def load(path: str, prune: bool, long_secrets: bool) -> Manifest:
    """Read a manifest, and print its warnings.

    Raises:
        Failure: The manifest is faulty.
        click.UsageError: `prune` is given, but the manifest has no owner.
    """
    from hydra_client.cli.manifest.reader import read

    manifest = read(path, long_secrets=long_secrets)
    if prune and manifest.owner is None and not manifest.removed_groups:
        raise click.UsageError(
            "--prune needs an owner: add `owner: NAME` to the manifest. Clients without an owner "
            "are never deleted"
        )
    for warning in manifest.warnings:
        warn(warning)
    return manifest


def plan_for(
    invocation: Invocation, apis: Apis, manifest: Manifest, jobs: int, prune: bool
) -> Plan:
    """Compare the server with a manifest, and print what to be aware of."""
    from hydra_client.cli.manifest.subjects import unknown_subjects
    from hydra_client.provisioning import plan

    each = partial(side_by_side, invocation, "comparing", jobs)
    owned = manifest.kinds if prune and manifest.owner is not None else ()
    planned = plan(
        apis,
        manifest.desired(prune=prune),
        prune_clients="clients" in owned,
        prune_policies="policies" in owned,
        each=each,
    )
    for warning in (*unknown_subjects(apis, manifest, each), *planned.warnings):
        warn(warning)
    if planned.denied_meanwhile:
        invocation.remark(
            "Until everything is applied, requests may be denied that are allowed before and "
            f"afterwards, because of: {', '.join(planned.denied_meanwhile)}."
        )
    return planned


def expectations_met(apis: Apis, manifest: Manifest) -> bool:
    """Ask the server about all that the manifest expects; print what is not met."""
    unmet = [expected for expected in manifest.expectations if not expected[1].is_met(apis.groups)]
    for place, expected in unmet:
        wanted, found = ("allowed", "denies") if expected.allowed else ("denied", "allows")
        echo(
            f"Error: {place}: {expected.subject!r} should be {wanted} {expected.action!r} on "
            f"{expected.resource!r}, but the server {found} it",
            err=True,
        )
    return not unmet


def label(kind: str, id: str) -> str:
    """Name an object for display. A client has only its id."""
    return plain(id) if kind == "client" else f"{kind} {plain(id)}"


def _show(step: Step, secret: str | None) -> None:
    """Print a step, in color on a terminal."""
    mark, color = _MARKS[_effect(step)]
    note = " (in the meantime, denies more)" if step.action == "widen" else ""
    lines = [f"{mark} {label(step.kind, step.id)}{note}"]
    lines += [f"    {field:14}  {change}" for field, change in _changes(step, secret)]
    in_color = sys.stdout.isatty() and colored()
    for line in lines:
        click.echo(click.style(line, fg=color) if in_color else line)


def _effect(step: Step) -> str:
    return step.action if step.action in _MARKS else "update"


def _changes(step: Step, secret: str | None) -> list[tuple[str, str]]:
    """Describe the changes of a step: fields, and what becomes of each."""
    changes = []
    for field, old, new in step.changes:
        if step.action == "create":
            change = _written(new)
        elif isinstance(new, list) or isinstance(old, list):
            change = _items(old or [], new or [], step.action)
        elif field == "scope":
            change = _items((old or "").split(), new.split(), step.action)
        else:
            change = f"{_written(old)} → {_written(new)}"
        changes.append((field, change))
    if step.sets_secret:
        changes.append(("secret", f"{secret}" if step.action == "create" else f"→ {secret}"))
    elif (step.kind, step.action) == ("client", "create") and not any(
        field == "public" for field, *_ in step.changes
    ):
        changes.append(("secret", "random, not saved"))
    return changes


def _items(old: Sequence[str], new: Sequence[str], action: str) -> str:
    """Describe which items a list gains and loses."""
    parts = [f"+ {_written(item)}" for item in new if item not in old]
    if action == "add members":
        return "  ".join(parts)
    gone = [f"- {_written(item)}" for item in old if item not in new]
    if action == "remove members":
        return "  ".join(gone)
    return "  ".join([*parts, *gone]) or f"{_written(list(old))} → {_written(list(new))}"


def _written(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False))


def _document(step: Step, secret: str | None) -> dict[str, Any]:
    """Return a step as JSON and YAML show it."""
    return {
        "kind": step.kind,
        "id": step.id,
        "action": step.action,
        "changes": {field: {"from": old, "to": new} for field, old, new in step.changes},
        "secret": secret if step.sets_secret else None,
    }


def _summary(manifest: Manifest, steps: Sequence[Step]) -> str:
    counts = Counter({(step.kind, step.id): _effect(step) for step in steps}.values())
    matching = len(manifest.keys()) - counts["create"] - counts["update"]
    parts = [f"{counts[action]} to {action}" for action in _MARKS if counts[action]]
    return f"{', '.join(parts) or 'Nothing to do'}; {matching} up to date."
