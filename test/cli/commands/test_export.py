"""`export`: a manifest of what the server has, for which there is nothing to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.command import Run, name_root
from support.manifests import writes

from hydra_client.cli.manifest.model import FIELDS
from hydra_client.emulator import HydraEmulator


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
        "Warning: skipped 'nul': contacts contains NUL or half of a surrogate pair, which SQL "
        "stores reject\nWarning: skipped 'x/y': the API cannot address it: "
    )
    assert run("plan", "--check", path).exit_code == 0


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
TRICKY = st.sampled_from(
    ["no", "~", "1_0", "1:2", "0o7", "=", "<<", "'", "a: b", "- a", "#", "a #b", "\n", " a ", "&a"]
)
VALUES = {
    str: TEXT | TRICKY,
    list: st.lists(TEXT | TRICKY, max_size=3),
    bool: st.booleans(),
}
CLIENT = st.fixed_dictionaries({}, optional={name: VALUES[kind] for name, kind in FIELDS.items()})


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize("emitter", ["C", "Python"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
