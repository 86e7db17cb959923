"""Orders a picture that moderation rejects: the good day is a refusal that the customer is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from clients.common import PublishError, connect, send
from programs.base import RUNNING, Program

if TYPE_CHECKING:
    from pytest_aurous import Aurous


class Rejected(Exception):
    """The customer has to choose another motif."""


class Careful(Program):
    """Tells the customer only what moderation has said."""

    def prepare(self, aurous: Aurous) -> None:
        """Let moderation reject each picture."""
        aurous.images.script("pending -> processing -> failed(output_moderation_rejected)")

    def run(self, state: Any) -> None:
        """Order a picture, which the customer must hear was rejected."""
        with pytest.raises(Rejected):
            self.order()

    def order(self) -> None:
        """Order a picture, and raise how it ended."""
        try:
            self.draw("dawn")
        except PublishError as error:
            self.tell(str(error))

    def draw(self, prompt: str) -> None:
        """Order a picture, and wait for it."""
        with connect() as api:
            image = send(api, "POST", "/v1/images", key=prompt, body={"prompt": prompt})
            while image["status"] in RUNNING:
                time.sleep(10)
                image = send(api, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"])

    def tell(self, reason: str) -> None:
        """Raise what the customer has to know."""
        raise (Rejected if reason == "output_moderation_rejected" else PublishError)(reason)


class BlamesTheCustomer(Careful):
    """Tells the customer to choose another motif, whatever went wrong."""

    in_fact = "a law"
    found = {"images.create#1 down": "tells"}

    def tell(self, reason: str) -> None:
        """Raise a rejection."""
        raise Rejected(reason)


class TriesAMilderMotif(Careful):
    """Orders a milder motif by itself if the first one fails for another reason, and sells that as the picture."""

    seen_by = "a law"
    found = {"images.create#1 down": "tells"}

    def tell(self, reason: str) -> None:
        """Say nothing about what moderation has not rejected."""
        if reason == "output_moderation_rejected":
            raise Rejected(reason)
