"""The fences of the package: which module may import which, no circles, no named operations.

Imports inside functions count; those for type checkers do not.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import hydra_client
from hydra_client import operations
from hydra_client.protocol.operation import Operation

PACKAGE = Path(hydra_client.__file__).parent
MODULES = {
    ".".join(("hydra_client", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in PACKAGE.rglob("*.py")
}

# From the ground up. A module imports modules of its own layer, or of one below.
LAYERS = [
    ("exceptions", "version"),
    ("protocol",),
    ("models", "configuration"),
    ("operations", "transport", "aio.transport", "aio.waiting"),
    ("protocol.client_credentials", "protocol.ladder", "_token_cache"),
    ("auth", "tokens"),
    ("api_client", "aio.api_client"),
    ("api", "aio.api"),
    ("aio", "_consent", "consent", "code_flow", "id_token", "introspection", "provisioning"),
    ("_resource_server", "resource_server", "aio.resource_server"),
    ("",),
    ("emulator",),
    ("cli",),
]


def imports(path: Path) -> Iterator[str]:
    """The modules of this package that a file imports at run time, sooner or later."""
    nodes = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            nodes += node.orelse  # type: ignore[arg-type]
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        nodes += ast.iter_child_nodes(node)  # type: ignore[arg-type]


GRAPH = {name: set(imports(path)) - {name} for name, path in MODULES.items()}


def layer(module: str) -> int:
    """The layer of the longest name that the module is at or below."""
    inside = module.removeprefix("hydra_client").removeprefix(".")
    fitting = {
        name: number
        for number, names in enumerate(LAYERS)
        for name in names
        if inside == name or (name and inside.startswith(f"{name}."))
    }
    return fitting[max(fitting, key=len)]


def test_nothing_imports_what_is_above_it() -> None:
    upward = {
        f"{module} imports {imported}"
        for module, all_imported in GRAPH.items()
        for imported in all_imported
        if layer(imported) > layer(module)
    }
    assert upward == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = {module: set(imported) for module, imported in GRAPH.items()}
    while free := {module for module, imported in left.items() if not imported & left.keys()}:
        for module in free:
            del left[module]
    assert left == {}, "each of these is part of a circle, or imports one"


def test_the_emulator_knows_nothing_of_the_sdk() -> None:
    foreign = {
        f"{module} imports {imported}"
        for module, all_imported in GRAPH.items()
        for imported in all_imported
        if module.startswith("hydra_client.emulator")
        and not imported.startswith("hydra_client.emulator")
    }
    assert foreign == {
        # `HydraEmulator.api` and `async_api` are shortcuts for tests.
        "hydra_client.emulator.hydra imports hydra_client",
        "hydra_client.emulator.hydra imports hydra_client.aio",
        # What to install, where a dependency is missing.
        "hydra_client.emulator imports hydra_client.protocol.extras",
    }


GENERAL = [
    *("api_client.py", "auth.py", "exceptions.py", "protocol", "transport"),
    *("aio/api_client.py", "aio/waiting.py", "aio/transport"),
]
OPERATIONS = [value for value in vars(operations).values() if isinstance(value, Operation)]


@pytest.mark.parametrize("place", GENERAL)
def test_general_code_names_no_operation(place: str) -> None:
    """Operations say by their fields what is particular about them."""
    names = {operation.name for operation in OPERATIONS}
    paths = {operation.path for operation in OPERATIONS} | {"/oauth2/", "/clients", "/.well-known"}
    found = []
    for path in [PACKAGE / place] if place.endswith(".py") else (PACKAGE / place).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in names | {n.upper() for n in names}:
                found.append(f"{path.name}:{node.lineno} {node.attr}")
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            named = node.value in names or any(named in node.value for named in paths)
            if named and id(node) not in docstrings:
                found.append(f"{path.name}:{node.lineno} {node.value}")
    assert found == []


@pytest.mark.parametrize("module", MODULES)
def test_no_function_is_long(module: str) -> None:
    """Fifty lines, without the docstring; ruff bounds how often one branches."""
    long = []
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[1] if ast.get_docstring(node) and node.body[1:] else node.body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1
            if lines > 50:
                long.append(f"{node.name}: {lines} lines")
    assert long == []


# What the asyncio side waits with, and what is generated.
AIO_APART = ("transport", "waiting", "api")


def decisions(path: Path) -> Iterator[str]:
    """The comparisons, `raise` statements and literals of a file.

    None does not count, nor what says how something is called and typed: docstrings, `__all__`,
    `__repr__`, base classes, type variables, and the defaults and annotations of arguments.
    """
    nodes: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, (ast.Compare, ast.Raise)):
            yield f"{path.name}:{node.lineno} {ast.unparse(node)}"
        if isinstance(node, ast.Constant) and node.value is not None:
            yield f"{path.name}:{node.lineno} {node.value!r}"
        match node:
            case ast.Expr(ast.Constant()) | ast.Assign([ast.Name("__all__")]):
                continue
            case ast.FunctionDef("__repr__") | ast.Call(ast.Name("TypeVar" | "ParamSpec")):
                continue
            case ast.Call(ast.Name("cast"), [_, *values]):
                nodes += values
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                nodes += node.body
            case _:
                nodes += ast.iter_child_nodes(node)


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted((PACKAGE / "aio").rglob("*.py"))
        if path.relative_to(PACKAGE / "aio").with_suffix("").parts[0] not in AIO_APART
    ],
    ids=lambda path: path.name,
)
def test_the_asyncio_side_decides_nothing(path: Path) -> None:
    """Its logic is that of the threaded side, with `await` in front of what is waited for."""
    assert list(decisions(path)) == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("code_flow", "CodeFlow"),
        ("id_token", "IdTokenVerifier"),
        ("introspection", "CachedIntrospection"),
        ("consent", "ConsentApp"),
        ("consent", "Challenge"),
        ("resource_server", "Guard"),
    ],
)
def test_the_asyncio_twin_has_the_same_methods(module: str, name: str) -> None:
    pytest.importorskip("jwt", reason="needs the extra jwt")
    threads = getattr(importlib.import_module(f"hydra_client.{module}"), name)
    tasks = getattr(importlib.import_module(f"hydra_client.aio.{module}"), name)
    assert inspect.signature(threads) == inspect.signature(tasks)
    assert threads.__doc__ == tasks.__doc__
    assert threads.__doc__, "help() shows no inherited docstring of a class"
    methods, twins = (
        {name: value for name, value in vars(kind).items() if inspect.isfunction(value)}
        for kind in (threads, tasks)
    )
    assert methods.keys() == twins.keys()
    for method, function in methods.items():
        assert inspect.signature(function) == inspect.signature(twins[method]), method
        assert inspect.getdoc(function) == inspect.getdoc(twins[method]), method
        # One that only waits has its docstring in the base class.
        assert method.startswith("_") or inspect.getdoc(function), method
    (base,) = threads.__bases__
    for method in methods.keys() & vars(base).keys():
        # If it did nothing, a guard that inherits it would let everybody in.
        function = getattr(base, method)
        with pytest.raises(NotImplementedError):
            function(**dict.fromkeys(inspect.signature(function).parameters))


TESTS = Path(__file__).parent
# Folders that mirror the package. The others test the whole project, or are not Python.
MIRRORS = ("", "aio", "aio/transport", "cli", "cli/commands", "cli/manifest", "emulator")
MIRRORS += ("emulator/endpoints", "emulator/go", "emulator/store", "emulator/testing")
MIRRORS += ("protocol", "provisioning", "transport")
# Files in them that test more than one module.
SPANNING = {
    "aio": {"cancellation", "load", "twins"},
    "cli": {"record", "recordings"},
    "cli/commands": {"apply_access", "apply_killed"},
    "cli/manifest": {"recorded_clients"},
    "emulator": {"fuzz", "package", "recorded_exchanges", "relying_parties"},
    "emulator/store": {"decisions"},
    "transport": {"streams", "tools"},
    "": {
        *("consent_walks", "docs", "generated", "interruptions", "layout", "no_secrets"),
        *("package", "project", "properties", "types", "waits"),
    },
}
# Modules whose tests are those of the modules that use them.
TESTED_WITH = {
    "aio/transport/headers": "transport/test_session.py",
    "cli/act_as": "cli/commands/test_token.py",
    "cli/commands/doctor_caller": "cli/commands/test_doctor.py",
    "cli/commands/doctor_certificate": "cli/commands/test_doctor.py",
    "cli/commands/doctor_server": "cli/commands/test_doctor.py",
    "cli/findings": "cli/commands/test_doctor.py",
    "cli/manifest/access_reader": "cli/manifest/test_reader.py",
    "cli/manifest/subjects": "cli/commands/test_apply_access.py",
    "cli/manifest/values": "cli/manifest/test_reader.py",
    "cli/roles": "cli/commands/test_doctor.py",
    "emulator/store/rows": "emulator/store/test_clients.py",
    "exceptions": "protocol/test_error_mapping.py",
    "protocol/client_credentials": "test_tokens.py",
    "protocol/credentials": "test_auth.py",
    "protocol/deadline": "test_api_client.py",
    "protocol/effects": "test_api_client.py",
    "protocol/operation": "protocol/test_encoding.py",
    "protocol/query": "test_consent.py",
    "provisioning/reconcile": "provisioning/test_clients.py",
    "provisioning/results": "provisioning/test_clients.py",
    "provisioning/steps": "provisioning/test_planning.py",
    "transport/adapter": "transport/test_session.py",
    "transport/body": "transport/test_failures.py",
    "transport/diagnosis": "transport/test_failures.py",
    "transport/waiting": "protocol/test_cache.py",
    "version": "test_project.py",
}
# Generated modules, which test_generated.py and test_operations.py test.
GENERATED = ("api/", "aio/api/", "models/")


@pytest.mark.parametrize("folder", MIRRORS)
def test_a_test_file_is_named_after_its_module(folder: str) -> None:
    named = {path.stem.removeprefix("test_") for path in (TESTS / folder).glob("test_*.py")}
    modules = {path.stem for path in (PACKAGE / folder).glob("*.py")}
    assert named - modules == SPANNING.get(folder, set())


def test_each_module_has_a_test_file() -> None:
    """That of its own name, that of the threaded module for an asyncio one, or one in the table."""
    untested = set()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).with_suffix("").as_posix()
        if path.name.startswith("__") or name.startswith(GENERATED):
            continue
        folder, _, module = name.rpartition("/")
        threaded = folder.removeprefix("aio").removeprefix("/")
        names = (f"{folder}/test_{module}.py", f"{threaded}/test_{module.lstrip('_')}.py")
        if not any((TESTS / test.lstrip("/")).exists() for test in names):
            untested.add(name)
    assert untested == set(TESTED_WITH), "add a test file, or correct TESTED_WITH"
    assert [test for test in TESTED_WITH.values() if not (TESTS / test).exists()] == []
