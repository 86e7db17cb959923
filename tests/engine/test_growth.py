"""Growth: four times the work takes about four times as long. Steps are counted where they can be: time is noisy."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Api


def steps(act: Callable[[], object]) -> int:
    """Return how many lines *act* ran, in whatever module; each round of a comprehension is a line."""
    count = 0

    def trace(*_: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def order(api: Api, number: int) -> None:
    for _ in range(number):
        assert api.post("/v1/images", json={"prompt": "x"}).status == 201


def flush(api: Api, number: int, receive: Callable[[Any], Any] = lambda _: None) -> Callable[[], object]:
    api.aurous.webhooks.deliver_to(receive)
    for _ in range(number):
        api.aurous.images.add(status="succeeded")
    return api.aurous.webhooks.flush


def flush_of_many_faults(api: Api, number: int) -> Callable[[], object]:
    for _ in range(number):
        api.aurous.faults.bad_signature("*")
        api.aurous.faults.drop("character.*")
    return flush(api, number)


def faults_in_turn(api: Api, number: int) -> Callable[[], object]:
    """Return requests that each meet another fault."""
    for _ in range(number):
        api.aurous.faults.status("team.retrieve", 503)
    return lambda: [api.get("/v1/team") for _ in range(number)]


def faults_that_wait(api: Api, number: int) -> Callable[[], object]:
    """Return requests while faults wait for a later one, and the first ones happen last."""
    for one in range(number):
        api.aurous.faults.status("team.*", 503, after=2 * number - one)
    return lambda: [api.get("/v1/team") for _ in range(2 * number)]


def faults_one_by_one(api: Api, number: int) -> Callable[[], object]:
    """Return requests, each after a fault was added for it, by a pattern or with a condition."""

    def meet() -> None:
        for one in range(number):
            api.aurous.faults.outage(1)
            api.outcome("GET", "/v1/team")
            api.clock.advance(seconds=1)
            api.aurous.faults.status("team.*", 503, when=(lambda _: True) if one % 2 else None)
            api.get("/v1/team")

    return meet


def holds(api: Api, number: int) -> Callable[[], object]:
    return lambda: order(api, number)


def settlement(api: Api, number: int) -> Callable[[], object]:
    api.aurous.images.script("pending -> processing:5s -> succeeded")
    api.aurous.images.script("pending:5s -> processing -> succeeded")
    order(api, number)

    def settle() -> None:
        api.clock.advance(seconds=10)
        api.app.world.runs.settle()

    return settle


def cancels(api: Api, number: int) -> Callable[[], object]:
    """Return the end of this many runs, one by one."""
    order(api, number)

    def cancel() -> None:
        for image in api.aurous.images:
            image.cancel()

    return cancel


@pytest.mark.parametrize("work", [flush, holds, settlement, cancels], ids=lambda work: work.__name__)
def test_four_times_the_work_takes_four_times_as_long(
    make_api: Callable[..., Api], work: Callable[[Api, int], Callable[[], object]]
) -> None:
    """Whatever there is a lot of: what has gone before makes nothing dearer."""
    number = 200 if work is flush else 60
    few, many = (steps(work(make_api(credits=1_000_000), one)) for one in (number, 4 * number))

    assert many < 5 * few, (few, many)


@pytest.mark.parametrize(
    "work",
    [flush_of_many_faults, faults_in_turn, faults_that_wait, faults_one_by_one],
    ids=lambda work: work.__name__,
)
def test_fifty_faults_are_cheap(make_api: Callable[..., Api], work: Callable[[Api, int], Callable[[], object]]) -> None:
    """Each request looks at each fault, and a test has few: 50 with 50 requests are far from 16 times as dear as 12."""
    few, many = (steps(work(make_api(), one)) for one in (12, 50))

    assert many < 10 * few, (few, many)
