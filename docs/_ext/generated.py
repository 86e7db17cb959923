"""What Sphinx needs beside Markdown: the table of contents, links in docstrings, and the tests of each rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fidelity import with_proofs
from shared import ON_THE_SITE, RULE

if TYPE_CHECKING:
    from sphinx.application import Sphinx


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


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect them."""
    app.connect("autodoc-process-docstring", _docstring, priority=400)
    app.connect("source-read", _contents)
    app.connect("source-read", _directives)
    app.connect("source-read", _pictures)
    app.connect("source-read", _proofs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
