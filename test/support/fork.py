"""Forking in a test while other threads run."""

from __future__ import annotations

import os
import time
import warnings


def fork() -> int:
    """Fork when the other threads have come to rest.

    coverage takes a lock of its own in every thread that works. Held at the fork, it would stay
    held in the child for ever.
    """
    time.sleep(0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads
        return os.fork()
