"""Emulators of each version and store, as fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.emulator import Wire, make_wire
from support.variants import VARIANTS

from hydra_client.emulator import HydraEmulator


@pytest.fixture
def hydra() -> Iterator[HydraEmulator]:
    """A running emulator with default settings."""
    with HydraEmulator() as hydra:
        yield hydra


@pytest.fixture(params=VARIANTS, ids=[f"{version}-{store}" for version, store in VARIANTS])
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each version with each store."""
    return make_wire(*request.param)


@pytest.fixture(params=["memory", "sql"])
def old(request: pytest.FixtureRequest) -> Wire:
    """0.9, with each store."""
    return make_wire("0.9", request.param)


@pytest.fixture(params=["memory", "sql"])
def new(request: pytest.FixtureRequest) -> Wire:
    """0.10, with each store."""
    return make_wire("0.10", request.param)


@pytest.fixture(params=["0.9", "0.10"])
def memory(request: pytest.FixtureRequest) -> Wire:
    """The memory store, in each version."""
    return make_wire(request.param, "memory")


@pytest.fixture(params=["0.9", "0.10"])
def sql(request: pytest.FixtureRequest) -> Wire:
    """The SQL store, in each version."""
    return make_wire(request.param, "sql")
