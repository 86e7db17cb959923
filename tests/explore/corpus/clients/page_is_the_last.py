"""Deletes failed characters page by page, and treats a page that it cannot read as the last one."""

from collections.abc import Callable

import httpx

from clients.common import Json, PublishError, Shop
from pytest_aurous import Aurous

FOUND = {"characters.list#1 unavailable": ("tells",), "characters.list#2 refused": ("tells",)}


def prepare(aurous: Aurous) -> None:
    """Add three characters; two fit on a page."""
    for number in range(3):
        aurous.characters.add(name=f"draft {number}", status="failed")


def careless(_: str) -> int:
    """Stop at the first page without rows."""
    with Shop() as shop:

        def read(cursor: str) -> Json:
            try:
                page: Json = shop.api.get(f"/v1/characters?status=failed&limit=2{cursor}").json()
            except (httpx.TransportError, ValueError):
                return {}
            return page

        return _clean(shop, read)


def careful(_: str) -> int:
    with Shop() as shop:
        return _clean(shop, lambda cursor: shop.send("GET", f"/v1/characters?status=failed&limit=2{cursor}"))


def _clean(shop: Shop, read: Callable[[str], Json]) -> int:
    cursor, drafts = "", list[str]()
    while True:
        page = read(cursor)
        drafts += [row["id"] for row in page.get("data", [])]
        if not page.get("has_more"):
            break
        cursor = f"&starting_after={page['next_cursor']}"
    for draft in drafts:
        try:
            shop.send("DELETE", f"/v1/characters/{draft}")
        except PublishError as refusal:
            if str(refusal) != "resource_not_found":  # an earlier attempt has deleted it
                raise
    return len(drafts)
