"""The versions and stores of Hydra."""

from __future__ import annotations

import pytest

from hydra_client.emulator import HydraEmulator


def test_unknown_versions_and_stores() -> None:
    with pytest.raises(ValueError, match="version must be one of"):
        HydraEmulator("0.11")
    with pytest.raises(ValueError, match="store must be one of"):
        HydraEmulator(store="postgres")
