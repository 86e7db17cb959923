"""What exploring has found in a run of pytest: its lines at the end, its warnings, and its files."""

from __future__ import annotations

import json
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from ..._core.base.errors import AurousError, AurousWarning, see
from ..._core.base.files import write_whole
from ..._core.base.redaction import redacted
from ..._core.wire.lines import WIDTH
from ..._explore.baseline import Baseline
from ..._explore.laws import LAWS, allowed
from ..._explore.report.text import Finding, colored, number_of, overview, stories
from ..._explore.unreached import Reached, never_ran, unreached
from ..options import run_option
from ..outcome import record_unwritten
from ..sections import NARROWEST, fitted
from ..stash import Mode

if TYPE_CHECKING:
    from ..._explore.report.result import Case, Exploration

PAGE: Final = see("how-to/explore-a-suite.html")
_COLUMNS: Final = ("cases", "returned", "raised", "other", "unmet", "broken")
_CACHE: Final = "aurous/broken"


class SuiteResults(Mode):
    """The results of all tests of this process, and in the end also of the workers of pytest-xdist.

    Raises:
        pytest.UsageError: If the baseline is invalid.

    Attributes:
        tests: For each test that was to be explored, what was found, or why it was left out.
        baseline: What is accepted.
        broken: For each test, the cases that broke a law the last time that they were run.
        used: By the id of what a fixture of a wider scope has made, the last test that was explored with it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.tests: dict[str, dict[str, Any]] = {}
        self._config = config
        name, update = run_option(config, "explore-baseline"), run_option(config, "explore-baseline-update")
        try:
            self.baseline: Baseline = Baseline(Path(name) if name is not None else None, update=update)
        except AurousError as error:
            raise pytest.UsageError(f"--aurous-explore-baseline: {error}") from None
        self._cache: Any = getattr(config, "cache", None)
        self.broken: dict[str, list[str]] = self._cache.get(_CACHE, {}) if self._cache is not None else {}
        self.used: dict[int, str] = {}
        self._own: dict[str, list[str]] = {}  # tests that explore code themselves
        self._written: list[str] = []

    def note(self, test: str, exploration: Exploration) -> None:
        """Note which cases of a test break a law, so that the next run of pytest begins with them."""
        made = {case.id for case in exploration.cases}
        left = [case for case in self.broken.get(test, ()) if case not in made]
        self._own[test] = self.broken[test] = [*(case.id for case in exploration.broken), *left]

    def found(self) -> list[Any]:
        """Return the results of a worker."""
        return [self.tests, self._own]

    def add(self, found: list[Any]) -> None:
        """Add the results of a worker."""
        tests, own = found
        self.tests |= tests
        self._own |= own
        self.broken |= own

    # The files

    def finish(self) -> None:
        """Write the files, and warn of remarks."""
        if self._cache is not None and self._own:
            self._cache.set(_CACHE, {test: cases for test, cases in self.broken.items() if cases})
        for what, option, write in (
            ("The results of exploring", "explore-json", self._write_json),
            ("The baseline", "explore-baseline", self._write_baseline),
        ):
            if name := run_option(self._config, option):
                try:
                    write(Path(name))
                except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
                    record_unwritten(self._config, what, name, error, PAGE)
        for file, text in self._remarks():
            with suppress(AurousWarning):  # where it is an error: no test is at fault
                warnings.warn_explicit(AurousWarning(f"explore(): {text}\n{PAGE}"), None, file, 0)

    def _write_baseline(self, _: Path) -> None:
        self._written = self.baseline.update(self._sorted())

    def _write_json(self, file: Path) -> None:
        own = {test: {"test": test, "left_out": "it explores code itself"} for test in self._own}
        tests = [
            {name: value for name, value in one.items() if name not in {"findings", "reached"}}
            for _, one in sorted({**own, **self.tests}.items())
        ]
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, redacted(json.dumps({"tests": tests}, indent=2)))

    def _remarks(self) -> Iterator[tuple[str, str]]:
        """Yield each remark with the tests that it is about, after the file of the first; if numbers differ, one."""
        alike: dict[str, list[tuple[str, str]]] = {}
        for one in self._sorted():
            for text in one.get("remarks", ()):
                alike.setdefault(re.sub(r"\d+", "1", text), []).append((text, one["test"]))
        for (text, test), *others in alike.values():
            more = f" and {number_of(len(others), 'other test')}" if others else ""
            yield test.partition("::")[0], f"{text.rstrip('.')} (explored: {test}{more})."

    # The end of the run

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Print the table, and what is broken."""
        terminal, results = terminalreporter, self._sorted()
        if results:
            terminal.section("aurous bad days")
            cut = any(one.get("not_run") for one in results)
            lines = "" if cut else never_ran(unreached(_all_reached(results)))
            remarks = [f"remark: {text}" for _, text in self._remarks()]
            for line in filter(None, (*_table(results), *remarks, lines, *self._written)):
                terminal.write_line(fitted(redacted(line), config))
        found = _merged(results)
        tests = {test for one in found for test in one["tests"]}
        head = [f"{number_of(len(found), 'finding')} in {number_of(len(tests), 'test')}:"] if found else []
        stale = self.baseline.stale(results)
        width = min(max(terminal._tw.fullwidth, NARROWEST), WIDTH)
        for line in map(redacted, [*head, *overview(found, width), *stories(found), *stale]):
            shown = fitted(line, config)
            terminal.write_line(colored(shown) if terminal.hasmarkup else shown)
        for one in results:
            if one.get("more") and not one["fails"]:
                terminal.section(redacted(f"bad days of {one['test']}"), sep="-")
                terminal.write_line(fitted(one["more"], config))

    def _sorted(self) -> list[dict[str, Any]]:
        """Return the results in the order of their tests, whichever worker has run them, and in which order."""
        return [one for _, one in sorted(self.tests.items())]


def _table(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each test, and what has to be known about some."""
    explored = [one for one in results if "cases" in one]
    widths = [len(name) + 2 for name in _COLUMNS]
    if explored:
        yield "".join(f"{name:>{space}}" for name, space in zip(_COLUMNS, widths, strict=True))
    for one in explored:
        numbers = "".join(f"{one[name]:>{space}}" for name, space in zip(_COLUMNS, widths, strict=True))
        yield f"{numbers}  {one['test']}"
    for one in results:
        if one["left_out"]:
            yield f"left out: {one['test']}: {one['left_out']}"
        if one.get("not_run"):
            yield f"cut: {one['test']}: {one['not_run']} of {one['cases'] + one['not_run']} cases not run"
        for text in one.get("known", ()):
            yield f"accepted: {one['test']}: {text}"


def count(exploration: Exploration, may_raise: tuple[type[BaseException], ...]) -> dict[str, Any]:
    """Return how many cases there are of each kind, and the lines that ran.

    *other* are failing assertions and unexpected exceptions.
    """

    def kind(case: Case) -> str:
        if case.outcome in {"returned", "unmet"}:
            return case.outcome
        return "raised" if case.error is not None and allowed(case.error, may_raise) else "other"

    kinds = [kind(case) for case in exploration.cases]
    return {
        "cases": len(kinds),
        **{name: kinds.count(name) for name in ("returned", "raised", "other", "unmet")},
        "broken": len(exploration.broken),
        "reached": exploration.reached,
    }


def _all_reached(results: Iterable[Mapping[str, Any]]) -> Reached | None:
    """Return the lines that ran in some of the tests; None if that is not known of one of them."""
    found = defaultdict[str, dict[int, bool]](dict[int, bool])
    for reached in (one["reached"] for one in results if "reached" in one):
        if reached is None:
            return None
        for file, lines in reached.items():
            for number, ran in lines.items():
                found[file][number] = ran or found[file].get(number, False)
    return found


def _merged(results: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return the findings of all tests, the worst law first; what several tests have found is one finding of all."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in (one for result in results for one in result.get("findings", ())):
        first = found.setdefault((finding["cause"], finding["at"]), {**finding, "cases": [], "tests": []})
        first["cases"] += [case for case in finding["cases"] if case not in first["cases"]]
        first["tests"] += finding["tests"]
    return sorted(found.values(), key=lambda one: list(LAWS).index(one["laws"][0]))
