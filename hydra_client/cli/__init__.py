"""The hydra-client command: the API at the prompt.

Starting it imports click and little else: commands are loaded when they are asked for, and what
they need when they need it.
"""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command and end the process with its exit status."""
    # So that what a command began is undone when it is told to end.
    signal.signal(signal.SIGTERM, _end)
    try:
        from hydra_client.cli.app import app
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("hydra-client needs click, rich and PyYAML: pip install 'hydra-client[cli]'")
    except KeyboardInterrupt:
        sys.exit(130)
    app.main(prog_name="hydra-client")


def _end(number: int, _: object) -> None:
    sys.exit(128 + number)
