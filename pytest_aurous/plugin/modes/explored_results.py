"""What exploring a suite has found: its lines at the end of the run, and its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from ..._core.base.errors import AurousError, see
from ..._core.base.redaction import redacted
from ..._explore.report.text import colored
from ..._explore.suites.baseline import Baseline
from ..._explore.suites.suite import causes, tests
from ..options import run_option
from ..outcome import record_unwritten, record_warning
from ..sections import fitted

if TYPE_CHECKING:
    from ..._fake.session import Session

Results = list[dict[str, Any]]
"""For each test its name, why it was left out, how many cases there are of each kind, its findings and the data."""

PAGE: Final = see("how-to/explore-a-suite.html")
_COLUMNS: Final = ("cases", "returned", "raised", "other", "unmet", "broken")
_OF_SUITES: Final = ("explore-seconds", "explore-baseline", "explore-baseline-update", "explore-json")
"""Options that mean something only if whole tests are explored."""


class SuiteResults:
    """The results of all tests of this process, and in the end also of the workers of pytest-xdist.

    Raises:
        pytest.UsageError: If the baseline is invalid.

    Attributes:
        tests: The tests that were to be explored.
        baseline: What is accepted, or None.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.tests: Results = []
        self.baseline: Baseline | None = _baseline(config)
        self._config = config
        self._update = run_option(config, "explore-baseline-update")
        self._own: Results = []
        self._written: list[str] = []

    def unknown(self, result: dict[str, Any]) -> AurousError | None:
        """Return the error for a test whose baseline accepts a case that there is not."""
        return None if self.baseline is None or self._update else self.baseline.unknown(result)

    def note_own(self, test: str, session: Session) -> None:
        """Note what a test has found that explores code itself."""
        if session.explored:
            self._own.append({"test": test})

    def found(self) -> list[Results]:
        """Return the results of a worker."""
        return [self.tests, self._own]

    def add(self, found: list[Results]) -> None:
        """Add the results of a worker."""
        tests, own = found
        self.tests += tests
        self._own += own

    # The files

    def write(self) -> None:
        """Write the files, and warn of what was not run and of options without effect."""
        if name := run_option(self._config, "explore-json"):
            self._write("The results of exploring", Path(name), self._write_json)
        if self.baseline is not None and self._update:
            self._write("The baseline", self.baseline.file, self._write_baseline)
        for text in (self._without_effect(), self._not_run()):
            if text:
                record_warning(self._config, f"{text}\n{PAGE}")

    def _write(self, what: str, path: Path, write: Callable[[Path], object]) -> None:
        try:
            write(path)
        except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
            record_unwritten(self._config, what, path, error, PAGE)

    def _write_baseline(self, _: Path) -> None:
        assert self.baseline is not None  # noqa: S101 - only then is it called
        self._written = self.baseline.update(self._sorted())

    def _write_json(self, file: Path) -> None:
        tests = [{name: value for name, value in one.items() if name != "findings"} for one in self._sorted()]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(redacted(json.dumps({"tests": tests}, indent=2)), encoding="utf-8")

    def _without_effect(self) -> str:
        """Return a text about options of the command line that no test has needed."""
        if run_option(self._config, "explore-only") is not None:
            return ""
        names = [] if self.tests else [*_OF_SUITES]
        names += [] if self.tests or self._own else ["explore"]
        given = [f"--aurous-{one}" for one in names if self._config.getoption(f"aurous_{one.replace('-', '_')}")]
        if not given:
            return ""
        return (
            f"{', '.join(given)} {'has' if len(given) == 1 else 'have'} no effect: no test was explored. "
            "--aurous-explore=report explores tests that pass and use the fixture aurous; the marker aurous_explore, "
            "those that have it."
        )

    def _not_run(self) -> str:
        """Return a text about the cases for which there was no time."""
        cut = [one for one in self.tests if one.get("not_run")]
        if not cut:
            return ""
        number = sum(one["not_run"] for one in cut)
        total = number + sum(one["cases"] for one in cut)
        return (
            f"{number} of {total} cases of {tests(len(cut))} were not run, so nothing is known of them: the time of "
            "--aurous-explore-seconds was over."
        )

    # The end of the run

    def show(self, terminal: Any, config: pytest.Config) -> None:
        """Print the table, and what is broken."""
        results = self._sorted()
        if results:
            terminal.section("aurous bad days")
            for line in (*_table(results), *self._written):
                terminal.write_line(fitted(redacted(line), config))
        stale = self.baseline.stale(results) if self.baseline is not None and not self._update else []
        for line in map(redacted, [*causes(results), *stale]):
            shown = fitted(line, config)
            terminal.write_line(colored(shown) if terminal.hasmarkup else shown)
        for one in results:
            if one.get("more") and not one["fails"]:
                terminal.section(redacted(f"bad days of {one['test']}"), sep="-")
                terminal.write_line(fitted(one["more"], config))

    def _sorted(self) -> Results:
        """Return the results in the order of their tests, whichever worker has run them, and in which order."""
        return sorted(self.tests, key=lambda one: str(one["test"]))


def _baseline(config: pytest.Config) -> Baseline | None:
    """Read the baseline, if there is one.

    Raises:
        pytest.UsageError: If it is invalid.
    """
    name, update = run_option(config, "explore-baseline"), run_option(config, "explore-baseline-update")
    if name is None:
        if update:
            raise pytest.UsageError(f"--aurous-explore-baseline-update needs --aurous-explore-baseline=FILE.\n{PAGE}")
        return None
    try:
        return Baseline.read(Path(name), update=update)
    except AurousError as error:
        raise pytest.UsageError(f"--aurous-explore-baseline: {error}") from None


def _table(results: Results) -> Iterator[str]:
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
            total = one["cases"] + one["not_run"]
            yield f"cut: {one['test']}: {one['not_run']} of {total} cases not run"
        if one.get("timeless"):
            yield f"time was not judged: {one['test']}: its sleeps do nothing while work is polled"
        for text in one.get("accepted", ()):
            yield f"accepted: {one['test']}: {text}"
