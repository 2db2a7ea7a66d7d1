"""Every wait of the package is bounded: this lists each lock, queue, join and pause.

A wait that comes new into the package fails here until its bound stands in the table.
"""

from __future__ import annotations

import ast
from pathlib import Path

import hydra_client

PACKAGE = Path(hydra_client.__file__).parent

# What makes something to wait for, and what waits.
MADE = {"Lock", "RLock", "Condition", "Event", "Semaphore", "Barrier", "Queue", "SimpleQueue"}
WAITS = {"wait", "acquire"}
WAITS_WITHOUT_ARGUMENTS = {"join", "get"}  # of threads and queues; others have arguments

BOUNDS = {
    "aio/transport/opening.py: wait": "the caller's deadline, or what was cancelled",
    "aio/waiting.py: Event": "the caller's deadline",
    "aio/waiting.py: get": "none: it reads a context variable",
    "aio/waiting.py: wait": "the caller's deadline",
    "cli/manifest/model.py: sleep": "ten seconds, while another run writes a secret",
    "cli/workers.py: SimpleQueue": "C code, which no interruption leaves held",
    "cli/workers.py: get": "a request that is under way, which its deadline ends",
    "cli/commands/serve.py: SimpleQueue": "the signal that ends the command",
    "cli/commands/serve.py: get": "the signal that ends the command",
    "cli/commands/token_user.py: Event": "--wait",
    "cli/commands/token_user.py: join": "a poll of the server, which was asked to stop",
    "cli/commands/token_user.py: wait": "--wait",
    "code_flow.py: Lock": "held for an assignment",
    "configuration.py: RLock": "held for an assignment",
    "protocol/deadline.py: get": "none: it reads a context variable",
    "emulator/faults.py: wait": "the delay that a test scripted, or the end of the server",
    "emulator/hydra.py: Event": "the end of the server",
    "emulator/hydra.py: Lock": "held while the server starts or stops",
    "emulator/server.py: Lock": "held for a look at the open connections",
    "emulator/server.py: join": "the requests under way, whose connections were ended",
    "emulator/state.py: RLock": "held for one request, which is answered from memory",
    "transport/connections.py: get": "none: it reads a context variable",
    "transport/waiting.py: sleep": "what is left of the deadline",
    "transport/waiting.py: wait": "the caller's deadline",
    "transport/waiting.py: Lock": "held by its own caller only",
    "protocol/cache.py: RLock": "held for moments, never during work or a wait",
    "transport/waiting.py: acquire": "the caller's deadline",
}


def waits(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        text = ast.unparse(node.func)
        name = text.rpartition(".")[2]
        if (
            name in MADE | WAITS
            or text == "time.sleep"
            or (name in WAITS_WITHOUT_ARGUMENTS and not node.args and not node.keywords)
        ):
            found.add(f"{path.relative_to(PACKAGE).as_posix()}: {name}")
    return found


def test_each_has_a_bound() -> None:
    found = {wait for path in PACKAGE.rglob("*.py") for wait in waits(path)}
    assert found == set(BOUNDS)


def test_no_condition_which_an_interruption_may_leave_held() -> None:
    assert not [name for name in BOUNDS if name.endswith((": Condition", ": Queue"))]
