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
AUROUS, RESPX, HTTPX = "pytest_aurous", "respx", "pytest_httpx"
# To find a plugin by its name, pytest reads the metadata of all installed packages: a bare run loads a module, too.
NO_PLUGIN: Final = "colorsys"
with Aurous() as FAKE, FAKE.client() as client:
    SENT: Final = client.get(f"/v1/characters/{FAKE.characters.add().id}")
# One client for all tests, as an application has: its SSL context is nobody's here.
HEAD: Final = f"""
import httpx, json, os, pytest

CLIENT = httpx.Client(base_url="https://api.aurous-labs.com")
RESPONSE = json.loads({json.dumps(SENT.json())!r})
URL = "https://api.aurous-labs.com/v1/characters"

def ask(character, client=CLIENT):
    key = os.environ.get("AUROUS_API_KEY", "al_live_none")
    response = client.get("/v1/characters" + character, headers={{"X-Api-Key": key}})
    return response.json()

"""
BARE: Final = "def test_one(): pass"
SUITES: Final = {
    "bare": (NO_PLUGIN, BARE),
    "unused": (AUROUS, BARE),
    "aurous": (AUROUS, "def test_one(aurous): assert ask('/' + aurous.characters.add().id)['status'] == 'ready'"),
    "respx": (
        RESPX,
        """def test_one(respx_mock):
    respx_mock.get(URL + "/" + RESPONSE["id"]).respond(json=RESPONSE)
    assert ask("/" + RESPONSE["id"])["status"] == "ready"
""",
    ),
    "pytest-httpx": (
        HTTPX,
        """def test_one(httpx_mock):
    httpx_mock.add_response(url=URL + "/" + RESPONSE["id"], json=RESPONSE)
    assert ask("/" + RESPONSE["id"])["status"] == "ready"
""",
    ),
    "aurous, a list": (AUROUS, "def test_one(aurous): assert ask('')['data'] == []"),
    "respx, a list": (
        RESPX,
        """def test_one(respx_mock):
    respx_mock.get(URL).respond(json={"object": "list", "data": [], "has_more": False, "next_cursor": None})
    assert ask("")["data"] == []
""",
    ),
    "MockTransport": (
        NO_PLUGIN,
        f"""def test_one():
    ready = httpx.MockTransport(lambda _: httpx.Response(200, headers={SENT.headers.raw!r}, content={SENT.content!r}))
    with httpx.Client(base_url=CLIENT.base_url, transport=ready) as client:
        assert ask("/" + RESPONSE["id"], client)["status"] == "ready"
""",
    ),
}
"""Each suite with its plugin and its test."""
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
    bare = _each("bare")
    added = {suite: _each(suite) - bare for suite in ("aurous", "respx", "pytest-httpx")}
    yield counted(
        "what a test with a record and a GET adds, over httpx_mock", added["aurous"] / added["pytest-httpx"], 1.5
    )
    yield counted("the same, over respx_mock", added["aurous"] / added["respx"], 0.58)
    yield counted("the hooks of a test that uses nothing", (_each("unused") - bare) / 1e6, 0.17, f"M {UNIT}")
    thousand = [_count(suite, MANY) + (1_000 - MANY) * _each(suite) for suite in ("aurous, a list", "respx, a list")]
    yield counted("1,000 tests with one GET of a list, over respx_mock", thousand[0] / thousand[1], 0.71)
    yield counted("the first test, over respx_mock", _count("aurous", 1) / _count("respx", 1), 1.1)
    start = _count("unused", 1) / _count("bare", 1)
    yield counted("the start of a run that does not use the plugin, over bare pytest", start, 1.06)

    objects = median(_garbage("aurous", collector=False)) - median(_garbage("MockTransport", collector=False))
    yield Result(
        "objects in reference cycles after a test with one GET, beyond httpx.MockTransport", objects, 0, "objects"
    )
    noted = {suite: _garbage(suite, collector=True) for suite in ("aurous", "respx")}
    young = {suite: counts[-1] - counts[0] for suite, counts in noted.items()}
    yield Result("young collections in 1,000 tests, over respx_mock", young["aurous"] / young["respx"], 1.3)


@cache
def _count(suite: str, number: int) -> int:
    """Return what a run with this many equal tests takes."""
    with _folder(suite, number) as (home, options):
        return counting.total("suite.py", *options, cwd=home)


def _each(suite: str) -> float:
    """Return what one test more takes."""
    return (_count(suite, MANY) - _count(suite, FEW)) / (MANY - FEW)


def _garbage(suite: str, *, collector: bool) -> list[int]:
    """Return what `GARBAGE` notes."""
    script = ("-m", "pytest") if collector else (counting.HERE / "suite.py",)
    with _folder(suite, 1_000) as (home, options):
        (home / "conftest.py").write_text(GARBAGE, encoding="utf-8")
        counting.run([sys.executable, *script, *options], home)
        found: list[int] = json.loads((home / "found.json").read_text(encoding="utf-8"))
    return found


@contextmanager
def _folder(suite: str, number: int) -> Generator[tuple[Path, tuple[str, ...]], None, None]:
    """Yield a folder with a suite in which each test is the same, and the options of pytest."""
    plugin, test = SUITES[suite]
    mark = f'@pytest.mark.parametrize("number", range({number}))\n'
    with TemporaryDirectory() as name:
        (Path(name) / "test_suite.py").write_text(HEAD + mark + test.replace("(", "(number, ", 1), encoding="utf-8")
        yield Path(name), (*OPTIONS, plugin)
