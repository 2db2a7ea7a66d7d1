"""`warden explain`: the policies behind a decision."""

from __future__ import annotations

import json
from typing import Any

from support.command import Run

from hydra_client import Policy
from hydra_client.cli.commands.warden_explain import Request, explanation
from hydra_client.emulator import HydraEmulator

EXPLAIN = ("warden", "explain")
WHAT = ("edit", "articles:7")


def test_what_decides_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    create = ("policies", "create", "--action", "edit", "--resource", "articles:<[0-9]+>")
    run("groups", "create", "--id", "editors", "--member", "alice")
    run(*create, "--id", "may-edit", "--effect", "allow", "--subject", "editors")
    result = run(*EXPLAIN, "alice", *WHAT)
    assert result.output.splitlines() == [
        "allowed   yes",
        "subjects  alice editors",
        "",
        "policy    effect  subject  decides  unmet",
        "may-edit  allow   editors  yes",
    ]
    assert result.exit_code == 0

    run(*create, "--id", "not-alice", "--effect", "deny", "--subject", "alice")
    denied = run(*EXPLAIN, "alice", *WHAT, "-o", "json")
    assert denied.exit_code == 1
    assert json.loads(denied.output) == {
        "allowed": False,
        "expected": False,
        "subjects": ["alice", "editors"],
        "policies": [
            {"policy": id, "effect": effect, "subject": subject, "decides": decides, "unmet": []}
            for id, effect, subject, decides in (
                ("not-alice", "deny", "alice", True),
                ("may-edit", "allow", "editors", False),
            )
        ],
    }
    assert run(*EXPLAIN, "alice", *WHAT, "-q").output == "not-alice\n"
    bob = run(*EXPLAIN, "bob", *WHAT, "-o", "json")
    assert [(row["policy"], row["unmet"]) for row in json.loads(bob.output)["policies"]] == [
        ("may-edit", ["subjects"]),
        ("not-alice", ["subjects"]),
    ]
    nothing = run(*EXPLAIN, "bob", "read", "books:1")
    assert (
        nothing.output.splitlines()[2] == "No policy matches, and each has more than one mismatch."
    )


def test_a_condition_that_does_not_hold(run: Run, root: HydraEmulator) -> None:
    policy = ("--effect", "allow", "--subject", "alice", "--action", "edit", "--resource", "x")
    run("policies", "create", "--id", "own", *policy, "--condition", "o=EqualsSubjectCondition")
    assert run(*EXPLAIN, "alice", "edit", "x", "--context", "o=alice").exit_code == 0
    result = run(*EXPLAIN, "alice", "edit", "x", "--context", "o=bob")
    assert result.output.splitlines()[-1] == "own     allow   alice    no       conditions.o"


def test_a_server_that_decides_otherwise(run: Run, root: HydraEmulator) -> None:
    root.fail("/warden/allowed", status=200, body='{"allowed": true}')
    result = run(*EXPLAIN, "alice", *WHAT)
    assert result.exit_code == 0
    assert "Warning: by these policies, the request is denied." in result.stderr
    root.allow("alice", resources="articles:7", actions="edit")
    root.fail("/warden/allowed", status=200, body='{"allowed": false}')
    result = run(*EXPLAIN, "alice", *WHAT)
    assert "Warning: by these policies, the request is allowed." in result.stderr


def test_a_policy_that_cannot_be_evaluated(run: Run, root: HydraEmulator) -> None:
    """The server could not have it; a later version could."""
    policy: dict[str, Any] = {"id": "new", "effect": "allow", "conditions": {"a": {"type": "New"}}}
    root.fail("/policies", status=200, body=json.dumps([policy]))
    result = run(*EXPLAIN, "alice", *WHAT)
    assert "Could not find condition type New" in result.stdout
    assert "Warning: some of the policies cannot be evaluated here" in result.stderr


def test_templates_that_do_not_compile_or_take_too_long() -> None:
    broken = Policy(id="broken", effect="allow", subjects=["<(>"], actions=["a"], resources=["r"])
    good = Policy(id="good", effect="allow", subjects=["s"], actions=["a"], resources=["r"])
    request = Request("s", "a", "r", {})
    assert explanation([good], ["s"], request)[0] is True
    allowed, rows = explanation([good, broken], ["s"], request)
    assert allowed is False  # the server fails, and denies
    assert [(row.policy, row.decides, len(row.unmet)) for row in rows] == [
        ("broken", False, 1),
        ("good", False, 0),
    ]
    slow = Policy(id="slow", effect="allow", subjects=[f"<{'a{1000}' * 30}>"], actions=["a"])
    allowed, rows = explanation([slow], ["s"], request)
    assert allowed is None
    assert "too large" in rows[0].unmet[0]
