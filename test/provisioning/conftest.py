"""Fixtures for tests of provisioning: each version of the server, with each store."""

from __future__ import annotations

import pytest
from support.variants import hydra_settings

from hydra_client.emulator import HydraEmulator
from hydra_client.provisioning import Apis

__all__ = ["apis", "hydra_settings"]


@pytest.fixture
def apis(hydra: HydraEmulator) -> Apis:
    """APIs that repeat nothing by themselves."""
    return Apis.of(hydra.api(retries=0).api_client)
