"""hydra-client apply: makes the clients of a server what a manifest says."""

from __future__ import annotations

import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from hydra_client.cli.commands.plan import load, manifest_options, to_delete
from hydra_client.cli.context import Invocation, confirm, pass_invocation
from hydra_client.cli.errors import USAGE, Failure, failure_of
from hydra_client.cli.options import Command
from hydra_client.cli.output import print_many
from hydra_client.cli.progress import Progress
from hydra_client.cli.text import echo, plain
from hydra_client.cli.workers import Crew, ToldToEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydra_client import HydraException
    from hydra_client.cli.manifest.reader import Manifest
    from hydra_client.cli.manifest.reconcile import Outcome

    Task = tuple[str, Callable[[], Outcome]]

_CHANGED = ("created", "updated", "deleted")
_UNDONE = ("failed", "unknown", "not tried")
_MOST_NAMES = 20


@click.command("apply", cls=Command)
@manifest_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --prune deletes.")
@pass_invocation
def command(
    invocation: Invocation,
    manifest: str,
    prune: bool,
    jobs: int,
    yes: bool,
    allow_long_secret: bool,
) -> None:
    """Make the clients of the server what the manifest says: create and update them.

    Fields that the manifest does not name, and secrets, stay as they are. A secret that is to be
    made is in its file before the server is asked. Running it again changes nothing; after an end
    half way it finishes the rest.

    --prune also deletes the clients that belong to the manifest's `owner` and are not in it, the
    calling client aside. They are shown first, and at a terminal it asks; elsewhere --yes must say
    so.

    Needs the scope hydra.clients and policies for "get" on rn:hydra:clients and
    rn:hydra:clients:<.*>, "create" and "update" on rn:hydra:clients, and for --prune "delete" on
    rn:hydra:clients:<.*>.

    \b
    Examples:
      hydra-client apply clients.yaml
      hydra-client apply --prune --yes --jobs 16 clients.yaml
    """  # noqa: D301 - click's mark for lines to keep
    from hydra_client.cli.manifest.reconcile import remove, settle

    wanted = load(manifest, prune, allow_long_secret)
    with invocation.api(connection_pool_maxsize=jobs) as api:
        kept = {client.id: client for client in api.list_oauth2_clients()}
        extra = to_delete(invocation, wanted, kept.values()) if prune else []
        if extra:
            _confirm(wanted, extra, yes)
        run = _Run(invocation, jobs, [*(entry.id for entry in wanted.entries), *extra])
        with Progress(invocation, len(run.ids), "applying") as progress:
            # New ones first: a look is often all that the others need.
            run.carry_out(
                [
                    (entry.id, partial(settle, api, entry, kept.get(entry.id)))
                    for entry in sorted(wanted.entries, key=lambda entry: entry.id in kept)
                ],
                progress,
            )
            run.carry_out([(id, partial(remove, api, id, wanted.owner)) for id in extra], progress)
    run.report()
    run.end()


def _confirm(manifest: Manifest, extra: Sequence[str], yes: bool) -> None:
    """Show what would be deleted, and ask."""
    echo(f"These clients belong to {manifest.owner} and are not in the manifest:", err=True)
    for id in extra:
        echo(f"- {plain(id)}", err=True)
    what = "it" if len(extra) == 1 else f"these {len(extra)}"
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"--prune would delete {what}; --yes says to do so. Nothing was done", USAGE)
    confirm(f"Delete {what}?")


class _Run:
    """What was done so far, and what has to be told in the end."""

    def __init__(self, invocation: Invocation, jobs: int, ids: list[str]) -> None:
        self.ids = ids
        self._invocation = invocation
        self._jobs = jobs
        self._outcomes: dict[str, Outcome] = {}
        self._begun = set(ids)
        self._signal = 0

    def carry_out(self, tasks: list[Task], progress: Progress) -> None:
        """Carry tasks out side by side, unless earlier ones failed."""
        if self._signal or self._failures():
            self._begun.difference_update(id for id, _ in tasks)
            return
        crew: Crew[Task, Outcome] = Crew(
            self._jobs, lambda task: task[1](), tasks, lambda outcome: outcome.hopeless
        )
        with crew.heeding_signals():
            for patient in (True, False):
                try:
                    self._collect(crew, progress)
                    break
                except ToldToEnd as told:
                    self._signal = told.number
                    crew.stop()
                    if patient:
                        progress.say(
                            "Waits for the requests under way. Once more ends it.", err=True
                        )
        self._begun.difference_update(id for id, _ in crew.left)

    def _collect(self, crew: Crew[Task, Outcome], progress: Progress) -> None:
        table = self._invocation.output == "table"
        for _, outcome in crew:
            self._outcomes[outcome.id] = outcome
            progress.advance()
            if outcome.error is not None:
                progress.say(f"Error: {_why(outcome.id, outcome.error)}", err=True)
            elif outcome.result in _CHANGED and table:
                progress.say(self._line(outcome))

    def _line(self, outcome: Outcome) -> str:
        id = plain(outcome.id)
        if self._invocation.quiet:
            return id
        fields = f": {', '.join(outcome.fields)}" if outcome.fields else ""
        return f"{outcome.result.capitalize()} {id}{fields}."

    def _failures(self) -> list[Failure]:
        return [
            error if isinstance(error, Failure) else failure_of(error)
            for outcome in self._outcomes.values()
            if (error := outcome.error) is not None
        ]

    def _result(self, id: str) -> str:
        if id in self._outcomes:
            return self._outcomes[id].result
        return "unknown" if id in self._begun else "not tried"

    def report(self) -> None:
        """Tell what was done, and what was not."""
        results = {id: self._result(id) for id in self.ids}
        if self._invocation.output != "table":
            print_many(
                [self._document(id, result) for id, result in results.items()],
                self._invocation.output,
                (),
            )
        names: dict[str, list[str]] = {}
        for id, result in results.items():
            names.setdefault(result, []).append(id)
        counts = [
            f"{len(names[result])} {result}"
            for result in (*_CHANGED, "unchanged", *_UNDONE)
            if result in names
        ]
        if self._invocation.output == "table" and not self._invocation.quiet:
            echo(f"{', '.join(counts) or 'Nothing to do'}.")
        for result in _UNDONE:
            if result in names:
                echo(f"{result.capitalize()}: {_some(names[result])}", err=True)
        if any(result in names for result in _UNDONE):
            self._invocation.remark("Running it again does what is left.")

    def _document(self, id: str, result: str) -> dict[str, object]:
        outcome = self._outcomes.get(id)
        fields = list(outcome.fields) if outcome else []
        error = _why(id, outcome.error) if outcome and outcome.error is not None else None
        return {"id": id, "result": result, "fields": fields, "error": error}

    def end(self) -> None:
        """End with the status that belongs to what happened."""
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self._signal:
            click.get_current_context().exit(128 + self._signal)
        failures = self._failures()
        if failures:
            click.get_current_context().exit(failures[0].exit_code)


def _why(id: str, error: HydraException | Failure) -> str:
    failure = error if isinstance(error, Failure) else failure_of(error)
    return f"{plain(id)}: {failure.format_message()}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(map(plain, names[:_MOST_NAMES]))}{more}."
