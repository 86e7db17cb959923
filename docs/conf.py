"""How Sphinx builds these pages, and what it needs beside Markdown: a menu, links in docstrings, the tests of rules."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from rules import with_proofs
from shared import DOCS, ON_THE_SITE, RULE

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "pytest-aurous"
author = "pytest-aurous contributors"
release = version = installed_version(project)

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.towncrier",
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
autodoc_type_aliases = {"AurousTransport": "pytest_aurous._httpx.binding.AurousTransport"}
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


def _docstring(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon for the type of a property, and link the rules."""
    lines[:] = [re.sub(RULE, r"`\1 <../fidelity.html#\1>`__", line) for line in lines]
    if what == "property":
        lines[:0] = [".. whole", ""]


def _contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Make the menu of the lists of links below `All pages` on the first page."""
    if page != "index":
        return
    text, _, listed = source[0].partition("\n## All pages\n")
    for caption, links in re.findall(r"^### (.*)\n\n((?:- .*\n)+)", listed, re.MULTILINE):
        names = "\n".join(re.findall(r"\]\(([\w/-]+)\.md\)", links))
        text += f"\n```{{toctree}}\n:caption: {caption}\n:hidden:\n\n{names}\n```\n"
    source[0] = f"{text}\n## All pages\n{listed}"


def _directives(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Show what needs directives, which a code host cannot show: there it is in a comment, with plain text below."""
    source[0] = ON_THE_SITE.sub(r"\1", source[0])


def _pictures(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Let the theme choose between the light and the dark picture: its reader can choose another than the system."""
    picture = r'<picture><source [^>]*srcset="([^"]+)">(!\[([^\]]+)\]\([^)]+\))</picture>'
    source[0] = re.sub(picture, r"\2{.only-light}![\3](\1){.only-dark}", source[0])


def _proofs(_app: Sphinx, page: str, source: list[str]) -> None:
    """Show the tests of each rule on the page Fidelity."""
    if page == "fidelity":
        source[0] = with_proofs(source[0])


def _messages(_app: Sphinx, page: str, source: list[str]) -> None:
    """List what we say on the page of errors, where a search for the text of a message finds it."""
    if page != "reference/errors":
        return
    texts = {file.stem: file.read_text("utf-8") for file in sorted((DOCS.parent / "tests" / "messages").glob("*.txt"))}
    listed = (f"### {name.replace('-', ' ').capitalize()}\n\n```text\n{text}```\n" for name, text in texts.items())
    source[0] = "\n".join(("---\ntocdepth: 2\n---", source[0], *listed))


def setup(app: Sphinx) -> None:
    """Connect them."""
    app.connect("autodoc-process-docstring", _docstring, priority=400)
    app.connect("source-read", _contents)
    app.connect("source-read", _directives)
    app.connect("source-read", _pictures)
    app.connect("source-read", _proofs)
    app.connect("source-read", _messages)
