"""What the core costs: CPU per call, per decoded list and per encoded client.

Contenders run interleaved in one process, so that what the machine does meanwhile hits them alike;
the server is a process of its own, so that only the client's CPU time is counted. Ratios are
medians over the rounds. The targets are aims to look at, not limits that fail a build.

    tox -e bench
    python benchmark/core.py --rounds 31
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import socketserver
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

CLIENT = {
    "id": "8f81c74f-77fa-452d-bd0c-299b8960b53f",
    "client_name": "Photo app",
    "redirect_uris": ["https://photos.example.com/callback"],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials", "implicit"],
    "response_types": ["code", "token", "id_token"],
    "scope": "openid offline photos.read photos.write",
    "owner": "alice",
    "policy_uri": "https://photos.example.com/policy",
    "tos_uri": "",
    "client_uri": "https://photos.example.com",
    "logo_uri": "",
    "contacts": ["alice@example.com"],
    "public": False,
}
LISTED = 10_000


class Handler(socketserver.StreamRequestHandler):
    """Responds to every request on a kept-alive connection, as cheaply as Python can."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Read requests, which have no body here, until the client hangs up."""
        one = json.dumps(CLIENT).encode()
        many = b"[" + b", ".join([one] * LISTED) + b"]"
        responses = {
            body is many: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Date: Thu, 01 Mar 2018 12:00:00 GMT\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
            for body in (one, many)
        }
        while line := self.rfile.readline():
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            self.wfile.write(responses[line.split()[1] == b"/clients"])


class Server(socketserver.ThreadingTCPServer):
    """One thread a connection; ends with the process."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024


class Contender(NamedTuple):
    """Something to measure, and how: in seconds of CPU."""

    name: str
    measure: Callable[[], float]


def calls(name: str, call: Callable[[], object], repeat: int = 1) -> Contender:
    """Measure one call, as the mean of so many."""

    def measure() -> float:
        gc.collect()
        start = time.process_time()
        for _ in range(repeat):
            call()
        return (time.process_time() - start) / repeat

    return Contender(name, measure)


def interpreter(code: str, *arguments: str) -> Contender:
    """Measure a fresh interpreter that runs the code, silently."""

    def measure() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return Contender(" ".join([code, *arguments]), measure)


def compare(
    title: str, contenders: list[Contender], rounds: int, target: float | None = None
) -> None:
    """Measure in turns and print. Ratios are to the second line; the target is the first one's."""
    for contender in contenders:  # once for the caches
        contender.measure()
    times: list[list[float]] = [[] for _ in contenders]
    for turn in range(rounds):
        for place in range(len(contenders)):  # each goes first in turn
            index = (turn + place) % len(contenders)
            times[index].append(contenders[index].measure())
    print(f"\n{title}")
    for contender, own in zip(contenders, times, strict=True):
        ratio = statistics.median(mine / base for mine, base in zip(own, times[1], strict=True))
        note = f"  (target: at most {target})" if target and contender is contenders[0] else ""
        print(f"  {contender.name:56} {statistics.median(own) * 1e6:11,.1f} µs {ratio:6.2f}{note}")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=21, help="how often each contender runs")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        with Server(("127.0.0.1", 0), Handler) as server:
            print(server.server_address[1], flush=True)
            server.serve_forever()
        return
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server_process:
        try:
            port = server_process.stdout.readline().strip() if server_process.stdout else ""
            run(f"http://127.0.0.1:{port}", options.rounds)
        finally:
            server_process.terminate()


def run(host: str, rounds: int) -> None:
    """Compare against the server at the host."""
    import requests
    import urllib3

    import hydra_client
    from hydra_client.protocol.decoding import many

    print(f"Python {sys.version.split()[0]}, CPU time, medians of {rounds} interleaved rounds.")
    print("The last column is the ratio to the second line of each table.")

    api = hydra_client.connect(host, access_token="not-looked-at")
    session = requests.Session()
    pool = urllib3.PoolManager()
    client_id = str(CLIENT["id"])
    one, several = f"{host}/clients/{client_id}", f"{host}/clients"
    if not api.get_oauth2_client(client_id).to_dict() == session.get(one).json() == CLIENT:
        raise SystemExit("The contenders do not read the same client.")
    compare(
        "One client over a kept-alive connection",
        [
            calls(
                "api.get_oauth2_client(client_id)", lambda: api.get_oauth2_client(client_id), 200
            ),
            calls("requests.Session().get(url).json()", lambda: session.get(one).json(), 200),
            calls(
                "json.loads(urllib3.PoolManager().request(…).data)",
                lambda: json.loads(pool.request("GET", one).data),
                200,
            ),
        ],
        rounds,
        target=0.42,
    )

    body = session.get(several).content
    read = many(hydra_client.OAuth2Client)
    compare(
        f"{LISTED:,} clients, {len(body) / 1e6:.1f} MB",
        [
            calls("the list decoded, shapes checked", lambda: read({}, body)),
            calls("json.loads(body)", lambda: json.loads(body)),
            calls("api.list_oauth2_clients(), with the network", api.list_oauth2_clients),
            calls(
                "requests' get(url).json(), with the network", lambda: session.get(several).json()
            ),
        ],
        rounds,
        target=2.0,
    )

    client = hydra_client.OAuth2Client.from_dict(CLIENT)
    plain = client.to_dict()
    compare(
        "One client written as JSON",
        [
            calls("client.to_json()", client.to_json, 5_000),
            calls(
                "json.dumps(client.to_dict()), the dict made before",
                lambda: json.dumps(plain),
                5_000,
            ),
        ],
        rounds,
        target=1.3,
    )

    api.api_client.close()
    session.close()
    pool.clear()


if __name__ == "__main__":
    main()
