"""Fixtures for tests of whatever talks to Hydra: `hydra`, `hydra_api`, `consent_flow`.

Another version or store, or any other argument of HydraEmulator, comes from `hydra_settings`:

    @pytest.fixture(params=["0.9", "0.10"])
    def hydra_settings(request):
        return {"version": request.param, "store": "sql"}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hydra_client import OAuth2Api
    from hydra_client.emulator import ConsentFlow, HydraEmulator

# pytest loads this module in every run where the package is installed: imports stay inside.


@pytest.fixture
def hydra_settings() -> dict[str, Any]:
    """Arguments of the emulator; override it in a test module or conftest."""
    return {}


@pytest.fixture(scope="session")
def _hydra_servers() -> Iterator[dict[str, HydraEmulator]]:
    servers: dict[str, HydraEmulator] = {}
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture
def hydra(
    hydra_settings: dict[str, Any], _hydra_servers: dict[str, HydraEmulator]
) -> Iterator[HydraEmulator]:
    """A running emulator: one server for the whole session, as new for each test."""
    from hydra_client.emulator import HydraEmulator

    key = repr(sorted(hydra_settings.items()))
    if key not in _hydra_servers:
        _hydra_servers[key] = HydraEmulator(**hydra_settings).start()
    server = _hydra_servers[key]
    consent_url = server.consent_url
    yield server
    server.reset()
    server.consent_url = consent_url


@pytest.fixture
def hydra_api(hydra: HydraEmulator) -> Iterator[OAuth2Api]:
    """The SDK, logged in to `hydra` as its root client."""
    api = hydra.api()
    with api.api_client:
        yield api


@pytest.fixture
def consent_flow(hydra: HydraEmulator) -> ConsentFlow:
    """Walk a browser's way from the authorization endpoint to the client's callback."""
    from hydra_client.emulator import ConsentFlow

    return ConsentFlow(hydra)
