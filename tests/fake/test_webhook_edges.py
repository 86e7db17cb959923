"""Deliveries at the edges: endpoints that go away meanwhile, faults without end, receivers that misbehave."""

import asyncio
from contextlib import nullcontext
from math import inf
from typing import Any

import pytest

from pytest_aurous import AurousError
from tests.conftest import Api

DAY = 86_400


@pytest.mark.parametrize(("kind", "arguments"), [("duplicate", ()), ("reorder", ()), ("late", (0,))])
def test_a_fault_without_end_comes_to_an_end(api: Api, kind: str, arguments: tuple[Any, ...]) -> None:
    """Each delivery meets a fault once, so that a flush ends."""
    got: list[Any] = []
    api.aurous.webhooks.deliver_to(got.append)
    getattr(api.aurous.faults, kind)("*", *arguments, times=inf)
    for _ in range(2):
        api.aurous.images.add()

    api.aurous.webhooks.flush()

    assert len(got) == (4 if kind == "duplicate" else 2)


def test_hook_9_a_disabled_endpoint_receives_nothing_more(api: Api) -> None:
    """What was queued before it was disabled does not go there, and nothing is tried again."""
    got: list[Any] = []

    def broken(delivery: Any) -> int:
        got.append(delivery)
        return 500

    api.aurous.webhooks.deliver_to(broken)
    api.clock.advance(seconds=DAY)
    for _ in range(30):
        api.aurous.images.add()

    api.aurous.webhooks.flush()
    api.clock.advance(seconds=DAY)
    api.aurous.webhooks.flush()

    assert len(got) == 20
    assert not api.aurous.webhook_endpoints.last.is_active


@pytest.mark.parametrize("response", ["200", 200.0, True, 0, 42, {}])
def test_a_receiver_returns_a_status_or_nothing(api: Api, response: Any) -> None:
    """Anything else is the test's mistake, and told."""
    api.aurous.webhooks.deliver_to(lambda _: response)
    api.aurous.images.add()

    with pytest.raises(AurousError, match=f"returned {response!r}: expected a status such as 200, or None"):
        api.aurous.webhooks.flush()


def test_a_flush_that_is_broken_off_leaves_its_delivery(api: Api) -> None:
    """A target that ends the test, or a timeout around `aflush`, loses nothing: the next flush makes it."""
    got: list[Any] = []

    async def hang(delivery: Any) -> None:
        got.append(delivery)
        if len(got) == 1:
            await asyncio.Event().wait()
        if len(got) == 2:
            pytest.fail("not like this")

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(api.aurous.webhooks.aflush(), 0.01)

    api.aurous.webhooks.deliver_to(hang)
    api.aurous.images.add()
    asyncio.run(give_up())
    with pytest.raises(pytest.fail.Exception, match="not like this"):
        api.aurous.webhooks.flush()

    (made,) = api.aurous.webhooks.flush()

    assert (got, made.status, made.attempt) == ([made] * 3, "delivered", 1)


def test_hook_11_only_who_pays_and_falls_is_warned(api: Api) -> None:
    """Neither a team that is never charged, nor a balance that rises, nor a free picture."""
    free = api.aurous.teams.add(credits=5, billing_mode="exempt")
    for team in (free, api.team):
        team.webhook_endpoints.add()
    api.post("/v1/images", json={"prompt": "x"}, key=free.api_key)
    free.images.last.finish()
    free.credits = 4
    api.team.credits = 5
    api.clock.advance(seconds=DAY)
    api.team.credits = 6
    api.aurous.images.add()

    events = [one.event for one in api.aurous.webhooks.deliveries]

    assert events.count("usage.balance_low") == 1


def test_hook_11_a_raised_threshold_tells_nobody_until_the_next_charge(api: Api) -> None:
    """Credits have to fall: what is below a new threshold already is told when they do."""
    api.team.webhook_endpoints.add(events=["usage.balance_low"])
    api.team.balance_low_threshold = api.team.credits + 1
    assert api.aurous.webhooks.deliveries == []

    api.post("/v1/images", json={"prompt": "x"})
    api.aurous.images.last.finish()

    assert [one.event for one in api.aurous.webhooks.deliveries] == ["usage.balance_low"]


@pytest.mark.parametrize("response", [200, 500, "no status"])
def test_a_reset_by_a_receiver_forgets_what_it_receives(api: Api, response: Any) -> None:
    """Neither its success nor its failure is counted any more, nobody tries again, and no note tells of it."""

    def receive(_: Any) -> Any:
        api.aurous.reset()
        return response

    api.aurous.webhooks.deliver_to(receive)
    api.aurous.images.add()
    with pytest.raises(AurousError, match="no status") if response == "no status" else nullcontext():
        api.aurous.webhooks.flush()

    assert (api.aurous.webhooks.deliveries, api.app.world.journal.notes) == ([], [])


def test_each_receiver_and_each_attempt_has_its_own_payload(api: Api) -> None:
    """One that takes it apart, and fails, spoils it neither for another nor for the next attempt."""
    got: list[Any] = []

    def receive(delivery: Any) -> int:
        got.append(delivery.payload.pop("type"))
        return 500

    for _ in range(2):
        api.aurous.webhooks.deliver_to(receive)
    api.aurous.images.add()
    api.aurous.webhooks.flush()
    api.clock.advance(seconds=5)
    api.aurous.webhooks.flush()

    assert got == ["image.completed"] * 4


def test_a_condition_may_reset_the_fake(api: Api) -> None:
    """Then its delivery is gone: nobody receives it, and no line tells of it."""
    got: list[Any] = []

    def reset(_: Any) -> bool:
        api.aurous.reset()
        return False

    api.aurous.webhooks.deliver_to(got.append)
    api.aurous.images.add()
    api.aurous.faults.drop("*", when=reset)

    api.aurous.webhooks.flush()

    assert (got, api.aurous.webhooks.deliveries) == ([], [])


def test_a_condition_that_raises_leaves_its_delivery(api: Api) -> None:
    """The error is the test's own, and the next flush makes the delivery."""
    got: list[Any] = []
    api.aurous.webhooks.deliver_to(got.append)
    api.aurous.images.add()
    fault = api.aurous.faults.drop("*", when=lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        api.aurous.webhooks.flush()
    fault.remove()

    assert api.aurous.webhooks.flush() == got != []
