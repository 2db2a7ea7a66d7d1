"""What every run has in common: a quick start, exit statuses, options on either side."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from pathlib import Path

import click
import pytest
from support.command import Run, Start, came, modules_after, tell

from hydra_client import OAuth2Client
from hydra_client.cli import app as app_module
from hydra_client.cli.app import COMMANDS, app
from hydra_client.cli.commands.clients import FIELDS
from hydra_client.emulator import HydraEmulator

HEAVY = ("requests", "urllib3", "rich", "yaml", "werkzeug", "jwt", "cryptography", "bcrypt")


def commands(group: click.Group = app, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


ALL = commands()


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
    places = sorted({place for section in COMMANDS.values() for place, _ in section.values()})
    names = [f"hydra_client.cli.commands.{place}" for place in places]
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


@pytest.mark.parametrize("path", [(), *ALL], ids=" ".join)
def test_no_option_stands_in_anothers_way(path: tuple[str, ...]) -> None:
    """Click would give both of them the value of one."""
    command: click.Command = app
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    params = command.get_params(click.Context(command))
    names = [param.name for param in params]
    names += [name for param in params if isinstance(param, click.Option) for name in param.opts]
    assert len(set(names)) == len(names)


def test_the_table_lists_everything(run: Run) -> None:
    result = run("--help")
    for section in COMMANDS.values():
        for name, (module, line) in section.items():
            assert line in result.output
            command = importlib.import_module(f"hydra_client.cli.commands.{module}").command
            assert command.name == name
    assert run("no-such-command").exit_code == 2
    assert run("--version").output.startswith("hydra-client, version ")


def test_every_field_of_a_client_has_an_option() -> None:
    assert {name for name, *_ in FIELDS} == set(OAuth2Client._by_wire) - {"id", "client_secret"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--output", "json", "discover"),
        ("discover", "--output", "json"),
        ("--output", "table", "discover", "--output", "json"),
    ],
)
def test_common_options_on_either_side(
    run: Run, hydra: HydraEmulator, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments, HYDRA_URL=hydra.url)
    assert result.output.startswith('{\n  "issuer": ')


def test_between_group_and_command(run: Run, root: HydraEmulator) -> None:
    result = run("clients", "-q", "list")
    assert result.output == "admin\n"


def test_headers_add_up(run: Run, hydra: HydraEmulator) -> None:
    result = run(
        "--url", hydra.url, "--header", "X-One: 1", "discover", "--header", "X-Two:2", "--quiet"
    )
    assert result.output == f"{hydra.url}\n"
    headers = hydra.requests[-1].headers
    assert headers["x-one"] == "1"
    assert headers["x-two"] == "2"
    assert run("--url", hydra.url, "discover", "--header", "X-One").exit_code == 2


STATUSES = [
    ({"status": 500}, 1),
    ({"reset": True}, 1),
    ({"status": 200, "body": "<html>"}, 1),
    ({"status": 404, "body": '{"error":{"message":": Not found"}}'}, 4),
    ({"status": 404, "body": "404 page not found"}, 1),
    ({"status": 401}, 5),
    ({"status": 403, "body": '{"error":{"message":"Request was denied by default"}}'}, 5),
]


@pytest.mark.parametrize(("fault", "status"), STATUSES)
def test_exit_statuses(
    run: Run, root: HydraEmulator, fault: dict[str, object], status: int
) -> None:
    root.fail("/clients/x", times=None, **fault)  # type: ignore[arg-type]
    result = run("clients", "get", "x")
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.startswith("Error: get_oauth2_client: ")


def test_a_wrong_base_path(run: Run, root: HydraEmulator) -> None:
    """It is not the client that is not there."""
    for arguments in (("clients", "get", "x"), ("discover",)):
        result = run(*arguments, HYDRA_URL=f"{root.url}/wrong")
        assert result.exit_code == 1
        assert "404 Not Found (" in result.stderr
        assert f"check the base URL {root.url}/wrong. " in result.stderr


def test_a_missing_object_is_said_once(run: Run, root: HydraEmulator) -> None:
    assert "404 Not Found (GET /keys/x, " in run("keys", "get", "x").stderr


@pytest.mark.parametrize("text", ["not a certificate", None])
def test_a_ca_file_that_is_none(
    run: Run, tmp_path: Path, text: str | None, tls: tuple[str, str]
) -> None:
    path = tmp_path / "own.pem"
    if text is not None:
        path.write_text(text)
    result = run("discover", "--url", tls[0], "--ca-cert", str(path))
    assert result.exit_code == 2
    why = "contains no certificate in PEM format" if text else "No such file or directory"
    assert f"--ca-cert (HYDRA_CA_CERT) '{path}': {why}" in result.stderr
    assert run("discover", "--url", tls[0], "--ca-cert", str(tmp_path)).exit_code == 1


def test_a_certificate_that_is_not_trusted(run: Run, tls: tuple[str, str]) -> None:
    result = run("discover", "--url", tls[0])
    assert result.exit_code == 1
    assert "Hint: Use --ca-cert with the CA" in result.stderr
    assert "hydra-client doctor --save-ca FILE" in result.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HYDRA_URL": "nonsense"}, "--url (HYDRA_URL) 'nonsense' must begin with http"),
        ({"HYDRA_ACCESS_TOKEN": "a b"}, "--access-token-file (HYDRA_ACCESS_TOKEN) is empty, or"),
        ({"HYDRA_CLIENT_SECRET": ""}, "or --client-id and --client-secret-file (HYDRA_CLIENT_ID"),
        ({"HYDRA_SCOPES": "none"}, "or ask for others (--token-scopes (HYDRA_SCOPES) names them)"),
    ],
)
def test_errors_name_options(
    run: Run, root: HydraEmulator, environment: dict[str, str], words: str
) -> None:
    assert words in run("clients", "list", **environment).stderr


def test_what_is_refused_before_sending_is_usage(run: Run, root: HydraEmulator) -> None:
    result = run("clients", "get", "a/b")
    assert result.exit_code == 2
    assert "cannot be addressed" in result.stderr
    assert run("clients", "get").exit_code == 2
    assert root.requests == []


def test_a_hint_stands_on_a_line_of_its_own(run: Run, root: HydraEmulator) -> None:
    root.add_client(
        id="nobody", client_secret="secret", grant_types=["client_credentials"], scope="hydra.*"
    )
    result = run("clients", "list", HYDRA_CLIENT_ID="nobody", HYDRA_CLIENT_SECRET="secret")
    assert result.exit_code == 5
    assert (
        "\nHint: The token needs the scope hydra.clients, and its client a policy" in result.stderr
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--timeout", "0"),
        ("--timeout", "nan"),
        ("--url", "hydra.example.com"),
        ("--header", "Authorization: Bearer x"),
        ("--header", "Odd name: x"),
        ("--ca-cert", "no-such-file"),
        ("--token-scopes", 'a"b'),
        ("--output", "xml"),
    ],
)
def test_settings_that_cannot_be_right(
    run: Run, root: HydraEmulator, arguments: tuple[str, ...]
) -> None:
    result = run("clients", "list", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert root.requests == []


def test_no_server(run: Run) -> None:
    result = run("discover")
    assert result.exit_code == 2
    assert "no server" in result.stderr


def test_a_credential_over_plain_http_is_warned_of(run: Run) -> None:
    result = run(
        "clients",
        "list",
        "--url",
        "http://hydra.invalid",
        HYDRA_ACCESS_TOKEN="some-token",
        http_proxy="http://127.0.0.1:1",
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("Warning: a credential travels over plain http")


def test_verbose_logs_each_request_once(start: Start, root: HydraEmulator) -> None:
    process = start("-v", "clients", "list", "-v", "-q")
    out, err = process.communicate(timeout=60)
    assert out == "admin\n"
    lines = err.splitlines()
    assert [line.rpartition(": 200 in ")[0] for line in lines] == [
        "DEBUG hydra_client: POST /oauth2/token",
        "DEBUG hydra_client: GET /clients",
    ]
    assert "demo-password" not in err


def test_interrupted(start: Start, root: HydraEmulator) -> None:
    root.fail("/clients", delay=30)
    process = start("clients", "list")
    assert came(root, "/clients")
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


def test_no(monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("clients", "delete", "admin", input="n\n")
    assert result.exit_code == 1
    assert result.stderr.endswith("Error: cancelled: nothing was changed\n")
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


def test_a_missing_module_of_this_package_is_not_a_missing_extra(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setitem(sys.modules, "hydra_client.emulator", None)
    with pytest.raises(ModuleNotFoundError):
        run("serve")


def test_with_any_stdout(hydra: HydraEmulator) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        app.main(["discover", "--url", hydra.url, "--quiet"])
    assert out.getvalue() == f"{hydra.url}\n"


@pytest.mark.parametrize(
    ("arguments", "module"),
    [(["serve", "--port", "0"], "werkzeug.serving"), (["demo"], "jwt")],
)
def test_without_an_extra(start: Start, tmp_path: Path, arguments: list[str], module: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules[{module!r}] = None\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    process = start(*arguments, env={"PYTHONPATH": path})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    name = module.partition(".")[0]
    assert err.startswith(f"Error: {name} is missing: pip install 'hydra-legacy-client[")


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


def test_what_is_wrong_with_a_file_is_reported_where_it_is_read(run: Run, tmp_path: Path) -> None:
    for arguments in (("plan",), ("clients", "import"), ("discover", "--config")):
        result = run(*arguments, str(tmp_path), HYDRA_URL="http://127.0.0.1:1")
        assert result.exit_code == 2
        assert result.stderr.endswith(f"Error: {tmp_path}: Is a directory\n")
