"""Acts on each delivery without checking its signature, so that anybody can send it events."""

import json
from collections.abc import Callable

from clients.common import Shop
from clients.receiving import deliver_all, portraits_of, published_character
from pytest_aurous import Aurous, AurousSignatureError, Delivery, verify_webhook

FOUND = {"webhooks.character.completed#1 bad_signature": ("tells", "recovers")}
SECRET = "whsec_of_this_receiver"

Receive = Callable[[bytes, str], int]


def careless(body: bytes, _: str) -> int:
    _order(json.loads(body)["data"]["id"])
    return 200


def careful(body: bytes, signature: str) -> int:
    """Refuse what is not signed by the vendor."""
    try:
        verify_webhook(body, signature, SECRET)
    except AurousSignatureError:
        return 401
    return careless(body, signature)


def _order(character: str) -> None:
    with Shop() as shop:
        body = {"prompt": "A portrait", "character_id": character}
        shop.send("POST", "/v1/images", key=f"portrait of {character}", body=body)


def scene(aurous: Aurous, receive: Receive) -> Callable[[], None]:
    """Publish a character, take in its event, and assert that what was accepted was signed."""

    def deliver(delivery: Delivery) -> int:
        return receive(delivery.body, delivery.headers["Aurous-Webhook-Signature"])

    aurous.webhooks.deliver_to(deliver, events=["character.completed"], secret=SECRET)

    def run() -> None:
        character = published_character("Aurora")
        deliver_all(aurous)
        if not portraits_of(character):
            _order(character)
        for one in aurous.webhooks.deliveries:
            if one.status == "delivered":
                verify_webhook(one.body, one.headers["Aurous-Webhook-Signature"], SECRET)

    return run
