"""`hydra-client plan`: shows what `apply` would change."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import DRIFT
from hydra_client.cli.options import ANY_FILE, Command
from hydra_client.cli.output import print_many
from hydra_client.cli.progress import Progress
from hydra_client.cli.secret_files import long_secret_option
from hydra_client.cli.text import plain
from hydra_client.cli.workers import Workers, jobs_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hydra_client import OAuth2Api, OAuth2Client
    from hydra_client.cli.manifest.diff import Step
    from hydra_client.cli.manifest.model import Entry, Manifest

_MARKS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}


def manifest_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `plan` and `apply` share."""
    for option in (
        jobs_option,
        click.option(
            "--prune",
            is_flag=True,
            help="Delete clients of the manifest's owner that are not in the manifest.",
        ),
        long_secret_option,
        click.argument("manifest", type=ANY_FILE),
    ):
        command = option(command)
    return command


def _print_schema(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.resources import files

        schema = files("hydra_client.cli.manifest").joinpath("schema.json")
        click.echo(schema.read_text(encoding="utf-8"), nl=False)
        ctx.exit()


@click.command("plan", cls=Command)
@manifest_options
@click.option("--check", is_flag=True, help="Exit with status 3 if something would change.")
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

    Needs the scope hydra.clients and a policy for "get" on rn:hydra:clients.

    \b
    Examples:
      hydra-client plan clients.yaml
      hydra-client plan --check --prune clients.yaml
      hydra-client plan --schema > clients.schema.json
    """  # noqa: D301 - click's mark for lines to keep
    wanted = load(manifest, prune, allow_long_secret)
    with invocation.api(connection_pool_maxsize=jobs) as api:
        steps = planned(invocation, api, wanted, jobs, prune)
    if invocation.shortest:
        for step in steps:
            click.echo(plain(step.id))
    elif invocation.output == "table":
        for step in steps:
            show(step)
        click.echo(_summary(wanted, steps))
    else:
        print_many([_document(step) for step in steps], invocation.output, ())
    if check and steps:
        click.get_current_context().exit(DRIFT)


def load(path: str, prune: bool, long_secrets: bool) -> Manifest:
    """Read a manifest, and print its warnings.

    Raises:
        Failure: The manifest is faulty.
        click.UsageError: `prune` is given, but the manifest has no owner.
    """
    from hydra_client.cli.manifest.reader import read

    manifest = read(path, long_secrets=long_secrets)
    if prune and manifest.owner is None:
        raise click.UsageError(
            "--prune needs an owner: add `owner: NAME` to the manifest. Clients without an owner "
            "are never deleted"
        )
    for warning in manifest.warnings:
        click.echo(f"Warning: {warning}", err=True)
    return manifest


def planned(
    invocation: Invocation, api: OAuth2Api, manifest: Manifest, jobs: int, prune: bool
) -> list[Step]:
    """Return all steps in the order of the manifest, then the deletions."""
    from hydra_client.cli.manifest.diff import DELETE, Step
    from hydra_client.cli.manifest.reconcile import examine

    current = {client.id: client for client in api.list_oauth2_clients()}

    def step_of(entry: Entry) -> Step | None:
        return examine(api, entry, current.get(entry.id))

    found: dict[str, Step | None] = {}
    workers = Workers(jobs, step_of, manifest.entries)
    try:
        with Progress(invocation, len(manifest.entries), "comparing") as progress:
            for entry, step in workers:
                found[entry.id] = step
                progress.advance()
    finally:
        workers.stop()
    steps = [step for entry in manifest.entries if (step := found[entry.id]) is not None]
    if prune:
        steps += [Step(DELETE, id, []) for id in to_delete(invocation, manifest, current.values())]
    return steps


def to_delete(
    invocation: Invocation, manifest: Manifest, current: Iterable[OAuth2Client]
) -> list[str]:
    """Return the ids of the clients that --prune deletes; warn about those that it cannot."""
    from hydra_client.cli.manifest.diff import to_prune
    from hydra_client.cli.manifest.model import unfit

    found = []
    for id in to_prune(manifest, current, invocation.settings.client_id):
        if why := unfit(id, {}):
            click.echo(f"Warning: skipped {plain(id)!r}: {why}", err=True)
        else:
            found.append(id)
    return found


def show(step: Step) -> None:
    """Print a step for people, in color on a terminal."""
    mark, color = _MARKS[step.action]
    lines = [f"{mark} {plain(step.id)}"]
    lines += [f"    {field:14}  {change}" for field, change in _changes(step)]
    colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in lines:
        click.echo(click.style(line, fg=color) if colored else line)


def _changes(step: Step) -> list[tuple[str, str]]:
    """Describe the changes of a step: fields, and what becomes of each."""
    changes = []
    for field, old, new in step.changes:
        if step.action == "create":
            change = _written(new)
        elif isinstance(new, list):
            change = _items(old or [], new)
        elif field == "scope":
            change = _items((old or "").split(), new.split())
        else:
            change = f"{_written(old)} → {_written(new)}"
        changes.append((field, change))
    if step.secret is not None:
        changes.append(("secret", step.secret if step.action == "create" else f"→ {step.secret}"))
    elif step.action == "create" and not any(field == "public" for field, *_ in step.changes):
        changes.append(("secret", "generated by the server, known to nobody"))
    return changes


def _items(old: Sequence[str], new: Sequence[str]) -> str:
    """Describe which items a list gains and loses."""
    parts = [f"+ {_written(item)}" for item in new if item not in old]
    parts += [f"- {_written(item)}" for item in old if item not in new]
    return "  ".join(parts) or f"{_written(list(old))} → {_written(list(new))}"


def _written(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False))


def _document(step: Step) -> dict[str, Any]:
    """Return a step as JSON and YAML show it."""
    changes = {field: {"from": old, "to": new} for field, old, new in step.changes}
    return {"id": step.id, "action": step.action, "changes": changes, "secret": step.secret}


def _summary(manifest: Manifest, steps: Sequence[Step]) -> str:
    counts = {action: sum(step.action == action for step in steps) for action in _MARKS}
    matching = len(manifest.entries) - counts["create"] - counts["update"]
    parts = [f"{count} to {action}" for action, count in counts.items() if count]
    return f"{', '.join(parts) or 'Nothing to do'}; {matching} up to date."
