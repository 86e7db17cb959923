"""Write what the code and the examples say into the pages, and into the README.

A page calls a function of `docs/_ext/pages.py` in a comment, and what it prints stands below, up to the next comment:
each page can be read where its repository is. Write all pages with `python docs/generate.py`, or some of them by name;
`--check` changes nothing, and fails where a page is not as it would be written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from cogapp import Cog

ROOT: Final = Path(__file__).parents[1]
SKIPPED: Final = {"_build", "beside", "examples"}


def pages() -> list[Path]:
    """Return the README and each page of the documentation."""
    docs = ROOT / "docs"
    found = [page for page in sorted(docs.rglob("*.md")) if not SKIPPED & set(page.relative_to(docs).parts)]
    return [ROOT / "README.md", *found]


def main(arguments: list[str]) -> int:
    """Write or check these pages, or all of them, and return the exit code."""
    names = [name for name in arguments if name != "--check"] or [str(page) for page in pages()]
    if not arguments:  # then all pictures are drawn again, too
        for picture in (ROOT / "docs" / "_static" / "made").iterdir():
            picture.unlink()
    mode = ["--check", "--diff"] if "--check" in arguments else ["-r"]
    settings = [
        "-P",
        "-U",
        "-n",
        "utf-8",
        "--verbosity=1",
        "-I",
        str(ROOT / "docs" / "_ext"),
        "-p",
        "from pages import *",
    ]
    why = "--check-fail-msg=Write the pages anew: python docs/generate.py"
    failed = [name for name in names if Cog().main(["cog", *mode, *settings, why, name])]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
