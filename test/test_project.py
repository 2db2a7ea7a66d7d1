"""The project itself: its public names, imports, versions, requirements and commands."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.metadata
import inspect
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hydra_client

ROOT = Path(__file__).parents[1]
PACKAGE = Path(hydra_client.__file__).parent
# What may need an extra.
NEEDS_EXTRA = ("cli", "emulator", "id_token")
EXTRA_MODULES = ("bcrypt", "click", "cryptography", "jwt", "rich", "werkzeug", "yaml")

# The public names. One that goes away or comes in is a change to the changelog too.
PUBLIC = {
    "ApiClient",
    "ApiConnectionError",
    "ApiDecodeError",
    "ApiException",
    "ApiResponse",
    "ApiTimeoutError",
    "ApiTlsError",
    "ApiTypeError",
    "ApiValueError",
    "BadRequestException",
    "Configuration",
    "ConflictException",
    "ConsentRequestAcceptance",
    "ConsentRequestRejection",
    "ForbiddenException",
    "GroupMembers",
    "HealthApi",
    "HealthStatus",
    "HydraException",
    "InlineResponse2001",
    "InsecureTransportWarning",
    "JsonWebKey",
    "JsonWebKeyApi",
    "JsonWebKeySet",
    "JsonWebKeySetGeneratorRequest",
    "LongSecretWarning",
    "NotFoundException",
    "OAuth2Api",
    "OAuth2Client",
    "OAuth2ConsentRequest",
    "OAuth2TokenIntrospection",
    "OAuth2TokenResponse",
    "OAuth2consentRequest",
    "Policy",
    "PolicyApi",
    "PolicyConditionOptions",
    "PolicyConditions",
    "ServiceException",
    "TooManyRequestsException",
    "UnauthorizedException",
    "UserInfo",
    "WardenAccessRequest",
    "WardenAccessRequestResponse",
    "WardenApi",
    "WardenGroup",
    "WardenTokenAccessRequest",
    "WardenTokenAccessRequestResponse",
    "WellKnown",
    "__version__",
    "authorization_url",
    "connect",
}

# What stands below what: the base of each error.
ERRORS = {
    "ApiConnectionError": ["HydraException"],
    "ApiDecodeError": ["HydraException"],
    "ApiException": ["HydraException"],
    "ApiTimeoutError": ["ApiConnectionError"],
    "ApiTlsError": ["ApiConnectionError"],
    "ApiTypeError": ["HydraException", "TypeError"],
    "ApiValueError": ["HydraException", "ValueError"],
    "BadRequestException": ["ApiException"],
    "ConflictException": ["ApiException"],
    "ForbiddenException": ["ApiException"],
    "HydraException": ["Exception"],
    "NotFoundException": ["ApiException"],
    "ServiceException": ["ApiException"],
    "TooManyRequestsException": ["ApiException"],
    "UnauthorizedException": ["ApiException"],
}

OPERATIONS = {
    "HealthApi": {
        "get_instance_metrics": [],
        "get_instance_status": [],
    },
    "JsonWebKeyApi": {
        "create_json_web_key_set": ["set", "body"],
        "delete_json_web_key": ["set", "kid"],
        "delete_json_web_key_set": ["set"],
        "get_json_web_key": ["set", "kid"],
        "get_json_web_key_set": ["set"],
        "update_json_web_key": ["set", "kid", "body"],
        "update_json_web_key_set": ["set", "body"],
    },
    "OAuth2Api": {
        "accept_oauth2_consent_request": ["id", "body"],
        "create_oauth2_client": ["body"],
        "delete_oauth2_client": ["id"],
        "get_oauth2_client": ["id"],
        "get_oauth2_consent_request": ["id"],
        "get_well_known": [],
        "introspect_oauth2_token": ["token", "scope"],
        "list_oauth2_clients": [],
        "oauth_auth": [],
        "oauth_token": [],
        "reject_oauth2_consent_request": ["id", "body"],
        "revoke_oauth2_token": ["token"],
        "update_oauth2_client": ["id", "body"],
        "userinfo": ["access_token"],
        "well_known": [],
    },
    "PolicyApi": {
        "create_policy": ["body"],
        "delete_policy": ["id"],
        "get_policy": ["id"],
        "list_policies": ["limit", "offset"],
        "update_policy": ["id", "body"],
    },
    "WardenApi": {
        "add_members_to_group": ["id", "body"],
        "create_group": ["body"],
        "delete_group": ["id"],
        "does_warden_allow_access_request": ["body"],
        "does_warden_allow_token_access_request": ["body"],
        "find_groups_by_member": ["member"],
        "get_group": ["id"],
        "remove_members_from_group": ["id", "body"],
    },
}

SETTINGS = [
    "host",
    "username",
    "password",
    "access_token",
    "scopes",
    "verify_ssl",
    "ssl_ca_cert",
    "cert_file",
    "key_file",
    "proxy",
    "timeout",
    "retries",
    "connection_pool_maxsize",
]


def test_public_names() -> None:
    assert set(hydra_client.__all__) == PUBLIC
    assert sorted(set(dir(hydra_client)) & PUBLIC) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(hydra_client, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        hydra_client.no_such_name  # noqa: B018


def test_tree_of_errors() -> None:
    tree = {
        name: [base.__name__ for base in getattr(hydra_client, name).__bases__] for name in ERRORS
    }
    assert tree == ERRORS
    assert issubclass(hydra_client.InsecureTransportWarning, UserWarning)


@pytest.mark.parametrize("with_http_info", [False, True])
@pytest.mark.parametrize(
    ("api_name", "name"), [(api, name) for api, names in OPERATIONS.items() for name in names]
)
def test_operations(api_name: str, name: str, with_http_info: bool) -> None:
    api = hydra_client.connect("http://127.0.0.1:4444", api=getattr(hydra_client, api_name))
    signature = inspect.signature(getattr(api.with_http_info if with_http_info else api, name))
    kinds = {parameter.name: parameter.kind for parameter in signature.parameters.values()}
    positional = [
        name for name, kind in kinds.items() if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    assert positional == OPERATIONS[api_name][name]
    assert kinds["timeout"] is kinds["headers"] is inspect.Parameter.KEYWORD_ONLY


def test_settings_of_a_configuration() -> None:
    parameters = list(inspect.signature(hydra_client.Configuration).parameters)
    assert [name for name in parameters if name in SETTINGS] == SETTINGS


# --- fences


def imports(path: Path) -> Iterator[tuple[str, str | None, bool]]:
    """Each import of a file: the module, the function around it, and if only checkers see it."""
    module = ".".join(("hydra_client", *path.relative_to(PACKAGE).with_suffix("").parts))
    package = (
        module.removesuffix(".__init__")
        if path.name == "__init__.py"
        else module.rpartition(".")[0]
    )

    def walk(
        node: ast.AST, function: str | None, typing: bool
    ) -> Iterator[tuple[str, str | None, bool]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, function, typing
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                source = ".".join([*above, *([source] if source else [])])
            for alias in node.names:
                yield f"{source}.{alias.name}", function, typing
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = node.name
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from walk(child, function, True)
            for child in node.orelse:
                yield from walk(child, function, typing)
            return
        for child in ast.iter_child_nodes(node):
            yield from walk(child, function, typing)

    return walk(ast.parse(path.read_text(encoding="utf-8")), None, False)


def within(module: str, fence: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in fence)


def core_files() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") not in NEEDS_EXTRA
    ]


@pytest.mark.parametrize("path", core_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_core_needs_no_extra(path: Path) -> None:
    crossing = [
        name for name, _, typing in imports(path) if not typing and within(name, EXTRA_MODULES)
    ]
    assert crossing == []


# --- imports as they happen


def in_a_fresh_interpreter(code: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(PACKAGE.parent), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.mark.parametrize(
    "statement",
    [
        "import hydra_client",
        "from hydra_client import connect, ApiClient, Configuration, OAuth2Api, OAuth2Client",
        "from hydra_client.tokens import ClientCredentials; ClientCredentials('a', 'b')",
        "from hydra_client import code_flow, consent, introspection",
    ],
)
def test_import_brings_only_the_standard_library_and_no_thread(statement: str) -> None:
    new = in_a_fresh_interpreter(
        "import sys, threading\n"
        "before, threads = set(sys.modules), threading.active_count()\n"
        f"{statement}\n"
        "names = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "assert threading.active_count() == threads\n"
        "print(*sorted(names - sys.stdlib_module_names))"
    )
    assert new == "hydra_client"


def test_pytest_plugin_loads_without_the_extra() -> None:
    """Pytest loads it for everybody who installed the package, with the extra or not."""
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in EXTRA_MODULES)
    plugin = "hydra_client.emulator.testing.pytest_plugin"
    in_a_fresh_interpreter(f"import sys\n{blocked}import {plugin}")


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("import hydra_client.id_token", "pip install 'hydra-legacy-client[jwt]'"),
        (
            "from hydra_client.emulator import HydraEmulator",
            "pip install 'hydra-legacy-client[emulator]'",
        ),
    ],
)
def test_a_missing_extra_is_named(statement: str, hint: str) -> None:
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in EXTRA_MODULES)
    said = in_a_fresh_interpreter(
        f"import sys\n{blocked}try:\n    {statement}\nexcept ModuleNotFoundError as error:\n"
        "    print(error)"
    )
    assert said.endswith(f" is missing: {hint}")


# --- the package's description


def literals(path: Path) -> dict[str, object]:
    """The top-level names of a file that are given as plain data."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def pins(path: Path) -> set[str]:
    lines = (
        line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()
    )
    return {line for line in lines if line and not line.startswith("-r ")}


def test_lowest_is_exactly_the_lower_bounds() -> None:
    requires = literals(ROOT / "setup.py")["REQUIRES"]
    assert isinstance(requires, list)
    assert pins(ROOT / "requirements" / "lowest.txt") == {
        requirement.replace(">=", "==") for requirement in requires
    }


def test_tools_are_pinned_alike_everywhere() -> None:
    pinned: dict[str, set[str]] = {}
    for path in (ROOT / "requirements").glob("*.txt"):
        if path.name == "lowest.txt":
            continue
        for line in pins(path):
            match = re.fullmatch(r"([A-Za-z0-9-]+)(\[\w+\])?==([\w.]+(?:; .+)?)", line)
            assert match, f"{path.name}: {line}"
            pinned.setdefault(match[1].lower(), set()).add(match[3])
    twice = {
        name: versions
        for name, versions in pinned.items()
        if len(versions) > 1 and not all(";" in version for version in versions)
    }
    assert twice == {}


def test_version_is_the_same_everywhere() -> None:
    version = literals(PACKAGE / "version.py")["__version__"]
    assert version == hydra_client.__version__
    first = re.search(r"^## \[(?!unreleased\])(.+?)\]", changelog(), re.MULTILINE | re.IGNORECASE)
    assert first
    assert first[1] == version


def changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def distribution() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution("hydra-legacy-client")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("runs from a checkout that is not installed")


def test_installed_package_has_the_version_and_is_typed() -> None:
    assert distribution().version == hydra_client.__version__
    assert (PACKAGE / "py.typed").exists()


def test_extras_hold_all_that_their_modules_import() -> None:
    extras = literals(ROOT / "setup.py")["EXTRAS"]
    assert isinstance(extras, dict)
    packages = {"jwt": "PyJWT[crypto]", "yaml": "PyYAML", "werkzeug": "Werkzeug"}
    for extra, place in (("cli", "cli"), ("emulator", "emulator"), ("jwt", "id_token.py")):
        target = PACKAGE / place
        files = sorted(target.rglob("*.py")) if target.is_dir() else [target]
        needed = {
            packages.get(top, top)
            for path in files
            if path.exists()
            for name, _, _ in imports(path)
            if (top := name.partition(".")[0]) in EXTRA_MODULES
        }
        named = {re.split(r"[<>=~]", requirement)[0] for requirement in extras[extra]}
        if extra == "cli":  # `serve` and `demo` ask for the other extra themselves
            needed -= {"PyJWT[crypto]", "cryptography"}
        assert needed <= named, extra


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("console_scripts", "hydra-client", "hydra_client.cli:main"),
        ("pytest11", "hydra_client", "hydra_client.emulator.testing.pytest_plugin"),
    ],
)
def test_entry_points(group: str, name: str, value: str) -> None:
    (entry_point,) = (
        point
        for point in distribution().entry_points
        if point.group == group and point.name == name
    )
    assert entry_point.value == value
    if not (group == "console_scripts" and importlib.util.find_spec("click") is None):
        entry_point.load()


# --- what lies in the folder


def tracked_files() -> list[str] | None:
    """What git tracks; None where there is no git, in an unpacked archive say."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return None
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return [name for name in listed.stdout.split("\0") if name]


def project_files() -> list[Path]:
    """What git tracks, or what the archive contains."""
    names = tracked_files()
    if names is None:
        listing = ROOT / "hydra_client.egg-info" / "SOURCES.txt"
        if not listing.exists():
            pytest.skip("there is neither git nor an archive's list of files")
        names = listing.read_text(encoding="utf-8").splitlines()
    return [path for name in names if (path := ROOT / name).is_file()]


def test_a_source_archive_has_every_file() -> None:
    """As far as MANIFEST.in says; setuptools adds the package and the files that it reads."""
    names = tracked_files()
    if names is None:
        pytest.skip("needs git, for the list of files")
    added = {"MANIFEST.in", "pyproject.toml", "setup.py"}
    folders = ["hydra_client"]
    for line in (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines():
        command, *patterns = line.split()
        if command == "include":
            added.update(patterns)
        elif command == "graft":
            folders += patterns
    left_out = [
        name for name in names if name not in added and name.partition("/")[0] not in folders
    ]
    assert left_out == []


def test_no_file_names_a_path_of_a_machine() -> None:
    machine = re.compile(r"(?<![\w.])/(?:home|opt|root|tmp|Users|work)/\w|[A-Z]:\\\\?[A-Z]\w+\\")
    found = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
            for number, line in enumerate(text.splitlines(), 1)
            if machine.search(line)
        ]
    assert found == []


def test_the_map_of_the_project_is_true() -> None:
    """Each path exists: in the project, in the package, or in the folder that its row is about."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (`.+?) \| (.+) \|$", text.partition("## Where things are")[2], re.MULTILINE
    )
    assert len(rows) > 15
    for places, contents in rows:
        own = re.findall("`([^`]+)`", places)
        assert [place for place in own if not any(ROOT.glob(place))] == []
        named = re.findall(r"`([\w./-]+/|[\w./-]+\.(?:py|md|ini|yaml))`", contents)
        folders = (ROOT, PACKAGE, *(ROOT / place for place in own))
        missing = {path for path in named if not any((at / path).exists() for at in folders)}
        assert missing == set()


def test_continuous_integration_runs_what_the_readme_says() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [
        line
        for line in lines
        # What is indented only installs the browser.
        if line and not line.startswith(("#", "echo ", "set ", "cd ", "if ", "fi", " "))
    ]
    assert commands == ["make test", "make demo"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in commands:
        assert command in readme


def described(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py passes to setuptools."""
    arguments: dict[str, Any] = {}
    setuptools = SimpleNamespace(setup=arguments.update, find_packages=lambda **_: [])
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    runpy.run_path(str(ROOT / "setup.py"))
    return arguments


@pytest.mark.parametrize("site", ["", "https://docs.example.com/hydra/"])
def test_links_work_on_an_index_page(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCS_URL", site)
    arguments = described(monkeypatch)
    readme = arguments["long_description"]
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert all(link.startswith(("https://", "#")) for link in links)
    assert ("https://docs.example.com/hydra/guides/resource-server.html" in links) == (site != "")
    assert ("![A terminal session" in readme) == (site != "")
    assert ("Documentation" in arguments["project_urls"]) == (site != "")


def test_type_checkers_can_follow_an_editable_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the other modes, setuptools installs a finder that only Python understands."""
    assert described(monkeypatch)["options"]["editable_wheel"] == {"mode": "compat"}


def names_in(*files: str) -> set[str]:
    """Requirements without their versions."""
    lines = [
        line
        for file in files
        for line in (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    more = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    names = {line.partition("==")[0] for line in lines if not line.startswith("-r ")}
    return names | (names_in(*more) if more else set())


def test_commits_are_formatted_by_the_release_that_is_pinned() -> None:
    (pinned,) = re.findall(
        r"^ruff==(.*)$", (ROOT / "requirements" / "format.txt").read_text("utf-8"), re.MULTILINE
    )
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert f"/ruff-pre-commit\n    rev: v{pinned}\n" in hooks


def test_the_generator_is_the_release_that_is_pinned() -> None:
    pinned = (ROOT / "requirements" / "generate.txt").read_text(encoding="utf-8")
    version = (ROOT / ".openapi-generator" / "VERSION").read_text(encoding="utf-8").strip()
    assert re.search(rf"^openapi-generator-cli\[\w+\]=={re.escape(version)}$", pinned, re.MULTILINE)


def test_the_newest_releases_are_those_of_all_that_is_pinned() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    newest = tox["testenv:newest"]["deps"].split()
    assert set(newest) == names_in("test.txt", "peers.txt", "frameworks.txt")
    assert "newest" not in tox["tox"]["env_list"]
