"""Count which outcomes of the API the tests have met: a table at the end, and a JSON file."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import pytest

from ..._core.base.errors import see
from ..._core.base.files import write_whole
from ..._fake.session import Session
from ..._report.coverage import Coverage
from ..options import run_option
from ..outcome import record_unwritten
from ..sections import NARROWEST, guarded
from ..stash import REPEATED, Mode, start_mode

_WIDEST: Final = 100


def start(config: pytest.Config) -> None:
    start_mode(config, "coverage", Counting(config))


class Counting(Mode):
    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._coverage = Coverage()

    @contextmanager
    def using(self, item: pytest.Item, session: Session) -> Generator[None, None, None]:
        with session.handle.watched(self._coverage) if REPEATED not in item.stash else nullcontext():
            yield

    def found(self) -> Any:
        return self._coverage.dump()

    def add(self, found: Any) -> None:
        self._coverage.merge(found)

    def finish(self) -> None:
        name = run_option(self._config, "coverage-json")
        if not name:
            return
        file = Path(name)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(self._coverage.json(), indent=2))
        except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
            page = see("reference/reports.html#coverage-of-the-api")
            record_unwritten(self._config, "The coverage", file, error, page)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        if run_option(config, "coverage"):
            terminalreporter.section(self._coverage.title())
            full = config.get_verbosity() > 0
            width = min(max(config.get_terminal_writer().fullwidth, NARROWEST), _WIDEST)
            terminalreporter.write_line(guarded("Aurous coverage", lambda: self._coverage.table(width, full=full)))
