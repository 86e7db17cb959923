"""Record what a suite exchanges with the vendor: one sanitized HAR file for each test. It costs no test its result."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from ..._check.recording.read import Recording
from ..._check.sanitize import Sanitizer
from ..._core.base.errors import see, version_of_package
from ..._core.base.files import write_whole
from ..._core.base.work import Work, current_work, older_work
from ..._core.wire.exchange import Exchange
from ..._core.wire.har import file_name
from ..._core.wire.hosts import BASE_URL, is_loopback, is_vendors
from ..._httpx.traffic import Pending, Traffic
from ..options import run_option
from ..outcome import record_unwritten
from ..sections import fitted
from ..stash import CURRENT, Mode, start_mode

_PAGE: Final = see("reference/check.html#record-a-suite")


def start(config: pytest.Config) -> None:
    """Record until the run ends."""
    start_mode(config, "recording", Recordings(config))


class Recordings(Mode):
    """The plugin that records; only a run that records has it."""

    def __init__(self, config: pytest.Config) -> None:
        self._folder = Path(run_option(config, "record"))
        self._collected_only: bool = config.option.collectonly
        self._tests = Counter[str]()
        self._noted: list[Pending] | None = None
        self._base_url = BASE_URL
        self._work: Work | None = None
        traffic = Traffic(self._list_for)
        traffic.start()
        config.add_cleanup(traffic.stop)

    @pytest.hookimpl(wrapper=True, trylast=True)  # when the settings of the test are known
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Record a test that may reach the vendor, with its fixtures and its reruns."""
        _, settings = item.config.stash[CURRENT]
        if settings.get("network") != "allow":
            return (yield)
        self._tests["allowed"] += 1
        self._base_url = str(settings.get("base_url", BASE_URL)).rstrip("/")
        self._work = current_work()
        noted: list[Pending] = []
        self._noted = noted
        try:
            return (yield)
        finally:
            self._noted = None
            if any(one.status is not None for one in noted):
                self._write(item, noted)

    def found(self) -> dict[str, int]:
        """Return the counts of a worker."""
        return dict(self._tests)

    def add(self, found: dict[str, int]) -> None:
        """Add the counts of a worker."""
        self._tests.update(found)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Say where the recordings are, or why there is none."""
        if self._collected_only:
            return
        terminalreporter.section("aurous recordings")
        terminalreporter.write_line(fitted(self._summary(), config))

    def _summary(self) -> str:
        tests = self._tests
        if tests["written"]:
            return f"{tests['written']} in {self._folder}. To compare them: pytest-aurous check {self._folder}"
        if tests["unwritable"]:
            why = f"{self._folder} cannot be written to, as the warnings say."
        elif tests["allowed"]:
            why = (
                f'{tests["allowed"]} tests have network = "allow", but none received a response of the vendor through '
                "httpx or httpx2. What a fake or a mock responds is not recorded."
            )
        else:
            why = (
                'no test has network = "allow". Allow it where tests reach the vendor, as in '
                '@pytest.mark.aurous(network="allow") or pytest -o aurous_network=allow.'
            )
        return f"Nothing was recorded: {why}\n{_PAGE}"

    def _list_for(self, url: str) -> list[Pending] | None:
        """Return the list of the running test; what threads of an older test send belongs to no test."""
        if self._noted is None or older_work(self._work) is not None:
            return None
        return self._noted if is_vendors(_host(url)) or url.startswith(f"{self._base_url}/") else None

    def _write(self, item: pytest.Item, noted: list[Pending]) -> None:
        file = self._folder / f"{file_name(item.nodeid, parameters=False)}.har"
        try:
            exchanges = [self._exchange(number, one) for number, one in enumerate(noted, 1)]
            content = Sanitizer().har(Recording(file, exchanges))
            content["log"]["creator"] = {"name": "pytest-aurous --aurous-record", "version": version_of_package()}
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(content, indent=1) + "\n")
            self._tests["written"] += 1
        except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
            self._tests["unwritable"] += 1
            record_unwritten(item.config, f"The recording of {item.nodeid}", self._folder, error, _PAGE)

    def _exchange(self, number: int, one: Pending) -> Exchange:
        """Return what was noted as `check` reads it; a gateway of the team stands for the vendor's host."""
        exchange, host = one.exchange(number), _host(one.url)
        return exchange if is_vendors(host) or is_loopback(host) else exchange.at_host(BASE_URL, self._base_url)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
