"""The server under test: what HYDRA_URL names, else the embedded one in its four variants."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from live.server import Server

from hydra_client.emulator import HydraEmulator

EMBEDDED = [f"{version}-{store}" for version in ("0.9", "0.10") for store in ("memory", "sql")]


@pytest.fixture(scope="session", params=["running"] if os.environ.get("HYDRA_URL") else EMBEDDED)
def running_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "running":
        server = Server(
            os.environ["HYDRA_URL"],
            os.environ["HYDRA_CLIENT_ID"],
            os.environ["HYDRA_CLIENT_SECRET"],
        )
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
