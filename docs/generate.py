"""Write everything that is generated: files of the package, messages, and what the code says in the pages.

A page calls a function of `docs/_ext` in a comment, and its output stands below, up to the next comment: each page can
be read where its repository is. `tox -e generate` and `python docs/generate.py` write everything; with names of pages
they write only these. `--check` changes nothing, and fails where a page is not as it would be written.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from cogapp import Cog

ROOT: Final = Path(__file__).parents[1]
EXT: Final = ROOT / "docs" / "_ext"
MODULES: Final = ("examples", "pictures", "rules", "samples", "shared", "tables", "terminal")
"""The functions that they export are there on each page."""
FIRST: Final = ([str(EXT / "packaged.py")], ["-m", "tests.check.test_table"], ["-m", "tests.test_messages"])
"""What pages read, each written by a process of its own: it has read what was written before.

The table writes nothing: it fails for a rule that looks judged, and that no recording refutes.
"""


def pages() -> list[Path]:
    """Return each page of the documentation, the README, and the pages for contributors."""
    docs = ROOT / "docs"
    written_by_hand = {"_build", "beside", "examples"}
    found = [page for page in sorted(docs.rglob("*.md")) if not written_by_hand & set(page.relative_to(docs).parts)]
    return [*(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")), *found]


def _cog(arguments: list[str]) -> bool:
    """Write or check a page, and return whether that failed."""
    return bool(Cog().main(["cog", *arguments]))


def main(arguments: list[str]) -> int:
    """Write or check these pages, or all there is, and return the exit code."""
    os.environ["PYTHONPATH"] = str(ROOT)  # what is installed may be older than the checkout
    sys.path.insert(0, str(ROOT))
    if not arguments:
        for command in FIRST:
            made = subprocess.run([sys.executable, *command], cwd=ROOT, check=False, timeout=900)  # noqa: S603 - ours
            if made.returncode:
                return made.returncode
        os.environ["DRAW_AGAIN"] = "yes"  # as `draw` in `docs/_ext/shared.py` asks
    names = [name for name in arguments if name != "--check"] or [str(page) for page in pages()]
    prologue = "; ".join(f"from {module} import *" for module in MODULES)
    settings = ["-P", "-U", "-n", "utf-8", "--verbosity=1", "-I", str(EXT), "-p", prologue]
    mode = (
        ["--check", "--diff", "--check-fail-msg=Write it again: tox -e generate"] if "--check" in arguments else ["-r"]
    )
    with ProcessPoolExecutor() as pool:
        failed = any(list(pool.map(_cog, [[*mode, *settings, name] for name in names])))
    if not arguments and not failed:  # a page that failed may have lost the link to its picture
        linked = "".join(page.read_text(encoding="utf-8") for page in pages())
        for picture in (ROOT / "docs" / "_static" / "made").iterdir():
            if picture.name not in linked:
                picture.unlink()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
