"""Record a session of hydra-client as docs/session.svg: real commands, on an embedded server.

    python tools/record.py [FILE]

Each command runs in a terminal of its own, with the environment of somebody who set HYDRA_URL and
the credentials. What it prints is drawn by rich.
"""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

import hydra_client
from hydra_client import OAuth2Api
from hydra_client.emulator import HydraEmulator

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 92
MANIFEST = """\
owner: team-photos
clients:
  - id: my-app
    client_name: Photo prints
    grant_types: [client_credentials]
    scope: photos.* albums
    secret: {generate: {out: my-app.secret}}
"""
SESSION = (
    "cat clients.yaml",
    "hydra-client plan clients.yaml",
    "hydra-client apply clients.yaml",
    "hydra-client plan --check clients.yaml",
    "hydra-client clients list",
    "hydra-client token client --as my-app --secret-file my-app.secret --scope photos.read"
    " --secret-out token.json",
    "hydra-client token introspect --token-file token.json",
    "hydra-client doctor",
)


def main(arguments: list[str] | None = None) -> None:
    """Run the session and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "docs" / "session.svg")
    file = parser.parse_args(arguments).file
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    with HydraEmulator(port=0) as hydra, tempfile.TemporaryDirectory() as folder:
        environment = {
            "HYDRA_URL": hydra.url,
            "HYDRA_CLIENT_ID": hydra.root[0],
            "HYDRA_CLIENT_SECRET": hydra.root[1],
            "COLUMNS": str(WIDTH),
            "TERM": "xterm-256color",
            "XDG_CONFIG_HOME": folder,
            "PYTHONPATH": str(Path(hydra_client.__file__).parents[1]),
        }
        with hydra.api().api_client as client:
            root = OAuth2Api(client).get_oauth2_client(hydra.root[0])
            root.client_name, root.grant_types = "Administrator", ["client_credentials"]
            OAuth2Api(client).update_oauth2_client(hydra.root[0], root)
        Path(folder, "clients.yaml").write_text(MANIFEST, encoding="utf-8")
        for line in SESSION:
            console.print(Text(f"$ {line}", style="bold"))
            console.print(Text.from_ansi(shown(line, folder, environment)))
    svg = console.export_svg(title="hydra-client")
    # No picture of ours makes a browser fetch a font from somewhere.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    file.write_text(svg, encoding="utf-8")


def shown(line: str, folder: str, environment: dict[str, str]) -> str:
    """Run a command in a terminal; return what it shows there."""
    command = shlex.split(line)
    if command[0] == "hydra-client":
        command[:1] = [sys.executable, "-m", "hydra_client.cli"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 4096):
                parts.append(part)
        except OSError:
            pass  # how Linux says that the other end is closed
        os.close(ours)
    if process.returncode:
        raise SystemExit(f"{line}: exit status {process.returncode}\n{b''.join(parts).decode()}")
    return b"".join(parts).decode().replace("\r\n", "\n")


if __name__ == "__main__":
    main()
