"""What the modules of this folder share: paths, tables, links to rules, and pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pytest_aurous

__all__ = ("DOCS", "ON_THE_SITE", "PACKAGE", "RULE", "as_list", "draw", "listing", "rule_link", "table", "with_links")

DOCS: Final = Path(__file__).parents[1]
PACKAGE: Final = Path(pytest_aurous.__file__).parent
ON_THE_SITE: Final = re.compile(
    r"<!-- on the site:\n(.*?)\n-->\n.*?<!-- end of what the repository shows -->", re.DOTALL
)
"""What only the site shows, in a comment, and after it what the repository shows in its place."""
RULE: Final = r"\b([a-z]+-\d+)\b(?=[,;)])"
"""The id of a rule in a docstring, which stands in parentheses."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    lines = [head, ["---"] * len(head), *rows]
    print("\n" + "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n")


def listing(rows: Iterable[Sequence[object]]) -> None:
    """Print a list of names, each with a text."""
    print(f"\n{as_list(rows)}\n")


def as_list(rows: Iterable[Sequence[object]]) -> str:
    """Return a list of names, each with a text, as Markdown."""
    return "\n".join(f"- {name}: {text}" for name, text in rows)


def rule_link(rule: str, text: str = "", up: str = "../") -> str:
    """Return a link to a rule on the page Fidelity, from a page in a folder of the documentation."""
    return f"[{text or rule}]({up}fidelity.md#{rule})"


def with_links(text: str) -> str:
    """Turn the marks that docstrings have into what a page shows."""
    text = re.sub(RULE, lambda found: rule_link(found[1]), text)
    return text.replace("(A)", "(assumed)").replace("|", "\\|")


def draw(name: str, picture: str | bytes, alt: str, up: str = "../") -> None:
    """Print a picture in `docs/_static/made`, and draw it if it is not there or if all pages are written.

    A check does not compare it: other versions of the tools draw it differently.
    """
    file = DOCS / "_static" / "made" / name
    if "DRAW_AGAIN" in os.environ or not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(picture.encode() if isinstance(picture, str) else picture)
    print(f"\n![{alt}]({up}_static/made/{name})\n")
