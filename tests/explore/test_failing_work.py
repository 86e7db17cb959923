"""Work that a fault lets fail, and what counts as its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_aurous import Aurous, AurousExplorationError

if TYPE_CHECKING:
    import httpx

ORDER = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def test_work_that_stays_at_the_end_of_the_good_day_starts_in_each_run(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """The second good day finds the work of the first one gone, and so sees that its request starts it."""
    aurous.script("synthesizing*1 -> ready")

    def order() -> str:
        character = aurous_client.post("/v1/characters", json=ORDER, headers={"Idempotency-Key": "1"}).json()
        while character["status"] == "synthesizing":
            time.sleep(5)
            character = aurous_client.get(f"/v1/characters/{character['id']}").json()
        return str(character["status"])

    with pytest.raises(AurousExplorationError) as caught:
        aurous.explore(order, faults="fails, slow")

    cases = {case.id: case.broken for case in caught.value.exploration.cases}
    assert cases == {"characters.create#1 fails": ("tells",), "characters.create#1 slow": ()}


def test_a_failure_that_nobody_can_have_seen_breaks_no_law(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Code that orders and returns has done all that it can; how the work ends is seen later."""
    aurous.images.script("pending*1 -> processing*1 -> succeeded")

    def order() -> str:
        image = aurous_client.post("/v1/images", json={"prompt": "A"}, headers={"Idempotency-Key": "1"}).json()
        return str(aurous_client.get(f"/v1/images/{image['id']}").json()["status"])

    exploration = aurous.explore(order, faults="fails")

    assert [(case.outcome, case.broken) for case in exploration.cases] == [("returned", ())]


def test_a_failure_that_was_repaired_breaks_no_law(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A synthesis that was repeated, as the page of the character says, has reached the end state."""

    def publish() -> None:
        character = aurous_client.post("/v1/characters", json=ORDER, headers={"Idempotency-Key": "1"}).json()
        path = f"/v1/characters/{character['id']}"
        while character["status"] in {"synthesizing", "failed"}:
            if character["status"] == "failed":
                aurous_client.post(f"{path}/resynthesize", headers={"Idempotency-Key": "2"})
            time.sleep(5)
            character = aurous_client.get(path).json()
        aurous_client.post(f"{path}/save")

    exploration = aurous.explore(publish, faults="fails")

    assert [(case.outcome, case.credits) for case in exploration.cases] == [("returned", 4)]


def test_what_a_first_run_has_cancelled_is_not_left_over(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Code may cancel an image that takes too long, and order another one when it runs again: one is paid."""
    orders: list[str] = []

    def draw(keys: list[str]) -> None:
        keys.append(f"key {len(keys)}")
        key = {"Idempotency-Key": keys[-1]}
        image = aurous_client.post("/v1/images", json={"prompt": "A"}, headers=key).json()
        for _ in range(30):
            if image["status"] == "succeeded":
                return
            time.sleep(5)
            image = aurous_client.get(f"/v1/images/{image['id']}").json()
        aurous_client.post(f"/v1/images/{image['id']}/cancel")
        raise TimeoutError

    exploration = aurous.explore(draw, fresh=orders.copy, faults="slow")

    assert [(case.outcome, case.broken) for case in exploration.cases] == [("raised", ())]
