"""The set-up guide ends with a logged-in user, on every version and store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.variants import IDS, VARIANTS

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "set-up.md"
START = "HydraEmulator().start()"


@pytest.mark.parametrize(("version", "store"), VARIANTS, ids=IDS)
def test_the_guide_ends_with_a_login(
    version: str, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = GUIDE.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    assert START in code
    exec(code.replace(START, f"HydraEmulator({version!r}, {store!r}).start()"), {})
    printed = capsys.readouterr().out
    assert printed == "".join(re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    assert printed.endswith("logged in: alice\nTrue alice photo-app\n")
