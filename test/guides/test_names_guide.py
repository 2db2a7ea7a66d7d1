"""The guides on other clients cover every name: JavaScript's SDK and stock generated clients."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import hydra_client
from hydra_client import OAuth2Api

HERE = Path(__file__).parent
GUIDES = HERE.parents[1] / "docs" / "guides"
PAGE = (GUIDES / "coming-from-javascript.md").read_text(encoding="utf-8")
# The page of the JavaScript SDK that documents its API.
SEED = (HERE / "javascript_sdk.md").read_text(encoding="utf-8")

ROWS = dict(re.findall(r"^\| `([^`]+)`[^|]*\| (.*) \|$", PAGE, re.MULTILINE))


def python_name(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("OAuth2", "Oauth2")).lower()


def test_every_operation_is_in_the_table_and_in_the_api() -> None:
    found = re.findall(r"^# \*\*(\w+)\*\*\n> .*?\w+\((.*)\)$", SEED, re.MULTILINE)
    assert len(found) == 14
    for name, arguments in found:
        method = python_name(name)
        parameters = [*inspect.signature(getattr(OAuth2Api, method)).parameters][1:]
        given = [argument for argument in arguments.split(", ") if argument]
        # "opts" holds the optional arguments.
        expected = ["scope" if argument == "opts" else argument for argument in given]
        assert parameters[: len(expected)] == expected
        row = ROWS[f"{name}({arguments})"]
        assert row.startswith(f"[`{method}({', '.join(expected)})`](../OAuth2Api.md#{method})")


def test_every_model_is_in_the_table_and_in_the_package() -> None:
    named = {*re.findall(r"\]\((\w+)\.md\)", SEED)}
    assert len(named) == 8
    for name in named:
        model = getattr(hydra_client, name)
        assert ROWS[name].startswith(f"[`{model.__name__}`](../{model.__name__}.md)")


def test_every_field_with_another_name_is_in_the_table() -> None:
    named = {*re.findall(r"\]\((\w+)\.md\)", SEED)}
    for name in named:
        for field, description in getattr(hydra_client, name)._fields.items():
            if description.wire != field:
                assert ROWS[description.wire].startswith(f"`{field}`")


def test_every_credential_is_in_the_table() -> None:
    named = {*re.findall(r"authentications\['(\w+)'\]", SEED)}
    assert named == {"basic", "oauth2"}
    assert all(f"`authentications['{name}']" in PAGE for name in named)
