"""A progress bar for long work on a terminal."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any

from hydra_client.cli.context import Invocation
from hydra_client.cli.text import echo

_MIN_TOTAL = 20


class Progress(ExitStack):
    """Shows progress on stderr, and prints lines without breaking the bar.

    Args:
        invocation: The run; if it is quiet, there is no bar.
        total: Number of items. Fewer than 20 get no bar.
        what: What is being done.
    """

    def __init__(self, invocation: Invocation, total: int, what: str) -> None:
        super().__init__()
        self._bar: Any = None
        if total >= _MIN_TOTAL and sys.stderr.isatty() and not invocation.quiet:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._bar = self.enter_context(
                Progress(
                    TextColumn("{task.description}"),
                    BarColumn(),
                    MofNCompleteColumn(),
                    console=Console(stderr=True),
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
            )
            self._task = self._bar.add_task(what, total=total)

    def advance(self) -> None:
        """Count one item as done."""
        if self._bar is not None:
            self._bar.advance(self._task)

    def print(self, line: str, *, err: bool = False) -> None:
        """Print a line, above the bar if both are on a terminal."""
        if self._bar is not None and (err or sys.stdout.isatty()):
            from rich.text import Text

            self._bar.console.print(Text(line), soft_wrap=True)
        else:
            echo(line, err=err)
