"""An exception from a signal handler can come at any point, and blocks no later call."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hydra_client

# Seconds of interruptions in each run; more of them: HYDRA_CLIENT_STORM=60 pytest …
# Slow, because it interrupts calls for so long, and then finds out whether one hangs.
SECONDS = float(os.environ.get("HYDRA_CLIENT_STORM", "2"))

PROGRAM = """
import random, signal, sys, threading, time
import hydra_client
from hydra_client.protocol.cache import Cache, shared
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.transport import waiting
from support.loopback import Server, api, raw_response

class Interrupted(Exception):
    pass

def interrupt(number, frame):
    raise Interrupted

def introspect(client, number):
    assert client.introspect_oauth2_token(f"token-{number}").sub == f"token-{number}"

class Tolerant(Server):
    def _talk(self, peer):
        try:
            super()._talk(peer)
        except AssertionError:
            pass  # a request that was torn away half-sent

def respond(peer):
    peer.send(raw_response({"active": True, "sub": peer.last.form["token"]}))

flights = Cache()

def share(number):
    work = ask(Invoke(lambda: time.sleep(0.0002) or "result"))
    return waiting.drive(shared(flights, "key", work, 5, waiting.Alarm()))

draw = random.Random(4)
signal.signal(signal.SIGALRM, interrupt)
interrupted = 0
with Tolerant(respond) as server, api(server, timeout=5) as client:
    ended = threading.Event()
    def others():
        while not ended.is_set():
            try:
                share(0)
                introspect(client, 1)
            except hydra_client.HydraException:
                pass  # a leader was torn away, and its time is up when the waiting one's is
    threads = [threading.Thread(target=others) for _ in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + float(sys.argv[1])
    number = 0
    # On a busy machine, it takes longer until enough calls were interrupted.
    while time.monotonic() < until or interrupted <= 50:
        number += 1
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.00005, 0.002))
                introspect(client, number)
                share(number)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except Interrupted:
            interrupted += 1
        except hydra_client.HydraException:
            pass  # what an interruption left behind, and typed
    signal.setitimer(signal.ITIMER_REAL, 0)
    ended.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    for number in range(50):
        introspect(client, number)
        assert share(number) == "result"
print(interrupted)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no interval timer here")
def test_no_call_is_held_up_by_what_an_interruption_left(tmp_path: Path) -> None:
    """In a process that is not measured: coverage has locks of its own."""
    package = Path(hydra_client.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SECONDS)],
        env={
            **os.environ,
            "PYTHONPATH": f"{package}{os.pathsep}{Path(__file__).parent}",
            "COVERAGE_PROCESS_CONFIG": "",
        },
        capture_output=True,
        text=True,
        timeout=SECONDS + 90,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50
