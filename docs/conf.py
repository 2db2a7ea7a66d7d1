"""The documentation site: `make docs` builds it into build/site, without the network."""

from __future__ import annotations

import sys
from pathlib import Path

import hydra_client

sys.path.append(str(Path(__file__).parent))

project = "hydra-legacy-client"
author = copyright = "The hydra-client contributors"
version = release = hydra_client.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosectionlabel",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "reference",  # reference.py
]
html_theme = "furo"
html_title = f"hydra-legacy-client {release}"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_extra_path = ["session.svg"]  # the README on the package index shows it
html_copy_source = False
pygments_style, pygments_dark_style = "tango", "monokai"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # the anchors that code hosts give to headings, so links work there too
autosectionlabel_prefix_document = True
suppress_warnings = ["autosectionlabel.*"]  # pages repeat headings such as "Example"; links do not

autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    # What several classes share is in a base class; the bases of others are documented elsewhere.
    "inherited-members": "object,BaseException,Mapping,tuple,dict,AuthBase,HTMLParser",
}
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
    ("py:.*", r"(?!hydra_client\.[a-z]).*"),
    ("py:class", r"hydra_client\..*\.Base[A-Z]\w+"),
    ("py:class", r"hydra_client\.introspection\.OAuth2Api"),  # a type variable
    ("py:class", r"hydra_client\.configuration\.MoreSettings"),  # for type checkers only
    # What is private, and what has the names of hydra_client.
    ("py:.*", r"hydra_client\.(protocol|transport|aio|emulator\.go|emulator\.responses)\..*"),
]
