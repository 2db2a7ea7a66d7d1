"""Secrets that a manifest refers to: generated once, saved first, never shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from support.manifests import good

from hydra_client.cli.errors import Failure


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clients.yaml"


def test_no_secret_is_printed(path: Path) -> None:
    found = good(path, "clients: [{id: a, secret: {env: S}}]", S="hunter2hunter2")
    assert repr(found.entries[0].secret) == "Secret(source='from environment variable S')"
    assert "hunter2" not in repr(found)


def test_a_file_that_was_never_filled_is_filled(path: Path) -> None:
    """As by a process that was killed between making it and writing into it."""
    out = path.parent / "out"
    out.touch(0o644)
    (entry,) = good(path, "clients: [{id: a, secret: {generate: {out: out}}}]").entries
    assert entry.secret is not None
    made = entry.secret.obtain()
    assert out.read_text() == f"{made}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_who_is_faster_makes_the_secret(path: Path) -> None:
    text = "clients: [{id: a, secret: {generate: {out: out}}}]"
    one, other = (good(path, text).entries[0].secret for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.obtain() == other.obtain()


def test_a_secret_that_cannot_be_kept(path: Path) -> None:
    text = "clients: [{id: a, secret: {generate: {out: out}}}]"
    (entry,) = good(path, text).entries
    (path.parent / "out").symlink_to(path.parent / "elsewhere")
    assert entry.secret is not None
    with pytest.raises(Failure, match="out: Too many levels of symbolic links") as failure:
        entry.secret.obtain()
    assert failure.value.exit_code == 2
    assert not os.path.exists(path.parent / "elsewhere")
