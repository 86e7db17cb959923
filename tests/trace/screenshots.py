"""Take the pictures of the documentation: ``python -m tests.trace.screenshots [FOLDER]``.

It needs Chromium. With a folder it writes more pictures than the documentation shows, to look at.
"""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import httpx
from PIL import Image
from playwright.sync_api import sync_playwright

from pytest_aurous import Aurous, AurousServer
from pytest_aurous._trace.page import page as page_of
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS

from .samples import START, double_charge, explored, index, long_poll, traced

SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
VIEWS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "trace": (lambda: traced(double_charge), "#call-2"),
    "poll": (lambda: traced(long_poll), "#call-20"),
    "exploration": (lambda: traced(explored, {"message": "19 of 34 cases hold; 15 break a law"}), ""),
    "index": (index, ""),
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SHOWN = [f"{view}-wide-{theme}" for view in ("trace", "exploration", "served") for theme in THEMES]


@contextmanager
def served() -> Generator[str]:
    """Serve a fake that a shop has used, at the address that the documentation names."""
    with Aurous(seed=3, strict="off", pitfalls="off", now=START) as aurous, AurousServer(aurous, port=8787) as server:
        headers = {"X-API-Key": str(aurous.api_key)}
        with httpx.Client(base_url=f"{server.url}/v1", headers=headers, trust_env=False) as shop:
            aurous.webhook_endpoints.add("https://shop.example/webhooks")
            aurous.script("synthesizing:30s -> reviewing")
            shop.get("/balance")
            order = {"name": "Aurora", "generate": True, "attributes": {"age": 28, "hair_color": "red"}}
            path = f"/characters/{shop.post('/characters', json=order).json()['id']}"
            for _ in range(5):
                shop.get(path)
                aurous.clock.advance(seconds=8)
            shop.post(f"{path}/save")
            picture = {"prompt": "Aurora at the sea", "character_id": path.rpartition("/")[2]}
            aurous.faults.status("images.create", 503)
            shop.post("/images", json=picture)
            image = shop.post("/images", json=picture).json()["id"]
            shop.get(f"/images/{image}")
            yield f"{server.url}/__aurous__/"


def act(tab: Any, *, narrow: bool) -> None:
    """Use the page: break the next request like the selected one, and look at a record."""
    tab.locator(".calls li", has_text="images.create").last.locator("a").click()
    tab.locator("#call-title", has_text="POST /v1/images").wait_for()
    tab.get_by_role("button", name="Break the next one like this").click()
    tab.locator(".call .form").wait_for()
    if narrow:
        tab.get_by_role("button", name="State", exact=True).click()
    tab.get_by_role("button", name="Now", exact=True).click()
    tab.locator(".world .record summary", has_text="Aurora at the sea").click()
    tab.get_by_role("button", name="Finish", exact=True).wait_for()
    tab.mouse.move(0, 0)


def save(tab: Any, file: Path) -> None:
    """Write a picture of the page, with few colors."""
    tab.screenshot(path=file)
    tab.close()
    Image.open(file).convert("RGB").quantize(128).save(file, optimize=True)


def main(folder: Path, *, every: bool) -> None:
    """Write the pictures that the documentation shows, or *every* view in each size and theme."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as pages, served() as live, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_OPTIONS))
        urls = {"served": live}
        for view, (data, anchor) in VIEWS.items():
            file = Path(pages, f"{view}.html")
            file.write_text(page_of(data(), view), encoding="utf-8")
            urls[view] = f"{file.as_uri()}{anchor}"
        for (view, url), size, theme in product(urls.items(), SIZES, THEMES):
            name = f"{view}-{size}-{theme}"
            if every or name in SHOWN:
                width, height = SIZES[size]
                tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
                tab.goto(url)
                if url == live:
                    act(tab, narrow=size == "narrow")
                save(tab, folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "docs/_static/trace"), every=bool(sys.argv[1:]))
