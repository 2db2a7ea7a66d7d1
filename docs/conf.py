"""The documentation site: `make docs` builds it into build/site, without the network."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra_client
from hydra_client.exceptions import HydraException

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent

project = "hydra-legacy-client"
author = copyright = "The hydra-client contributors"
version = release = hydra_client.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosectionlabel",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
html_theme = "furo"
html_title = f"hydra-legacy-client {release}"
html_static_path = ["pictures"]
html_copy_source = False
pygments_style, pygments_dark_style = "tango", "monokai"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # the anchors that code hosts give to headings, so links work there too
autosectionlabel_prefix_document = True
suppress_warnings = ["autosectionlabel.*"]  # pages repeat headings such as "Example"; links do not

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# Backquotes in docstrings are code, and links where they name something of this package.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    ("py:.*", r"(?!hydra_client\.[a-z]).*|hydra_client\.(protocol|transport)\..*"),
]

REFERENCE = {path.stem for path in HERE.glob("*.md")}


# What docstrings may say without regard to reStructuredText: an indented block after an empty line
# is code, `name`s stands in the plural, and "Policy:" may go on in the next line.
CODE = re.compile(r"^( *)(\S.*)\n\n((?:\1 {4}.*\n|\n)+)", re.MULTILINE)
PLURAL = re.compile(r"(`[^`\n]+`)(?=\w)")
LABELLED = re.compile(r"^(Scope|Policy): (.*(?:\n {4}.*)*)", re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Read docstrings before napoleon does."""
    app.connect("autodoc-process-docstring", prepare, priority=400)


def prepare(
    _app: Sphinx, _what: str, _name: str, item: Any, _options: Any, lines: list[str]
) -> None:
    """Make reStructuredText of a docstring, and link it to the page that says more."""
    text = "\n".join(lines) + "\n"
    text = CODE.sub(r"\1\2\n\n\1::\n\n\3", text)
    text = PLURAL.sub(r"\1\\ ", text)
    text = LABELLED.sub(lambda found: f"**{found[1]}:** {' '.join(found[2].split())}\n", text)
    lines[:] = text.splitlines()
    if not inspect.isclass(item):
        return
    if issubclass(item, HydraException | Warning):
        lines += ["", f"What to do: :ref:`guides/errors:{item.__name__}`."]
    elif item.__name__ in REFERENCE:
        lines += ["", f"Every method or field, with an example: :doc:`/{item.__name__}`."]
