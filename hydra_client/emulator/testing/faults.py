"""Faults that a test scripts: wrong statuses, slow answers, broken connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Event, Lock

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Answer


@dataclass(eq=False)
class Fault:
    """One scripted fault; the fields are the arguments of `HydraEmulator.fail`.

    Attributes:
        hits: How many requests it has met.
    """

    path: str = "*"
    method: str = "*"
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    reset: bool = False
    cut: int | None = None
    times: int | None = 1
    hits: int = 0

    def meets(self, request: Request) -> bool:
        """Whether the fault is meant for this request, and not used up."""
        return (
            (self.times is None or self.hits < self.times)
            and fnmatchcase(request.raw_path, self.path)
            and (self.method in ("*", request.method))
        )


class Faults:
    """The faults of a server, in the order in which they were scripted."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Script one more."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, request: Request) -> Fault | None:
        """The first fault that meets the request, counted."""
        with self._lock:
            fault = next((fault for fault in self._faults if fault.meets(request)), None)
            if fault is not None:
                fault.hits += 1
            return fault


def before(fault: Fault, stopping: Event) -> Answer | None:
    """Wait as the fault says, until the server stops at most; return its own answer, if any."""
    if fault.delay:
        stopping.wait(fault.delay)
    if fault.reset:
        return Answer(0, reset=True)
    if fault.status is not None:
        return Answer(fault.status, list(fault.headers.items()), fault.body, cut=fault.cut)
    return None
