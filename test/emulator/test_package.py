"""The package: its public names and its independence from the SDK."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_public_names_are_loaded_on_first_use() -> None:
    from hydra_client import emulator

    for name in emulator.__all__:
        assert getattr(emulator, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Hydra'"):
        _ = emulator.Hydra


def test_the_emulator_does_not_import_the_sdk() -> None:
    """Code shared with the SDK would hide its errors from tests."""
    code = """
import sys
from hydra_client.emulator import ConsentFlow, HydraEmulator
from hydra_client.emulator.testing import in_process
hydra = HydraEmulator(issuer="http://hydra.test")
ConsentFlow(hydra)().exchange()
known = [name for name in sys.modules if name.startswith("hydra_client.")]
allowed = ("hydra_client.emulator", "hydra_client.version")
print([name for name in known if not name.startswith(allowed)])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
