"""The data of a fake: copied, restored, and undone. `test_interrupts.py` and `test_snapshot.py` show what it is for."""

import pickle
from typing import Any

import pytest

from pytest_aurous import Clock
from pytest_aurous._core.world.outbox import Delivery, Outbox
from pytest_aurous._core.world.state import State
from pytest_aurous._core.world.tables import Table


@pytest.fixture(name="state")
def _state() -> State:
    return State(Clock("2026-05-08T10:00:00Z"))


def test_changes_are_undone_in_reverse_order(state: State) -> None:
    """Nothing of an operation that raises stays, also within another."""
    things, grown, taken = state.section("things"), [1], state.sequence("taken")
    things["a"] = 1
    taken += [1, 2]

    def change(*, fails: bool = True) -> None:
        things["a"] += 1
        things["b"] = 2
        state.append(grown, 2)
        state.take(taken, taken[0])
        assert things.take("a") == 2
        assert things.take("a") is None
        state.random("dice").random()
        if fails:
            raise KeyboardInterrupt

    def outer() -> None:
        change(fails=False)
        things["a"] = 1
        with pytest.raises(KeyboardInterrupt):
            state.whole(change)

    before = state.copy()
    with pytest.raises(KeyboardInterrupt):
        state.whole(change)
    assert state.copy()._replace(chance={}) == before
    assert grown == [1]
    state.whole(outer)
    assert (things, grown, taken) == ({"a": 1, "b": 2}, [1, 2], [2])


def test_a_copy_brings_everything_back(state: State) -> None:
    """After `restore`, twice, also from bytes; what was first used later is as it was at first."""
    things, order = state.section("things"), state.sequence("order")
    things["a"] = ("frozen",)
    order.append("a")
    first = state.random("dice").random()
    copied = state.copy()
    second, other = state.random("dice").random(), state.random("other").random()

    for kept in (copied, pickle.loads(pickle.dumps(copied))):  # noqa: S301 - our own
        later = state.section("later")
        later["x"] = 1
        things["b"] = 2
        del things["a"]
        order.insert(0, "b")
        state.restore(kept)
        assert (things, order, later) == ({"a": ("frozen",)}, ["a"], {})
        assert [state.random("dice").random(), state.random("other").random()] == [second, other]
    assert first != second


def test_a_delivery_that_has_not_changed_stays_the_same_object(state: State) -> None:
    """A test may hold it, or a flush be about to deliver it; another comes back as it was, made by nobody."""
    outbox = Outbox(state)
    quiet, changed, lost = (outbox.add(Delivery(event, "https://a.example", {}, 0, b"")) for event in ("a", "b", "c"))
    changed.under_way = True
    copied = state.copy()
    changed.attempt = 2
    del outbox.entries[lost.number]

    state.restore(copied)

    assert outbox.entries[quiet.number] is quiet
    assert not outbox.holds(changed)
    assert [(one.event, one.attempt, one.under_way) for one in outbox.entries.values()] == [
        ("a", 1, False),
        ("b", 1, False),
        ("c", 1, False),
    ]


def test_a_step_that_runs_twice_is_as_good_as_once() -> None:
    """An id is neither listed twice, nor missed."""
    living = ["img_01KRMEXM01PRHCDCSYT6C6R0Y4"]
    table: Table[Any] = Table(State(), "rows")
    table._insert(living, living[0])
    assert len(living) == 1
    table._remove(living, living[0])
    table._remove(living, "img_01KRMEXM01PRHCDCSYT6C6R0Y4")
    assert living == []
