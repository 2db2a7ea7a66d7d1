"""What the reference needs beyond Sphinx's own extensions: docstrings, links, commands, a check."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.testing import CliRunner
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

import hydra_client
import hydra_client.aio
from hydra_client.cli.app import app as command
from hydra_client.cli.errors import OPTIONS
from hydra_client.configuration import Configuration
from hydra_client.exceptions import HydraException

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

INTERNAL = {"as_response", "copy_of"}  # for generated code
REFERENCE = {path.stem for path in Path(__file__).parent.glob("*.md")}


# What docstrings may say without regard to reStructuredText: an indented block after an empty line
# is code, `name`s is a plural, and "Policy:" can continue in the next line.
CODE = re.compile(r"^( *)(\S.*)\n\n((?:\1 {4}.*\n|\n)+)", re.MULTILINE)
PLURAL = re.compile(r"(`[^`\n]+`)(?=\w)")
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LABELLED = re.compile(r"^(Scope|Policy): (.*(?:\n {4}.*)*)", re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Connect the functions below."""
    app.connect("source-read", commands)
    app.connect("source-read", settings)
    app.connect("autodoc-process-signature", sign)
    app.connect("autodoc-process-docstring", prepare, priority=400)
    app.connect("missing-reference", find)
    app.connect("env-check-consistency", complete)


def prepare(
    _app: Sphinx, what: str, _name: str, item: Any, _options: Any, lines: list[str]
) -> None:
    """Make reStructuredText of a docstring, and link it to the page that says more."""
    text = "\n".join(lines) + "\n"
    text = CODE.sub(r"\1\2\n\n\1::\n\n\3", text)
    text = PLURAL.sub(r"\1\\ ", text)
    text = LABELLED.sub(lambda found: f"**{found[1]}:** {' '.join(found[2].split())}\n", text)
    if what == "attribute":
        text = INLINE.sub(r"``\1``", text)  # napoleon would take text before a colon for a type
    lines[:] = text.splitlines()
    if not inspect.isclass(item):
        return
    if issubclass(item, HydraException | Warning):
        lines += ["", f"What to do: :ref:`guides/errors:{item.__name__}`."]
    elif item.__name__ in REFERENCE:
        lines += ["", f"Every method or field, with an example: :doc:`/{item.__name__}`."]


def sign(_app: Sphinx, _what: str, name: str, *_: object) -> tuple[str, None] | None:
    """Hide the parameters of pytest fixtures, which are other fixtures."""
    return ("", None) if ".pytest_plugin." in name else None


def commands(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Add the help of each command to the page about them."""
    if docname != "api/command":
        return
    for words in ["options"], *paths(click.Context(command, info_name="hydra-client")):
        title = "Common options" if words == ["options"] else f"hydra-client {' '.join(words)}"
        shown = CliRunner().invoke(command, ["help", *words], prog_name="hydra-client").output
        source[0] += f"\n{title}\n{'-' * len(title)}\n\n.. code-block:: text\n\n"
        source[0] += textwrap.indent(shown, "   ")


def settings(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Add a table of the settings to the page about clients."""
    if docname != "api/client":
        return
    rows = [["Setting", "Default", "Environment variable", "Option of the command"]]
    for name, parameter in inspect.signature(Configuration).parameters.items():
        option, _, variable = OPTIONS.get(name, "").partition(" ")
        cells = (name, repr(parameter.default), variable.strip("()"), option)
        rows.append([cell and f"``{cell}``" for cell in cells])
    source[0] += "\nTable of settings\n-----------------\n\n.. list-table::\n   :header-rows: 1\n\n"
    for first, *others in rows:
        source[0] += f"   * - {first}\n" + "".join(f"     - {cell}\n" for cell in others)


def paths(context: click.Context) -> Iterator[list[str]]:
    """Yield the words of each command of a group."""
    group = context.command
    for name in group.list_commands(context) if isinstance(group, click.Group) else ():
        found = group.get_command(context, name)
        below = [[name, *words] for words in paths(click.Context(found, info_name=name))]
        yield from below or [[name]]


def find(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> nodes.reference | None:
    """Link a name of this package that is written without its module."""
    domain = env.domains.python_domain
    if node["refdomain"] != domain.name or not node["reftarget"].isidentifier():
        return None
    found = domain.find_obj(env, None, None, node["reftarget"], None, searchmode=1)
    if not found:
        return None
    name, entry = min(found, key=lambda each: len(each[0]))
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, shown, name)


def complete(_app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of public names that the reference lacks."""
    documented = {name.rpartition(".")[2] for name in env.domains.python_domain.objects}
    for package in (hydra_client, hydra_client.aio):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            last = found.name.rpartition(".")[2]
            if last.startswith("_") or last in ("cli", "protocol", "transport"):
                continue
            for name in getattr(importlib.import_module(found.name), "__all__", ()):
                if name not in documented | INTERNAL:
                    logger.warning("the reference lacks %s.%s", found.name, name)
