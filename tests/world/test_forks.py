"""A child that is forked while other threads send requests can send its own; threads share one fake."""

from __future__ import annotations

import os
import sys
from threading import Barrier, Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous import Aurous
from tests.conftest import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Api

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
ORDER = {"name": "Aurora", "generate": True, "attributes": ATTRIBUTES}


def in_child(act: Callable[[], object]) -> bool:
    """Whether a child that is forked now can do *act*, in time."""
    child = os.fork()
    if child == 0:  # pragma: no cover - coverage does not follow
        try:
            thread = Thread(target=lambda: (act(), os._exit(0)), daemon=True)
            thread.start()
            thread.join(20)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


@forks
def test_a_child_that_is_forked_during_a_request_can_send_requests(api: Api) -> None:
    """The lock that another thread held is free there, and what that thread had half done is taken back."""
    held, go_on = Event(), Event()
    world = api.app.world
    world.state.whole(lambda: None)

    def hold() -> None:
        def half() -> None:
            world.ledger(api.team.id).hold(4, "balance_too_low")
            held.set()
            go_on.wait(30)

        with world.lock:
            world.state.whole(half)

    thread = Thread(target=hold)
    team = api.team.id
    thread.start()
    held.wait(30)

    def act() -> None:
        assert world.accounts[team].held == 0
        assert api.post("/v1/characters", json=ORDER).status == 201
        assert api.team.held_credits == 4

    try:
        assert in_child(act)
    finally:
        go_on.set()
        thread.join()
    assert api.team.held_credits == 4


@forks
def test_a_child_that_is_forked_while_a_condition_is_asked_can_ask_it(api: Api) -> None:
    """In another thread, or in the condition itself."""
    asked, go_on = Event(), Event()

    def when(_: Any) -> bool:
        asked.set()
        return go_on.wait(30)

    api.aurous.faults.status("team.retrieve", 503, times=9, when=when)

    def ask() -> None:
        go_on.set()
        assert api.get("/v1/team").status == 503

    thread = Thread(target=api.get, args=("/v1/team",))
    thread.start()
    asked.wait(30)
    try:
        assert in_child(ask)
    finally:
        go_on.set()
        thread.join()
    api.aurous.faults.status("balance.retrieve", 503, when=lambda _: in_child(lambda: api.get("/v1/team")))
    assert api.get("/v1/balance").status == 503


@forks
def test_children_of_a_busy_process_can_send_requests() -> None:
    """Whatever the other threads are at."""
    with Aurous(credits=10**9) as aurous:
        stop = Event()

        def work() -> None:
            with aurous.client() as client:
                while not stop.is_set():
                    client.post("/v1/characters", json=ORDER)

        threads = [Thread(target=work, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()

        def act() -> None:
            with aurous.client() as client:
                assert client.post("/v1/characters", json=ORDER).status_code == 201
            assert aurous.team.credits == aurous.team.held_credits + aurous.team.available_credits

        try:
            assert all(in_child(act) for _ in range(10))
        finally:
            stop.set()
            for thread in threads:
                thread.join()


@pytest.fixture(name="_switching")
def _often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_switching")
def test_reads_during_writes_raise_nothing(api: Api) -> None:  # noqa: C901 - many readers, one scene
    """Whatever is read while requests, teams, keys, faults and deliveries are made, and while the fake is reset."""
    aurous, stop, errors = api.aurous, Event(), list[BaseException]()
    aurous.webhooks.deliver_to(lambda _: None)
    start = aurous.snapshot()

    def unknown() -> None:
        with pytest.raises(KeyError):
            _ = aurous.characters["char_1"]

    reads: list[Callable[[], object]] = [
        unknown,
        lambda: aurous.team.api_key,
        lambda: [team.api_key for team in aurous.teams],
        lambda: [fault.fired for fault in aurous.faults],
        lambda: aurous.faults.unfired,
        lambda: [(limit.remaining, limit.overruns) for limit in aurous.limits.values()],
        lambda: [one.status for one in aurous.webhooks.deliveries],
        aurous.snapshot,
        lambda: (repr(aurous), repr(aurous.calls), repr(aurous.faults), repr(aurous.characters)),
        lambda: [call.status for call in aurous.calls],
        lambda: aurous.pitfalls,
        aurous.clock.waiting_for,
        lambda: aurous.team.balance_low_threshold,
        lambda: aurous.api_key.scope,
    ]

    def write() -> None:
        api.post("/v1/characters", json=ORDER)
        aurous.team.add_key()
        aurous.teams.add()
        aurous.faults.status("images.create", 503)
        aurous.images.add()
        api.get("/v1/images?starting_after=img_1")

    def rewind() -> None:
        aurous.restore(start)
        aurous.webhooks.flush()

    def repeat(act: Callable[[], object]) -> None:
        try:
            while not stop.is_set():
                act()
        except BaseException as error:  # noqa: BLE001 - the test's own outcome
            errors.append(error)

    threads = [Thread(target=repeat, args=(act,)) for act in (write, write, rewind)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            for read in reads:
                read()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []


@pytest.mark.usefixtures("_switching")
@pytest.mark.parametrize("name", ["webhooks", "faker", "transport", "route"])
def test_the_first_two_get_the_same_object(name: str) -> None:
    """Threads that race to be the first to use something share it."""
    for seed in range(20):
        aurous, found, ready = Aurous(seed=seed), list[Any](), Barrier(4)

        def take(aurous: Aurous = aurous, found: list[Any] = found, ready: Barrier = ready) -> None:
            ready.wait()
            found.append(aurous.route("characters.save") if name == "route" else getattr(aurous, name))

        threads = [Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(map(id, found))) == 1
