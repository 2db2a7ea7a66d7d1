"""For every test: an environment without HYDRA_* variables, and reproducible random data."""

from __future__ import annotations

import functools
import gc
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from support import both

HERE = Path(__file__).parent

# A test of an extra needs what the extra installs. `tox -e lowest` installs no extra. The examples
# need Flask.
EXTRAS = {
    "jwt": ("jwt", "cryptography"),
    "cli": ("click", "rich", "yaml"),
    "emulator": ("werkzeug", "jwt", "cryptography", "bcrypt"),
    "flask": ("flask",),
}
FOLDERS = {
    "browser": {"emulator", "flask"},
    "cli": {"cli", "emulator", "jwt"},
    "emulator": {"emulator"},
    "examples": {"emulator"},
    "guides": {"emulator"},
    "live": {"emulator"},
    "provisioning": {"emulator"},
}
IMPORT = re.compile(
    r"^(?:import|from) (?:hydra_client\.)?(cli|emulator|id_token|consent_app|run)\b", re.MULTILINE
)
OF = {"id_token": "jwt", "consent_app": "flask", "run": "flask"}

MISSING = {
    extra
    for extra, modules in EXTRAS.items()
    if any(importlib.util.find_spec(module) is None for module in modules)
}


def needs(path: Path) -> set[str]:
    """The extras that a folder or a module of tests needs."""
    if path.is_dir():
        return FOLDERS.get(path.name, set())
    imported = set(IMPORT.findall(path.read_text(encoding="utf-8")))
    return {OF.get(name, name) for name in imported}


collect_ignore = [
    str(path.relative_to(HERE))
    for path in sorted(HERE.rglob("*"))
    if (path.is_dir() or path.suffix == ".py") and MISSING & needs(path)
]

# Tests in these places go through whole products of requests, servers and recordings. The Python
# hardly matters to what they find, so `make test` runs them on the oldest and the newest only.
SWEEPS = (
    "cli/commands/test_apply_access.py",
    "cli/commands/test_apply_killed.py",
    "cli/commands/test_doctor.py",
    "cli/commands/test_export.py",
    "cli/test_recordings.py",
    "emulator/endpoints",
    "emulator/go",
    "emulator/store",
    "emulator/test_fuzz.py",
    "emulator/test_recorded_exchanges.py",
    "emulator/test_routes.py",
    "emulator/test_state.py",
    "examples",
    "guides",
    "live",
    "protocol/test_browser_binding.py",
    "provisioning",
    "test_consent_walks.py",
    "test_docs.py",
    "test_no_secrets.py",
    "test_properties.py",
    "test_resource_server.py",
    "wire",
)
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SWEEP_PYTHONS = os.environ.get("SWEEP_PYTHONS", PYTHON).split()

# Examples are drawn alike on every run of a build, and at random on a contributor's machine.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile(
    "ci", deadline=None, print_blob=True, derandomize=True, database=None
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_report_header() -> list[str]:
    extras = f"without {', '.join(sorted(MISSING))}, so not {', '.join(collect_ignore)}"
    header = [f"hydra_client: {extras if MISSING else 'tests of all extras'}"]
    if PYTHON not in SWEEP_PYTHONS:
        header.append(f"hydra_client: without sweeps, which run on {' and '.join(SWEEP_PYTHONS)}")
    return header


@functools.cache
def is_sweep(path: Path) -> bool:
    return any((HERE / place) in (path, *path.parents) for place in SWEEPS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if is_sweep(item.path):
            item.add_marker("sweep")
    if PYTHON not in SWEEP_PYTHONS:
        sweeps = [item for item in items if item.get_closest_marker("sweep")]
        config.hook.pytest_deselected(items=sweeps)
        items[:] = [item for item in items if item.get_closest_marker("sweep") is None]


def pytest_collection_finish() -> None:
    """Keep thousands of collected tests out of every garbage collection that follows."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _plain_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine says of a server or a proxy; the live suite alone may ask."""
    if HERE / "live" in request.path.parents:
        return
    for name in list(os.environ):
        if name.startswith("HYDRA_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of some modules for the threaded client and for the asyncio client."""
    if getattr(metafunc.module, "FOR_BOTH_CLIENTS", False):
        only = metafunc.definition.get_closest_marker("threads_only")
        metafunc.parametrize(
            "client_kind", both.KINDS[:1] if only else both.KINDS, indirect=True, scope="module"
        )


@pytest.fixture(scope="module", autouse=True)
def client_kind(request: pytest.FixtureRequest) -> Iterator[None]:
    both.kind = getattr(request, "param", both.KINDS[0])
    yield
    both.kind = both.KINDS[0]


@pytest.fixture(autouse=True)
def _end_of_background() -> Iterator[None]:
    yield
    both.end()


@pytest.fixture(autouse=True)
def _small_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the emulator generate smaller keys: those of Hydra's size take a second each."""
    if "emulator" not in MISSING:
        monkeypatch.setattr("hydra_client.emulator.store.keys.RSA_BITS", 2048)
