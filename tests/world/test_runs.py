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


def look(runs: Runs, times: int, record: str = "a") -> list[str]:
    found = []
    for _ in range(times):
        runs.poll(record)
        run = runs.get(record)
        assert run is not None
        found.append(run.step.status)
    return found


@pytest.mark.parametrize("script", ["synthesizing*2 -> reviewing -> ready", "synthesizing -> reviewing*0 -> ready"])
def test_peeking_finds_what_the_next_look_will_find(runs: Runs, play: Player, script: str) -> None:
    """At each place of a script, over steps that are never seen, too."""
    play(script)

    for _ in range(5):
        found = runs.peek("a")
        assert found is not None
        assert look(runs, 1) == [found.status]


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


def test_all_runs_are_listed(runs: Runs, play: Player) -> None:
    """In the order in which they began, each once."""
    for record in ("b", "a"):
        play(f"synthesizing -> {'ready' if record == 'a' else 'reviewing'}", record)

    assert [run.steps[-1].status for run in runs.all()] == ["reviewing", "ready"]


def test_peeking_never_changes_anything(runs: Runs, play: Player, seen: list[tuple[str, str, float]]) -> None:
    """`peek` tells what a look would find, as often as one likes."""
    play("synthesizing -> reviewing")
    for _ in range(3):
        step = runs.peek("a")
        assert step is not None
        assert step.status == "synthesizing"
    look(runs, 1)

    step = runs.peek("a")

    assert step is not None
    assert step.status == "reviewing"
    assert seen == []
    assert runs.peek("b") is None


def test_a_look_that_shows_nothing_does_not_count(runs: Runs, play: Player) -> None:
    """A list page that leaves a record out moves it, but is no look at it."""
    play("synthesizing -> reviewing")
    for _ in range(3):
        runs.poll("a", seen=False)

    assert look(runs, 2) == ["synthesizing", "reviewing"]


def test_a_look_says_whether_it_moved_the_record(runs: Runs, play: Player) -> None:
    """Only then is there another row to be read."""
    play("synthesizing*2 -> reviewing")

    assert [runs.poll("a") for _ in range(4)] == [False, False, True, False]


def test_a_long_leap_plays_each_step_at_its_own_instant(
    clock: Clock, runs: Runs, play: Player, seen: list[tuple[str, str, float]]
) -> None:
    """Several steps and records are settled in order of their deadlines, each at the time it was due."""
    play("synthesizing:10s -> reviewing:10s -> ready")
    play("synthesizing:15s -> failed", record="b")
    clock.advance(seconds=3600)
    runs.settle()

    assert seen == [("a", "reviewing", 10), ("b", "failed", 15), ("a", "ready", 20)]


def test_what_is_dropped_is_over(clock: Clock, runs: Runs, play: Player, seen: list[tuple[str, str, float]]) -> None:
    """After `drop` neither time nor looks find anything of the run."""
    play("synthesizing:45s -> reviewing")

    assert runs.drop("a") is not None
    assert runs.drop("a") is None
    clock.advance(seconds=100)
    runs.settle()
    runs.poll("a")
    assert seen == []


@pytest.mark.parametrize(
    ("script", "looks", "position"),
    [
        ("synthesizing*3 -> reviewing", 0, "script step 1 of 2, seen 0 of 3 times"),
        ("synthesizing*3 -> reviewing", 2, "script step 1 of 2, seen 2 of 3 times"),
        ("synthesizing*3 -> reviewing", 4, "script step 2 of 2"),
        ("synthesizing -> reviewing*2 -> ready", 2, "script step 2 of 3, seen 1 of 2 times"),
        ("synthesizing! -> reviewing", 5, "script step 1 of 2"),
        ("synthesizing:5s -> reviewing", 5, "script step 1 of 2"),
        ("synthesizing*0", 1, "script step 1 of 1"),
        ("synthesizing -> reviewing*7", 3, "script step 2 of 2"),
    ],
)
def test_a_run_says_where_it_is(runs: Runs, play: Player, script: str, looks: int, position: str) -> None:
    """The step, and where looks end it, how many there were; the last holds for good, so nothing is counted there."""
    play(script)
    look(runs, looks)

    run = runs.get("a")
    assert run is not None
    assert run.position == position
