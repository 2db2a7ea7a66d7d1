"""Waits until threads do nothing.

coverage takes a lock of its own in every thread that works. Held when a signal interrupts the
thread, or when another thread forks, it would stay held for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from support.crowd import wait_until

PROCESSES = Path("/proc")


def wait_for_rest(threads: Callable[[], list[Path]], seconds: float) -> None:
    """Return when none of the threads has run for so long, and none wants to.

    Without Linux's `/proc`, return after half a second.

    Args:
        threads: Returns the folders of the threads in `/proc`.
        seconds: How long they must have rested.
    """

    def seen() -> list[str]:
        texts = [(thread / "status").read_text() for thread in threads()]
        named = ("Pid:", "State:", "voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:")
        return [line for text in texts for line in text.splitlines() if line.startswith(named)]

    def at_rest() -> bool:
        try:
            before = seen()
            time.sleep(seconds)
            states = [line.split()[1] for line in before if line.startswith("State:")]
            return before == seen() and {*states} <= {"S", "Z"}  # asleep, or ended
        except (FileNotFoundError, ProcessLookupError):
            return False  # a thread has just ended

    if (PROCESSES / "self" / "status").exists():
        wait_until(at_rest, "the threads come to rest")
    else:
        time.sleep(0.5)
