"""What exploring has found in a run of pytest: its lines at the end, its warnings, and its files."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from ..._core.base.errors import AurousError, AurousWarning, see
from ..._core.base.files import write_whole
from ..._core.base.redaction import redacted
from ..._core.wire.lines import WIDTH
from ..._explore.suite import Suite
from ..options import run_option
from ..outcome import record_unwritten
from ..sections import NARROWEST, fitted
from ..stash import Mode

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = see("how-to/explore-a-suite.html")
_CACHE: Final = "aurous/broken"


class SuiteResults(Mode):
    """The results of all tests of this process, and in the end also of the workers of pytest-xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._cache: Any = getattr(config, "cache", None)
        name, update = run_option(config, "explore-baseline"), run_option(config, "explore-baseline-update")
        broken: dict[str, list[str]] = self._cache.get(_CACHE, {}) if self._cache is not None else {}
        try:
            self.suite: Suite = Suite(Path(name) if name is not None else None, update=update, broken=broken)
        except AurousError as error:
            raise pytest.UsageError(f"--aurous-explore-baseline: {error}") from None

    def found(self) -> list[Any]:
        return self.suite.found()

    def add(self, found: list[Any]) -> None:
        self.suite.add(found)

    def finish(self) -> None:
        suite = self.suite
        if self._cache is not None and suite.explored:
            self._cache.set(_CACHE, {test: cases for test, cases in suite.broken.items() if cases})
        files: list[tuple[str, str, Callable[[Path], object]]] = [
            ("The results of exploring", "explore-json", self._write_json),
            ("The baseline", "explore-baseline", lambda _: suite.update_baseline()),
        ]
        for what, option, write in files:
            if name := run_option(self._config, option):
                try:
                    write(Path(name))
                except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
                    record_unwritten(self._config, what, name, error, PAGE)
        for file, line, text in suite.remarks():
            with suppress(AurousWarning):  # where it is an error: no test is at fault
                warnings.warn_explicit(AurousWarning(f"explore(): {text}\n{PAGE}"), None, file, line)

    def _write_json(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, self.suite.json())

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        terminal = terminalreporter
        if table := self.suite.table():
            terminal.section("aurous bad days")
            for line in table:
                terminal.write_line(fitted(line, config))
        for line in self.suite.findings(min(max(terminal._tw.fullwidth, NARROWEST), WIDTH)):
            terminal.write_line(fitted(line, config))
        if assertions := self.suite.assertions():
            terminal.section("failures of the tests themselves, which are no verdict", sep="-")
            for line in assertions:
                terminal.write_line(fitted(line, config))
        for test, text in self.suite.more():
            terminal.section(redacted(f"bad days of {test}"), sep="-")
            terminal.write_line(fitted(text, config))
