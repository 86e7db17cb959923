"""What ends a run and an exploration: what counts for the law `ends`, what it costs, and which cases come first."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousExplorationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aurous import Delivery, Exploration

    Broken = Callable[..., Exploration]


def waits_for_work(client: httpx.Client) -> None:
    """Order a character and poll it; what goes wrong with a poll is ignored."""
    path = f"/v1/characters/{client.post('/v1/characters', json=NOVA).raise_for_status().json()['id']}"
    pending = True
    while pending:
        time.sleep(2)
        with suppress(httpx.HTTPError):
            pending = client.get(path).raise_for_status().json()["status"] == "synthesizing"


NOVA = {"name": "Nova", "generate": True, "attributes": {"age": 28}}


def test_a_poll_is_forgiven_only_if_it_was_answered(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """The most common endless loop costs less than a second; of three equal cases one runs, and a remark says so."""
    fake.script("synthesizing*3 -> reviewing")
    runs: list[int] = []
    began = time.process_time()

    def run() -> None:
        runs.append(1)
        waits_for_work(client)

    found = broken(fake, run, faults="down", laws="ends")

    assert len(runs) == 5  # three good days and two cases: the one that does not end is not repeated
    assert time.process_time() - began < 1
    (case,) = found.broken
    assert case.id == "characters.retrieve#1 down"
    assert "the run was stopped after 201 requests; the good day sent 5" in case.reasons["ends"]
    assert any(remark.startswith("left out: 2 cases, the first is") for remark in found.remarks)


def test_polls_of_slow_work_count_for_nothing(fake: Aurous, client: httpx.Client) -> None:
    """Work that takes half an hour is polled nine hundred times, and a request a minute is no endless loop."""

    def patient() -> None:
        for number in range(400):
            if client.get("/v1/balance").status_code == 200 and not number:
                return
            time.sleep(60)

    fake.script("synthesizing*3 -> reviewing")
    assert not fake.explore(lambda: waits_for_work(client), faults="slow", laws="ends").broken
    assert not fake.explore(patient, faults="down", laws="ends").broken


def test_a_failed_delivery_explains_why_the_good_day_does_not_end(
    fake: Aurous, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error inside of a receiver is only the error of a delivery, and its work waits for ever."""
    monkeypatch.setattr("pytest_aurous._explore.runs.run.MOST_SLEEPS", 50)
    done: list[str] = []
    character = fake.characters.add("Nova").id

    def receive(_: Delivery) -> None:
        raise AurousError("no route for /hook")

    fake.webhooks.deliver_to(receive)

    def run() -> None:
        client.post("/v1/images", json={"character_id": character, "prompt": "One"})
        while not done:
            time.sleep(10)
            fake.webhooks.flush()

    fake.images.script("pending:10s -> processing:5s -> succeeded")
    with pytest.raises(AurousError, match=r"delivery that failed: image.completed.*no route for .hook") as raised:
        fake.explore(run)
    assert not isinstance(raised.value, AurousExplorationError)
