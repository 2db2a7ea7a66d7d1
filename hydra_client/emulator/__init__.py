"""An embedded server that behaves like ORY Hydra 0.9.14 or 0.10.10, for tests and demos only.

It keeps everything in memory, its root client has a public secret, and it is not hardened, so it
listens on loopback addresses only. It implements:

- OAuth 2.0 and OpenID Connect: `/oauth2/{auth,token,introspect,revoke}`, `/.well-known/*`, and
  `/userinfo` in 0.10;
- the admin endpoints: `/clients`, `/oauth2/consent/requests`, `/policies`, `/warden`, `/keys` and
  `/health`;
- access control: policies decide on the admin endpoints as they do on the resources of others;
- the behaviour of Hydra's router: 404, 405, and redirects for trailing slashes and for paths in
  the wrong case.

It does not implement the server's own fallback consent page, which returns 404. In 0.10, `prompt`,
`max_age` and `id_token_hint` affect ID tokens. There is no support for TLS termination. Templates
of policies can contain Go's regular expressions, except for classes of scripts such as Greek. If it
cannot match a template, or not in time, requests fail with status 500.

    with HydraEmulator(version="0.10") as hydra:
        api = hydra.api()
        api.list_oauth2_clients()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra_client.emulator.clock import Clock as Clock
    from hydra_client.emulator.faults import Fault as Fault
    from hydra_client.emulator.hydra import HydraEmulator as HydraEmulator
    from hydra_client.emulator.recording import RecordedRequest as RecordedRequest
    from hydra_client.emulator.testing.browser import Callback as Callback
    from hydra_client.emulator.testing.browser import ConsentFlow as ConsentFlow

__all__ = ["HydraEmulator", "Clock", "Fault", "RecordedRequest", "ConsentFlow", "Callback"]

_MODULES = {
    "HydraEmulator": "hydra",
    "Clock": "clock",
    "Fault": "faults",
    "RecordedRequest": "recording",
    "ConsentFlow": "testing.browser",
    "Callback": "testing.browser",
}


def __getattr__(name: str) -> object:
    # pytest imports this package in every test run of a user, so import nothing heavy before use.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f"{__name__}.{_MODULES[name]}")
    except ModuleNotFoundError as error:
        from hydra_client.protocol.extras import naming_extra  # only this error needs the SDK

        raise naming_extra(error, "emulator") from None
    return getattr(module, name)
