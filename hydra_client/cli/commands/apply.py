"""`hydra-client apply`: makes the clients of a server match a manifest."""

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
from hydra_client.cli.workers import SignalReceived, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydra_client import HydraException
    from hydra_client.cli.manifest.model import Manifest
    from hydra_client.cli.manifest.reconcile import Outcome

    Task = tuple[str, Callable[[], Outcome]]

_CHANGED = ("created", "updated", "deleted")
_INCOMPLETE = ("failed", "unknown", "not tried")
_MAX_IDS = 20


@click.command("apply", cls=Command)
@manifest_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --prune deletes clients.")
@pass_invocation
def command(
    invocation: Invocation,
    manifest: str,
    prune: bool,
    jobs: int,
    yes: bool,
    allow_long_secret: bool,
) -> None:
    """Create and update the clients of the server, so that they match the manifest.

    Fields and secrets that are not in the manifest do not change. A generated secret is saved to
    its file before it is sent. Running the command again changes nothing, or completes what an
    interrupted run has left.

    --prune also deletes the clients of the manifest's `owner` that are not in the manifest, except
    for the calling client. It lists them first. On a terminal it asks for confirmation; elsewhere
    it needs --yes.

    Needs the scope hydra.clients and policies for "get" on rn:hydra:clients and
    rn:hydra:clients:<.*>, "create" and "update" on rn:hydra:clients, and for --prune "delete" on
    rn:hydra:clients:<.*>.

    \b
    Examples:
      hydra-client apply clients.yaml
      hydra-client apply --prune --yes --jobs 16 clients.yaml
    """  # noqa: D301 - click's mark for lines to keep
    from hydra_client.cli.manifest.reconcile import reconcile, remove

    wanted = load(manifest, prune, allow_long_secret)
    with invocation.api(connection_pool_maxsize=jobs) as api:
        current = {client.id: client for client in api.list_oauth2_clients()}
        extra = to_delete(invocation, wanted, current.values()) if prune else []
        if extra:
            _confirm(wanted, extra, yes)
        run = _Run(invocation, jobs, [*(entry.id for entry in wanted.entries), *extra])
        with Progress(invocation, len(run.ids), "applying") as progress:
            # New clients first, because most others turn out to be unchanged.
            run.execute(
                [
                    (entry.id, partial(reconcile, api, entry, current.get(entry.id)))
                    for entry in sorted(wanted.entries, key=lambda entry: entry.id in current)
                ],
                progress,
            )
            run.execute([(id, partial(remove, api, id, wanted.owner)) for id in extra], progress)
    run.report()
    run.exit()


def _confirm(manifest: Manifest, extra: Sequence[str], yes: bool) -> None:
    """List the clients to delete, and ask for confirmation."""
    echo(f"These clients of {manifest.owner} are not in the manifest:", err=True)
    for id in extra:
        echo(f"- {plain(id)}", err=True)
    if yes:
        return
    what = "it" if len(extra) == 1 else f"these {len(extra)}"
    if not sys.stdin.isatty():
        raise Failure(f"use --yes to let --prune delete {what}; nothing was changed", USAGE)
    confirm(f"Delete {what}?")


class _Run:
    """The outcomes so far, and what to report in the end."""

    def __init__(self, invocation: Invocation, jobs: int, ids: list[str]) -> None:
        self.ids = ids
        self._invocation = invocation
        self._jobs = jobs
        self._outcomes: dict[str, Outcome] = {}
        self._started = set(ids)
        self._signal = 0

    def execute(self, tasks: list[Task], progress: Progress) -> None:
        """Execute tasks side by side, unless earlier ones failed."""
        if self._signal or self._failures():
            self._started.difference_update(id for id, _ in tasks)
            return
        workers: Workers[Task, Outcome] = Workers(
            self._jobs, lambda task: task[1](), tasks, lambda outcome: outcome.fatal
        )
        with workers.catching_signals():
            for patient in (True, False):
                try:
                    self._collect(workers, progress)
                    break
                except SignalReceived as received:
                    self._signal = received.number
                    workers.stop()
                    if patient:
                        progress.print(
                            "Waiting for requests in progress. Repeat to stop at once.", err=True
                        )
        self._started.difference_update(id for id, _ in workers.not_started)

    def _collect(self, workers: Workers[Task, Outcome], progress: Progress) -> None:
        table = self._invocation.output == "table"
        for _, outcome in workers:
            self._outcomes[outcome.id] = outcome
            progress.advance()
            if outcome.error is not None:
                progress.print(f"Error: {_message(outcome.id, outcome.error)}", err=True)
            elif outcome.result in _CHANGED and table:
                progress.print(self._line(outcome))

    def _line(self, outcome: Outcome) -> str:
        id = plain(outcome.id)
        if self._invocation.quiet:
            return id
        fields = f": {', '.join(outcome.fields)}" if outcome.fields else ""
        return f"{outcome.result.capitalize()} {id}{fields}."

    def _failures(self) -> list[Failure]:
        outcomes = self._outcomes.values()
        return [failure_of(outcome.error) for outcome in outcomes if outcome.error is not None]

    def _result(self, id: str) -> str:
        if id in self._outcomes:
            return self._outcomes[id].result
        return "unknown" if id in self._started else "not tried"

    def report(self) -> None:
        """Print what was done and what was not."""
        results = {id: self._result(id) for id in self.ids}
        output = self._invocation.output
        if output != "table":
            print_many([self._document(id, results[id]) for id in results], output, ())
        ids: dict[str, list[str]] = {}
        for id, result in results.items():
            ids.setdefault(result, []).append(id)
        if output == "table" and not self._invocation.quiet:
            order = (*_CHANGED, "unchanged", *_INCOMPLETE)
            counts = [f"{len(ids[result])} {result}" for result in order if result in ids]
            echo(f"{', '.join(counts) or 'Nothing to do'}.")
        incomplete = [result for result in _INCOMPLETE if result in ids]
        for result in incomplete:
            echo(f"{result.capitalize()}: {_shortened(ids[result])}", err=True)
        if incomplete:
            self._invocation.remark("Run the command again to complete it.")

    def _document(self, id: str, result: str) -> dict[str, object]:
        outcome = self._outcomes.get(id)
        fields = list(outcome.fields) if outcome else []
        error = _message(id, outcome.error) if outcome and outcome.error is not None else None
        return {"id": id, "result": result, "fields": fields, "error": error}

    def exit(self) -> None:
        """Exit with the status of the signal or of the first failure, if there was one."""
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self._signal:
            click.get_current_context().exit(128 + self._signal)
        if failures := self._failures():
            click.get_current_context().exit(failures[0].exit_code)


def _message(id: str, error: HydraException | Failure) -> str:
    return f"{plain(id)}: {failure_of(error).format_message()}"


def _shortened(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MAX_IDS} more" if len(ids) > _MAX_IDS else ""
    return f"{', '.join(map(plain, ids[:_MAX_IDS]))}{more}."
