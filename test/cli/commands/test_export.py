"""`export`: a manifest of what the server has, for which there is nothing to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.command import Run, add_caller, name_root
from support.manifests import writes
from support.variants import IDS as VARIANT_IDS
from support.variants import VARIANTS

from hydra_client import Policy, PolicyConditions, WardenGroup
from hydra_client.cli.manifest.model import FIELDS
from hydra_client.emulator import HydraEmulator
from hydra_client.provisioning import Apis, ensure_group, ensure_policy
from hydra_client.provisioning.policies import policies_by_id
from hydra_client.provisioning.reconcile import find


@pytest.fixture
def full(every_root: HydraEmulator) -> HydraEmulator:
    every_root.add_client(
        id="b",
        client_secret="a-secret",
        client_name="B",
        owner="me",
        redirect_uris=["https://b.example.com/cb", "https://b.example.com/other"],
        scope="openid offline",
        public=True,
    )
    every_root.add_client(id="1e5", client_name="no", owner="you", contacts=["012", "2018-01-01"])
    every_root.add_client(id="a b")
    return every_root


def test_exporting(run: Run, full: HydraEmulator, tmp_path: Path) -> None:
    """Sorted by id, without what is empty."""
    path = str(tmp_path / "clients.yaml")
    result = run("export", path)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == (
        f"Wrote 4 clients to {path}, without their secrets.\n"
        "The server cannot list groups, so it may have others.\n"
    )
    text = Path(path).read_text()
    assert text.startswith("# What `hydra-client apply` ")
    clients = yaml.safe_load(text)["clients"]
    assert [client["id"] for client in clients] == ["1e5", "a b", "admin", "b"]
    assert clients[0] == {
        "id": "1e5",
        "client_name": "no",
        "owner": "you",
        "contacts": ["012", "2018-01-01"],
    }
    assert clients[1] == {"id": "a b"}
    assert clients[3] == {
        "id": "b",
        "client_name": "B",
        "redirect_uris": ["https://b.example.com/cb", "https://b.example.com/other"],
        "scope": "openid offline",
        "owner": "me",
        "public": True,
    }
    plan = run("plan", "--check", path)
    assert plan.exit_code == 0
    assert plan.stdout == "Nothing to do; 4 up to date.\n"
    assert run("apply", path).stdout == "4 unchanged.\n"
    assert writes(full) == []


def test_the_same_every_time_and_never_over_a_file(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    path = tmp_path / "clients.yaml"
    assert run("export", str(path)).exit_code == 0
    first = path.read_text()
    path.write_text("mine")
    asked = len(root.requests)
    refused = run("export", str(path))
    assert refused.exit_code == 2
    assert refused.stderr == f"Error: {path}: already exists; use --force to overwrite it\n"
    assert path.read_text() == "mine"
    assert len(root.requests) == asked
    assert run("export", str(path), "--force").exit_code == 0
    assert path.read_text() == first
    assert run("export", str(tmp_path / "none" / "clients.yaml")).exit_code == 2


def test_of_one_owner(run: Run, full: HydraEmulator, tmp_path: Path) -> None:
    path = str(tmp_path / "mine.json")
    assert run("export", path, "--owner", "me").exit_code == 0
    document = json.loads(Path(path).read_text())
    assert document["owner"] == "me"
    (client,) = document["clients"]
    assert client["id"] == "b"
    assert "owner" not in client
    pruned = run("plan", "--check", "--prune", path)
    assert pruned.exit_code == 0
    refused = run("export", "--owner", "me:too")
    assert refused.exit_code == 2
    assert "--owner must not contain ':'" in refused.stderr
    nobodys = run("export", "--owner", "", "-o", "json")
    assert [client["id"] for client in json.loads(nobodys.stdout)["clients"]] == ["a b", "admin"]


def test_to_stdout(run: Run, root: HydraEmulator) -> None:
    root.add_client(id="é", client_name="日本")
    result = run("export")
    assert result.stderr == ""
    assert "- id: é\n  client_name: 日本\n" in result.stdout
    assert json.loads(run("export", "-", "--output", "json").stdout)["clients"][1]["id"] == "é"


def test_what_no_manifest_can_hold_is_left_out(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    root.add_client(id="x/y")
    root.add_client(id="nul", contacts=["a", "b\0"])
    path = str(tmp_path / "clients.yaml")
    result = run("export", path)
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "Warning: skipped 'nul': contacts contains NUL or an unpaired surrogate, which SQL "
        "stores reject\nWarning: skipped 'x/y': the API cannot address it: "
    )
    assert run("plan", "--check", path).exit_code == 0


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
TRICKY = st.sampled_from(
    ["no", "~", "1_0", "1:2", "0o7", "=", "<<", "'", "a: b", "- a", "#", "a #b", "\n", " a ", "&a"]
)
VALUES = {str: TEXT | TRICKY, list: st.lists(TEXT | TRICKY, max_size=3), bool: st.booleans()}
CLIENT = st.fixed_dictionaries({}, optional={name: VALUES[kind] for name, kind in FIELDS.items()})


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize("emitter", ["C", "Python"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(client={"client_name": "\x85x", "contacts": ["a\x85b"]}, id="\x85", sql=True)
@given(client=CLIENT, id=TEXT | TRICKY, sql=st.booleans())
def test_there_is_nothing_to_do_for_what_was_exported(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    tmp_path: Path,
    suffix: str,
    emitter: str,
    client: dict[str, object],
    id: str,
    sql: bool,
) -> None:
    if emitter == "Python":
        monkeypatch.delattr(yaml, "CSafeDumper", raising=False)
    path = tmp_path / f"clients.{suffix}"
    with HydraEmulator(store="sql" if sql else "memory") as hydra:
        name_root(hydra, monkeypatch)
        hydra.add_client(**client, id=id)
        assert run("export", "--force", str(path)).exit_code == 0
        plan = run("plan", "--check", str(path))
    assert plan.exit_code == 0, plan.output


# --- policies and groups

NAMES = st.sampled_from(["a", "b", "c", "g", "h", "<a|b>", "x:<.*>"])
POLICY = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["allow", "deny"]),
        "subjects": st.lists(NAMES, min_size=1, max_size=3, unique=True),
        "actions": st.lists(NAMES, min_size=1, max_size=2, unique=True),
        "resources": st.lists(NAMES, min_size=1, max_size=2, unique=True),
    },
    optional={
        "description": TEXT | TRICKY,
        "conditions": st.dictionaries(
            TEXT | TRICKY,
            st.sampled_from(
                [
                    {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}},
                    {"type": "EqualsSubjectCondition", "options": {}},
                    {"type": "StringEqualCondition", "options": {"equals": "no"}},
                ]
            ),
            max_size=2,
        ),
    },
)
IDS = st.text(st.sampled_from("ab:é %"), min_size=1, max_size=3)


@pytest.mark.parametrize(("version", "store"), VARIANTS, ids=VARIANT_IDS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    policies=st.dictionaries(IDS, POLICY, max_size=3),
    groups=st.dictionaries(
        st.sampled_from(["g", "h", "unseen"]), st.lists(st.sampled_from("abc"), unique=True)
    ),
    owner=st.none() | st.just("a"),
)
def test_there_is_nothing_to_do_for_policies_and_groups(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    tmp_path: Path,
    version: str,
    store: str,
    policies: dict[str, dict[str, Any]],
    groups: dict[str, list[str]],
    owner: str | None,
) -> None:
    path = tmp_path / "access.yaml"
    with HydraEmulator(version, store) as hydra:
        name_root(hydra, monkeypatch)
        hydra.add_client(id="b", owner="a")
        apis = Apis.of(hydra.api().api_client)
        for id, fields in policies.items():
            ensure_policy(apis.policies, Policy.from_dict({"id": id, **fields}))
        for id, members in groups.items():
            ensure_group(apis.groups, id, members)
        before = state(apis)
        options = () if owner is None else ("--owner", owner)
        assert run("export", "--force", str(path), *options).exit_code == 0
        plan = run("plan", "--check", *(("--prune",) if owner else ()), str(path))
        assert (plan.exit_code, plan.stdout[:13]) == (0, "Nothing to do"), plan.output
        document = yaml.safe_load(path.read_text())
        found = {policy["id"] for policy in document.get("policies", [])}
        assert found == {id for id in policies if owner is None or id.startswith("a:")}
        named = {
            subject for policy in document.get("policies", []) for subject in policy["subjects"]
        } | {id for id, members in groups.items() if "b" in members}
        assert {group["id"] for group in document.get("groups", [])} == named & set(groups)
        # The manifest restores what it has.
        for id in found:
            apis.policies.delete_policy(id)
        for group in document.get("groups", []):
            apis.groups.delete_group(group["id"])
        assert run("apply", str(path)).exit_code == 0
        assert state(apis) == before


def state(apis: Apis) -> object:
    """Policies and groups of a server, as far as order does not matter."""
    policies = [policy.to_dict() for policy in policies_by_id(apis.policies).values()]
    groups = [find(apis.groups.get_group, id) for id in ("g", "h", "unseen")]
    return (
        {
            policy["id"]: {
                name: sorted(value) if isinstance(value, list) else value
                for name, value in policy.items()
            }
            for policy in policies
        },
        [group and sorted(group.members or []) for group in groups],
    )


def test_policies_and_groups(run: Run, full: HydraEmulator, tmp_path: Path) -> None:
    apis = Apis.of(full.api().api_client)
    for id, subjects in (("me:b", ["y", "editors", "<a|b>"]), ("a", ["nobody"])):
        policy = Policy(id=id, effect="allow", subjects=subjects, actions=["b"], resources=["c"])
        policy.conditions = {"x": PolicyConditions(type="EqualsSubjectCondition")}
        ensure_policy(apis.policies, policy)
    ensure_group(apis.groups, "editors", ["x", "b"])
    ensure_group(apis.groups, "of-a", ["a b"])
    ensure_group(apis.groups, "unseen", ["somebody"])
    path = tmp_path / "access.json"
    result = run("export", str(path))
    assert result.exit_code == 0
    assert result.stderr == (
        f"Wrote 4 clients, 2 policies, 2 groups to {path}, without their secrets.\n"
        "The server cannot list groups, so it may have others.\n"
    )
    document = json.loads(path.read_text())
    assert list(document) == ["clients", "policies", "groups"]
    assert [policy["id"] for policy in document["policies"]] == ["a", "me:b"]
    assert document["policies"][1] == {
        "id": "me:b",
        "subjects": ["<a|b>", "editors", "y"],
        "effect": "allow",
        "resources": ["c"],
        "actions": ["b"],
        "conditions": {"x": {"type": "EqualsSubjectCondition"}},
    }
    assert document["groups"] == [
        {"id": "editors", "members": ["b", "x"]},
        {"id": "of-a", "members": ["a b"]},
    ]
    owned = json.loads(run("export", "--owner", "me", "-o", "json").stdout)
    assert [policy["id"] for policy in owned["policies"]] == ["me:b"]
    assert [group["id"] for group in owned["groups"]] == ["editors"]


EQUAL = {"type": "StringEqualCondition", "options": {"equals": "x"}}
NUL = {"equals": "x\0"}


def test_what_no_manifest_can_hold_of_policies(run: Run, root: HydraEmulator) -> None:
    apis = Apis.of(root.api().api_client)
    for policy in (
        Policy(id="odd", effect="permit", subjects=["a"]),
        Policy(id="nul", effect="allow", description="\0"),
        Policy.from_dict({"id": "nul-name", "effect": "deny", "conditions": {"\0": EQUAL}}),
        Policy.from_dict(
            {"id": "nul-value", "effect": "deny", "conditions": {"a": EQUAL | {"options": NUL}}}
        ),
        Policy(id="ok", effect="deny", subjects=["a/b", "nul-group"]),
    ):
        apis.policies.update_policy(policy.id or "", policy)
    apis.groups.create_group(WardenGroup(id="nul-group", members=["\0"]))
    result = run("export")
    assert result.exit_code == 0
    assert [policy["id"] for policy in yaml.safe_load(result.stdout)["policies"]] == ["ok"]
    assert sorted(line.split(":")[1] for line in result.stderr.splitlines()) == [
        " skipped 'nul'",
        " skipped 'nul-group'",
        " skipped 'nul-name'",
        " skipped 'nul-value'",
        " skipped 'odd'",
    ]


def test_a_caller_that_may_read_clients_only(run: Run, every_root: HydraEmulator) -> None:
    caller = add_caller(every_root, id="registrar", scope="hydra.clients")
    every_root.allow("registrar", resources=["rn:hydra:clients"])
    result = run("export", **caller)
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: left out policies and groups: ")
    assert len(yaml.safe_load(result.stdout)["clients"]) == 2
