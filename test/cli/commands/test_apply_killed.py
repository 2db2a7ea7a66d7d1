"""`apply` with random manifests, many clients, and a process that is killed: nothing is lost."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.command import Run, Start, name_root
from support.crowd import wait_until
from support.emulator import Wire, get
from support.manifests import server_has, writes, written
from support.variants import IDS as VARIANT_IDS
from support.variants import VARIANTS

from hydra_client import OAuth2Client, Policy
from hydra_client.cli.manifest.model import FIELDS
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response
from hydra_client.provisioning import Apis
from hydra_client.provisioning.compare import differing
from hydra_client.provisioning.policies import policies_by_id, policy_changes
from hydra_client.provisioning.reconcile import find

# --- any manifest

IDS = ["a", "b:c", "é %?#", "d e"]
WORDS = st.text(st.sampled_from("ab |é\n\\\"'"), max_size=3)
VALUES = {
    str: WORDS | st.none(),
    list: st.lists(WORDS, max_size=3) | st.none(),
    bool: st.booleans() | st.none(),
}
MEMBERS = st.fixed_dictionaries({}, optional={name: VALUES[kind] for name, kind in FIELDS.items()})
SECRETS = st.sampled_from(
    [None, {"env": "ONE"}, {"env": "ODD"}, {"generate": {}}, {"file": "file"}]
)
ENVIRONMENT = {"ONE": "a-very-good-secret", "ODD": "p+q%41 r:s é"}
CLIENTS = st.dictionaries(st.sampled_from(IDS), st.tuples(MEMBERS, SECRETS), max_size=4)


def manifest(folder: Path, clients: dict[str, Any], defaults: dict[str, Any]) -> str:
    entries = []
    for id, (members, secret) in clients.items():
        entry = {"id": id, **members}
        if secret is not None:
            entry["secret"] = secret
        if secret and "generate" in secret:
            entry["secret"] = {"generate": {"out": f"{IDS.index(id)}.secret"}}
        entries.append(entry)
    return written(folder, entries, defaults=defaults)


@pytest.mark.parametrize(("version", "store"), VARIANTS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=CLIENTS, second=CLIENTS, defaults=MEMBERS)
def test_there_is_nothing_to_plan_after_applying(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    store: str,
    first: dict[str, Any],
    second: dict[str, Any],
    defaults: dict[str, Any],
) -> None:
    """The one exception says so: a memory store empties no field of a client without a secret."""
    with (
        tempfile.TemporaryDirectory() as name,
        HydraEmulator(version=version, store=store) as hydra,
    ):
        name_root(hydra, monkeypatch)
        folder = Path(name)
        (folder / "file").write_text("a-secret-in-a-file\n")
        for clients in (first, second):
            path = manifest(folder, clients, defaults)
            before = {id: server_has(hydra, id) for id in known(hydra)}
            applied = run("apply", path, **ENVIRONMENT)
            left = run("plan", "--check", "--quiet", path, **ENVIRONMENT)
            if applied.exit_code:
                assert store == "memory"
                failed = set(left.stdout.splitlines())
                assert all(clients[id][1] is None for id in failed)
                assert applied.stderr.count("Memory stores cannot empty a field") == len(failed) > 0
            else:
                assert left.exit_code == 0, run("plan", path, **ENVIRONMENT).stdout
            sent = writes(hydra)
            again = run("apply", path, **ENVIRONMENT)
            assert again.exit_code == applied.exit_code
            if not applied.exit_code:
                assert writes(hydra) == sent
            untouched(before, {id: server_has(hydra, id) for id in known(hydra)}, clients, defaults)
            for id, (_, secret) in clients.items():
                # A public client accepts any secret, so there is no secret to check.
                if secret and not server_has(hydra, id).get("public"):
                    assert has_secret(hydra, folder, id, secret)


def known(hydra: HydraEmulator) -> list[str]:
    return [client.id or "" for client in hydra.api().list_oauth2_clients()]


def untouched(
    before: dict[str, Any], after: dict[str, Any], clients: dict[str, Any], defaults: dict[str, Any]
) -> None:
    """What the manifest does not name is as it was."""
    assert set(before) <= set(after)
    for id, kept in before.items():
        named = {"id", *defaults, *clients[id][0]} if id in clients else set()
        rest = {name: value for name, value in kept.items() if name not in named}
        now = {name: value for name, value in after[id].items() if name not in named}
        assert set(rest) - {"id"} == set(now) - {"id"}
        rest.pop("id", None)
        assert differing(rest, OAuth2Client.from_dict(now), rest) == ()


def has_secret(hydra: HydraEmulator, folder: Path, id: str, secret: dict[str, Any]) -> bool:
    if "env" in secret:
        value = ENVIRONMENT[secret["env"]]
    else:
        name = "file" if "file" in secret else f"{IDS.index(id)}.secret"
        value = (folder / name).read_text().removesuffix("\n")
    return hydra._state.clients.get(id).has_secret(value)


# --- many clients, and a process that is killed

# The slowest test: it starts eight processes. More of it: HYDRA_TEST_CLIENTS=2000 pytest …
MANY = int(os.environ.get("HYDRA_TEST_CLIENTS", "400"))


@pytest.mark.parametrize("store", ["memory", "sql"])
def test_killed_again_and_again(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    """Killed at any moment, and applied again: the end state is exact, and no secret is lost."""
    count = MANY if store == "sql" else MANY // 10
    path = many(tmp_path, count)
    with HydraEmulator(store=store) as hydra:
        name_root(hydra, monkeypatch)
        hydra.add_client(id="app-7", client_name="drifted", client_secret="another-secret")
        dice = random.Random(store)
        for _ in range(6):
            more = dice.randrange(count // 3)
            start_and_kill(lambda: start("apply", path), hydra, lambda: len(hydra.requests), more)
        process = start("apply", path)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out[-1000:] + err
        assert out.splitlines()[-1].endswith(" unchanged.")

        clients = {client.id: client for client in hydra.api().list_oauth2_clients()}
        assert set(clients) == {"admin", *(f"app-{number}" for number in range(count))}
        secrets = set()
        for number in range(count):
            client = clients[f"app-{number}"].to_dict()
            assert {name: value for name, value in client.items() if value} == wanted(number)
            secret = (tmp_path / "secrets" / f"{number}").read_text().removesuffix("\n")
            assert hydra._state.clients.get(f"app-{number}").has_secret(secret)
            secrets.add(secret)
        assert len(secrets) == count

        # A creation is repeated only where its response was lost with the process.
        creations = [line for line in writes(hydra) if line == "POST /clients"]
        assert count - 1 <= len(creations) <= count + 7 * 8

        sent = writes(hydra)
        process = start("apply", path)
        out, _ = process.communicate(timeout=120)
        assert out == f"{count} unchanged.\n"
        assert writes(hydra) == sent


def many(folder: Path, count: int) -> str:
    (folder / "secrets").mkdir()
    clients = [
        {**wanted(number), "secret": {"generate": {"out": f"secrets/{number}"}}}
        for number in range(count)
    ]
    return written(folder, clients)


def wanted(number: int) -> dict[str, Any]:
    return {
        "id": f"app-{number}",
        "client_name": f"App {number}",
        "redirect_uris": [f"https://{number}.example.com/callback"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "scope": "photos.read",
        "owner": "team",
    }


def start_and_kill(
    start: Callable[[], Any], hydra: HydraEmulator, count: Callable[[], int], more: int
) -> None:
    """Kill a process, wherever it is, once the server has counted more than so many more.

    Return when the server has done what the process sent last.
    """
    server = hydra._server
    assert server is not None
    others, most = set(server._connections), count() + more
    process = start()
    end = time.monotonic() + 120
    while count() <= most and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.0005)
    process.kill()
    process.communicate()
    get(hydra)  # on a new connection: those before it have been accepted, too
    wait_until(lambda: set(server._connections) <= others, "the last request is handled")


# --- clients, policies and groups, and a warden that is asked after every write

SUBJECTS, ACTIONS, RESOURCES = ["a", "b", "c"], ["get", "put"], ["r", "s"]
CONTEXTS: list[dict[str, str]] = [{}, {"name": "x"}]
REQUESTS = [
    {"subject": subject, "action": action, "resource": resource, "context": context}
    for subject, action, resource, context in product(SUBJECTS, ACTIONS, RESOURCES, CONTEXTS)
]
WRITES = ("/clients", "/policies", "/warden/groups")


class Observed(HydraEmulator):
    """Asks its warden after every write."""

    def __init__(self, version: str, store: str) -> None:
        super().__init__(version, store)
        self.moments: list[set[int]] = []
        self._wire = Wire(self)
        self._token = self._wire.root  # the token that asks

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        if request.method != "GET" and request.raw_path.startswith(WRITES):
            self.moments.append(self.allowed())
        return response

    def allowed(self) -> set[int]:
        """The numbers of the requests that are allowed."""
        return {
            number
            for number, request in enumerate(REQUESTS)
            if self._wire("POST", "/warden/allowed", json=request, token=self._token).json[
                "allowed"
            ]
        }


def access(dice: random.Random) -> dict[str, Any]:
    """A manifest at random, in which no group is both allowed and denied something."""

    def some(items: list[str]) -> list[str]:
        return dice.sample(items, dice.randint(1, len(items)))

    policies = []
    for id in dice.sample(["t:p", "t:q", "t:s", "t:u", "t:v"], dice.randint(2, 5)):
        effect = dice.choice(["allow", "allow", "deny"])
        policy: dict[str, Any] = {
            "id": id,
            "effect": effect,
            "subjects": some([*SUBJECTS, "g" if effect == "allow" else "h"]),
            "actions": some(ACTIONS),
            "resources": some(RESOURCES),
        }
        if dice.random() < 0.3:
            condition = {"type": "StringEqualCondition", "options": {"equals": "x"}}
            policy["conditions"] = {"name": condition}
        policies.append(policy)
    groups = [
        {"id": id, "members": some(SUBJECTS)}
        for id in dice.sample(["g", "h"], 1 + dice.randint(0, 1))
    ]
    clients = [
        {"id": id, "scope": dice.choice("xy"), "secret": {"generate": {"out": f"{id}.secret"}}}
        for id in some(SUBJECTS)
    ]
    removed = {"groups": [id for id in "gh" if id not in {group["id"] for group in groups}]}
    return {
        "owner": "t",
        "clients": clients,
        "policies": policies,
        "groups": groups,
        "removed": removed,
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("version", "store"), VARIANTS, ids=VARIANT_IDS)
def test_killed_while_access_changes(
    start: Start,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    store: str,
    seed: int,
) -> None:
    """No moment allows more than before or after, the end is exact, and nothing is left to do."""
    dice = random.Random(f"{version} {store} {seed}")
    old, new = access(dice), access(dice)
    path = tmp_path / "access.json"
    apply = ("apply", "--prune", "--yes", str(path))
    with Observed(version, store) as hydra:
        name_root(hydra, monkeypatch)
        path.write_text(json.dumps(old))
        assert run(*apply).exit_code == 0
        before = hydra.allowed()
        hydra.moments.clear()

        path.write_text(json.dumps(new))
        for _ in range(2):
            more = dice.randrange(6)
            start_and_kill(lambda: start(*apply), hydra, lambda: len(hydra.moments), more)
        last = run(*apply)
        assert last.exit_code == 0, last.output
        assert "Warning: group" not in last.stderr
        justified = before | hydra.allowed()
        assert [moment - justified for moment in hydra.moments if moment - justified] == []
        is_exact(hydra, new, tmp_path)

        sent = len(hydra.moments)
        assert run(*apply).exit_code == 0
        assert run("plan", "--check", "--prune", str(path)).exit_code == 0
        assert len(hydra.moments) == sent


def is_exact(hydra: Observed, wanted: dict[str, Any], folder: Path) -> None:
    apis = Apis.of(hydra.api().api_client)
    policies = policies_by_id(apis.policies)
    assert set(policies) == {"default-admin-policy"} | {item["id"] for item in wanted["policies"]}
    for item in wanted["policies"]:
        assert policy_changes(Policy.from_dict(item), policies[item["id"]]) == ()
    members = {item["id"]: set(item["members"]) for item in wanted["groups"]}
    for id in "gh":
        group = find(apis.groups.get_group, id)
        assert (None if group is None else set(group.members or ())) == members.get(id)
    assert set(known(hydra)) == {"admin"} | {item["id"] for item in wanted["clients"]}
    for item in wanted["clients"]:
        client = server_has(hydra, item["id"])
        assert client == {"id": item["id"], "owner": "t", "scope": item["scope"]}
        secret = (folder / f"{item['id']}.secret").read_text().removesuffix("\n")
        assert hydra._state.clients.get(item["id"]).has_secret(secret)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("version", "store"), VARIANTS, ids=VARIANT_IDS)
def test_no_moment_allows_more_than_before_or_after(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, store: str, seed: int
) -> None:
    """From one manifest to the next, and the next, without an interruption."""
    dice = random.Random(f"{version} {store} {seed}, uninterrupted")
    path = tmp_path / "access.json"
    with Observed(version, store) as hydra:
        name_root(hydra, monkeypatch)
        for _ in range(4):
            before = hydra.allowed()
            hydra.moments.clear()
            path.write_text(json.dumps(access(dice) | {"clients": []}))
            assert run("apply", "--prune", "--yes", str(path)).exit_code == 0
            justified = before | hydra.allowed()
            assert [moment - justified for moment in hydra.moments if moment - justified] == []
