"""What a test with the fixture and one request costs, beside respx_mock, httpx_mock and a bare test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from textwrap import dedent

from pytest_aurous import Aurous
from subprocesses import run_pytest
from timing import Result, difference, ratio, rounds, summary

__all__ = ("measure",)

TESTS = 1_000
WARM = 100
ANSWER = json.dumps(Aurous().characters.add().json())

# One client for all tests, as an app has: the 3 ms of its SSL context would bury what is measured.
HEAD = f"""
import httpx, json, os, pytest

CLIENT = httpx.Client(base_url="https://api.aurous-labs.com")
ANSWER = json.loads({ANSWER!r})

def ask(character):
    key = os.environ.get("AUROUS_API_KEY", "al_live_none")
    response = CLIENT.get("/v1/characters/" + character, headers={{"X-Api-Key": key}})
    assert response.json()["status"] == "ready"

@pytest.mark.parametrize("number", range({TESTS}))
"""
BARE = "def test_one(number): pass"
AUROUS = """
def test_one(number, aurous):
    ask(aurous.characters.add().id)
"""
RESPX = """
def test_one(number, respx_mock):
    respx_mock.get("https://api.aurous-labs.com/v1/characters/char_1").respond(json=ANSWER)
    ask("char_1")
"""
HTTPX = """
def test_one(number, httpx_mock):
    httpx_mock.add_response(url="https://api.aurous-labs.com/v1/characters/char_1", json=ANSWER)
    ask("char_1")
"""
STOPWATCH = """
import json, pathlib, time

marks = []

def pytest_runtest_logfinish():
    marks.append(time.process_time())

def pytest_sessionfinish():
    pathlib.Path(__file__).with_name("marks.json").write_text(json.dumps(marks))
"""


@dataclass
class _Suite:
    """One test, a thousand times: whole processes, and what one more test costs once all is imported."""

    home: Path
    test: str
    plugins: tuple[str, ...] = ()
    each: list[float] = field(default_factory=list)

    def run(self) -> float:
        self.home.mkdir(exist_ok=True)
        (self.home / "conftest.py").write_text(STOPWATCH)
        (self.home / "test_suite.py").write_text(HEAD + dedent(self.test).lstrip())
        whole = run_pytest(self.home, *self.plugins)
        marks: list[float] = json.loads((self.home / "marks.json").read_text())
        # The median test: what the collector takes now and then is in the whole process.
        self.each.append(median(end - start for start, end in pairwise(marks[WARM:])))
        return whole


def measure(*, quick: bool) -> list[Result]:
    """Measure a thousand small tests with each tool."""
    with TemporaryDirectory() as name:
        home = Path(name)
        suites = {
            "bare": _Suite(home / "bare", BARE),
            "aurous": _Suite(home / "aurous", AUROUS, ("pytest_aurous",)),
            "respx": _Suite(home / "respx", RESPX, ("respx.plugin",)),
            "httpx": _Suite(home / "httpx", HTTPX, ("pytest_httpx",)),
        }
        contestants: dict[str, Callable[[], float]] = {key: suite.run for key, suite in suites.items()}
        whole = rounds(contestants, 2 if quick else 9)
    each = {key: suite.each[1:] for key, suite in suites.items()}  # without the round that only warms up
    added = {key: difference(each[key], each["bare"]) for key in ("aurous", "respx", "httpx")}
    return [
        ratio(f"{TESTS:,} tests with aurous / with respx_mock", whole["aurous"], whole["respx"], bar=0.75),
        ratio("what aurous adds to a test / what httpx_mock adds", added["aurous"], added["httpx"], bar=1.0),
        *(
            summary(f"  what {key} adds", [value * 1e6 for value in added[tool]], "us")
            for tool, key in (("aurous", "aurous"), ("httpx", "httpx_mock"), ("respx", "respx_mock"))
        ),
    ]
