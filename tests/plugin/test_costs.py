"""What a suite pays for the fake, in counts that no busy machine changes: modules, function calls, bytes.

The limits are budgets with air above what is needed today. If one is exceeded, look first for what was added by
mistake: an import at the top of a module, work in the fixture that only some tests need, something that is kept of each
request. If it is worth its cost, raise the limit in the same change, and measure with ``tox -e bench``.
"""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import FrameType
from typing import Any, Final

import pytest

import pytest_aurous
from pytest_aurous import Aurous
from pytest_aurous._trace.recorder import Recorder
from tests.conftest import COMPREHENSIONS

HOME: Final = Path(pytest_aurous.__file__).parent
WATCHED: Final = """
    import json, pathlib, sys

    calls = {}

    def pytest_runtest_protocol(item):
        def see(frame, event, arg):
            calls[item.name] = calls.get(item.name, 0) + (event in {"call", "c_call"})

        sys.setprofile(see)

    def pytest_runtest_logfinish():
        sys.setprofile(None)

    def pytest_sessionfinish():
        files = {getattr(module, "__file__", None) for name, module in sys.modules.items() if "aurous" in name}
        found = {"calls": calls, "files": sorted(filter(None, files))}
        pathlib.Path(__file__).with_name("costs.json").write_text(json.dumps(found))
"""
"""Counts the functions that are called for each test, and notes the modules that were imported."""


def run(pytester: pytest.Pytester, tests: str) -> dict[str, Any]:
    """Run tests in a process of their own, with this plugin alone."""
    pytester.makeconftest(WATCHED)
    pytester.makepyfile(tests)
    pytester.runpytest_subprocess("-p", "pytest_aurous").assert_outcomes(passed=tests.count("def test_"))
    found: dict[str, Any] = json.loads((pytester.path / "costs.json").read_text("utf-8"))
    return found


def lines(found: dict[str, Any]) -> int:
    """Return how many lines the imported modules of the package have."""
    return sum(len(Path(file).read_text("utf-8").splitlines()) for file in found["files"] if HOME in Path(file).parents)


def our_calls(action: Callable[[], object]) -> int:
    """Return how many functions of the package *action* calls."""
    files: list[str] = []

    def see(frame: FrameType, event: str, _arg: object) -> None:
        if event == "call" and frame.f_code.co_name not in COMPREHENSIONS:
            files.append(frame.f_code.co_filename)

    sys.setprofile(see)
    try:
        action()
    finally:
        sys.setprofile(None)
    return sum(HOME in Path(file).parents for file in files)


def test_a_run_that_does_not_use_the_plugin_imports_little(pytester: pytest.Pytester) -> None:
    """Hooks, options and fixtures: the first test that asks for the fake imports it."""
    assert lines(run(pytester, "def test_bare(): ...")) < 4_000, __doc__


def test_a_run_that_does_not_use_the_plugin_compiles_nothing(pytester: pytest.Pytester) -> None:
    """Neither a pattern nor the methods of a dataclass, each of which takes longer than a test."""
    code = """
        import dataclasses, re, socket, urllib.parse
        import pytest

        def refuse(*_, **__):
            raise AssertionError("compiled while the plugin was imported")

        re.compile = dataclasses.dataclass = refuse
        import pytest_aurous.plugin
    """

    assert pytester.runpython_c(dedent(code)).ret == 0


def test_the_first_test_imports_what_it_needs(pytester: pytest.Pytester) -> None:
    """Each line counts: where there is no bytecode, all of them are compiled; so does each call of a fixture."""
    tests = """
        import sys

        def test_one(aurous, aurous_client):
            assert aurous_client.get("/v1/balance").json()["credits"] == 1000
            assert {"faker", "respx", "unittest.mock", "asyncio"}.isdisjoint(sys.modules)

        def test_bare(): ...
        def test_with(aurous): ...
    """
    found = run(pytester, tests)

    assert lines(found) < 19_500, __doc__
    assert 0 < found["calls"]["test_with"] - found["calls"]["test_bare"] < 3_000, __doc__


def test_a_new_fake_does_little() -> None:
    """What only some tests need is made when they need it, such as the detectors of pitfalls."""
    Aurous()

    assert 0 < our_calls(Aurous) < 150, __doc__


def test_a_poll_goes_through_few_functions() -> None:
    """It stays so however many requests and characters there were before, and after a trace has ended."""
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        client.get(path)
        first = our_calls(lambda: client.get(path))
        for _ in range(300):
            fake.characters.add()
            client.get(path)
        later = our_calls(lambda: client.get(path))
        Recorder(fake._session.handle).stop()
        traced_before = our_calls(lambda: client.get(path))

    assert 0 < first < 130, __doc__
    assert later <= first
    assert traced_before <= first


def test_the_last_record_and_their_number_copy_no_ids() -> None:
    """In bytes, with many characters: both take as much as with few."""
    fake = Aurous()
    for _ in range(2_000):
        fake.characters.add()
    tracemalloc.start()
    found = fake.characters.last, len(fake.characters)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found[1] == 2_000
    assert most < 8_000, __doc__


def test_a_filter_asks_little_of_each_row() -> None:
    """Also where no row fits, so that a page looks at all of them."""

    def calls(rows: int) -> int:
        with Aurous() as fake, fake.client() as client:
            for _ in range(rows):
                fake.characters.add()
            client.get("/v1/characters?status=failed")
            return our_calls(lambda: client.get("/v1/characters?status=failed"))

    assert (calls(110) - calls(10)) / 100 <= 3, __doc__


def test_a_fake_that_was_left_is_freed_at_once() -> None:
    """After a test with one GET, the garbage collector finds the response of httpx, and what only that refers to."""

    def test() -> None:
        with Aurous() as fake, fake.client() as client:
            client.get(f"/v1/characters/{fake.characters.add().id}")

    test()
    gc.collect()
    gc.disable()
    try:
        test()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found = [f"{type(one).__module__}.{type(one).__name__}" for one in gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()

    if sys.version_info < (3, 11):  # there, the attributes of each object are a dict beside it
        found = [name for name in found if name != "builtins.dict"]
    assert [name for name in found if name.startswith("pytest_aurous.")] == []
    assert len(found) <= 30, __doc__


def test_little_is_kept_of_each_call() -> None:
    """In bytes, with a body that all of them share."""
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        for _ in range(100):
            client.get(path)
        gc.collect()
        tracemalloc.start()
        for _ in range(500):
            client.get(path)
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert kept / 500 < 1_200, __doc__
