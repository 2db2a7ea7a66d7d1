"""tools/record.py can record the session that the README shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import ENVIRONMENT

ROOT = Path(__file__).parents[2]


# Slow, because it starts a server and a dozen commands.
@pytest.mark.sweep
def test_the_session_can_be_recorded(tmp_path: Path) -> None:
    tool = ROOT / "tools" / "record.py"
    if not tool.exists():
        pytest.skip("an installed package comes without the tools")
    file = tmp_path / "session.svg"
    subprocess.run(
        [sys.executable, str(tool), str(file)],
        env=os.environ | ENVIRONMENT,
        cwd=tmp_path,
        timeout=120,
        check=True,
    )
    shown = re.sub(r"<[^>]*>", "", file.read_text(encoding="utf-8")).replace("&#160;", " ")
    committed = (ROOT / "docs" / "session.svg").read_text(encoding="utf-8")
    for line in ("$ hydra-client plan", "Created my-app.", "Photo prints", "All is well."):
        assert line in shown
        assert line.replace(" ", "&#160;") in committed
    assert "demo-password" not in shown
    assert "@font-face" not in committed
