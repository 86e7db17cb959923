"""Write the requests of tests as HAR files. A file that cannot be written costs no test its result."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..._core.base.errors import see
from ..._core.wire.har import write_har
from ..._fake.session import Session
from ..options import run_option
from ..outcome import record_unwritten
from ..stash import FAKE, RUNNING, Mode, start_mode


def start(config: pytest.Config) -> None:
    start_mode(config, "har", Exporting(keeps_all=run_option(config, "har-keep") == "all"))


class Exporting(Mode):
    def __init__(self, *, keeps_all: bool) -> None:
        self._keeps_all = keeps_all

    @contextmanager
    def using(self, item: pytest.Item, session: Session) -> Generator[None, None, None]:
        session.handle.journal.whole = True
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # around the hook that may fail the test
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, pytest.TestReport]:
        report: pytest.TestReport = yield
        kept = report.failed or (call.when == "call" and self._keeps_all)
        if kept and RUNNING not in item.stash and FAKE in item.stash:  # else a subtest, whose test has not ended
            export_har(item, item.stash[FAKE])
        return report


def export_har(item: pytest.Item, session: Session) -> None:
    folder = Path(run_option(item.config, "har"))
    try:
        write_har(folder, item.nodeid, session.calls)
    except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
        page = see("reference/reports.html#har-files")
        record_unwritten(item.config, f"The HAR file of {item.nodeid}", folder, error, page)
