"""What all commands share: help, exit statuses, and options before or after the command."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import (
    ENVIRONMENT,
    Run,
    Start,
    every_command,
    modules_after,
    tell,
    wait_for_request,
)

from hydra_client import OAuth2Client
from hydra_client.cli import app as app_module
from hydra_client.cli.app import COMMANDS, app
from hydra_client.cli.commands.clients import FIELDS
from hydra_client.emulator import HydraEmulator

HEAVY = ("requests", "urllib3", "rich", "yaml", "werkzeug", "jwt", "cryptography", "bcrypt")


ALL = every_command()


def test_help_imports_click_and_nothing_heavy(tmp_path: Path) -> None:
    """The list of commands comes out of a table: no command's module is imported for it."""
    modules = modules_after(
        "import sys\n"
        "from hydra_client.cli import main\n"
        "sys.argv = ['hydra-client', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n",
        tmp_path,
    )
    assert "click" in modules
    assert [name for name in modules if name.partition(".")[0] in HEAVY] == []
    ours = [name for name in modules if name.partition(".")[0] == "hydra_client"]
    assert ours == [
        "hydra_client",
        "hydra_client.cli",
        "hydra_client.cli.app",
        "hydra_client.cli.context",
        "hydra_client.cli.errors",
        "hydra_client.cli.options",
        "hydra_client.cli.text",
        "hydra_client.version",
    ]


def test_the_commands_modules_import_nothing_heavy(tmp_path: Path) -> None:
    """So that their help is quick, too."""
    names = [
        f"hydra_client.cli.commands.{name}" for section in COMMANDS.values() for name in section
    ]
    modules = modules_after(f"import {', '.join(names)}", tmp_path)
    assert set(names) <= set(modules)
    assert [name for name in modules if name.partition(".")[0] in HEAVY] == []


LONG = {("apply",), ("serve",), ("token", "user"), ("clients", "create"), ("clients", "update")}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_that_fits(run: Run, path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: hydra-client {' '.join(path)}")
    assert "More: hydra-client help options" in result.output
    lines = result.output.splitlines()
    assert len(lines) <= (45 if path in LONG else 30)
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith(("-", "…")) for line in lines)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_examples(run: Run, path: tuple[str, ...]) -> None:
    result = run("help", *path)
    assert result.output.startswith(run(*path, "--help").output)
    if "[OPTIONS] COMMAND" not in result.output:
        assert f"hydra-client {' '.join(path)}" in result.output.partition("\nExamples:\n")[2]


def test_the_table_lists_everything(run: Run) -> None:
    result = run("--help")
    for section in COMMANDS.values():
        for name, line in section.items():
            assert line in result.output
            command = importlib.import_module(f"hydra_client.cli.commands.{name}").command
            assert command.name == name
    assert run("no-such-command").exit_code == 2
    assert run("--version").output.startswith("hydra-client, version ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("client", "No such command 'client'. Did you mean 'clients'?"),
        ("xyz", "No such command 'xyz'."),
        ("-x", "No such option '-x'."),
    ],
)
def test_a_command_that_does_not_exist(run: Run, name: str, message: str) -> None:
    result = run(name)
    assert result.exit_code == 2
    assert message.replace("'", "") in result.stderr.replace("'", "")


def test_every_field_of_a_client_has_an_option() -> None:
    assert {name for name, *_ in FIELDS} == set(OAuth2Client._by_wire) - {"id", "client_secret"}


def test_interrupted(start: Start, root: HydraEmulator) -> None:
    root.fail("/clients", delay=30)
    process = start("clients", "list")
    wait_for_request(root, "/clients")
    tell(process)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("Interrupted.\n")
    assert "Traceback" not in err


def test_a_reader_that_goes_away(start: Start, root: HydraEmulator) -> None:
    """As `hydra-client clients list | head -1` does: no traceback, and the status of SIGPIPE."""
    for number in range(100):
        root.add_client(id=f"client-{number}", client_name="x" * 10_000)
    # Unbuffered, Python loses what a broken pipe did not take, and says nothing.
    process = start("clients", "list", "-o", "json", env={"PYTHONUNBUFFERED": ""})
    assert process.stdout is not None
    assert process.stdout.readline() == "[\n"
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("clients", "list"), ("export", "-"), ("help", "man")])
def test_a_stdout_that_is_full(
    start: Start, root: HydraEmulator, arguments: tuple[str, ...], unbuffered: str
) -> None:
    with open("/dev/full", "w") as full:
        process = start(*arguments, stdout=full, env={"PYTHONUNBUFFERED": unbuffered})
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "Error: stdout: No space left on device\n")


@pytest.mark.parametrize(
    ("closed", "arguments", "expected"),
    [
        (">&-", ["clients", "list"], (0, "", "")),
        ("2>&-", ["clients", "get", "nope"], (4, "", "")),
        (
            "<&-",
            ["clients", "delete", "admin"],
            (2, "", "Error: Delete admin? Without a terminal, confirm with --yes\n"),
        ),
    ],
)
def test_a_stream_that_is_closed(
    root: HydraEmulator, closed: str, arguments: list[str], expected: tuple[int, str, str]
) -> None:
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "hydra_client.cli"]
    ended = subprocess.run(
        command + arguments,
        env=ENVIRONMENT | os.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == expected


def test_a_file_that_cannot_be_read_is_not_stdout(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a mistake of ours, so it has a traceback."""
    monkeypatch.setattr(app_module.App, "get_command", lambda *_: Path("/no/such").stat())
    with pytest.raises(FileNotFoundError):
        run("clients", "list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-"),
        ("token", "introspect"),
        ("clients", "import", "-"),
        ("clients", "list", "--client-secret-stdin"),
    ],
)
def test_a_stdin_that_is_not_utf_8(
    run: Run, root: HydraEmulator, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments, input=b"clients: []\n\xff")
    assert result.exit_code == 2
    assert result.stderr == "Error: stdin: not valid UTF-8\n"
    assert root.requests == []


def test_abort(monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("clients", "delete", "admin", input="")
    assert result.exit_code == 130
    assert result.stderr.endswith("Interrupted.\n")
    assert root.requests == []


def test_without_click(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from hydra_client.cli import main

    monkeypatch.setitem(sys.modules, "hydra_client.cli.app", None)
    with pytest.raises(ModuleNotFoundError):
        main()
    monkeypatch.delitem(sys.modules, "hydra_client.cli.app")
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit, match="pip install 'hydra-legacy-client"):
        main()
    monkeypatch.setitem(sys.modules, "hydra_client.cli.app", app_module)


class Interrupted:
    """Somebody who presses Ctrl-C while the command is being loaded."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "hydra_client.cli.app":
            raise KeyboardInterrupt


def test_interrupted_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from hydra_client.cli import main

    monkeypatch.delitem(sys.modules, "hydra_client.cli.app")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
    monkeypatch.setitem(sys.modules, "hydra_client.cli.app", app_module)


def test_with_any_stdout(hydra: HydraEmulator) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        app.main(["discover", "--url", hydra.url, "--quiet"])
    assert out.getvalue() == f"{hydra.url}\n"


def test_a_project_of_the_same_name_is_reported(
    run: Run, hydra: HydraEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("--version").stderr == ""
    info = tmp_path / "hydra_client-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hydra-client\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = run("--version")
    assert result.stdout.startswith("hydra-client, version ")
    assert "hydra-client 1.2.3 is installed, too" in result.stderr
    assert "warn    package      hydra-client 1.2.3" in run("doctor", "--url", hydra.url).stdout
