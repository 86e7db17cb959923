"""How Sphinx builds these pages."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "pytest-aurous"
author = "pytest-aurous contributors"
release = version = installed_version(project)

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.towncrier",
    "generated",
]
exclude_patterns = ["_build", "beside", "**/.pytest_cache"]
html_theme = "furo"
pygments_dark_style = "a11y-high-contrast-dark"  # the default underlines names like links
html_show_copyright = False
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["aurous.css"]
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_inherit_docstrings = False
# Imported for type checkers only.
autodoc_type_aliases = {"AurousTransport": "pytest_aurous._httpx.transport.AurousTransport"}
add_module_names = False
default_role = "py:obj"  # in our docstrings single backticks name what the page describes
napoleon_use_rtype = False
towncrier_draft_working_directory = Path(__file__).parents[1]

# No inventory of another project is fetched, so that the build needs no network. Our own names stay strict.
# In docstrings a single backtick is a link where it can be one; a type variable never can.
nitpick_ignore_regex = [
    ("py:.*", r"(?!pytest_aurous\b|Aurous).*"),
    ("py:obj", r".*"),
    ("py:class", r"pytest_aurous\.[\w.]+\.[A-Z]"),
]
