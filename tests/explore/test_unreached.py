"""Lines that never ran: which lines of the code under test no case has reached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous._explore import unreached as module
from pytest_aurous._explore.unreached import Lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from pytest_aurous import Aurous

    Imported = Callable[[str], dict[str, Any]]

monitoring: Any = getattr(sys, "monitoring", None)
monitored = pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
BALANCE = """
    from __future__ import annotations
    from typing import TYPE_CHECKING

    def balance(client):
        '''Return the credits.'''
        for attempt in range(2):
            if TYPE_CHECKING:
                import httpx
            try:
                found = client.get(  # two lines
                    "/v1/balance"
                )
            except OSError:
                return fallback(
                    client
                )
            except Exception:
                if attempt:
                    raise
                continue
            else:

                if found.status_code == 418:
                    def teapot():
                        return 0

                    return teapot()
                if found.status_code == 419:  # pragma: no cover
                    if found:
                        return 1
                return found.json()

    def fallback(client):
        return 0

    class Later:
        pass
"""


@pytest.fixture
def application(tmp_path: Path) -> Imported:
    """Return a function that imports an application."""

    def imported(source: str) -> dict[str, Any]:
        file = tmp_path / "agent.py"
        file.write_text(dedent(source), encoding="utf-8")
        names: dict[str, Any] = {"__name__": "agent"}
        exec(compile(dedent(source), file, "exec"), names)  # noqa: S102 - its own code
        return names

    return imported


def lines_of(found: Any) -> list[tuple[int, ...]]:
    return [lines for file, lines in found.items() if file.endswith("agent.py")]


@monitored
def test_a_fallback_that_no_case_reached_is_listed(fake: Aurous, client: httpx.Client, application: Imported) -> None:
    """Not what ran on a bad day only, a function that never started, nor what a comment excludes."""
    run = application(BALANCE)["balance"]

    exploration = fake.explore(lambda: run(client))

    assert lines_of(exploration.unreached) == [(15, 16, 25, 28)]
    assert exploration.report().endswith("/agent.py:15-16, 25, 28")
    assert "never ran" not in str(exploration)
    assert [one for one in range(6) if monitoring.get_tool(one) == "pytest-aurous"] == []


@monitored
def test_a_line_that_a_killed_process_does_not_run_is_named(
    fake: Aurous, client: httpx.Client, application: Imported
) -> None:
    """Only `finally` removes the lock: a killed process leaves it.

    A `with`, an `except` and what a library asks whether to retry are no such lines.
    """
    run = application("""
        import contextlib
        import tenacity

        def again(error):
            return isinstance(error, OSError)

        @tenacity.retry(retry=tenacity.retry_if_exception(again))
        def locked(client, locks):
            locks.append(1)
            try:
                with contextlib.suppress(ValueError):
                    client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "1"})
            except OSError:
                raise
            finally:
                locks.clear()
    """)["locked"]

    explored = fake.explore(lambda: run(client, []), faults="crash, dies", laws="recovers")

    (remark,) = explored.remarks
    assert remark.startswith("In images.create#1 crash (and 1 more), ")
    assert remark.endswith("/agent.py:17 ran after the crash, which a killed process does not run.")


@monitored
def test_what_other_threads_run_counts(fake: Aurous, application: Imported) -> None:
    """Each file counts whose code sends a request, in whichever thread."""
    run = application("""
        import contextlib, threading

        def in_thread(client, fail=False):
            def work():
                if fail:
                    raise OSError
                with contextlib.suppress(Exception):
                    client.get("/v1/balance")
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
    """)["in_thread"]

    with fake.client() as client:
        found = fake.explore(lambda: run(client), laws="ends")

    assert lines_of(found.unreached) == [(7,)]


@monitored
def test_without_a_free_id_one_line_says_so(fake: Aurous, client: httpx.Client, application: Imported) -> None:
    """Other tools hold all of them."""
    run = application(BALANCE)["balance"]
    with ExitStack() as undo:
        for tool in range(6):
            if monitoring.get_tool(tool) is None:
                monitoring.use_tool_id(tool, "other")
                undo.callback(monitoring.free_tool_id, tool)

        exploration = fake.explore(lambda: run(client))

    assert exploration.unreached is None
    assert exploration.report().count("never ran: not known") == 1


@monitored
def test_what_was_registered_is_released_if_the_rest_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(monitoring, name)

        def set_events(self, tool: int, events: int) -> None:
            monitoring.set_events(tool, events)
            if events:
                raise OSError("half-way")

    monkeypatch.setattr(module, "_monitoring", Failing())

    with pytest.raises(OSError, match="half-way"):
        Lines().watching()

    assert "pytest-aurous" not in map(monitoring.get_tool, range(6))


@monitored
@pytest.mark.parametrize("core", ["ctrace", "sysmon"])
def test_coverage_measures_beside_it(core: str, tmp_path: Path) -> None:
    """Both see the same lines, with either core of coverage."""
    (tmp_path / "agent.py").write_text(dedent(BALANCE), encoding="utf-8")
    (tmp_path / "check.py").write_text(
        "from pytest_aurous import Aurous\nfrom agent import balance\n"
        "with Aurous() as fake, fake.client() as client:\n"
        "    print(fake.explore(lambda: balance(client)).report())\n"
        "    print(fake.explore(lambda: balance(client)).report())\n",
        encoding="utf-8",
    )
    python = [sys.executable, "-m", "coverage"]
    environment = {"PATH": os.environ["PATH"], "COVERAGE_CORE": core}

    def run(*arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own code
            [*python, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout

    assert run("run", "--include=agent.py", "check.py").count("never ran: agent.py:15-16, 25, 28\n") == 2
    assert "%   15, 25-28, 35\n" in run("report", "-m")


@monitored
def test_a_suite_lists_what_ran_in_no_test(pytester: pytest.Pytester) -> None:
    """A line counts if one test has reached it; the file has the lines of each test."""
    pytester.makepyfile(
        plans="""
        def balance(client, plan):
            if client.get("/v1/balance").status_code == 418:
                return 0
            if plan == "a":
                return 1
            return 2
        """,
        test_plans="""
        import pytest
        from plans import balance

        @pytest.mark.parametrize("plan", ["a", "b"])
        def test_balance(aurous_client, aurous, plan):
            assert balance(aurous_client, plan)
        """,
    )

    result = pytester.runpytest("--aurous-explore=report", "--aurous-explore-json=found.json")

    assert [line for line in result.outlines if line.startswith("never ran")] == ["never ran: plans.py:3"]
    tests = json.loads((pytester.path / "found.json").read_text(encoding="utf-8"))["tests"]
    assert [one["data"]["unreached"] for one in tests] == [{"plans.py": [3, 6]}, {"plans.py": [3, 5]}]


def test_before_python_3_12_one_line_says_so(
    fake: Aurous, client: httpx.Client, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no `sys.monitoring`; a suite says it once for all tests."""
    monkeypatch.setattr(module, "_monitoring", None)
    exploration = fake.explore(lambda: client.get("/v1/balance"))
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test_balance(aurous_client, aurous, number):
            aurous_client.get("/v1/balance")
        """
    )

    result = pytester.runpytest("--aurous-explore=report", "-p", "no:xdist")

    assert exploration.unreached is None
    assert "never ran: not known" in exploration.report()
    assert len([line for line in result.outlines if line.startswith("never ran: not known")]) == 1
