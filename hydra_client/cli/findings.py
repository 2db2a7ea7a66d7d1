"""What `hydra-client doctor` finds, and the names by which you can look it up."""

from __future__ import annotations

from typing import NamedTuple

OK, WARN, BAD = "ok", "warn", "FAILED"

# Names stay the same, whatever the texts become.
NAMES = (
    "certificate",
    "clock",
    "colon-in-id",
    "encoding",
    "failed",
    "id-token",
    "issuer",
    "later-version",
    "log-in",
    "misread-secret",
    "no-credentials",
    "no-grant",
    "no-keys",
    "not-hydra",
    "other-package",
    "permission",
    "plain-http",
    "plain-port",
    "role",
    "scope",
    "signing-key",
    "termination",
    "timeout",
    "tls-port",
    "unreachable",
)


class Finding(NamedTuple):
    """A finding: its state, what was tried, the result, what to do about it, and its name."""

    state: str
    tried: str
    came: str
    do: str = ""
    name: str = ""
