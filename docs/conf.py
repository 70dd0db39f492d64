"""How the documentation is built: every page runs, and any error or warning fails the build."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import barenet

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EXTENSIONS = str(Path(__file__).parent / "_ext")
sys.path.insert(0, EXTENSIONS)

from api_reference import public_objects  # noqa: E402
from external_links import inventories, parameter_types  # noqa: E402

# The pages run in processes of their own, which find them, too.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [EXTENSIONS, os.environ.get("PYTHONPATH")]))

# The digits of the tests are enough for the pages, and need no download.
os.environ["BARENET_DATA"] = str(Path(__file__).parents[1] / "tests" / "data" / "mnist_slice")

project = "barenet"
author = "the barenet developers"
release = version = barenet.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx-mathjax-offline",  # formulas need no network, neither to build nor to read
    "api_reference",
    "front_page",
    "languages",
    "notebooks",
    "source_pages",
]
exclude_patterns = ["_build", "jupyter_execute"]
templates_path = ["_templates"]
default_role = "py:obj"

# Pages run on every build, never from a cache: the package may have changed under them.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_in_temp = True  # what a page saves is not left among the sources
nb_execution_timeout = 300  # seconds a cell may take
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "deflist", "dollarmath", "substitution"]
# The address of the repository stands in pyproject.toml alone.
PYPROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
ADDRESSES = PYPROJECT["project"]["urls"]
myst_substitutions = {"repository": ADDRESSES["Source"]}
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings tell types with shapes
toc_object_entries_show_parents = "hide"  # names of methods fit into the contents at the side
numpydoc_show_class_members = False  # each class page lists them already
numpydoc_xref_param_type = True
numpydoc_xref_aliases = parameter_types(public_objects())
numpydoc_xref_ignore = "all"  # other words than these aliases
intersphinx_mapping = inventories(Path(__file__).parent / "_inventories")
copybutton_exclude = ".linenos, .gp, .go"  # a copied session has no prompts and no output

html_theme = "pydata_sphinx_theme"
html_title = "barenet"
html_context = {"default_mode": "auto"}  # without it, the theme reports an invalid mode
html_static_path = ["_static"]
html_css_files = ["barenet.css"]
html_js_files = [
    "names.js",
    "recordings.js",
    "playground.js",
    "self-check.js",
    ("teachers.js", {"type": "module"}),
]
html_favicon = "_static/favicon.svg"
html_theme_options = {
    "logo": {
        "image_light": "_static/logo-light.svg",
        "image_dark": "_static/logo-dark.svg",
        "text": f"barenet {version}",
        "alt_text": "barenet",
    },
    "navbar_align": "left",
    "github_url": ADDRESSES["Source"],
    "navigation_with_keys": False,
    "navbar_center": [],  # the sidebar has every page, by captions
    "collapse_navigation": True,  # only the branch of the page is open
    "article_header_end": ["languages", "notebook"],
    "secondary_sidebar_items": {
        "**": ["page-toc", "page-source"],
        "index": [],
        "de/index": [],
        "es/index": [],
        "zh/index": [],
    },
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": True,
}
html_sidebars = {"index": [], "*/index": [], "code/**": []}
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False


def setup(app: Sphinx) -> None:
    """Read pages in parallel: the extension that copies MathJax is safe, but doesn't declare it."""
    extension = app.extensions["sphinx-mathjax-offline"]
    extension.parallel_read_safe = True
    extension.parallel_write_safe = True
