"""The `hydra-client` command: the API at the prompt.

Start-up imports click and little else. A command is loaded when it is used, and loads what it
needs itself.
"""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command and exit with its status."""
    # As an exception, so that context managers clean up.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        from hydra_client.cli.app import app
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        from hydra_client.protocol.extras import missing_extra

        sys.exit(missing_extra("click", "cli"))
    except KeyboardInterrupt:
        sys.exit(130)
    app.main(prog_name="hydra-client")
