"""A shop whose orders go on when a webhook arrives: a draft is saved when its picture is there."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from clients.common import PublishError, connect, send
from programs.base import Program
from pytest_aurous import Delivery, verify_webhook

if TYPE_CHECKING:
    from pytest_aurous import Aurous

SECRET = "whsec_of_this_shop"
State = dict[str, Any]


class Careful(Program):
    """Notes an event when its work is done, and asks for what no event has told."""

    def prepare(self, aurous: Aurous) -> None:
        """Add two drafts, and let the shop receive events; a picture takes its time, whether it is polled or not."""
        self.drafts = {name: aurous.characters.add(name=name, status="reviewing").id for name in ("Aurora", "Boreas")}
        aurous.images.script("pending:10s -> processing:20s -> succeeded")
        aurous.webhooks.deliver_to(self.receive, events=["image.completed"], secret=SECRET)
        self.flush = aurous.webhooks.flush

    def fresh(self) -> State:
        """Make a shop without orders."""
        self.state: State = {"orders": {}, "seen": set(), "sold": 0}
        return self.state

    def run(self, state: State) -> dict[str, str]:
        """Order two pictures, and take in events for an hour."""
        with connect() as api:
            for name, draft in self.drafts.items():
                if name not in state["orders"]:
                    image = send(api, "POST", "/v1/images", key=name, body={"prompt": name})["id"]
                    state["orders"][name] = {"image": image, "draft": draft, "state": "waiting"}
        for _ in range(12):
            self.flush()
            time.sleep(300)
        for name, order in state["orders"].items():
            if order["state"] == "waiting":
                self.reconcile(order)
            if order["state"] == "waiting":
                self.give_up(name)
        return {name: order["state"] for name, order in state["orders"].items()}

    def receive(self, delivery: Delivery) -> int:
        """Take in one delivery."""
        verify_webhook(delivery.body, delivery.headers["Aurous-Webhook-Signature"], SECRET)
        event = json.loads(delivery.body)
        if event["id"] in self.state["seen"]:
            return 200
        for order in self.state["orders"].values():
            if order["image"] == event["data"]["id"]:
                self.publish(order)
        self.state["seen"].add(event["id"])
        return 200

    def publish(self, order: State) -> None:
        """Publish a draft once."""
        if order["state"] == "waiting":
            self.save(order)
            order["state"] = "published"
            self.state["sold"] += 1

    def save(self, order: State) -> None:
        """Save a draft."""
        with connect() as api:
            send(api, "POST", f"/v1/characters/{order['draft']}/save")

    def reconcile(self, order: State) -> None:
        """Ask for an order that waits."""
        with connect() as api:
            if send(api, "GET", f"/v1/images/{order['image']}")["status"] == "succeeded":
                self.publish(order)

    def give_up(self, name: str) -> None:
        """Raise that an order still waits."""
        raise PublishError(f"{name} is not published")

    def check(self, state: State, *, returned: bool) -> None:
        """Each order is sold once."""
        if returned:
            assert state["sold"] == len(state["orders"])


class NotesFirst(Careful):
    """Changes the order, and then does what its new state says."""

    seen_by = "a law"
    found = {"characters.save#1 down": "tells"}

    def publish(self, order: State) -> None:
        """Note, and publish."""
        if order["state"] == "waiting":
            order["state"] = "published"
            self.state["sold"] += 1
            self.save(order)


class NeverAsks(Careful):
    """Relies on its events alone: a lost one leaves its order waiting, and nobody is told."""

    seen_by = "a law"
    found = {"webhooks.image.completed#1 drop": "tells", "images.create#1 fails": "tells"}

    def reconcile(self, order: State) -> None:
        """Rely on events."""

    def give_up(self, name: str) -> None:
        """An event will come."""


class CountsEachDelivery(Careful):
    """Counts a sale for each delivery, although an event can be delivered twice."""

    seen_by = "an assertion"
    found = {"webhooks.image.completed#1 duplicate": "tells"}

    def receive(self, delivery: Delivery) -> int:
        """Take in a delivery, and count."""
        sold = self.state["sold"]
        status = super().receive(delivery)
        self.state["sold"] = sold + 1
        return status
