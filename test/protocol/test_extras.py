"""A missing extra is named; a broken one says itself what is wrong."""

from __future__ import annotations

import pytest

from hydra_client.protocol.extras import extra


def test_a_missing_module_names_its_extra() -> None:
    with pytest.raises(ModuleNotFoundError) as missing, extra("jwt"):
        raise ModuleNotFoundError(name="cryptography.hazmat")
    assert missing.value.name == "cryptography"
    assert str(missing.value) == "cryptography is missing: pip install 'hydra-legacy-client[jwt]'"


def test_a_broken_module_speaks_for_itself() -> None:
    broken = ModuleNotFoundError(name="_cffi_backend")
    with pytest.raises(ModuleNotFoundError) as raised, extra("jwt"):
        raise broken
    assert raised.value is broken
