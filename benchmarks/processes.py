"""Whole runs of pytest, each a process with no plugin but the one that is measured: the first test, a suite, the start.

Measured is the CPU time of the process and of what it starts.
"""

from __future__ import annotations

import compileall
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from pytest_aurous import Aurous
from timing import Result, added_ratio, ratio, rounds

__all__ = ("measure",)

MANY: Final = 1_000
WARM: Final = 100
# One client for all tests, as an application has: the 3 ms of its SSL context are nobody's here.
HEAD: Final = f"""
import httpx, json, os

CLIENT = httpx.Client(base_url="https://api.aurous-labs.com")
RESPONSE = json.loads({json.dumps(Aurous().characters.add().json())!r})

def ask(character):
    key = os.environ.get("AUROUS_API_KEY", "al_live_none")
    response = CLIENT.get("/v1/characters/" + character, headers={{"X-Api-Key": key}})
    assert response.json()["status"] == "ready"

"""
MARK: Final = f'import pytest\n\n@pytest.mark.parametrize("number", range({MANY}))\n'
TESTS: Final = {
    "bare": "def test_one(): pass",
    "aurous": "def test_one(aurous): ask(aurous.characters.add().id)",
    "respx": """def test_one(respx_mock):
    respx_mock.get("https://api.aurous-labs.com/v1/characters/char_1").respond(json=RESPONSE)
    ask("char_1")
""",
    "httpx": """def test_one(httpx_mock):
    httpx_mock.add_response(url="https://api.aurous-labs.com/v1/characters/char_1", json=RESPONSE)
    ask("char_1")
""",
}
# By the name of the entry point: pytest then rewrites the assertions of the whole package, as for an installed plugin.
# The bare run has an empty plugin: to find any plugin, pytest reads the metadata of all installed packages.
PLUGINS: Final = {"aurous": "pytest_aurous", "respx": "respx", "httpx": "pytest_httpx", "bare": "empty_plugin"}
STOPWATCH: Final = """
import json, pathlib, time

marks = []

def pytest_runtest_logfinish():
    marks.append(time.process_time())

def pytest_sessionfinish():
    pathlib.Path(__file__).with_name("marks.json").write_text(json.dumps(marks))
"""


def measure(*, quick: bool) -> Iterator[Result]:
    """Measure the first test, a thousand tests, and the start of a run that does not use the plugin."""
    for bytecode, bar in ((True, 1.15), (False, 1.30)):
        with _packages() as packages:
            runs = {tool: _run(packages, HEAD + TESTS[tool], tool, bytecode=bytecode) for tool in ("aurous", "respx")}
            samples = rounds(runs, 3 if quick else 21)
        what = f"the first test{'' if bytecode else ' where no bytecode is written'}, over respx_mock"
        yield ratio(what, samples["aurous"], samples["respx"], bar)
    with _packages() as packages:
        yield from _many(packages, 2 if quick else 11)
        runs = {tool: _run(packages, TESTS["bare"], tool) for tool in ("aurous", "bare")}
        samples = rounds(runs, 5 if quick else 41)
        yield ratio("start with the plugin unused, over bare pytest", samples["aurous"], samples["bare"], 1.03)


def _many(packages: Path, count: int) -> Iterator[Result]:
    each: dict[str, list[float]] = {tool: [] for tool in TESTS}

    def timed(tool: str, run: Callable[[], float]) -> Callable[[], float]:
        def whole() -> float:
            seconds = run()
            marks: list[float] = json.loads((packages / f"suite-{tool}" / "marks.json").read_text())
            # The median test: what the garbage collector takes now and then is in the whole process.
            each[tool].append(median(end - start for start, end in pairwise(marks[WARM:])))
            return seconds

        return whole

    runs = {tool: _run(packages, HEAD + MARK + test.replace("(", "(number, ", 1), tool) for tool, test in TESTS.items()}
    for tool in runs:
        (packages / f"suite-{tool}" / "conftest.py").write_text(STOPWATCH)
    whole = rounds({tool: timed(tool, run) for tool, run in runs.items()}, count)
    yield ratio(f"{MANY:,} tests, over respx_mock", whole["aurous"], whole["respx"], 0.80)
    added = {tool: values[1:] for tool, values in each.items()}  # without the round that only warms up
    yield added_ratio("what a test adds to a bare one, over httpx_mock", added, "aurous", "httpx", 1.3)


@contextmanager
def _packages() -> Generator[Path, None, None]:
    """Yield a folder with both packages as an installer leaves them: compiled, but not by pytest."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for package in ("pytest_aurous", "respx"):
            spec = find_spec(package)
            assert spec
            assert spec.submodule_search_locations
            shutil.copytree(
                spec.submodule_search_locations[0], folder / package, ignore=shutil.ignore_patterns("__pycache__")
            )
        (folder / f"{PLUGINS['bare']}.py").touch()
        compileall.compile_dir(folder, quiet=1)
        yield folder


def _run(packages: Path, test: str, tool: str, *, bytecode: bool = True) -> Callable[[], float]:
    """Write a suite, and return what runs it and returns its CPU seconds."""
    home = packages / f"suite-{tool}"  # a folder with the name of a package would be one
    home.mkdir(exist_ok=True)
    (home / "conftest.py").unlink(missing_ok=True)
    (home / "test_suite.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGINS[tool]]
    env = {
        **os.environ,
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "" if bytecode else "1",
        "PYTHONPATH": str(packages),
    }

    def run() -> float:
        before = _children()
        done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return _children() - before

    return run


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
