"""Secrets that a manifest refers to: generated once, saved first, never shown."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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


@pytest.mark.parametrize("exists", [True, False])
def test_two_runs_at_the_same_time_get_one_secret(
    monkeypatch: pytest.MonkeyPatch, path: Path, exists: bool
) -> None:
    """The second one waits for the first one, which is slow to save it."""
    both = threading.Barrier(2)

    def slow() -> str:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # until the other run is here, too
        return secrets.token_hex()

    monkeypatch.setattr("hydra_client.cli.manifest.model.new_secret", slow)
    out = path.parent / "out"
    if exists:
        out.touch()
    text = "clients: [{id: a, secret: {generate: {out: out}}}]"
    runs = [good(path, text).entries[0].secret for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda run: run and run.obtain(), runs)
    assert one == other
    assert out.read_text() == f"{one}\n"
    assert sorted(path.parent.iterdir()) == [path, out]


def test_a_run_that_was_stopped_while_it_saves_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    monkeypatch.setattr("hydra_client.cli.manifest.model._LONGEST_LOCK", 0.02)
    (entry,) = good(path, "clients: [{id: a, secret: {generate: {out: out}}}]").entries
    assert entry.secret is not None
    with (path.parent / "out").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Failure, match="out: another run has locked it; try again later"):
            entry.secret.obtain()


def test_a_file_system_without_locks(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr("fcntl.flock", refuse)
    (entry,) = good(path, "clients: [{id: a, secret: {generate: {out: out}}}]").entries
    assert entry.secret is not None
    assert f"{entry.secret.obtain()}\n" == (path.parent / "out").read_text()


def refuse(*_: object) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def test_a_secret_that_cannot_be_kept(path: Path) -> None:
    text = "clients: [{id: a, secret: {generate: {out: out}}}]"
    (entry,) = good(path, text).entries
    (path.parent / "out").symlink_to(path.parent / "elsewhere")
    assert entry.secret is not None
    with pytest.raises(Failure, match="out: Too many levels of symbolic links") as failure:
        entry.secret.obtain()
    assert failure.value.exit_code == 2
    assert not os.path.exists(path.parent / "elsewhere")
