"""What starting costs: the import, the command's help, the embedded server.

Each contender is a fresh interpreter, and they run in turns. The CPU time of the whole process is
counted, its exit included; for the embedded server, beside it, the seconds until it is ready. The
target is an aim to look at.

    tox -e bench
    python benchmark/start.py --rounds 31
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from core import compare, interpreter

READY = """
import time
start = time.perf_counter()
from hydra_client.emulator import HydraEmulator
with HydraEmulator():
    print(time.perf_counter() - start)
"""


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=21, help="how often each contender runs")
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}, CPU time, medians of {rounds} interleaved rounds.")
    compare(
        "The package",
        [
            interpreter("import hydra_client"),
            interpreter("import requests"),
            interpreter("import hydra_client; hydra_client.connect('http://127.0.0.1')"),
            interpreter("pass"),
        ],
        rounds,
    )
    compare(
        "The command",
        [
            interpreter("from hydra_client.cli import main; main()", "--help"),
            interpreter("import click"),
        ],
        rounds,
        target=1.5,
    )
    times = [
        float(subprocess.check_output([sys.executable, "-c", READY])) * 1000 for _ in range(rounds)
    ]
    print(
        f"\nThe embedded server, its import included, is ready in {statistics.median(times):.0f} "
        f"ms, at best {min(times):.0f} ms  (target: at most 150)"
    )


if __name__ == "__main__":
    main()
