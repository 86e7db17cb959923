"""Assigns the n-th event to the n-th order, although events can overtake each other."""

import json
import time
from collections.abc import Callable
from typing import Any

from clients.common import PublishError, connect, send
from clients.receiving import deliver_all
from pytest_aurous import Aurous, Delivery

FOUND = {"webhooks.image.completed#1 reorder": ("tells", "recovers")}


def prepare(aurous: Aurous) -> None:
    """Let images take their time, whether they are polled or not."""
    aurous.images.script("pending:10s -> processing:20s -> succeeded")


Shop = dict[str, Any]
"""The orders, as prompt and id, and the id of the image that each prompt has come to."""


def fresh() -> Shop:
    """Make a shop without orders."""
    return {"orders": {}, "pictures": {}}


def careless(shop: Shop, event: dict[str, Any]) -> None:
    """Give the image to the order that has waited longest."""
    waiting = [prompt for prompt in shop["orders"] if prompt not in shop["pictures"]]
    if waiting:
        shop["pictures"][waiting[0]] = event["data"]["id"]


def careful(shop: Shop, event: dict[str, Any]) -> None:
    """Give the image to the order that has its id."""
    for prompt, image in shop["orders"].items():
        if image == event["data"]["id"]:
            shop["pictures"][prompt] = image


def scene(aurous: Aurous, receive: Callable[[Shop, dict[str, Any]], None]) -> Callable[[Shop], None]:
    """Order two images, take in their events, and assert that each prompt has its own image."""
    shops: list[Shop] = []

    def deliver(delivery: Delivery) -> None:
        receive(shops[-1], json.loads(delivery.body))

    aurous.webhooks.deliver_to(deliver, events=["image.completed"])

    def run(shop: Shop) -> None:
        shops[:] = [shop]
        with connect() as api:
            for prompt in ("dawn", "dusk"):
                order = send(api, "POST", "/v1/images", key=prompt, body={"prompt": prompt})
                shop["orders"][prompt] = order["id"]
            time.sleep(120)
            deliver_all(aurous)
            for prompt, image in shop["orders"].items():
                if prompt not in shop["pictures"]:  # its event was lost
                    if send(api, "GET", f"/v1/images/{image}")["status"] != "succeeded":
                        raise PublishError("no image")
                    shop["pictures"][prompt] = image
        assert shop["pictures"] == shop["orders"]

    return run
