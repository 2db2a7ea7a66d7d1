"""The consent apps in the guides resist malformed requests and forged forms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.frameworks import need_frameworks
from support.variants import VARIANTS

import hydra_client

HERE = Path(__file__).parent
GUIDES = HERE.parents[1] / "docs" / "guides"


@pytest.mark.parametrize(("version", "store"), VARIANTS)
@pytest.mark.parametrize("framework", ["flask", "django", "fastapi"])
def test_consent_app_of_the_guide(framework: str, version: str, store: str) -> None:
    page = GUIDES / f"consent-{framework}.md"
    need_frameworks(page.read_text(encoding="utf-8"))
    finished = subprocess.run(
        [*(sys.executable, "-W", "error", str(HERE / "attack.py")), str(page), version, store],
        env={"PYTHONPATH": f"{hydra_client.__path__[0]}/.."},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
