"""`completion`: the scripts that it prints, and what shells offer with them."""

from __future__ import annotations

import pytest
from support.command import Run, Start


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_HYDRA_CLIENT_COMPLETE" in result.output


def test_completion_completes(start: Start) -> None:
    process = start(
        env={
            "_HYDRA_CLIENT_COMPLETE": "bash_complete",
            "COMP_WORDS": "hydra-client clients pa",
            "COMP_CWORD": "2",
        }
    )
    out, _ = process.communicate(timeout=60)
    assert out.split() == ["plain,patch"]


@pytest.mark.parametrize(
    "words",
    [
        "plan",
        "apply",
        "export",
        "clients import",
        "clients create --file",
        "consent accept x --access-token-extra",
        "consent accept x --id-token-extra",
        "discover --config",
        "--ca-cert",
    ],
)
def test_completion_offers_files(run: Run, words: str) -> None:
    result = run(
        _HYDRA_CLIENT_COMPLETE="bash_complete",
        COMP_WORDS=f"hydra-client {words} cl",
        COMP_CWORD=str(len(words.split()) + 1),
    )
    assert result.output == "file,cl\n"
