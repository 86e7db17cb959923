"""A picture that a context manager cancels if its order goes wrong."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from clients.common import PublishError, connect, send
from programs.base import RUNNING, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from pytest_aurous import Aurous


class Careful(Program):
    """Cancels what it has ordered, and nothing else, and raises why."""

    def prepare(self, aurous: Aurous) -> None:
        """Another department waits for a picture."""
        aurous.images.add(prompt="Of another department", status="processing")

    def run(self, _: Any) -> str:
        """Order a picture, and wait six minutes for it."""
        with connect() as api, self.ordered(api, "Aurora") as image:
            for _ in range(12):
                status: str = send(api, "GET", f"/v1/images/{image}")["status"]
                if status not in RUNNING:
                    break
                time.sleep(30)
            if status != "succeeded":
                raise PublishError(status)
            return status

    @contextmanager
    def ordered(self, api: httpx.Client, prompt: str) -> Iterator[str]:
        """Order a picture; an error in the block cancels it."""
        image = send(api, "POST", "/v1/images", key=prompt, body={"prompt": prompt})["id"]
        try:
            yield image
        except PublishError:
            with suppress(PublishError):  # what is over cannot be cancelled
                self.give_back(api, image)
            raise

    def give_back(self, api: httpx.Client, image: str) -> None:
        """Cancel an order."""
        send(api, "POST", f"/v1/images/{image}/cancel")


class CancelsEverything(Careful):
    """Cancels all that is in progress, also what others have ordered."""

    seen_by = "a law"
    found = {"images.create#1 slow": "spares"}

    def give_back(self, api: httpx.Client, image: str) -> None:
        """Cancel each order."""
        for one in send(api, "GET", "/v1/images")["data"]:
            if one["status"] in RUNNING:
                send(api, "POST", f"/v1/images/{one['id']}/cancel")


class OrdersAgain(Careful):
    """Orders once more if the first picture did not come, and does not wait for that."""

    seen_by = "a law"
    found = {"images.retrieve#1 down": "tells"}

    def run(self, _: Any) -> str:
        """Order a picture, and if need be a second one."""
        try:
            return super().run(_)
        except PublishError:
            with connect() as api:
                return str(send(api, "POST", "/v1/images", key="again", body={"prompt": "Aurora"})["status"])
