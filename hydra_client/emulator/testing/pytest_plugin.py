"""The pytest fixtures `hydra`, `hydra_api`, `hydra_async_api`, `hydra_environment`, `consent_flow`.

To pass arguments to HydraEmulator, such as a version or a store, override `hydra_settings`:

    @pytest.fixture(params=["0.9", "0.10"])
    def hydra_settings(request):
        return {"version": request.param, "store": "sql"}
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hydra_client import OAuth2Api
    from hydra_client.aio import OAuth2Api as AsyncOAuth2Api
    from hydra_client.emulator import ConsentFlow, HydraEmulator

# pytest loads this module in every run where the package is installed, so imports are local.


@pytest.fixture
def hydra_settings() -> dict[str, Any]:
    """Arguments of HydraEmulator. Override this fixture in a test module or conftest."""
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
    """A running emulator. One server runs for the whole session, and is reset after each test.

    A test may stop it: it listens on the same port again afterwards.
    """
    from hydra_client.emulator import HydraEmulator

    if not isinstance(hydra_settings, Mapping):
        raise TypeError(
            "the fixture hydra_settings must return a dict of arguments of HydraEmulator, such as "
            f"{{'version': '0.9'}}, not {type(hydra_settings).__name__}"
        )
    key = repr(sorted(hydra_settings.items()))
    if key not in _hydra_servers:
        _hydra_servers[key] = HydraEmulator(**hydra_settings).start()
    server = _hydra_servers[key]
    consent_url = server.consent_url
    yield server
    server.reset()
    server.consent_url = consent_url
    server.start()


@pytest.fixture
def hydra_api(hydra: HydraEmulator) -> Iterator[OAuth2Api]:
    """The SDK's API for `hydra`, authenticated as its root client."""
    api = hydra.api()
    with api.api_client:
        yield api


@pytest.fixture
def hydra_async_api(hydra: HydraEmulator) -> AsyncOAuth2Api:
    """The SDK's API for asyncio, as `hydra_api`. It is not opened, so no plugin is needed.

    Open it in the event loop of your test: `async with hydra_async_api:`.
    """
    return hydra.async_api()


@pytest.fixture
def hydra_environment(hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch) -> HydraEmulator:
    """The server `hydra`, and the environment for code that calls `hydra_client.connect()` itself.

    The code connects to `hydra` as its root client.
    """
    for name in [name for name in os.environ if name.startswith("HYDRA_")]:
        monkeypatch.delenv(name)
    client_id, client_secret = hydra.root
    monkeypatch.setenv("HYDRA_URL", hydra.url)
    monkeypatch.setenv("HYDRA_CLIENT_ID", client_id)
    monkeypatch.setenv("HYDRA_CLIENT_SECRET", client_secret)
    return hydra


@pytest.fixture
def consent_flow(hydra: HydraEmulator) -> ConsentFlow:
    """A browser that follows an authorization from its start to the client's callback."""
    from hydra_client.emulator import ConsentFlow

    return ConsentFlow(hydra)
