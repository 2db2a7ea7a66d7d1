"""Fixtures for tests of the command: how to run it, and an environment without a config file."""

from __future__ import annotations

import logging
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import trustme
from click.testing import CliRunner, Result
from support.command import ENVIRONMENT, Run, Start, name_root
from support.variants import IDS, VARIANTS

from hydra_client.cli.app import app
from hydra_client.emulator import HydraEmulator


@pytest.fixture(autouse=True)
def _no_config_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    logger = logging.getLogger("hydra_client")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:], logger.level = handlers, level
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine says of its terminal, and of colours."""
    for name in ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run() -> Run:
    """Runs the command in this process; what escapes it is a fault of the test."""

    def run(*arguments: str, input: str | bytes | None = None, **environment: str) -> Result:
        result = CliRunner().invoke(
            app, arguments, input=input, env=environment, prog_name="hydra-client"
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the command as a process of its own, which does not outlive the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **settings: Any) -> subprocess.Popen[str]:
        settings["env"] = ENVIRONMENT | os.environ | settings.get("env", {})
        process = subprocess.Popen(
            [sys.executable, "-m", "hydra_client.cli", *arguments],
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                "cwd": tmp_path,
                **settings,
            },
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(params=VARIANTS, ids=IDS)
def every_hydra(request: pytest.FixtureRequest) -> Iterator[HydraEmulator]:
    """A server of each kind."""
    version, store = request.param
    with HydraEmulator(version=version, store=store) as hydra:
        yield hydra


@pytest.fixture
def root(hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch) -> HydraEmulator:
    """A server whose root client the environment names."""
    return name_root(hydra, monkeypatch)


@pytest.fixture
def every_root(every_hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch) -> HydraEmulator:
    """A server of each kind, whose root client the environment names."""
    return name_root(every_hydra, monkeypatch)


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """An emulator behind TLS: its URL, and the CA to trust."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    with make_server("127.0.0.1", 0, None, handler_class=Quiet) as server:
        url = f"https://127.0.0.1:{server.server_port}"
        server.set_app(HydraEmulator(issuer=url))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield url, str(tmp_path / "ca.pem")
        server.shutdown()
        thread.join()
