"""Creates a portrait for each delivery, although an event can be delivered twice."""

import json
from collections.abc import Callable
from uuid import uuid4

from clients.common import Shop
from clients.receiving import deliver_all, portraits_of, published_character
from pytest_aurous import Aurous, Delivery, verify_webhook

FOUND = {
    "webhooks.character.completed#1 duplicate": ("tells", "pays_once"),
    "images.create#1 crash": ("recovers",),
    "images.create#1 down": ("no_pitfall",),
}
SECRET = "whsec_of_this_receiver"


def careless(character: str) -> None:
    _order(character, str(uuid4()))


def careful(character: str) -> None:
    _order(character, f"portrait of {character}")


def _order(character: str, key: str) -> None:
    with Shop() as shop:
        shop.send("POST", "/v1/images", key=key, body={"prompt": "A portrait", "character_id": character})


def scene(aurous: Aurous, order: Callable[[str], None]) -> Callable[[], None]:
    """Publish a character, take in its event, and catch up on what was not delivered."""

    def receive(delivery: Delivery) -> None:
        verify_webhook(delivery.body, delivery.headers["Aurous-Webhook-Signature"], SECRET)
        order(json.loads(delivery.body)["data"]["id"])

    aurous.webhooks.deliver_to(receive, events=["character.completed"], secret=SECRET)

    def run() -> None:
        character = published_character("Aurora")
        deliver_all(aurous)
        if not portraits_of(character):
            order(character)

    return run
