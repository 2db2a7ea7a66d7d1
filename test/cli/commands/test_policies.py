"""`policies`: their effect on the server, and what is rejected before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Run, add_caller
from support.manifests import writes

from hydra_client.emulator import HydraEmulator

POLICY = {
    "id": "edit",
    "description": "Authors edit.",
    "subjects": ["alice"],
    "effect": "allow",
    "resources": ["articles:<[0-9]+>"],
    "actions": ["edit"],
    "conditions": {
        "owner": {"type": "EqualsSubjectCondition", "options": {}},
        "ip": {"type": "CIDRCondition", "options": {"cidr": "fd00::/8"}},
        "role": {"type": "StringEqualCondition", "options": {"equals": ""}},
    },
}
OPTIONS = (
    *("--id", "edit", "--description", "Authors edit.", "--subject", "alice", "--effect", "allow"),
    *("--resource", "articles:<[0-9]+>", "--action", "edit"),
    *("--condition", "owner=EqualsSubjectCondition", "--condition", "ip=CIDRCondition:fd00::/8"),
    *("--condition", "role=StringEqualCondition:"),
)
ALLOW = ("--effect", "allow", "--subject", "a", "--action", "b", "--resource", "c")


def stored(run: Run, id: str = "edit") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("policies", "get", id, "-o", "json").output)
    return document


def test_create_and_get_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    result = run("policies", "create", *OPTIONS)
    assert result.exit_code == 0, result.output
    assert "subjects     alice\n" in result.output
    assert stored(run) == POLICY
    again = run("policies", "create", *OPTIONS, "--subject", "bob")
    assert again.exit_code == 1
    assert "the policy edit already exists; use `policies update`" in again.stderr
    assert stored(run) == POLICY
    assert run("policies", "get", "no-such").exit_code == 4


@pytest.mark.parametrize("form", ["json", "yaml", "stdin"])
def test_create_from_a_file(run: Run, root: HydraEmulator, tmp_path: Path, form: str) -> None:
    text = yaml.safe_dump(POLICY) if form == "yaml" else json.dumps(POLICY)
    file = tmp_path / "policy"
    file.write_text(text)
    place = "-" if form == "stdin" else str(file)
    result = run("policies", "create", "-f", place, "--id", "x", "--effect", "deny", input=text)
    assert result.exit_code == 0, result.output
    assert stored(run, "x") == POLICY | {"id": "x", "effect": "deny"}


def test_an_id_is_generated(run: Run, every_root: HydraEmulator) -> None:
    result = run("policies", "create", *ALLOW, "-q")
    assert len(result.output) == 37
    assert stored(run, result.output.strip())["subjects"] == ["a"]
    assert writes(every_root) == ["POST /policies"]


def test_list_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    for number in range(7):
        subjects = [part for n in range(9) for part in ("--subject", f"s{n}")]
        assert run("policies", "create", "--id", f"p{number}", *ALLOW, *subjects).exit_code == 0
    ids = ["default-admin-policy", *(f"p{number}" for number in range(7))]
    assert run("policies", "list", "-q").output.split() == ids
    table = run("policies", "list").output.splitlines()
    assert table[0].split() == ["id", "effect", "subjects", "actions", "resources", "conditions"]
    assert len(table) == 9
    policies = json.loads(run("policies", "list", "-o", "json").output)
    assert [policy["id"] for policy in policies] == ids
    assert sorted(policies[-1]["subjects"]) == ["a", *(f"s{n}" for n in range(9))]


def test_update_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    """It replaces, on SQL too, and creates what does not exist."""
    assert run("policies", "update", "edit", *ALLOW).exit_code == 0
    text = run("policies", "get", "edit", "-o", "yaml").output
    result = run("policies", "update", "edit", "-f", "-", "--subject", "bob", input=text)
    assert result.exit_code == 0, result.output
    assert stored(run)["subjects"] == ["bob"]
    assert stored(run)["actions"] == ["b"]
    other = run("policies", "update", "other", "-f", "-", input=text)
    assert other.exit_code == 2
    assert "-: the id of the policy is not other" in other.stderr
    assert len(writes(every_root)) == 2


def test_delete_on_every_server(run: Run, every_root: HydraEmulator) -> None:
    run("policies", "create", *OPTIONS)
    result = run("policies", "delete", "edit", "no-such", "--yes")
    assert result.exit_code == 0
    assert result.output == "Deleted edit.\nDeleted no-such.\n"
    assert run("policies", "get", "edit").exit_code == 4


def test_delete_needs_get(run: Run, every_root: HydraEmulator) -> None:
    every_root.add_client(id="caller", client_secret="a-secret", scope="hydra.policies")
    every_root.allow("caller", resources="rn:hydra:policies:<.*>", actions="delete")
    caller = {"HYDRA_CLIENT_ID": "caller", "HYDRA_CLIENT_SECRET": "a-secret"}
    result = run("policies", "delete", "-y", "a", "b", **caller)
    assert result.exit_code in (1, 5)


def test_delete_asks_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, run: Run, root: HydraEmulator
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    run("policies", "create", *OPTIONS)
    assert run("policies", "delete", "edit", input="n\n").exit_code == 1
    assert stored(run)["id"] == "edit"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--subject", "a"], "options: effect is missing: it must be allow or deny"),
        (["--effect", "permit"], "'permit' is not one of 'allow', 'deny'"),
        ([*ALLOW, "--subject", "<a"], "options: subjects: '<a' has a < or > without its"),
        ([*ALLOW, "--resource", "a>b<"], "resources: 'a>b<' has a < or >"),
        ([*ALLOW, "--condition", "x"], "'x' is not NAME=TYPE[:VALUE] with one of the types CIDR"),
        ([*ALLOW, "--condition", "=CIDRCondition:x"], "use --file for other types"),
        ([*ALLOW, "--condition", "a=CIDRCondition"], "must be a=CIDRCondition:CIDR"),
        (
            [*ALLOW, "--condition", "a=EqualsSubjectCondition:x"],
            "must be a=EqualsSubjectCondition\n",
        ),
        ([*ALLOW, "--id", "a/b"], "must not"),
    ],
)
def test_usage(run: Run, root: HydraEmulator, arguments: list[str], message: str) -> None:
    result = run("policies", "create", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert writes(root) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "expected an object"),
        ("subjects: x", "Policy.subjects: expected a list of strings"),
        ("effect: permit", "effect must be allow or deny, not 'permit'"),
    ],
)
def test_faulty_files(run: Run, root: HydraEmulator, text: str, message: str) -> None:
    result = run("policies", "update", "x", "--file", "-", input=text)
    assert result.exit_code == 2
    assert message in result.stderr
    assert writes(root) == []


def test_warnings(run: Run, root: HydraEmulator) -> None:
    result = run("policies", "create", "-f", "-", input="{effect: deny, subject: [a], actions: []}")
    assert result.exit_code == 0
    assert "Warning: -: unknown field subject; did you mean subjects?" in result.stderr
    for name in ("subjects", "resources", "actions"):
        assert f"Warning: -: no {name}: the policy applies to nothing" in result.stderr


def test_an_unknown_condition(run: Run, every_root: HydraEmulator) -> None:
    text = json.dumps(POLICY | {"conditions": {"x": {"type": "OddCondition", "options": {}}}})
    result = run("policies", "create", "-f", "-", input=text)
    assert result.exit_code == 1
    assert "OddCondition" in result.stderr


def test_a_caller_who_may_not_get(run: Run, every_root: HydraEmulator) -> None:
    """Create cannot know whether SQL would merge, so it does nothing."""
    caller = add_caller(every_root, scope="hydra.policies")
    every_root.allow("caller", resources="rn:hydra:policies", actions="create")
    result = run("policies", "create", *OPTIONS, **caller)
    assert result.exit_code == 5
    assert "cannot find out whether the policy edit exists, so nothing was created" in result.stderr
    assert writes(every_root) == []
    assert run("policies", "create", *ALLOW, **caller).exit_code == 0


def test_what_can_never_match_is_warned_of(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    policy = {
        "effect": "allow",
        "subjects": ["<(>"],
        "actions": ["get,list"],
        "resources": ["rn:hydra:client"],
        "conditions": {"ip": {"type": "CIDRCondition", "options": {"cidr": "10"}}},
    }
    path.write_text(json.dumps(policy))
    for command in (("create",), ("update", "x")):
        warnings = run("policies", *command, "--file", str(path)).stderr
        assert f"Warning: {path}: subjects: '<(>': not a valid template: " in warnings
        assert "resources: 'rn:hydra:client': Hydra has no such resource; did you mean" in warnings
        assert "actions: 'get,list': this is one action; use one item for each" in warnings
        assert "conditions: ip: cidr: not valid: " in warnings
