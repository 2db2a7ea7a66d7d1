"""The servers that the emulator plays, and how tests run on each of them."""

from __future__ import annotations

import pytest

VARIANTS = [("0.9", "memory"), ("0.9", "sql"), ("0.10", "memory"), ("0.10", "sql")]
IDS = ["-".join(variant) for variant in VARIANTS]


@pytest.fixture(params=VARIANTS, ids=IDS)
def hydra_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """The arguments for `hydra`. A module or a conftest that imports this runs on each variant."""
    return dict(zip(("version", "store"), request.param, strict=True))
