"""How long the fake takes in each test: ``--aurous-durations``. Registered only if that is set."""

from __future__ import annotations

from collections.abc import Callable, Generator
from time import perf_counter
from typing import Any, Final

import pytest

from .._engine.pipeline import App
from .._redaction import redacted
from .._wire.call import Call
from .._wire.reply import Break, Reply
from ..errors import see
from . import fixtures
from .options import FAKE, run_option

_COST: Final = pytest.StashKey[dict[str, float]]()
"""Of an item: the columns of its row."""
_TIMES: Final = ("setup", "serving", "teardown")


class Durations:
    """Measures the fixtures of the plugin, and what the fake does while they are there.

    An xdist worker sends its figures with the report of each test's teardown.

    Raises:
        pytest.UsageError: If the option is not a number.
    """

    def __init__(self, config: pytest.Config) -> None:
        wanted = str(run_option(config, "durations"))
        if not wanted.isdecimal():
            raise pytest.UsageError(
                f"--aurous-durations={wanted}: expected a number of tests, such as 10, or 0 for all.\n"
                f"{see('how-to/why-is-my-suite-slow.html')}"
            )
        self._count = int(wanted)
        self._rows: list[tuple[str, dict[str, float]]] = []
        self._whole = 0.0
        self._now = perf_counter  # freezegun replaces the name in the module

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Measure the setup and the teardown of a fixture of ours."""
        item = request.node
        if fixturedef.func.__module__ != fixtures.__name__:
            return (yield)
        cost = item.stash.setdefault(_COST, dict.fromkeys((*_TIMES, "requests", "skipped"), 0.0))
        # The last finalizer that is added runs first: these two are around that of the fixture itself.
        fixturedef.addfinalizer(lambda: _add(cost, "teardown", self._now()))
        start = self._now()
        try:
            return (yield)
        finally:
            _add(cost, "setup", self._now() - start)
            if fixturedef.argname == "aurous" and FAKE in item.stash:
                self._watch(item.stash[FAKE].app, cost)
            fixturedef.addfinalizer(lambda: _add(cost, "teardown", -self._now()))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the figures of a test with its last report."""
        report = yield
        if call.when == "teardown" and _COST in item.stash:
            report.aurous_cost = item.stash[_COST]  # type: ignore[attr-defined]  # reports may have more
            del item.stash[_COST]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the figures, in the process that shows them."""
        self._whole += report.duration
        if (cost := getattr(report, "aurous_cost", None)) is not None:
            self._rows.append((report.nodeid, cost))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table, the slowest test first."""
        rows = sorted(self._rows, key=lambda row: -_total(row[1]))
        shown = rows[: self._count or None]
        terminalreporter.section(f"aurous durations: {len(shown)} of {len(rows)} tests")
        terminalreporter.write_line(
            f"{'total':>9}{'setup':>9}{'serving':>9}{'teardown':>9}{'requests':>9}{'skipped':>9}"
        )
        for nodeid, cost in shown:
            times = "".join(f"{1000 * seconds:>7.1f}ms" for seconds in (_total(cost), *(cost[name] for name in _TIMES)))
            counts = f"{cost['requests']:>9.0f}{cost['skipped']:>8.0f}s"
            terminalreporter.write_line(f"{times}{counts}  {redacted(nodeid)}")
        spent = sum(_total(cost) for _, cost in rows)
        terminalreporter.write_line(f"The fake took {spent:.2f}s of the {self._whole:.2f}s of all tests.")

    def _watch(self, app: App, cost: dict[str, float]) -> None:
        """Measure what a fake does from now on."""
        handle: Callable[[Call], Reply | Break] = app.handle
        moved: Callable[[str, float], object] | None = app.world.clock.moved

        def measured(call: Call) -> Reply | Break:
            start = self._now()
            try:
                return handle(call)
            finally:
                with app.world.lock:
                    cost["serving"] += self._now() - start
                    cost["requests"] += 1

        def skip(how: str, seconds: float) -> None:
            if how == "sleep":
                cost["skipped"] += seconds
            if moved is not None:
                moved(how, seconds)

        app.handle = measured  # type: ignore[method-assign]  # of this fake alone
        app.world.clock.moved = skip


def _add(cost: dict[str, float], column: str, amount: float) -> None:
    cost[column] += amount


def _total(cost: dict[str, float]) -> float:
    return sum(cost[name] for name in _TIMES)
