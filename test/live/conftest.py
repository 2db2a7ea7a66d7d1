"""The server under test: the one that HYDRA_URL names, or the emulator in its four variants."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from live.server import Server
from support.variants import IDS

from hydra_client.emulator import HydraEmulator

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a running server be called over plain http, as within a network of containers."""
    for item in items:
        if HERE in item.path.parents:
            allow = "ignore::hydra_client.InsecureTransportWarning"
            item.add_marker(pytest.mark.filterwarnings(allow))


@pytest.fixture(scope="session", autouse=True)
def _no_other_settings() -> Iterator[None]:
    names = ["HYDRA_ACCESS_TOKEN", "HYDRA_SCOPES"]
    if not os.environ.get("HYDRA_URL"):  # no proxy leads to the emulator
        names += [name for name in os.environ if name.lower().endswith("_proxy")]
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", params=["running"] if os.environ.get("HYDRA_URL") else IDS)
def running_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "running":
        names = ("HYDRA_URL", "HYDRA_CLIENT_ID", "HYDRA_CLIENT_SECRET")
        if missing := [name for name in names if not os.environ.get(name)]:
            pytest.exit(f"beside HYDRA_URL, set {' and '.join(missing)}", 4)
        server = Server(*(os.environ[name] for name in names))
        yield server
        server.close()
        return
    version, store = request.param.split("-")
    with HydraEmulator(version, store) as emulator:
        server = Server(emulator.url, *emulator.root)
        assert (server.is_0_9, server.is_sql) == (version == "0.9", store == "sql")
        yield server
        server.close()


@pytest.fixture
def server(running_server: Server) -> Iterator[Server]:
    yield running_server
    running_server.clean_up()
