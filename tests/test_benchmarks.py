"""What the benchmarks compute, and that they measure what they say."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import Aurous

BENCHMARKS: Final = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def timing(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    return import_module("timing")


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    return import_module("inside")


def test_a_ratio_is_taken_round_by_round(timing: Any) -> None:
    """It is the median of all rounds; the fastest ones of both are beside it."""
    result = timing.ratio("it", [2.0, 3.0, 4.0], [4.0, 2.0, 8.0], 1.0)

    assert (result.value, result.fastest, result.low, result.high) == (0.5, 1.0, 0.5, 1.5)


def test_what_is_added_is_compared_without_the_rest(timing: Any) -> None:
    """What both have in common, a bare test, is in neither part of the ratio."""
    samples = {"bare": [1.0, 2.0], "ours": [4.0, 5.0], "theirs": [3.0, 4.0]}

    assert timing.added_ratio("it", samples, "ours", "theirs", 2.0).value == 1.5


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


def test_each_exploration_that_is_measured_is_whole(inside: Any) -> None:
    """It begins with an empty fake, and its cases are the same when they happen by hand."""
    with Aurous(script="synthesizing*2 -> reviewing", sleep="skip", pitfalls="off") as fake, fake.client() as client:
        first, second = inside._explored(fake, client), inside._explored(fake, client)
        days = [inside.day.BadDay(case.id) for case in first.cases]
        sent: list[str] = []
        fake._session.app.observe = lambda call: sent.append(call.path)
        inside._by_hand(fake, client, days)

    assert [case.id for case in first.cases] == [case.id for case in second.cases]
    assert len(first.cases) > 30
    assert len(sent) > 5 * len(days)


def test_the_published_figures_are_complete(timing: Any) -> None:
    """The documentation shows the same rows for each version, and says rightly which bars hold."""
    history = json.loads((BENCHMARKS / "results.json").read_text("utf-8"))

    for row in history[-1]["results"]:
        assert row.pop("passed") is timing.Result(**row).passed
    names = [row["what"] for row in history[-1]["results"]]
    assert len(names) == len(set(names)) == 12
    assert all({row["what"] for row in entry["results"]} <= set(names) for entry in history)
