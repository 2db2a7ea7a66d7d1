"""What tests of the command share: a way to run it, and a machine without a config file."""

from __future__ import annotations

import logging
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import trustme
from click.testing import CliRunner, Result

import hydra_client
from hydra_client.cli.app import app
from hydra_client.emulator import HydraEmulator

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]

# Other processes run the package that this one tests, and not what lies in the working folder.
ENVIRONMENT = {"PYTHONPATH": str(Path(hydra_client.__file__).parents[1])}

VARIANTS = [("0.9", "memory"), ("0.9", "sql"), ("0.10", "memory"), ("0.10", "sql")]


@pytest.fixture(autouse=True)
def _no_config_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    logger = logging.getLogger("hydra_client")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:], logger.level = handlers, level
    logger.setLevel(level)


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


@pytest.fixture(params=VARIANTS, ids=["-".join(variant) for variant in VARIANTS])
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
    """Send a signal to a process when it has come to rest.

    coverage takes a lock of its own while the process works. A signal amid that would leave it
    held for ever.
    """
    time.sleep(0.5)
    process.send_signal(number)


def came(hydra: HydraEmulator, path: str) -> bool:
    """Wait until a request for a path came in."""
    for _ in range(3000):
        if any(request.path == path for request in hydra.requests):
            return True
        time.sleep(0.01)
    return False


def name_root(hydra: HydraEmulator, monkeypatch: pytest.MonkeyPatch) -> HydraEmulator:
    monkeypatch.setenv("HYDRA_URL", hydra.url)
    monkeypatch.setenv("HYDRA_CLIENT_ID", hydra.root[0])
    monkeypatch.setenv("HYDRA_CLIENT_SECRET", hydra.root[1])
    return hydra
