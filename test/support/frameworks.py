"""Skips tests of pages whose web frameworks are not installed."""

from __future__ import annotations

import importlib.util
import re

import pytest

IMPORT = re.compile(r"^(?:import|from) (django|fastapi|flask)\b", re.MULTILINE)


def need_frameworks(code: str) -> None:
    """Skip the test if the code imports a framework that is not installed."""
    for name in IMPORT.findall(code):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"needs {name}, which requirements/frameworks.txt has")
