"""How Sphinx builds these pages; ``make docs`` calls it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
# The pages' Monte Carlo runs neither find what a user has kept nor leave anything behind.
os.environ["PYCWT_CACHE"] = tempfile.mkdtemp(prefix="pycwtd-docs-")

import pycwt_mod

project = "pycwtd"
author = "the pycwtd authors"
project_copyright = author
version = release = pycwt_mod.__version__

extensions = [
    "docstrings",
    "myst_parser",
    "outside_links",
    "run_blocks",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_ext", "figures"]
# A page may come later than its place in a list.
suppress_warnings = ["toc.empty_glob"]

# -- pages --------------------------------------------------------------------------------
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
run_blocks_pages = ["index", "analyses", "tutorial/*", "how-to/*", "migration/*"]
copybutton_exclude = ".linenos, .gp, .go"
copybutton_selector = "div:not(.output) > div.highlight pre"

# -- reference ----------------------------------------------------------------------------
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autosummary_generate = False
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Elements", "params_style")]
add_module_names = False
toc_object_entries_show_parents = "hide"

# -- look: nothing is fetched from elsewhere, an appliance may have no internet --------------
html_theme = "furo"
html_title = f"pycwtd {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False
