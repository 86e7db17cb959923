"""Scenes of forks, each in a process without a tracer: a child waits forever for a lock that its tracer held there."""

from __future__ import annotations

import faulthandler
import sys
from multiprocessing import get_context
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from pytest_aurous import Aurous

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = {"name": "Aurora", "generate": True, "attributes": {"gender": "female", "age": 28, "hair_color": "black"}}


def in_child(act: Callable[[], object]) -> bool:
    """Whether a child that is forked now can do *act*, in time."""

    def run() -> None:
        faulthandler.dump_traceback_later(50, exit=True)
        act()

    child = get_context("fork").Process(target=run)  # type: ignore[attr-defined, unused-ignore] # not on Windows
    child.start()
    child.join(60)
    in_time = child.exitcode == 0
    child.kill()
    return in_time


def during_a_request(aurous: Aurous) -> None:
    """Fork while another thread holds the lock and has done its request by half."""
    held, go_on = Event(), Event()
    world, team = aurous._session.app.world, aurous.team.id
    world.state.whole(lambda: None)

    def hold() -> None:
        def half() -> None:
            world.ledger(team).hold(4, "balance_too_low")
            held.set()
            go_on.wait(60)

        with world.lock:
            world.state.whole(half)

    def act() -> None:
        assert world.accounts[team].held == 0
        with aurous.client() as client:
            assert client.post("/v1/characters", json=ORDER).status_code == 201
        assert aurous.team.held_credits > 0

    thread = Thread(target=hold, daemon=True)
    thread.start()
    assert held.wait(60)
    assert in_child(act)
    go_on.set()
    thread.join(60)
    assert aurous.team.held_credits == 4


def while_a_condition_is_asked(aurous: Aurous) -> None:
    """Fork while another thread asks a condition, and in the condition itself."""
    asked, go_on = Event(), Event()

    def when(_: Any) -> bool:
        asked.set()
        return go_on.wait(60)

    def status(path: str) -> int:
        with aurous.client() as client:
            return client.get(path).status_code

    def ask() -> None:
        go_on.set()
        assert status("/v1/team") == 503

    aurous.faults.status("team.retrieve", 503, times=9, when=when)
    thread = Thread(target=status, args=("/v1/team",), daemon=True)
    thread.start()
    assert asked.wait(60)
    assert in_child(ask)
    go_on.set()
    thread.join(60)
    aurous.faults.status("balance.retrieve", 503, when=lambda _: in_child(lambda: status("/v1/team")))
    assert status("/v1/balance") == 503


def of_a_busy_process(aurous: Aurous) -> None:
    """Fork ten times while two other threads send requests."""
    stop = Event()

    def work() -> None:
        with aurous.client() as client:
            for _ in range(100_000):
                if stop.is_set():
                    break
                client.post("/v1/characters", json=ORDER)

    def act() -> None:
        with aurous.client() as client:
            assert client.post("/v1/characters", json=ORDER).status_code == 201
        assert aurous.team.credits == aurous.team.held_credits + aurous.team.available_credits

    threads = [Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert all(in_child(act) for _ in range(10))
    stop.set()
    for thread in threads:
        thread.join(60)


if __name__ == "__main__":
    with Aurous(credits=10**9, strict="off") as fake:
        globals()[sys.argv[1]](fake)
