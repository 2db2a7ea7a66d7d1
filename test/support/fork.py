"""Forking in a test while other threads run."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from pathlib import Path

from support.rest import PROCESSES, wait_for_rest


def fork() -> int:
    """Fork; under coverage, when the other threads have come to rest."""
    if "coverage" in sys.modules:
        # Shorter than a server sleeps before it looks whether it is to stop.
        wait_for_rest(others, 0.005)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads
        return os.fork()


def others() -> list[Path]:
    """The threads of this process but for the one that calls."""
    threads = (PROCESSES / "self" / "task").iterdir()
    return [thread for thread in threads if thread.name != str(threading.get_native_id())]
