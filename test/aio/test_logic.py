"""The asyncio code contains no logic of its own: it makes no decisions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hydra_client import aio

PACKAGE = Path(aio.__file__).parent
# Transport and waiting are what differs. `api` is generated.
HAND_WRITTEN = sorted(path for path in PACKAGE.glob("*.py") if path.name != "waiting.py")

TYPING = ("cast", "TypeVar", "ParamSpec")


@pytest.mark.parametrize("path", HAND_WRITTEN, ids=lambda path: path.name)
def test_it_only_awaits(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            allowed.add(id(node.value))  # a docstring, or the dots of an overload
        # Names and types in quotes, defaults, and None say nothing about what is right.
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("__all__", "T", "P"):
            allowed |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "cast",
            "TypeVar",
            "ParamSpec",
        ):
            allowed |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.arguments):
            defaults = [default for default in [*node.defaults, *node.kw_defaults] if default]
            allowed |= {id(inner) for default in defaults for inner in ast.walk(default)}
        if isinstance(node, ast.FormattedValue | ast.JoinedStr):
            allowed |= {id(inner) for inner in ast.walk(node)}
    found = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, (ast.Compare, ast.Raise))
        or (
            isinstance(node, ast.Constant)
            and id(node) not in allowed
            and node.value not in (None, ...)
        )
    ]
    assert found == []
