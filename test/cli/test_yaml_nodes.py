"""Limits on every file that a command reads: its kind, its size, and what aliases expand to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.command import Run

from hydra_client.emulator import HydraEmulator

BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "x-0: &m0 {id: a}\n" + "".join(f"x-{n}: &m{n} {{<<: *m{n - 1}}}\n" for n in range(1, 1000))


@pytest.mark.parametrize(
    "command",
    [
        ["clients", "create", "--file"],
        ["clients", "update", "app", "--file"],
        ["clients", "patch", "app", "--file"],
        ["clients", "import"],
        ["plan"],
        ["apply"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("text", [BOMB, MERGES, "a: &a [*a]\n"], ids=["bomb", "merges", "endless"])
def test_anchors_unfold_within_bounds(
    run: Run, root: HydraEmulator, tmp_path: Path, command: list[str], text: str
) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text + "clients: []\n" if command[0] in ("plan", "apply") else text)
    result = run(*command, str(file))
    assert result.exit_code == 2
    assert "anchors that expand to too much" in result.stderr or "too many levels" in result.stderr
    assert f"{file}" in result.stderr
    assert root.requests == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_only_regular_files_are_read(
    run: Run, root: HydraEmulator, tmp_path: Path, kind: str
) -> None:
    odd = {"pipe": str(tmp_path / "pipe"), "device": "/dev/zero", "folder": str(tmp_path)}[kind]
    os.mkfifo(tmp_path / "pipe")
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(f"clients:\n  - id: app\n    secret: {{file: {odd}}}\n")
    result = run("plan", str(manifest))
    assert result.exit_code == 2
    assert f"{manifest}:3:20: secret: " in result.stderr
    assert "regular file" in result.stderr or "directory" in result.stderr
    if kind != "folder":
        for arguments in (["plan", odd], ["clients", "import", odd]):
            result = run(*arguments)
            assert result.exit_code == 2
            assert "not a regular file" in result.stderr


def test_a_file_is_bounded_in_bytes(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b" " * (16 * 1024 * 1024 + 1))
    for result in (run("plan", str(large)), run("plan", "-", input=large.read_bytes())):
        assert result.exit_code == 2
        assert "larger than 16 MiB" in result.stderr


def test_what_is_called_json_is_json(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    """As YAML a comment and the next line would be one key, which a warning would show."""
    text = '{"id": "m5", // comment\n"client_secret": "s3cretvalue"}'
    for name, where in (
        ("a.json", "a.json:1:14: not valid JSON"),
        ("a.JSON", "a.JSON:1:14: not valid JSON"),
    ):
        (tmp_path / name).write_text(text)
        for command in (["clients", "create", "--file"], ["clients", "import"], ["plan"]):
            result = run(*command, str(tmp_path / name))
            assert result.exit_code == 2
            assert where in result.stderr
            assert "s3cretvalue" not in result.output
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert "too many levels" in run("clients", "import", str(tmp_path / "deep.json")).stderr


def test_a_key_is_shown_where_it_looks_like_a_name(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text('{"id": "m5", "// comment s3cretvalue": 1, nmae: 2}')
    result = run("clients", "import", str(file), "--secret-out", str(tmp_path / "out"))
    assert "s3cretvalue" not in result.output
    assert "unknown field nmae" in result.stderr
    assert "not shown" in result.stderr


def test_a_secret_where_a_variable_belongs(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "clients:\n  - {id: a, secret: {env: s3cretvalue}}\n  - {id: b, secret: {env: UNSET}}"
    )
    result = run("plan", str(file))
    assert "s3cretvalue" not in result.output
    assert "a.yaml:2:27: secret: the environment variable (not shown" in result.stderr
    assert "a.yaml:3:27: secret: the environment variable UNSET is not set" in result.stderr
