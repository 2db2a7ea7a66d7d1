"""An embedded server that answers like ORY Hydra 0.9.14 and 0.10.10: for tests and demos only.

It keeps everything in memory, has a root client whose secret is public, and was never hardened,
so it listens on loopback alone. What it does:

- the 14 operations of the client, and the browser's side of them: `/clients`,
  `/oauth2/{auth,token,introspect,revoke}`, `/oauth2/consent/requests`, `/.well-known/*`;
- `/health/status`, and `/userinfo` in 0.10;
- the router's ways: 404, 405, redirects of trailing slashes and of paths in the wrong case.

What it leaves out, answering 404: `/policies`, `/keys`, `/warden` (`HydraEmulator.allow` stands in
for policies), `/health/metrics`, and the server's own fallback consent page. `prompt` and
`max_age` have their effect on ID tokens in 0.10; `id_token_hint` is ignored. TLS termination is
off.

    with HydraEmulator(version="0.10") as hydra:
        api = hydra.api()
        api.list_oauth2_clients()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra_client.emulator.clock import Clock as Clock
    from hydra_client.emulator.hydra import HydraEmulator as HydraEmulator
    from hydra_client.emulator.testing.browser import Callback as Callback
    from hydra_client.emulator.testing.browser import ConsentFlow as ConsentFlow
    from hydra_client.emulator.testing.faults import Fault as Fault
    from hydra_client.emulator.testing.recording import RecordedRequest as RecordedRequest

__all__ = ["HydraEmulator", "Clock", "Fault", "RecordedRequest", "ConsentFlow", "Callback"]

_HOMES = {
    "HydraEmulator": "hydra",
    "Clock": "clock",
    "Fault": "testing.faults",
    "RecordedRequest": "testing.recording",
    "ConsentFlow": "testing.browser",
    "Callback": "testing.browser",
}


def __getattr__(name: str) -> object:
    # pytest imports this package in every run of a user's tests: nothing heavy before it is used.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
