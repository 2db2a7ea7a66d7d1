"""`serve`: prints how to reach it, and stops when it is asked to."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from support.command import Run, Start, tell
from support.variants import IDS, VARIANTS

from hydra_client import WardenApi, connect
from hydra_client.emulator import HydraEmulator

Serve = Callable[..., tuple[str, dict[str, int]]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(start: Start, number: signal.Signals) -> None:
    process = start("serve", "--port", "0", "--hydra", "0.9", "--store", "sql")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(7)]
    url = lines[1].split()[-1]
    assert requests.get(f"{url}/health/status", timeout=30).status_code == 200
    assert lines == [
        "Hydra 0.9 (sql store), embedded, for tests and demos only.\n",
        f"  URL          {url}\n",
        "  consent app  http://localhost:3000/consent\n",
        "  root client  admin, its secret demo-password\n",
        "To use it in another terminal:\n",
        f"  export HYDRA_URL={url} HYDRA_CLIENT_ID=admin HYDRA_CLIENT_SECRET=demo-password\n",
        "Press Ctrl-C to stop it.\n",
    ]
    tell(process, number)
    out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == ("Stopped.\n", "", 0)


@pytest.fixture
def serve(run: Run, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serves in this process; returns what it said, and what tokens its root client gets."""
    statuses: dict[str, int] = {}
    threads = []

    def look_and_end(url: str) -> None:
        try:
            for id, secret in (("admin", "demo-password"), ("ro", "o t")):
                response = requests.post(
                    f"{url}/oauth2/token",
                    data={"grant_type": "client_credentials", "scope": "hydra"},
                    auth=(id, secret),
                    timeout=30,
                )
                statuses[secret] = response.status_code
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    class Watched(HydraEmulator):
        def start(self) -> Watched:
            super().start()
            threads.append(threading.Thread(target=look_and_end, args=(self.url,)))
            threads[0].start()
            return self

    def serve(*arguments: str) -> tuple[str, dict[str, int]]:
        before = signal.getsignal(signal.SIGINT)
        result = run("serve", "--port", "0", *arguments)
        threads[0].join()
        assert result.exit_code == 0
        assert signal.getsignal(signal.SIGINT) is before
        return result.output, statuses

    monkeypatch.setattr("hydra_client.emulator.HydraEmulator", Watched)
    return serve


def test_root_client(serve: Serve) -> None:
    said, statuses = serve("--root", "ro:o t", "--quiet")
    assert "root client  ro, its secret o t\n" in said
    assert "HYDRA_CLIENT_ID=ro HYDRA_CLIENT_SECRET='o t'\n" in said
    assert said.endswith("Press Ctrl-C to stop it.\n")
    assert statuses == {"demo-password": 403, "o t": 200}


def test_root_client_from_a_file(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "root"
    file.write_text("ro:o t\n")
    said, statuses = serve("--root-file", str(file))
    assert f"root client  ro, its secret in {file}\n" in said
    assert re.search("HYDRA_CLIENT_ID=ro$", said, re.MULTILINE)
    assert "o t" not in said
    assert statuses["o t"] == 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--root", "admin"], "--root: expected ID:SECRET"),
        (["--root", ":secret"], "--root: expected ID:SECRET"),
        (["--root", "admin:"], "--root: expected ID:SECRET"),
        (["--root", "a:b", "--root-file", "x"], "cannot be used together"),
        (["--root-file", "no-such-file"], "no-such-file: No such file or directory"),
        (["--host", "192.0.2.1"], "not a loopback address"),
        (["--hydra", "1.0"], "'1.0'"),
        (["--port", "65536"], "65536"),
    ],
)
def test_usage(run: Run, arguments: list[str], message: str) -> None:
    result = run("serve", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_port_that_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: cannot listen on 127.0.0.1, port {port}: Address already in use; "
        "choose another address or port with --host or --port\n"
    )


def test_an_address_that_others_reach(run: Run) -> None:
    """Only when it is asked for by name; this machine has no such address to listen on."""
    result = run("serve", "--host", "192.0.2.1", "--allow-any-host")
    assert result.exit_code == 1
    assert "cannot listen on 192.0.2.1" in result.stderr


# --- with a manifest

MANIFEST = """\
clients:
  - id: api
    grant_types: [client_credentials]
    secret: {generate: {out: api.secret}}
policies:
  - id: read
    effect: allow
    subjects: [readers]
    actions: [get]
    resources: ["photos:<.*>"]
groups:
  - {id: readers, members: [api]}
expect:
  - {subject: api, action: get, resource: "photos:7"}
  - {subject: bob, action: get, resource: "photos:7"}
"""


@pytest.mark.parametrize(("version", "store"), VARIANTS, ids=IDS)
def test_a_server_with_what_is_in_a_manifest(
    start: Start, tmp_path: Path, version: str, store: str
) -> None:
    (tmp_path / "access.yaml").write_text(MANIFEST)
    process = start(
        "serve", "--port", "0", "--hydra", version, "--store", store, "--manifest", "access.yaml"
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(7)]
    url = lines[1].split()[-1]
    secret = (tmp_path / "api.secret").read_text().strip()
    response = requests.post(
        f"{url}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("api", secret),
        timeout=30,
    )
    assert response.status_code == 200
    root = connect(url, "admin", "demo-password", api=WardenApi)
    assert root.get_group("readers").members == ["api"]
    tell(process)
    out, err = process.communicate(timeout=30)
    assert (out, process.returncode) == ("Stopped.\n", 0)
    assert err == (
        "Error: access.yaml:15:5: 'bob' should be allowed 'get' on 'photos:7', but the server "
        "denies it\n"
    )


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("clients: [{ident: a}]", "a client: the key id is missing"),
        (
            "policies: [{id: a, effect: deny, subjects: [admin], actions: [update], "
            "resources: ['<.*>']}]",
            "takes access from client 'admin'",
        ),
    ],
)
def test_a_manifest_that_cannot_be_applied(
    run: Run, tmp_path: Path, manifest: str, message: str
) -> None:
    path = tmp_path / "access.yaml"
    path.write_text(manifest)
    result = run("serve", "--port", "0", "--manifest", str(path))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
