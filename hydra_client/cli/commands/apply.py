"""`hydra-client apply`: makes a server match a manifest."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NamedTuple

import click

from hydra_client.cli.commands.plan import expectations_met, label, load, manifest_options, plan_for
from hydra_client.cli.context import Invocation, confirm, pass_invocation
from hydra_client.cli.errors import FAILED, Failure, failure_of
from hydra_client.cli.options import Command
from hydra_client.cli.output import print_result
from hydra_client.cli.progress import Progress
from hydra_client.cli.text import echo, plain
from hydra_client.cli.workers import SignalReceived, Workers, handling_signals
from hydra_client.exceptions import ApiConnectionError, HydraException, UnauthorizedException
from hydra_client.provisioning import ProvisioningError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydra_client.cli.manifest.model import Manifest
    from hydra_client.provisioning import Step

    Key = tuple[str, str]

_CHANGED = ("created", "updated", "deleted")
_INCOMPLETE = ("failed", "unknown", "not tried")
_PLURALS = {"client": "clients", "policy": "policies", "group": "groups"}
_MAX_IDS = 20


@click.command("apply", cls=Command)
@manifest_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --prune deletes anything.")
@pass_invocation
def command(
    invocation: Invocation,
    manifest: str,
    prune: bool,
    jobs: int,
    yes: bool,
    allow_long_secret: bool,
) -> None:
    """Create and update clients, policies and groups, so that the server matches the manifest.

    Fields and secrets that are not in the manifest do not change. A generated secret is saved to
    its file before it is sent. The writes are ordered so that a request that is denied both before
    and afterwards is never allowed in between. Running the command again changes nothing, or
    completes an interrupted run. At the end, the command checks the manifest's expectations on the
    server. If one is not met, it exits with status 1.

    --prune also deletes the clients and policies of the manifest's `owner` that are not in the
    manifest, except for the calling client, and the groups under `removed`. It lists them first. On
    a terminal it asks for confirmation; elsewhere it needs --yes.

    Needs the scope hydra.clients and policies for "get" on rn:hydra:clients and
    rn:hydra:clients:<.*>, "create" and "update" on rn:hydra:clients, and for --prune "delete" on
    rn:hydra:clients:<.*>. For policies and groups also hydra.policies, hydra.warden.groups
    (hydra.groups on 0.9), and policies for "list" on rn:hydra:policies, "get" and "update" on
    rn:hydra:policies:<.*>, "create" on rn:hydra:warden:groups, and "get", "members.add",
    "members.remove" and "delete" on rn:hydra:warden:groups:<.*>; for expectations hydra.warden and
    "decide" on rn:hydra:warden:allowed.

    Examples:
      hydra-client apply access.yaml
      hydra-client apply --prune --yes --jobs 16 access.yaml
    """
    from hydra_client.provisioning import Apis

    wanted = load(manifest, prune, allow_long_secret)
    with invocation.open(Apis.of, connection_pool_maxsize=jobs) as apis:
        planned = plan_for(invocation, apis, wanted, jobs, prune)
        deleted = [step for step in planned.steps if step.action == "delete"]
        if deleted:
            _confirm(wanted, deleted, yes)
        run = _Run(invocation, jobs, wanted.keys(), planned.steps)
        with (
            Progress(invocation, len(planned.steps), "applying") as progress,
            handling_signals(run.stop),  # between two stages
        ):
            for stage in planned.stages():
                run.execute(stage, progress)
        run.report()
        run.exit()
        if not expectations_met(apis, wanted):
            click.get_current_context().exit(FAILED)


def _confirm(manifest: Manifest, deleted: Sequence[Step], yes: bool) -> None:
    """List what is to be deleted, and ask for confirmation."""
    for kind, plural in _PLURALS.items():
        if ids := [step.id for step in deleted if step.kind == kind]:
            what = f"{plural} of {manifest.owner} are not in the manifest"
            echo(f"These {'groups are to be removed' if kind == 'group' else what}:", err=True)
            for id in ids:
                echo(f"- {plain(id)}", err=True)
    confirm(f"Delete {'it' if len(deleted) == 1 else f'these {len(deleted)}'}?", yes)


class _Outcome(NamedTuple):
    """The outcome of a step.

    Attributes:
        result: `created`, `updated`, `unchanged`, `deleted` or `failed`; `unknown` if a write may
            have been carried out.
        fields: What an update changed, including the secret.
        failure: Why it failed.
        is_fatal: Whether the other steps would fail for the same reason.
    """

    result: str
    fields: tuple[str, ...] = ()
    failure: Failure | None = None
    is_fatal: bool = False


def _key(step: Step) -> Key:
    return step.kind, step.id


def _carry_out(step: Step) -> _Outcome:
    try:
        done = step.run()
    except (Failure, HydraException) as error:
        failure = failure_of(error)
        if not isinstance(error, ProvisioningError):  # which names the object itself
            failure = Failure(f"{label(*_key(step))}: {failure.message}", failure.exit_code)
        result = "unknown" if isinstance(error, HydraException) and error.repeated else "failed"
        is_fatal = isinstance(error, (ApiConnectionError, UnauthorizedException))
        return _Outcome(result, (), failure, is_fatal)
    names = done.fields if done.action == "updated" else ()
    return _Outcome(
        done.action, tuple("secret" if name == "client_secret" else name for name in names)
    )


class _Run:
    """The outcomes so far, and what to report in the end."""

    def __init__(
        self, invocation: Invocation, jobs: int, keys: Sequence[Key], steps: Sequence[Step]
    ) -> None:
        self._invocation = invocation
        self._jobs = jobs
        # The outcomes of the steps of each object.
        self._results: dict[Key, list[_Outcome]] = {key: [] for key in (*keys, *map(_key, steps))}
        self._signal = 0

    def stop(self, number: int) -> None:
        """Execute no further steps, because of a signal."""
        self._signal = number

    def execute(self, steps: Sequence[Step], progress: Progress) -> None:
        """Execute steps in parallel, unless earlier ones failed."""
        workers: Workers[Step, _Outcome] = Workers(
            self._jobs, _carry_out, steps, lambda outcome: outcome.is_fatal
        )
        if self._signal or self._failures():
            workers.stop()
        unfinished = set(map(_key, steps))
        with workers.catching_signals():
            for patient in (True, False):
                try:
                    for step, outcome in workers:
                        unfinished.discard(_key(step))
                        self._add(step, outcome, progress)
                    break
                except SignalReceived as received:
                    self.stop(received.number)
                    workers.stop()
                    if patient:
                        progress.print(
                            "Waiting for requests in progress. Repeat to stop at once.", err=True
                        )
        not_started = set(map(_key, workers.not_started))
        for key in unfinished:
            self._results[key].append(_Outcome("not tried" if key in not_started else "unknown"))

    def _add(self, step: Step, outcome: _Outcome, progress: Progress) -> None:
        self._results[_key(step)].append(outcome)
        progress.advance()
        if outcome.failure is not None:
            progress.print(f"Error: {outcome.failure.format_message()}", err=True)
        elif outcome.result in _CHANGED and self._invocation.output == "table":
            fields = f": {', '.join(outcome.fields)}" if outcome.fields else ""
            line = f"{outcome.result.capitalize()} {label(*_key(step))}{fields}."
            progress.print(plain(step.id) if self._invocation.quiet else line)

    def _failures(self) -> list[Failure]:
        outcomes = [outcome for found in self._results.values() for outcome in found]
        return [outcome.failure for outcome in outcomes if outcome.failure is not None]

    def _result(self, key: Key) -> str:
        """Return the result for an object. An incomplete step outweighs the others."""
        results = {outcome.result for outcome in self._results[key]}
        order = (*_INCOMPLETE, *_CHANGED)
        return next((result for result in order if result in results), "unchanged")

    def report(self) -> None:
        """Print what was done and what was not."""
        results = {key: self._result(key) for key in self._results}
        output = self._invocation.output
        if output != "table":
            documents = [self._document(key, result) for key, result in results.items()]
            print_result(documents, output)
        names: dict[str, list[str]] = {}
        for key, result in results.items():
            names.setdefault(result, []).append(label(*key))
        if output == "table" and not self._invocation.quiet:
            order = (*_CHANGED, "unchanged", *_INCOMPLETE)
            counts = [f"{len(names[result])} {result}" for result in order if result in names]
            echo(f"{', '.join(counts) or 'Nothing to do'}.")
        incomplete = [result for result in _INCOMPLETE if result in names]
        for result in incomplete:
            echo(f"{result.capitalize()}: {_shortened(names[result])}", err=True)
        if incomplete:
            self._invocation.remark("Run the command again to complete it.")

    def _document(self, key: Key, result: str) -> dict[str, object]:
        outcomes = self._results[key]
        fields = dict.fromkeys(name for outcome in outcomes for name in outcome.fields)
        failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
        error = failures[0].format_message() if failures else None
        kind, id = key
        return {"kind": kind, "id": id, "result": result, "fields": list(fields), "error": error}

    def exit(self) -> None:
        """Exit with the status of the signal or of the first failure, if there was one."""
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self._signal:
            click.get_current_context().exit(128 + self._signal)
        if failures := self._failures():
            click.get_current_context().exit(failures[0].exit_code)


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_IDS} more" if len(names) > _MAX_IDS else ""
    return f"{', '.join(names[:_MAX_IDS])}{more}."
