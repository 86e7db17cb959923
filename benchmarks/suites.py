"""Whole runs of pytest, each a process with no plugin but the one that is measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import counting
from counting import UNIT, counted
from pytest_aurous import Aurous
from timing import Result

__all__ = ("measure",)

FEW: Final = 10
MANY: Final = 60
# One client for all tests, as an application has: its SSL context is nobody's here.
HEAD: Final = f"""
import httpx, json, os, pytest

CLIENT = httpx.Client(base_url="https://api.aurous-labs.com")
RESPONSE = json.loads({json.dumps(Aurous().characters.add().json())!r})

def ask(character):
    key = os.environ.get("AUROUS_API_KEY", "al_live_none")
    response = CLIENT.get("/v1/characters/" + character, headers={{"X-Api-Key": key}})
    assert response.json()["status"] == "ready"

"""
BARE: Final = "def test_one(): pass"
TESTS: Final = {
    "pytest_aurous": "def test_one(aurous): ask(aurous.characters.add().id)",
    "respx": """def test_one(respx_mock):
    respx_mock.get("https://api.aurous-labs.com/v1/characters/" + RESPONSE["id"]).respond(json=RESPONSE)
    ask(RESPONSE["id"])
""",
    "pytest_httpx": """def test_one(httpx_mock):
    httpx_mock.add_response(url="https://api.aurous-labs.com/v1/characters/" + RESPONSE["id"], json=RESPONSE)
    ask(RESPONSE["id"])
""",
}
AUROUS, RESPX, HTTPX = TESTS
# To find a plugin by its name, pytest reads the metadata of all installed packages: a bare run loads a module, too.
NO_PLUGIN: Final = "colorsys"
OPTIONS: Final = ("-q", "-p", "no:cacheprovider", "-p")
GARBAGE: Final = """
import gc, json, pathlib

found = []

def pytest_runtest_logfinish():
    found.append(gc.get_stats()[0]["collections"] if gc.isenabled() else gc.collect())

def pytest_sessionfinish():
    pathlib.Path(__file__).with_name("found.json").write_text(json.dumps(found))
"""
"""Notes after each test how many young collections there were; without the collector, what a collection frees."""


def measure() -> Iterator[Result]:
    """Measure a test, a thousand tests, the first test, the start of a run that uses nothing, and garbage."""
    bare = _each(NO_PLUGIN)
    added = {plugin: _each(plugin) - bare for plugin in (AUROUS, HTTPX)}
    yield counted("what a test with a record and a GET adds, over httpx_mock", added[AUROUS] / added[HTTPX], 1.5)
    yield counted("the hooks of a test that uses nothing", (_each(AUROUS, unused=True) - bare) / 1e6, 0.2, f"M {UNIT}")
    thousand = {plugin: _count(plugin, MANY) + (1_000 - MANY) * _each(plugin) for plugin in (AUROUS, RESPX)}
    yield counted("1,000 tests, over respx_mock", thousand[AUROUS] / thousand[RESPX], 0.72)
    yield counted("the first test, over respx_mock", _count(AUROUS, 1) / _count(RESPX, 1), 1.13)
    start = _count(AUROUS, 1, unused=True) / _count(NO_PLUGIN, 1)
    yield counted("the start of a run that does not use the plugin, over bare pytest", start, 1.05)

    objects = median(_garbage(AUROUS, collector=False)) - median(_garbage(NO_PLUGIN, collector=False))
    yield Result("objects in reference cycles after a test with one GET", objects, 20, "objects")
    noted = {plugin: _garbage(plugin, collector=True) for plugin in (AUROUS, RESPX)}
    young = {plugin: counts[-1] - counts[0] for plugin, counts in noted.items()}
    yield Result("young collections in 1,000 tests, over respx_mock", young[AUROUS] / young[RESPX], 1.3)


@cache
def _count(plugin: str, number: int, *, unused: bool = False) -> int:
    """Return what a run with this many equal tests takes."""
    with _suite("" if unused else plugin, number) as home:
        return counting.total("suite.py", *OPTIONS, plugin, cwd=home)


def _each(plugin: str, *, unused: bool = False) -> float:
    """Return what one test more takes."""
    return (_count(plugin, MANY, unused=unused) - _count(plugin, FEW, unused=unused)) / (MANY - FEW)


def _garbage(plugin: str, *, collector: bool) -> list[int]:
    """Return what `GARBAGE` notes."""
    script = ("-m", "pytest") if collector else (counting.HERE / "suite.py",)
    with _suite(plugin, 1_000) as home:
        (home / "conftest.py").write_text(GARBAGE)
        counting.run([sys.executable, *script, *OPTIONS, plugin], home)
        found: list[int] = json.loads((home / "found.json").read_text())
    return found


@contextmanager
def _suite(plugin: str, number: int) -> Generator[Path, None, None]:
    """Yield a folder with a suite in which each test is the same."""
    test = TESTS.get(plugin, BARE)
    mark = f'@pytest.mark.parametrize("number", range({number}))\n'
    with TemporaryDirectory() as name:
        (Path(name) / "test_suite.py").write_text(HEAD + mark + test.replace("(", "(number, ", 1))
        yield Path(name)
