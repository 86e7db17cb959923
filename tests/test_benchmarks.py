"""What the benchmarks compute, and that they measure what they say."""

from __future__ import annotations

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
    """Each published row has its present bar and place."""
    calls, suites, times = map(import_module, ("calls", "suites", "times"))
    counts = count(1)
    monkeypatch.setattr(counting, "VALGRIND", "valgrind")
    monkeypatch.setattr(counting, "total", lambda *_, **__: next(counts) ** 2)
    monkeypatch.setattr(suites, "_garbage", lambda *_, **__: [1, 2])
    monkeypatch.setattr(times, "rounds", lambda contestants, _: {name: [1.0, 2.0] for name in contestants})

    counted = [_row(vars(row)) for row in (*calls.measure(), *suites.measure())]
    timed = [_row(vars(row)) for row in times.measure(quick=True)]
    suites._count.cache_clear()

    published = [[_row(row) for row in entry["results"]] for entry in _published()]
    assert all(rows == [row for row in counted + timed if row in rows] for rows in published)


def _published() -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = json.loads((BENCHMARKS / "results.json").read_text("utf-8"))
    assert history
    return history


def _row(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a row says whatever was measured."""
    return row["what"], row["bar"], row["at_least"], row["quartiles"] is not None
