"""The options that every command takes."""

from __future__ import annotations

import click
import pytest
from support.command import Run, Start, every_command

from hydra_client import Configuration
from hydra_client.cli.app import app
from hydra_client.cli.errors import OPTIONS
from hydra_client.cli.options import COMMON
from hydra_client.configuration import VARIABLES
from hydra_client.emulator import HydraEmulator

ALL = every_command()


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


def test_options_have_the_variables_and_defaults_of_the_settings() -> None:
    helps = {option.opts[0]: option.help or "" for option in COMMON}
    for setting, place in OPTIONS.items():
        option, _, variable = place.partition(" ")
        assert variable.strip("()") == VARIABLES.get(setting, "")
        if variable:
            assert f"[{variable.strip('()')}" in helps[option]
    assert VARIABLES.keys() < OPTIONS.keys()
    assert helps["--timeout"].endswith(f"[{Configuration().timeout:g}]")
