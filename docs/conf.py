"""How Sphinx builds these pages."""

from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "pytest-aurous"
author = "pytest-aurous contributors"
release = version = installed_version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = f"{project} {release}"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"

# No inventory of another project is fetched, so that the build needs no network. Our own names stay strict.
nitpick_ignore_regex = [("py:.*", r"(?!pytest_aurous\b|Aurous).*")]


def setup(app: "Sphinx") -> None:
    """Give the pages a ``fixture`` directive and role."""
    app.add_object_type("fixture", "fixture", objname="pytest fixture", indextemplate="pair: %s; fixture")
