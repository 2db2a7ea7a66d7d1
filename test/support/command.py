"""How tests run the command: start it, wait for it, send it signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import Result
from support.crowd import wait_until
from support.rest import PROCESSES, wait_for_rest

import hydra_client
from hydra_client.cli.app import app
from hydra_client.emulator import HydraEmulator

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]

# Other processes run the package that this one tests, and not what lies in the working folder.
ENVIRONMENT = {"PYTHONPATH": str(Path(hydra_client.__file__).parents[1])}


def every_command(group: click.Group = app, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of each command and group."""
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += every_command(command, (*path, name))
    return found


def modules_after(code: str, folder: Path) -> list[str]:
    """Run some Python elsewhere; return the names of the modules that are there at its end."""
    end = "\nimport sys; print(*sorted(sys.modules), file=sys.stderr)"
    process = subprocess.run(
        [sys.executable, "-c", code + end],
        env=os.environ | ENVIRONMENT,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return process.stderr.split()


def tell(process: subprocess.Popen[str], number: int = signal.SIGINT) -> None:
    """Send a signal to a process when its main thread has come to rest."""
    wait_for_rest(lambda: [PROCESSES / str(process.pid)], 0.1)
    process.send_signal(number)


@contextmanager
def inherited(number: int, handler: signal.Handlers) -> Iterator[None]:
    """Start processes that ignore a signal, or do not, whatever this one does."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def wait_for_request(hydra: HydraEmulator, path: str) -> None:
    """Return when a request for a path has come in."""
    requested = f"{path} is requested"
    wait_until(lambda: any(request.path == path for request in hydra.requests), requested)


def calling(
    hydra: HydraEmulator, id: str | None = None, secret: str = "a-secret"
) -> dict[str, str]:
    """Return the environment that names a server and who calls it: its root client, or another."""
    who = hydra.root if id is None else (id, secret)
    return {"HYDRA_URL": hydra.url, "HYDRA_CLIENT_ID": who[0], "HYDRA_CLIENT_SECRET": who[1]}


def add_caller(
    hydra: HydraEmulator, *, id: str = "caller", scope: str = "hydra.*", owner: str = ""
) -> dict[str, str]:
    """Add a client that gets tokens by client credentials; return the environment that names it."""
    grants = ["client_credentials"]
    hydra.add_client(id=id, client_secret="a-secret", grant_types=grants, scope=scope, owner=owner)
    return calling(hydra, id)


def name_root(hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch) -> HydraEmulator:
    for name, value in calling(hydra).items():
        monkeypatch.setenv(name, value)
    return hydra
