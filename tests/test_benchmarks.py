"""What the benchmarks compute, and that they measure what they say."""

import json
import sys
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

BENCHMARKS: Final = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


@pytest.fixture
def timing() -> Any:
    return import_module("timing")


@pytest.fixture
def counting() -> Any:
    return import_module("counting")


def test_a_ratio_is_taken_round_by_round(timing: Any) -> None:
    """It is the median of all rounds, with their quartiles."""
    result = timing.ratio("it", [2.0, 3.0, 4.0], [4.0, 2.0, 8.0], 1.0)

    assert (result.value, result.quartiles) == (0.5, (0.5, 1.5))


@pytest.mark.parametrize(("value", "holds"), [(1.004, True), (1.006, False), (0.5, True)])
def test_a_bar_holds_in_two_decimals(timing: Any, value: float, *, holds: bool) -> None:
    """Ratios must not exceed their bar, and what is counted by the second must reach it."""
    assert timing.ratio("it", [value] * 2, [1.0] * 2, 1.0).passed is holds
    assert timing.a_second("it", 100, [value] * 2, 100).passed is (value == 0.5)
    assert timing.microseconds("it", [value] * 2, 1_000_000).passed is (value == 0.5)


def test_each_round_begins_with_another_contestant(timing: Any) -> None:
    """All warm up first, which does not count, and then take turns."""
    order: list[str] = []

    def contestant(name: str) -> Any:
        def run() -> float:
            order.append(name)
            return float(len(order))

        return run

    samples = timing.rounds({"a": contestant("a"), "b": contestant("b")}, 2)

    assert "".join(order) == "ab" + "ab" + "ba"
    assert samples == {"a": [3.0, 6.0], "b": [4.0, 5.0]}


def test_a_program_that_fails_is_no_figure(counting: Any, tmp_path: Path) -> None:
    """The error shows what it wrote."""
    (tmp_path / "fails.py").write_text("raise SystemExit('out of order')", encoding="utf-8")

    with pytest.raises(RuntimeError, match="out of order"):
        counting.run([sys.executable, tmp_path / "fails.py"])


@pytest.mark.parametrize(
    "subject",
    [
        *("aurous", "static_route", "mock_transport", "read_aurous", "read_static_route", "read_mock_transport"),
        *("traced", "other_records", "publish", "static_publish", "recorded", "checked"),
    ],
)
def test_each_subject_works(subject: str) -> None:
    """It sends its requests, and refuses a response that is an error."""
    getattr(import_module("subjects"), subject)(2)


def test_all_that_are_compared_give_the_same_response() -> None:
    """Requests have paths of one length and the same headers; responses the same headers and fields."""
    subjects = import_module("subjects")
    found = []
    for prepare in (subjects.get_aurous, subjects.get_respx, subjects.get_mock_transport):
        with prepare() as get:
            response = get()
            shape = (set(response.headers), set(response.json()), set(response.request.headers))
            found.append((*shape, len(response.request.url.path)))

    assert found[0] == found[1] == found[2]


def test_the_published_figures_say_which_bars_hold(timing: Any) -> None:
    for entry in _published():
        for row in entry["results"]:
            assert row.pop("passed") is timing.Result(**row).passed


def test_all_that_is_published_is_measured(counting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is published by each Python, with its present bar and place."""
    calls, suites, times = map(import_module, ("calls", "suites", "times"))
    counts = count(1)
    monkeypatch.setattr(counting, "VALGRIND", "valgrind")
    monkeypatch.setattr(counting, "total", lambda *_, **__: next(counts) ** 2)
    monkeypatch.setattr(suites, "_garbage", lambda *_, **__: [1, 2])
    monkeypatch.setattr(times, "rounds", lambda contestants, _: {name: [1.0, 2.0] for name in contestants})

    counted = [_row(vars(row)) for row in (*calls.measure(), *suites.measure())]
    timed = [_row(vars(row)) for row in times.measure(quick=True)]
    suites._count.cache_clear()

    published = {entry["name"]: [_row(row) for row in entry["results"]] for entry in _published()}
    assert published == dict.fromkeys(("Python 3.13", "Python 3.11"), counted + timed)


def _published() -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = json.loads((BENCHMARKS / "results.json").read_text("utf-8"))
    assert history
    return history


def _row(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a row says whatever was measured."""
    return row["what"], row["bar"], row["at_least"], row["quartiles"] is not None
