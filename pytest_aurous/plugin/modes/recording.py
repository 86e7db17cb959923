"""Record what a suite exchanges with the vendor: one sanitized HAR file for each test. It costs no test its result."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from ..._check.suite import SuiteRecorder
from ..._core.base.errors import see
from ..._core.wire.hosts import BASE_URL
from ..._httpx.stacks import all_stacks
from ..options import run_option
from ..outcome import record_unwritten
from ..sections import fitted
from ..stash import CURRENT, Mode, start_mode

_PAGE: Final = see("reference/check.html#record-a-suite")


def start(config: pytest.Config) -> None:
    folder = Path(run_option(config, "record"))

    def unwritten(test: str, error: Exception) -> None:
        record_unwritten(config, f"The recording of {test}", folder, error, _PAGE)

    recorder = SuiteRecorder(folder, all_stacks(), unwritten)
    start_mode(config, "recording", Recordings(recorder))
    recorder.traffic.start()
    config.add_cleanup(recorder.traffic.stop)


class Recordings(Mode):
    def __init__(self, recorder: SuiteRecorder) -> None:
        self._recorder = recorder

    @pytest.hookimpl(wrapper=True, trylast=True)  # when the settings of the test are known
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Record a test that may reach the vendor, with its fixtures and its reruns."""
        _, settings = item.config.stash[CURRENT]
        if settings.get("network") != "allow":
            return (yield)
        with self._recorder.recording(item.nodeid, str(settings.get("base_url", BASE_URL))):
            return (yield)

    def found(self) -> dict[str, int]:
        return dict(self._recorder.tests)

    def add(self, found: dict[str, int]) -> None:
        self._recorder.tests.update(found)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        if not config.option.collectonly:
            terminalreporter.section("aurous recordings")
            terminalreporter.write_line(fitted(self._recorder.summary(_PAGE), config))
