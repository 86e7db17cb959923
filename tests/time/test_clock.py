import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_aurous import AurousError, Clock
from pytest_aurous._core.base.instants import iso, parse_instant
from pytest_aurous._core.wire.call import Watcher

NOON = "2026-05-08T12:00:00Z"
NOON_S = 1_778_241_600.0


@pytest.fixture(name="wall")
def _wall(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    wall = SimpleNamespace(at=NOON_S)
    monkeypatch.setattr("pytest_aurous._core.time.clock.time", SimpleNamespace(time=lambda: wall.at))
    return wall


def test_it_follows_the_wall_clock(wall: SimpleNamespace) -> None:
    """Whatever moves `time.time` (freezegun, time-machine) moves the fake, which adds what the test added."""
    clock = Clock()
    clock.advance(seconds=5)
    wall.at += 60

    assert clock.time() == NOON_S + 65
    assert repr(clock) == "<Clock 2026-05-08T12:01:05Z>"


@pytest.mark.parametrize("by_way_of", ["itself", "now"])
def test_it_can_take_the_place_of_time(monkeypatch: pytest.MonkeyPatch, by_way_of: str) -> None:
    """A clock that a test puts there goes on from the time of the process, and asks nobody else."""
    real, clock = time.time, Clock()
    patched = clock.time if by_way_of == "itself" else lambda: clock.now().timestamp()
    monkeypatch.setattr(time, "time", patched)
    clock.advance(timedelta(days=31))

    month = 31 * 86_400
    assert time.time() - real() == pytest.approx(month, abs=1)
    assert clock.time() - real() == pytest.approx(month, abs=1)
    clock.speed = 0.5
    assert time.time() - real() == pytest.approx(month, abs=1)


def test_a_frozen_clock_stands_still(wall: SimpleNamespace) -> None:
    """Frozen, only the test moves time."""
    clock = Clock(NOON)
    wall.at += 60
    assert clock.time() == NOON_S

    clock.advance(timedelta(minutes=1), seconds=0.5)

    assert clock.time() == NOON_S + 60.5
    assert repr(clock) == "<Clock 2026-05-08T12:01:00Z frozen>"


@pytest.mark.parametrize(
    ("delta", "seconds"),
    [(None, -1), (timedelta(seconds=-2), 1), (None, float("nan")), (None, float("inf")), (timedelta.max, 0)],
    ids=["back", "sum", "nan", "inf", "beyond 9999"],
)
def test_time_never_runs_backwards_nor_out(delta: timedelta | None, seconds: float) -> None:
    """A step back, or beyond every calendar, is refused, with the way to choose an instant, and nothing has moved."""
    clock = Clock(NOON)

    with pytest.raises(AurousError, match=r"cannot go back.*freeze\(at\)"):
        clock.advance(delta, seconds=seconds)

    assert clock.time() == NOON_S


@pytest.fixture(name="elsewhere")
def _elsewhere() -> Iterator[None]:
    """The machine is five hours behind UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "EST5")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows cannot change the time zone of a process")
@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("at", [datetime(2026, 5, 8, 12), "2026-05-08T12:00:00"])  # noqa: DTZ001 - a naive one
def test_an_instant_without_a_zone_is_in_utc(at: datetime | str) -> None:
    """The time zone of the machine makes no difference."""
    clock = Clock()

    clock.freeze(at)

    assert clock.time() == NOON_S


@pytest.mark.parametrize(
    ("at", "seconds"), [("2026-04-08T12:00:00Z", -30 * 86400), ("2026-05-08T12:01:00Z", 60), (None, 0)]
)
def test_freezing_says_how_far_the_clock_moved(wall: SimpleNamespace, at: str | None, seconds: float) -> None:
    """A trace shows the seconds between the instant before and the new one, also back in time."""
    moves: list[tuple[str, float]] = []

    class Moves(Watcher):
        def moved(self, how: str, seconds: float) -> None:
            moves.append((how, seconds))

    Clock(watchers=[Moves()]).freeze(at)

    assert moves == [("freeze", seconds)]


@pytest.mark.parametrize("frozen", [True, False])
def test_a_state_brings_the_time_back(wall: SimpleNamespace, frozen: bool) -> None:  # noqa: FBT001
    """What `position` was can be restored, more than once."""
    clock = Clock(NOON if frozen else None)
    clock.advance(seconds=7)
    kept = clock.position

    for _ in range(2):
        clock.advance(seconds=1000)
        clock.freeze()
        clock.restore(kept)
        assert clock.time() == NOON_S + 7
    assert repr(clock).endswith("frozen>") is frozen


@pytest.mark.parametrize(
    "written",
    [
        NOON,
        NOON.lower().replace("t", "T"),
        "2026-05-08T14:00:00+02:00",
        datetime(2026, 5, 8, 12, tzinfo=timezone.utc),
    ],
    ids=str,
)
def test_an_instant_can_be_written_in_many_ways(written: datetime | str) -> None:
    """ISO text or datetime, with `Z` or an offset: all are the same instant."""
    assert parse_instant(written) == datetime(2026, 5, 8, 12, tzinfo=timezone.utc)
    assert Clock(written).time() == NOON_S


@pytest.mark.parametrize("written", ["yesterday", "", "Z", 12, date(2026, 5, 8)], ids=repr)
def test_what_is_no_instant_is_refused_with_an_example(written: Any) -> None:
    """The error shows what was given and what would be right."""
    with pytest.raises(AurousError, match=r"is not an instant: expected ISO 8601 such as '2026-05-08T10:00:00Z'"):
        Clock(written)


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.999999-01:00"])
def test_an_instant_beyond_the_calendar_is_refused(written: str) -> None:
    """No response could say it."""
    with pytest.raises(AurousError, match="outside the calendar"):
        Clock(written)


@pytest.mark.parametrize(
    ("instant", "written"),
    [(0, "1970-01-01T00:00:00Z"), (NOON_S + 0.999, "2026-05-08T12:00:00Z"), (-0.5, "1969-12-31T23:59:59Z")],
)
def test_time_1_timestamps_are_utc_in_whole_seconds(instant: float, written: str) -> None:
    """Timestamps are ISO 8601 with `Z`, and never ahead of the clock."""
    assert iso(instant) == written


def test_speed(wall: SimpleNamespace) -> None:
    """The clock can run faster than real time; 0 freezes it, and a speed lets it run again."""
    clock = Clock()
    began, speeds = clock.time(), [clock.speed]
    clock.speed = 60
    wall.at += 2
    clock.advance(seconds=30)
    clock.speed = 0
    wall.at += 9
    speeds.append(clock.speed)
    assert clock.frozen
    assert clock.time() - began == pytest.approx(150)
    kept = clock.position
    clock.speed = 0.5
    wall.at += 10
    speeds.append(clock.speed)
    assert clock.time() - began == pytest.approx(155)
    clock.restore(kept)
    assert (clock.frozen, speeds) == (True, [1, 0, 0.5])
    with pytest.raises(AurousError, match=r"clock.speed\(speed=-1\): expected a number from 0 to 1e\+06"):
        clock.speed = -1
