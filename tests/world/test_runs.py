from typing import Protocol

import pytest

from pytest_aurous import Clock, Script
from pytest_aurous._core.world.runs import Runs
from pytest_aurous._core.world.script import Step
from pytest_aurous._core.world.state import State

NOON = "2026-05-08T12:00:00Z"
NOON_S = 1_778_241_600.0


class Player(Protocol):
    """Begins a run of a script on a record."""

    def __call__(self, text: str, record: str = "a", *, settle: bool = True) -> None:
        """Begin it."""


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock(NOON)


@pytest.fixture(name="state")
def _state(clock: Clock) -> State:
    return State(clock)


@pytest.fixture(name="runs")
def _runs(state: State, clock: Clock) -> Runs:
    return Runs(state, clock)


@pytest.fixture(name="seen")
def _seen() -> list[tuple[str, str, float]]:
    """What records entered, and how long after noon."""
    return []


@pytest.fixture(name="play")
def _play(runs: Runs, seen: list[tuple[str, str, float]]) -> Player:
    def enter(record: str, step: Step, at: float) -> None:
        seen.append((record, step.status, at - NOON_S))

    def play(text: str, record: str = "a", *, settle: bool = True) -> None:
        runs.begin(record, Script.parse(text).runs[0], "characters", settle=settle)

    runs.machines["characters"] = enter
    return play


def test_what_is_due_at_one_instant_comes_in_the_order_in_which_it_began(
    runs: Runs, play: Player, clock: Clock, seen: list[tuple[str, str, float]]
) -> None:
    """Of equal deadlines the older one is first, whatever the ids."""
    for record in ("b", "c", "a"):
        play("synthesizing:5s -> reviewing", record)
    clock.advance(seconds=5)

    runs.settle()

    assert [record for record, _, _ in seen] == ["b", "c", "a"]


def test_a_step_that_is_interrupted_is_due_again(
    state: State, runs: Runs, play: Player, clock: Clock, seen: list[tuple[str, str, float]]
) -> None:
    """A record whose move fails has not moved, and moves the next time."""
    play("synthesizing:5s -> reviewing")
    clock.advance(seconds=5)
    enter = runs.machines.pop("characters")

    with pytest.raises(KeyError, match="characters"):
        state.whole(runs.settle)
    runs.machines["characters"] = enter
    runs.settle()

    assert seen == [("a", "reviewing", 5)]


@pytest.mark.parametrize(
    ("script", "polls", "position"),
    [
        ("synthesizing*3 -> reviewing", 2, "script step 1 of 2, seen 2 of 3 times"),
        ("synthesizing*3 -> reviewing", 4, "script step 2 of 2"),
        ("synthesizing -> reviewing*2 -> ready", 2, "script step 2 of 3, seen 1 of 2 times"),
        ("synthesizing! -> reviewing", 5, "script step 1 of 2"),
        ("synthesizing*0", 1, "script step 1 of 1"),
        ("synthesizing -> reviewing*7", 3, "script step 2 of 2"),
    ],
)
def test_a_run_says_where_it_is(runs: Runs, play: Player, script: str, polls: int, position: str) -> None:
    """The step, and where polls end it, how many there were; the last holds for good, so nothing is counted there."""
    play(script)
    for _ in range(polls):
        runs.poll("a")

    run = runs.by_record.get("a")
    assert run is not None
    assert run.position == position
