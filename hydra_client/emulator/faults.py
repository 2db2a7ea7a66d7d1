"""`Fault`: an error status, a slow response or a broken connection that a test scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Event

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response


@dataclass(eq=False)
class Fault:
    """A scripted fault. The other fields are the arguments of `HydraEmulator.fail`.

    Attributes:
        hits: How many requests the fault has affected.
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

    def matches(self, request: Request) -> bool:
        """Return whether the fault applies to the request and is not used up."""
        return (
            (self.times is None or self.hits < self.times)
            and fnmatchcase(request.raw_path, self.path)
            and (self.method in ("*", request.method))
        )

    def apply(self, stopping: Event) -> Response | None:
        """Wait for `delay`, or until the server stops; return the scripted response, if any."""
        if self.delay:
            stopping.wait(self.delay)
        if self.reset:
            return Response(0, reset=True)
        if self.status is not None:
            return Response(self.status, list(self.headers.items()), self.body, cut=self.cut)
        return None
