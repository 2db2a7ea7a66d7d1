"""The `hydra-client` command: the API at the prompt.

Start-up imports click and little else. A command is loaded when it is used, and loads what it
needs itself.
"""

from __future__ import annotations

import os
import signal
import sys


def stop_signals() -> list[int]:
    """Return the signals that stop a run, except SIGINT, which Python itself handles."""
    hang_up = getattr(signal, "SIGHUP", None)  # not on Windows
    if hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
        # `nohup` ignores it, so that the run survives its terminal.
        return [signal.SIGTERM]
    return [signal.SIGTERM, hang_up]


def _exit(number: int, _: object) -> None:
    if number != signal.SIGTERM:
        # A shell may repeat what the terminal sends; that must not interrupt the clean-up.
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _open_closed_streams() -> None:
    """Replace what the caller closed, as `>&-` does, so that commands can use every stream.

    Otherwise, the next file or socket could also get the number of the stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - open until the end
            setattr(sys, name, stream)


def main() -> None:
    """Run the command and exit with its status."""
    _open_closed_streams()
    for number in stop_signals():
        # As an exception, so that context managers clean up.
        signal.signal(number, _exit)
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
