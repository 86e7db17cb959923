"""Conditions of faults (`when=`) are functions of a test, and may do what a test does."""

from __future__ import annotations

from threading import Event, Thread, current_thread
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous import AurousError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aurous import Fault
    from tests.conftest import Api


def elsewhere(act: Callable[[], object]) -> None:
    """Run *act* in another thread, which must end in time."""
    thread = Thread(target=act, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_a_condition_may_add_faults(api: Api) -> None:
    """A fault that a condition adds is for later requests, even if each adds the next."""

    def when(_: Any) -> bool:
        api.aurous.faults.status("team.retrieve", 503, when=when)
        return False

    api.aurous.faults.status("*", 503, when=when)
    assert [api.get("/v1/team").status for _ in range(3)] == [200, 200, 200]
    assert len(api.aurous.faults) == 8


def test_a_condition_may_send_requests(api: Api) -> None:
    """What it sends itself meets no fault that has a condition; others it does."""
    seen: list[int] = []

    def when(_: Any) -> bool:
        seen.append(api.get("/v1/team").status)
        return True

    api.aurous.faults.status("*", 503, times=2, when=when)
    api.aurous.faults.status("team.retrieve", 502)
    assert [api.get("/v1/balance").status for _ in range(2)] == [503, 503]
    assert seen == [502, 200]
    assert [call.operation for call in api.aurous.calls] == ["balance.retrieve", "team.retrieve"] * 2


def test_a_condition_may_wait_for_another_thread(api: Api) -> None:
    """Neither the fake nor the condition itself is in the way of the request that it waits for."""

    def when(_: Any) -> bool:
        elsewhere(lambda: api.get("/v1/team"))
        return True

    api.aurous.faults.status("*", 503, when=when)
    elsewhere(lambda: api.get("/v1/balance"))

    assert [(call.operation, call.status) for call in api.aurous.calls] == [
        ("balance.retrieve", 503),
        ("team.retrieve", 200),
    ]


def test_threads_ask_a_condition_one_after_the_other(api: Api) -> None:
    """A condition that takes a while is asked for each request all the same."""
    asked: list[str] = []

    def when(_: Any) -> bool:
        asked.append(current_thread().name)
        Event().wait(0.01)
        return True

    api.aurous.faults.status("team.retrieve", 503, times=8, when=when)
    threads = [Thread(target=api.get, args=("/v1/team",), daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [call.status for call in api.aurous.calls] == [503] * 8
    assert len(set(asked)) == 8


def test_conditions_of_deliveries_may_do_so_too(api: Api) -> None:
    """They add faults, send requests and flush, and so may those who receive."""
    received: list[str] = []

    def when(delivery: Any) -> bool:
        api.aurous.faults.drop("image.*", when=when)
        elsewhere(lambda: api.get("/v1/team"))
        assert delivery not in api.aurous.webhooks.flush()
        return False

    def receive(delivery: Any) -> None:
        elsewhere(lambda: received.append(delivery.url + str(api.get("/v1/team").status)))
        api.aurous.webhooks.flush()

    api.aurous.webhooks.deliver_to(receive, url="https://a.example/x")
    api.aurous.faults.drop("*", when=when)
    for _ in range(3):
        api.aurous.images.add()
    elsewhere(api.aurous.webhooks.flush)

    assert received == ["https://a.example/x200"] * 3
    assert [one.status for one in api.aurous.webhooks.deliveries] == ["delivered"] * 3


def test_a_condition_of_a_delivery_that_raises_leaves_it_due(api: Api) -> None:
    """The flush ends with the exception, and the next one delivers."""
    api.aurous.webhooks.deliver_to(lambda _: None)
    fault = api.aurous.faults.drop("*", when=lambda _: 1 / 0)
    api.aurous.images.add()
    with pytest.raises(ZeroDivisionError):
        api.aurous.webhooks.flush()

    fault._when = None
    api.aurous.webhooks.flush()
    assert [one.status for one in api.aurous.webhooks.deliveries] == ["failed"]


def test_a_reset_by_a_condition_ends_the_flush(api: Api) -> None:
    """What it has taken away is not delivered."""
    received: list[Any] = []

    def when(_: Any) -> bool:
        api.aurous.reset()
        return False

    api.aurous.webhooks.deliver_to(received.append)
    api.aurous.faults.drop("*", when=when)
    api.aurous.images.add()
    assert api.aurous.webhooks.flush() == received == []


@pytest.mark.parametrize("others", [False, True])
def test_an_outcome_that_a_condition_raises_withdraws_the_request(api: Api, others: bool) -> None:  # noqa: FBT001
    """Only an `Exception` is reported for later; what ends a test ends it at once, and the request has not happened."""

    def when(_: Any) -> bool:
        if others:
            elsewhere(lambda: api.get("/v1/team"))
        raise KeyboardInterrupt

    api.aurous.faults.status("balance.retrieve", 503, when=when)
    with pytest.raises(KeyboardInterrupt):
        api.get("/v1/balance")
    assert [(call.operation, call.status) for call in api.aurous.calls] == (
        [("balance.retrieve", None), ("team.retrieve", 200)] if others else []
    )


def test_a_condition_that_raises_is_a_problem(api: Api) -> None:
    """The request goes on, and the verdict tells of it."""
    api.aurous.faults.status("balance.retrieve", 503, when=lambda _: 1 / 0)
    assert api.get("/v1/balance").status == 200
    with pytest.raises(AurousError, match="ZeroDivisionError"):
        api.aurous._session.verdict.judge()


def test_a_fault_that_was_removed_stays_away(api: Api) -> None:
    """A restore brings back the other faults of its snapshot, but not this one."""
    removed, other = (api.aurous.faults.status("team.retrieve", status) for status in (503, 500))
    snapshot = api.aurous.snapshot()
    api.app.queue.remove(removed)

    api.aurous.restore(snapshot)

    assert list(api.aurous.faults) == [other]
    assert api.get("/v1/team").status == 500


def test_a_fault_that_a_condition_adds_counts_from_the_next_request(api: Api) -> None:
    """With ``after``, the request whose condition added it does not count either."""
    added: list[Fault] = []

    def when(_: Any) -> bool:
        if not added:
            added.append(api.aurous.faults.status("team.retrieve", 500, after=1))
            added.append(api.aurous.faults.status("team.retrieve", 502))
        return False

    api.aurous.faults.status("team.*", 503, when=when)
    api.aurous.faults.status("team.retrieve", 504, after=1)

    assert [api.get("/v1/team").status for _ in range(5)] == [200, 504, 500, 502, 200]


def test_a_condition_is_asked_while_its_fault_can_happen(api: Api) -> None:
    """A fault that has happened as often as it may asks no more, also before others for that operation are over."""
    asked: list[str] = []

    def asks(name: str) -> Callable[[Any], bool]:
        def when(_: Any) -> bool:
            asked.append(name)
            return True

        return when

    for name in "ab":
        api.aurous.faults.status("team.*", 503, when=asks(name))

    assert [api.get("/v1/team").status for _ in range(4)] == [503, 503, 200, 200]
    assert asked == ["a", "b", "b"]


def test_a_fault_that_a_condition_takes_away_does_not_happen(api: Api) -> None:
    """A restore by a condition takes away the faults that were added since, the one that asks included."""
    before = api.aurous.snapshot()

    def when(_: Any) -> bool:
        api.aurous.restore(before)
        return True

    fault = api.aurous.faults.status("team.*", 503, when=when)

    assert api.get("/v1/team").status == 200
    assert fault.fired == 0
    assert not list(api.aurous.faults)


def test_faults_are_met_in_their_order(api: Api) -> None:
    """Of those that are due, the first one added happens, whatever their patterns, ``after`` and conditions."""
    faults = api.aurous.faults
    faults.status("team.retrieve", 500, after=2)
    faults.status("*", 501, when=lambda _: True, after=1)
    faults.status("team.*", 502, times=3)
    faults.status("team.retrieve", 503)
    before = api.aurous.snapshot()

    for _ in range(2):
        assert [api.get("/v1/team").status for _ in range(7)] == [502, 501, 500, 502, 502, 503, 200]
        api.aurous.restore(before)


def test_a_fault_that_was_put_first_comes_first(api: Api) -> None:
    """It is met before the others, and is not met a second time in its former place."""
    first, second = (api.aurous.faults.status("team.retrieve", status) for status in (500, 503))
    api.app.queue.put_first(second)

    assert [api.get("/v1/team").status for _ in range(3)] == [503, 500, 200]
    assert (first.fired, second.fired) == (1, 1)
