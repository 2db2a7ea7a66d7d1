"""Policies and groups in a manifest: planned, applied, checked and pruned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.command import Run
from support.manifests import writes, written

from hydra_client import OAuth2Client, Policy, PolicyApi, WardenApi, WardenGroup
from hydra_client.emulator import HydraEmulator
from hydra_client.provisioning.policies import policies_by_id

ACCESS: dict[str, Any] = {
    "owner": "team",
    "policies": [
        {
            "id": "team:introspect",
            "effect": "allow",
            "subjects": ["servers"],
            "actions": ["introspect"],
            "resources": ["rn:hydra:oauth2:tokens"],
        },
        {
            "id": "team:no",
            "effect": "deny",
            "subjects": ["intruder"],
            "actions": ["<.*>"],
            "resources": ["<.*>"],
            "conditions": {"ip": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}}},
        },
    ],
    "groups": [{"id": "servers", "members": ["api", "intruder"]}],
    "expect": [
        {"subject": "api", "action": "introspect", "resource": "rn:hydra:oauth2:tokens"},
        {
            "subject": "intruder",
            "action": "introspect",
            "resource": "rn:hydra:oauth2:tokens",
            "context": {"ip": "10.0.0.1"},
            "allowed": False,
        },
    ],
}
CLIENTS = [{"id": "api", "public": True}, {"id": "intruder", "public": True}]


def apis(hydra: HydraEmulator) -> tuple[PolicyApi, WardenApi]:
    client = hydra.api().api_client
    return PolicyApi(client), WardenApi(client)


def changed(**policies: dict[str, Any]) -> dict[str, Any]:
    """The manifest with other fields of its policies."""
    document: dict[str, Any] = json.loads(json.dumps(ACCESS))
    for policy in document["policies"]:
        policy.update(policies.get(policy["id"].removeprefix("team:"), {}))
    return document


def test_every_server_becomes_what_the_manifest_says(
    run: Run, every_root: HydraEmulator, tmp_path: Path
) -> None:
    path = written(tmp_path, CLIENTS, **ACCESS)
    assert run("plan", "--check", path).exit_code == 3
    result = run("apply", "--jobs", "1", path)
    assert result.exit_code == 0, result.output
    assert result.output == (
        "Created policy team:no.\nCreated api.\nCreated intruder.\n"
        "Created policy team:introspect.\nCreated group servers.\n5 created.\n"
    )
    policies, warden = apis(every_root)
    stored = policies.get_policy("team:no")
    assert stored.effect == "deny"
    assert stored.conditions is not None
    assert stored.conditions["ip"].type == "CIDRCondition"
    assert set(warden.get_group("servers").members or ()) == {"api", "intruder"}

    sent = writes(every_root)
    assert "POST /policies" not in sent
    again = run("apply", path)
    assert (again.exit_code, again.output) == (0, "5 unchanged.\n")
    assert writes(every_root) == sent
    checked = run("plan", "--check", "--prune", path)
    assert (checked.exit_code, checked.output) == (0, "Nothing to do; 5 up to date.\n")


def test_a_change_says_what_may_be_denied_meanwhile(
    run: Run, every_root: HydraEmulator, tmp_path: Path
) -> None:
    run("apply", written(tmp_path, CLIENTS, **ACCESS))
    document = changed(
        no={"subjects": ["other"], "conditions": {}},
        introspect={"description": "Why", "actions": ["introspect", "<introspect>"]},
    )
    document["groups"] = [{"id": "servers", "members": ["api", "new"]}]
    document["expect"] = []
    path = written(tmp_path, CLIENTS, **document)
    plan = run("plan", path)
    assert plan.stderr == (
        f"Warning: {path}:1:{plan.stderr.split(':')[3]}: subjects: 'other' is neither a client nor "
        "a group. Ignore this if it is a user\n"
        "Until everything is applied, requests may be denied that are allowed before and "
        "afterwards, because of: policy 'team:no', group 'servers', policy 'team:introspect'.\n"
    )
    cidr = '{"ip": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}}}'
    assert plan.stdout == (
        "~ policy team:no (in the meantime, denies more)\n"
        '    subjects        + "other"\n'
        f"    conditions      {cidr} → {{}}\n"
        "~ group servers\n"
        '    members         - "intruder"\n'
        "~ policy team:introspect\n"
        '    description     "" → "Why"\n'
        '    actions         + "<introspect>"\n'
        "~ group servers\n"
        '    members         + "new"\n'
        "~ policy team:no\n"
        '    subjects        + "other"  - "intruder"\n'
        f"    conditions      {cidr} → {{}}\n"
        "3 to update; 2 up to date.\n"
    )
    steps = json.loads(run("plan", "-o", "json", path).stdout)
    assert [(step["kind"], step["action"]) for step in steps] == [
        ("policy", "widen"),
        ("group", "remove members"),
        ("policy", "update"),
        ("group", "add members"),
        ("policy", "update"),
    ]
    assert run("plan", "--quiet", path).stdout.split() == ["team:no", "servers", "team:introspect"]
    applied = run("apply", "-o", "json", path)
    assert applied.exit_code == 0
    assert [(found["kind"], found["result"]) for found in json.loads(applied.stdout)] == [
        ("client", "unchanged"),
        ("client", "unchanged"),
        ("policy", "updated"),
        ("policy", "updated"),
        ("group", "updated"),
    ]
    assert run("plan", "--check", path).exit_code == 0


# --- what is expected


def test_what_is_expected_is_proven(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    document = changed(introspect={"subjects": ["api"]}, no={"actions": ["other"]})
    document["expect"].append({"subject": "bob", "action": "get", "resource": "x"})
    path = Path(written(tmp_path, CLIENTS, **document))
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    applied = run("apply", str(path))
    assert applied.exit_code == 1
    assert applied.stdout.endswith("5 created.\n")
    lines = path.read_text().splitlines()
    at = next(number for number, line in enumerate(lines, 1) if '"bob"' in line) - 1
    assert applied.stderr == (
        f"Error: {path}:{at}:3: 'bob' should be allowed 'get' on 'x', but the server denies it\n"
    )
    assert run("plan", str(path)).stderr == ""
    checked = run("plan", "--check", str(path))
    assert (checked.exit_code, checked.stderr) == (1, applied.stderr)
    allowed = changed()
    allowed["expect"][0]["allowed"] = False
    wrong = run("apply", written(tmp_path, CLIENTS, **allowed))
    assert wrong.exit_code == 1
    assert "'api' should be denied 'introspect' on" in wrong.stderr
    assert "but the server allows it" in wrong.stderr


def test_nothing_is_proven_while_something_is_pending(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    path = written(tmp_path, CLIENTS, **ACCESS)
    assert run("plan", "--check", path).exit_code == 3
    root.fail("/clients", method="POST", status=400, times=1)
    assert run("apply", path).exit_code == 1
    assert not any(request.path == "/warden/allowed" for request in root.requests)


# --- pruning


def test_prune(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    policies, warden = apis(every_root)
    run("apply", written(tmp_path, CLIENTS, **ACCESS))
    for id in ("team:old", "teams:kept"):
        policies.update_policy(id, Policy(id=id, effect="allow", subjects=["a"], actions=["b"]))
    warden.create_group(WardenGroup(id="gone", members=["a"]))
    every_root.add_client(id="old", owner="team")
    path = written(tmp_path, CLIENTS, **ACCESS, removed={"groups": ["gone", "never"]})
    assert run("apply", path).output == "5 unchanged.\n"
    asked = (
        "These clients of team are not in the manifest:\n- old\n"
        "These policies of team are not in the manifest:\n- team:old\n"
        "These groups are to be removed:\n- gone\n"
    )
    refused = run("apply", "--prune", path)
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"{asked}Error: Delete these 3? Without a terminal, confirm with --yes\n"
    )
    done = run("apply", "--prune", "--yes", "--jobs", "1", path)
    assert done.stderr == asked
    assert done.stdout == (
        "Deleted policy team:old.\nDeleted group gone.\nDeleted old.\n3 deleted, 5 unchanged.\n"
    )
    assert set(policies_by_id(policies)) == {
        "default-admin-policy",
        "team:introspect",
        "team:no",
        "teams:kept",
    }
    assert run("apply", "--prune", path).output == "5 unchanged.\n"


def test_a_kind_that_the_manifest_does_not_have_is_not_pruned(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    run("apply", written(tmp_path, CLIENTS, **ACCESS))
    path = tmp_path / "access.json"
    path.write_text(json.dumps({"owner": "team", "groups": []}))
    assert run("plan", "--prune", "--check", str(path)).exit_code == 0
    path.write_text(json.dumps({"owner": "team", "clients": []}))
    pruned = run("plan", "--prune", "--quiet", str(path))
    assert pruned.stdout.split() == ["api", "intruder"]
    path.write_text(json.dumps({"owner": "team", "policies": []}))
    pruned = run("plan", "--prune", "--quiet", str(path))
    assert pruned.stdout.split() == ["team:introspect", "team:no"]


def test_groups_can_be_removed_without_an_owner(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    apis(root)[1].create_group(WardenGroup(id="gone", members=["a"]))
    path = tmp_path / "access.json"
    path.write_text(json.dumps({"removed": {"groups": ["gone"]}}))
    assert run("plan", str(path)).stdout == "Nothing to do; 0 up to date.\n"
    assert run("plan", "--prune", str(path)).stdout == "- group gone\n1 to delete; 0 up to date.\n"
    refused = run("apply", "--prune", str(path))
    assert "Delete it? Without a terminal, confirm with --yes" in refused.stderr
    assert run("apply", "--prune", "--yes", str(path)).stdout.endswith("1 deleted.\n")


# --- what goes wrong


def test_later_stages_are_not_tried_after_a_failure(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    root.fail("/policies/team%3Ano", method="PUT", status=400, body="no", times=None)
    path = written(tmp_path, CLIENTS, **ACCESS)
    result = run("apply", path)
    assert result.exit_code == 1
    assert result.stdout == "1 failed, 4 not tried.\n"
    assert result.stderr.startswith("Error: policy team:no: update_policy: 400")
    assert "Failed: policy team:no.\nNot tried: api, intruder, policy team:introspect, " in (
        result.stderr
    )
    assert writes(root) == ["PUT /policies/team%3Ano"]


def test_half_of_a_change_is_reported(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    """A deny that was widened, but not narrowed yet, is not done."""
    run("apply", written(tmp_path, CLIENTS, **ACCESS))
    path = written(tmp_path, CLIENTS, **changed(no={"subjects": ["x"]}))
    script = root.fail("/clients/api", method="PUT", times=None, status=400)
    root.api().update_oauth2_client("intruder", OAuth2Client(public=True, owner="you"))
    document = changed(no={"subjects": ["x"]})
    path = written(tmp_path, [{"id": "api", "client_name": "API"}, CLIENTS[1]], **document)
    result = run("apply", "-o", "json", path)
    assert result.exit_code == 1
    found = {item["id"]: item for item in json.loads(result.stdout)}
    assert found["team:no"]["result"] == "not tried"
    assert found["team:no"]["fields"] == ["subjects"]
    script.times = 0
    document["expect"] = []
    assert run("apply", written(tmp_path, CLIENTS, **document)).exit_code == 0


def test_the_own_access_is_not_taken_away(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    deny = {"subjects": ["admin"], "actions": ["update"], "conditions": {}}
    result = run("apply", written(tmp_path, CLIENTS, **changed(no=deny)))
    assert result.exit_code == 2
    assert "this change takes access from client 'admin'" in result.stderr
    assert writes(root) == []


def test_subjects_that_nobody_knows(run: Run, every_root: HydraEmulator, tmp_path: Path) -> None:
    every_root.add_client(id="on-server")
    apis(every_root)[1].create_group(WardenGroup(id="group-on-server", members=["a"]))
    subjects = ["api", "servers", "on-server", "group-on-server", "<.*>", "user", "a/b"]
    path = written(tmp_path, CLIENTS, **changed(introspect={"subjects": subjects}))
    warned = [
        line.split("subjects: ")[1].split(" is ")[0]
        for line in run("plan", path).stderr.splitlines()
        if "is neither" in line
    ]
    assert warned == ["'user'", "'a/b'"]
    every_root.fail("/clients/user", method="GET", times=None, status=403)
    assert "'user'" not in run("plan", path).stderr
