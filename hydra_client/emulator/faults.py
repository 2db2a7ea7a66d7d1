"""`Fault`: an error status, a slow response or a broken connection that a test scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import TIMEOUT_MAX, Event

from hydra_client.emulator import arguments
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

_KINDS = {
    "path": "a string",
    "method": "a string",
    "status": "an integer or None",
    "headers": "a mapping",
    "body": "a string or bytes",
    "delay": "a number",
    "reset": "a bool",
    "cut": "an integer or None",
    "times": "an integer or None",
}


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

    def __post_init__(self) -> None:
        arguments.check(_KINDS, vars(self))
        self.headers = dict(self.headers)  # the caller may change theirs
        if not self.path.startswith(("/", "*")):
            raise ValueError(f"path must begin with / or *, not {self.path!r}")
        if "?" in self.path or "#" in self.path:
            raise ValueError(f"path must end before the query, not {self.path!r}: remove the query")
        self.method = self.method.upper()
        if self.method != "*" and not self.method.isalpha():
            raise ValueError(f"method must be one HTTP method, or * for all, not {self.method!r}")
        if self.status is not None and not 200 <= self.status <= 999:
            raise ValueError(f"status must be from 200 to 999, not {self.status}")
        if not 0 <= self.delay <= TIMEOUT_MAX:
            raise ValueError(f"delay must be a number of seconds, 0 or more, not {self.delay}")
        for name, value in (("cut", self.cut), ("times", self.times)):
            if value is not None and value < 0:
                raise ValueError(f"{name} must be 0 or more, or None, not {value}")

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
