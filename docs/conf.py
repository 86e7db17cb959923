"""How Sphinx builds these pages, and what it needs beside Markdown: a menu, links in docstrings, the tests of rules."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from rules import with_proofs
from shared import DOCS, ON_THE_SITE, RULE
from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "pytest-aurous"
author = "pytest-aurous contributors"
release = version = metadata(project)["Version"]
addresses = dict(address.split(", ", 1) for address in metadata(project).get_all("Project-URL", []))

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxcontrib.towncrier",
]
exclude_patterns = ["_build", "beside", "**/.pytest_cache"]
html_theme = "furo"
pygments_dark_style = "a11y-high-contrast-dark"  # the default underlines names like links
html_show_copyright = False
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["aurous.css"]
html_search_scorer = str(Path(__file__).parent / "_ext" / "scorer.js")
html_baseurl = addresses["Documentation"]
# "Edit this page": where the package says that its source is, or else where Read the Docs has cloned it from.
html_theme_options = {
    "source_repository": addresses.get("Source", os.environ.get("READTHEDOCS_GIT_CLONE_URL", "")).removesuffix(".git"),
    "source_branch": "main",
    "source_directory": "docs/",
}
copybutton_prompt_text = "$ "  # in front of what is typed; what is printed is not copied
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
towncrier_draft_include_empty = False  # after a release there is nothing to show

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


def _of_the_root(name: str) -> str:
    """Return a page from outside of `docs`, with links that hold inside."""
    return re.sub(r'(\]\(|srcset=")docs/', r"\1", (DOCS.parent / f"{name}.md").read_text("utf-8"))


_FIRST_HALF = _of_the_root("README").partition("\n## Comparison")[0].partition("\n")[2]


def _readme(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the first half of the README on the first page, in place of a link to it."""
    if page == "index":
        source[0] = re.sub(r"\n.*\(\.\./README\.md.*\).*\n", lambda _: _FIRST_HALF, source[0])
        app.env.note_dependency(str(DOCS.parent / "README.md"))


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


class _Search(SearchEnglish):
    """The search in English, with numbers: readers look for 429."""

    def word_filter(self, word: str) -> bool:
        return word.isdigit() or super().word_filter(word)


def _search_for_numbers(app: Sphinx, _problem: Exception | None) -> None:
    """Let the page search for numbers, too, which are in the index now."""
    file = Path(app.outdir, "_static", "searchtools.js")
    skipped = r" || queryTerm.match(/^\d+$/)"
    if not file.exists():  # a builder without a search
        return
    if skipped not in (text := file.read_text("utf-8")):
        raise ExtensionError(f"the search of Sphinx has changed: {skipped} is not in {file}")
    file.write_text(text.replace(skipped, ""), "utf-8")


def _for_programs(app: Sphinx, _problem: Exception | None) -> None:
    """Write all pages as one text in the order of the menu, and `llms.txt`, which lists them: for programs."""
    if app.builder.name != "html":
        return
    listed = _bare((DOCS / "index.md").read_text("utf-8")).partition("\n## All pages\n")[2].replace("### ", "## ")
    texts = {"index": _bare(f"# {project}\n{_FIRST_HALF}")}
    for name in re.findall(r"\]\(([\w/-]+)\.md\)", listed):
        outside = (DOCS.parent / f"{name}.md").exists()  # its page here is only a link to it
        texts[name] = _bare(_of_the_root(name) if outside else (DOCS / f"{name}.md").read_text("utf-8"))
    for name, text in texts.items():
        Path(app.outdir, "_sources", f"{name}.md.txt").write_text(f"{text}\n", "utf-8")
    about = f"# {project}\n\n> {metadata(project)['Summary']}\n\nAll pages in one file: {html_baseurl}llms-full.txt\n"
    links = re.sub(r"\]\(([\w/-]+\.md)\)", rf"]({html_baseurl}_sources/\1.txt)", listed)
    Path(app.outdir, "llms.txt").write_text(f"{about}{links}\n", "utf-8")
    whole = "\n\n".join(f"<!-- {name} -->\n\n{text}" for name, text in texts.items())
    Path(app.outdir, "llms-full.txt").write_text(f"{whole}\n", "utf-8")


def _bare(text: str) -> str:
    """Return a page as the repository shows it: without comments."""
    return re.sub(r"<!--.*?-->\n*", "", text, flags=re.DOTALL).strip()


def setup(app: Sphinx) -> None:
    """Connect them."""
    app.add_search_language(_Search)
    app.connect("build-finished", _search_for_numbers)
    app.connect("build-finished", _for_programs)
    app.connect("autodoc-process-docstring", _docstring, priority=400)
    app.connect("source-read", _readme)
    app.connect("source-read", _contents)
    app.connect("source-read", _directives)
    app.connect("source-read", _pictures)
    app.connect("source-read", _proofs)
    app.connect("source-read", _messages)
