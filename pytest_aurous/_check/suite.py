"""Record what the tests of a suite exchange with the vendor: one sanitized HAR file for each test."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from .._core.base.errors import version_of_package
from .._core.base.files import write_whole
from .._core.base.work import Work, current_work, older_work
from .._core.wire.exchange import Exchange
from .._core.wire.har import file_name
from .._core.wire.hosts import BASE_URL, is_loopback, is_vendors
from .recording.read import Recording
from .recording.traffic import Traffic
from .sanitize import Sanitizer


class SuiteRecorder:
    """Writes a recording of each test into a folder; *unwritten* gets a test whose recording could not be written."""

    def __init__(
        self, folder: Path, stacks: Iterable[ModuleType], unwritten: Callable[[str, Exception], object]
    ) -> None:
        self.traffic: Traffic = Traffic(self._list_for, stacks)
        self.tests: Counter[str] = Counter()  # ``allowed`` to reach the vendor; recordings ``written``, ``unwritable``
        self._folder = folder
        self._unwritten = unwritten
        self._noted: list[Exchange] | None = None
        self._base_url = BASE_URL
        self._work: Work | None = None

    @contextmanager
    def recording(self, test: str, base_url: str) -> Generator[None, None, None]:
        """In the block, record *test*, its node id, which reaches the vendor under its hosts or under *base_url*."""
        self.tests["allowed"] += 1
        self._base_url = base_url.rstrip("/")
        self._work = current_work()
        noted = self._noted = list[Exchange]()
        try:
            yield
        finally:
            self._noted = None
            if any(one.status is not None for one in noted):
                self._write(test, noted)

    def summary(self, read_on: str) -> str:
        """Say where the recordings are, or why there is none, and where to *read on*."""
        tests = self.tests
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
        return f"Nothing was recorded: {why}\n{read_on}"

    def _list_for(self, url: str) -> list[Exchange] | None:
        """Return the list of the running test; what threads of an older test send belongs to no test."""
        if self._noted is None or older_work(self._work) is not None:
            return None
        return self._noted if is_vendors(urlsplit(url).hostname or "") or url.startswith(f"{self._base_url}/") else None

    def _write(self, test: str, noted: list[Exchange]) -> None:
        file = self._folder / f"{file_name(test, parameters=False)}.har"
        try:
            content = Sanitizer().har(Recording(file, [self._at_vendor(one) for one in noted]))
            content["log"]["creator"] = {"name": "pytest-aurous --aurous-record", "version": version_of_package()}
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(content, indent=1) + "\n")
            self.tests["written"] += 1
        except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
            self.tests["unwritable"] += 1
            self._unwritten(test, error)

    def _at_vendor(self, one: Exchange) -> Exchange:
        """Return what was noted as `check` reads it; a gateway of the team stands for the vendor's host."""
        return one if is_vendors(one.host) or is_loopback(one.host) else one.at_host(BASE_URL, self._base_url)
