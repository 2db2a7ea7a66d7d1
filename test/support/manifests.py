"""Helpers for tests of manifests: writing them, reading them, and checking what was sent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import requests
from support.command import Start

from hydra_client.cli.errors import Failure
from hydra_client.cli.manifest.reader import Manifest, read
from hydra_client.emulator import HydraEmulator


def faults(path: Path, text: str, **environ: str) -> list[str]:
    """What is wrong with a manifest, by line; without the name of the file and the columns."""
    try:
        good(path, text, **environ)
    except Failure as failure:
        found = failure
    else:
        return []
    assert found.exit_code == 2
    lines = found.message.splitlines()
    if "nothing was sent" in lines[0]:
        first = lines.pop(0)
        count = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
        assert first == f"{count} in {path}; nothing was sent"
    return by_line(path, lines)


def doubts(path: Path, text: str, **environ: str) -> list[str]:
    """What a manifest is warned of, by line."""
    return by_line(path, good(path, text, **environ).warnings)


def by_line(path: Path, messages: list[str]) -> list[str]:
    """Messages of the form `path:line:column: text` as `line: text`, each once and sorted."""
    found = set()
    for message in messages:
        line, column, text = message.removeprefix(f"{path}:").split(":", 2)
        assert line.isdecimal(), message
        assert column.isdecimal(), message
        found.add((int(line), text))
    return [f"{line}:{text}" for line, text in sorted(found)]


def good(path: Path, text: str, **environ: str) -> Manifest:
    path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        return read(str(path))


def written(folder: Path, clients: list[dict[str, Any]], **top: Any) -> str:
    """Write a manifest, as JSON; give its path."""
    path = folder / "clients.json"
    path.write_text(json.dumps({**top, "clients": clients}), encoding="utf-8")
    return str(path)


def writes(hydra: HydraEmulator) -> list[str]:
    """The requests that change a client, a policy or a group."""
    paths = ("/clients", "/policies", "/warden/groups")
    return [
        str(request)
        for request in hydra.requests
        if request.path.startswith(paths) and request.method != "GET"
    ]


def server_has(hydra: HydraEmulator, id: str) -> dict[str, Any]:
    """A client as the server keeps it, its empty fields left out."""
    client = hydra.api().get_oauth2_client(id).to_dict()
    return {name: value for name, value in client.items() if value}


def works(hydra: HydraEmulator, id: str, secret: str) -> bool:
    """Whether the token endpoint knows the client by this secret."""
    response = requests.post(
        f"{hydra.url}/oauth2/token",
        data={"grant_type": "none"},
        auth=(requests.utils.quote(id, safe=""), requests.utils.quote(secret, safe="")),
        timeout=30,
    )
    return response.json()["error"] != "invalid_client"


def on_a_terminal(start: Start, *arguments: str, env: dict[str, str]) -> tuple[int, str]:
    """Run the command with a terminal for stdout and stderr; give its status and what it shows."""
    mine, its = os.openpty()
    process = start(*arguments, stdout=its, stderr=its, env={"TERM": "xterm", **env})
    os.close(its)
    shown = b""
    try:
        while piece := os.read(mine, 65536):
            shown += piece
    except OSError:
        pass  # as Linux says that nobody holds the other end any more
    os.close(mine)
    return process.wait(60), shown.decode().replace("\r\n", "\n")
