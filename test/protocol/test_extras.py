"""Missing extras are named, broken ones raise their own error, and the other project is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydra_client.protocol.extras import extra, missing_extra, other_project


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


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the project that the index has as hydra-client, as far as its name goes."""
    info = tmp_path / "hydra_client-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hydra-client\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_project_of_the_same_name_is_found(other: None) -> None:
    said = other_project()
    assert said is not None
    assert said.startswith("hydra-client 1.2.3 is installed, too: another project")
    assert missing_extra("jwt", "jwt").endswith(said)
