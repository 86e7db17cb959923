"""Take the pictures of the documentation: ``python -m tests.trace.screenshots [FOLDER]``.

It needs Chromium. With a folder it writes more pictures than the documentation shows, to look at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import sync_playwright

from pytest_aurous._report.trace.page import page as page_of

from .samples import double_charge, explored, index, long_poll, traced

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
VIEWS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "trace": (lambda: traced(double_charge), "#call-2"),
    "poll": (lambda: traced(long_poll), "#call-20"),
    "exploration": (lambda: traced(explored, message="19 of 34 cases hold; 15 break a law"), ""),
    "index": (index, ""),
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SHOWN = ["trace-wide-light", "trace-wide-dark", "exploration-wide-light", "exploration-wide-dark"]


def main(folder: Path, *, every: bool) -> None:
    """Write the pictures that the documentation shows, or *every* view in each size and theme, with few colors."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as pages, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for view, (data, anchor) in VIEWS.items():
            file = Path(pages, f"{view}.html")
            file.write_text(page_of(data(), view), encoding="utf-8")
            for size, theme in product(SIZES, THEMES):
                name = f"{view}-{size}-{theme}"
                if every or name in SHOWN:
                    width, height = SIZES[size]
                    tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
                    tab.goto(f"{file.as_uri()}{anchor}")
                    tab.screenshot(path=folder / f"{name}.png")
                    tab.close()
                    picture = Image.open(folder / f"{name}.png").convert("RGB").quantize(128)
                    picture.save(folder / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "docs/_static/trace"), every=bool(sys.argv[1:]))
