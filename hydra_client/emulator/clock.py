"""The server's clock, which a test can move on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone


class Clock:
    """Seconds since 1970, as `source` tells them, moved on by `advance`."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead = 0.0

    def __call__(self) -> float:
        """The time now, in Unix seconds."""
        return self._source() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock on; tokens, codes and consent requests grow older by it."""
        self._ahead += seconds

    def reset(self) -> None:
        """Take back every `advance`."""
        self._ahead = 0.0

    def __repr__(self) -> str:
        return f"<Clock {self._ahead:+g} s>"


def rfc3339(moment: float, *, digits: int) -> str:
    """The moment as Go prints it: in UTC, with up to `digits` of the second, no trailing zero."""
    seconds = int(moment)
    nanoseconds = int((moment - seconds) * 1_000_000_000)
    day = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{nanoseconds:09d}"[:digits].rstrip("0")
    return f"{day}.{fraction}Z" if fraction else f"{day}Z"
