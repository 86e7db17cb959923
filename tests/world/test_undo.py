"""What takes changes back, step by step; `test_interrupts.py` shows what it is for."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from pytest_aurous._world.forks import _renew
from pytest_aurous._world.tables import _insert, _remove
from pytest_aurous._world.undo import Undo

if TYPE_CHECKING:
    from tests.conftest import Api


def test_changes_are_taken_back_in_reverse_order() -> None:
    """Of an operation that raises nothing stays, also within another."""
    undo, things, grown = Undo(), {"a": 1}, [1]

    def change(*, fails: bool = True) -> None:
        undo.item(things, "a")
        things["a"] += 1
        undo.item(things, "b")
        things["b"] = 2
        undo.end_of(grown)
        grown.append(2)
        if fails:
            raise KeyboardInterrupt

    def outer() -> None:
        change(fails=False)
        with pytest.raises(KeyboardInterrupt):
            undo.whole(change)

    with pytest.raises(KeyboardInterrupt):
        undo.whole(change)
    assert (things, grown) == ({"a": 1}, [1])
    undo.whole(outer)
    assert (things, grown) == ({"a": 2, "b": 2}, [1, 2])


def test_a_step_that_runs_twice_is_as_good_as_once() -> None:
    """An id is neither listed twice, nor missed."""
    living = ["img_01KRMEXM01PRHCDCSYT6C6R0Y4"]
    _insert(living, living[0])
    assert len(living) == 1
    _remove(living, living[0])
    _remove(living, "img_01KRMEXM01PRHCDCSYT6C6R0Y4")
    assert living == []


def test_what_a_fork_finds_held_is_renewed(api: Api) -> None:
    """The lock of a thread that is gone is replaced, and its operation taken back; one that is free stays."""
    world, given = api.app.world, api.app.queue
    lock = world.lock
    _renew()
    assert world.lock is lock
    for act in (world.lock.acquire, given._asking.acquire):
        thread = Thread(target=act)
        thread.start()
        thread.join()
    world.undo.active = True
    world.ledgers[world.default_team].hold(4, "balance_too_low")
    _renew()
    assert world.lock is not lock
    assert api.team.held_credits == 0
    assert api.get("/v1/team").status == 200

    def fork(_: object) -> bool:
        _renew()  # the thread that calls this lives on
        return True

    api.aurous.faults.status("*", 503, when=fork)
    assert api.get("/v1/team").status == 503
