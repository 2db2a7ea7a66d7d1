"""How much `hydra-client apply` gains from concurrent requests to a slow server.

The same manifest is created, then found unchanged, with one job and with more, each time on a new
server. The server is another process, and each response takes 20 ms, however many requests wait.
Times are those of the whole command, including its start. The target is only a guideline.

    python benchmark/apply.py
    python benchmark/apply.py --clients 500 --jobs 1 8 32
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LATENCY = 0.02  # seconds
TARGET = 4.0


def serve(latency: float) -> None:
    """Respond, late, until stdin ends."""
    from hydra_client.emulator import HydraEmulator

    with HydraEmulator(store="sql") as hydra:
        hydra.fail("*", delay=latency, times=None)
        print(json.dumps([hydra.url, *hydra.root]), flush=True)
        sys.stdin.read()


def seconds(manifest: Path, jobs: int, server: list[str]) -> float:
    """Run the command."""
    names = ("HYDRA_URL", "HYDRA_CLIENT_ID", "HYDRA_CLIENT_SECRET")
    environment = {**os.environ, **dict(zip(names, server, strict=True)), "SECRET": "not-a-secret"}
    command = [sys.executable, "-m", "hydra_client.cli", "apply", "--jobs", str(jobs), "--quiet"]
    start = time.perf_counter()
    subprocess.run(
        [*command, str(manifest)], check=True, env=environment, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def measure(manifest: Path, jobs: int) -> tuple[float, float]:
    """Create the clients on a new server, then look at them: seconds of each."""
    with subprocess.Popen(
        [sys.executable, __file__, "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            server = json.loads(process.stdout.readline() if process.stdout else "")
            return seconds(manifest, jobs, server), seconds(manifest, jobs, server)
        finally:
            process.terminate()


def main() -> None:
    """Compare numbers of jobs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=200, help="clients in the manifest")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 8], help="the first is the base")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(LATENCY)
        return
    clients = [
        {"id": f"app-{number}", "client_name": f"App {number}", "secret": {"env": "SECRET"}}
        for number in range(options.clients)
    ]
    print(
        f"Python {sys.version.split()[0]}, {options.clients} clients, {LATENCY * 1000:.0f} ms a "
        f"response, medians of {options.rounds} rounds."
    )
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "clients.json")
        manifest.write_text(json.dumps({"clients": clients}), encoding="utf-8")
        base: tuple[float, ...] = ()
        for jobs in options.jobs:
            rounds = [measure(manifest, jobs) for _ in range(options.rounds)]
            times = tuple(map(statistics.median, zip(*rounds, strict=True)))
            base = base or times
            print(f"  {jobs:3} jobs", end="")
            for what, mine, theirs in zip(("created", "looked at"), times, base, strict=True):
                print(f"  {what} in {mine:6.2f} s, {theirs / mine:5.2f} times as fast", end="")
            print(f"  (target at 8 jobs: {TARGET})" if jobs == 8 else "")


if __name__ == "__main__":
    main()
