"""A command-line program on httpx2 that prints a success without checking the status of the save."""

import time

import httpx2

from clients.common import PublishError, Shop

FOUND = {"characters.save#1 unavailable": ("tells",), "characters.save#1 rate_limited": ("tells",)}
MAY_RAISE = (PublishError, httpx2.HTTPError)


def careless(name: str) -> int:
    with Shop(httpx2) as shop:
        character = shop.watch(shop.order(name, name))
        for attempt in range(6):
            try:
                shop.api.post(f"/v1/characters/{character['id']}/save")
            except httpx2.TransportError:
                time.sleep(2**attempt)
            else:
                return 0
    return 1


def careful(name: str) -> int:
    with Shop(httpx2) as shop:
        shop.finish(shop.order(name, name))
    return 0
