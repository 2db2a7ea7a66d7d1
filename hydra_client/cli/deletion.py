"""Deletes objects by id, one by one, after a confirmation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from hydra_client.cli.context import Invocation, confirm
from hydra_client.cli.errors import failure_of
from hydra_client.cli.text import echo
from hydra_client.exceptions import HydraException

yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def delete_each(
    invocation: Invocation, ids: Sequence[str], yes: bool, delete: Callable[[str], Any]
) -> None:
    """Delete each object, after a confirmation; exit with the status of the first failure."""
    confirm(f"Delete {' '.join(ids)}?", yes)
    failures = []
    for id in ids:
        try:
            delete(id)
        except HydraException as error:
            failures.append(failure_of(error))
            failures[-1].show()
        else:
            echo(id if invocation.shortest else f"Deleted {id}.")
    if failures:
        click.get_current_context().exit(failures[0].exit_code)
