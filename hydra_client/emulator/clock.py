"""The server's clock, which tests can move forward, and Go's format for times."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timezone


class Clock:
    """Unix time in seconds: what `source` returns, plus every `advance`."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def __call__(self) -> float:
        """Return the current Unix time in seconds."""
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward; tokens, codes and consent requests age by `seconds`."""
        if not math.isfinite(seconds):
            raise ValueError(f"seconds must be a finite number, not {seconds!r}")
        self._offset += seconds

    def reset(self) -> None:
        """Undo every `advance`."""
        self._offset = 0.0

    def __repr__(self) -> str:
        return f"<Clock {self._offset:+g} s>"


def rfc3339(timestamp: float, *, digits: int) -> str:
    """Format a Unix time as Go does: in UTC, with up to `digits` decimals and no trailing zeros."""
    seconds = int(timestamp)
    nanoseconds = int((timestamp - seconds) * 1_000_000_000)
    whole = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{nanoseconds:09d}"[:digits].rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
