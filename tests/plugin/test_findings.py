"""The findings of a suite: causes at its end, ready tests, the baseline, and the time."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

pytest_plugins = ("pytester",)

SHOP: Final = """
def send(client, method, path, **body):
    return client.request(method, path, **body)

def order(client):
    for _ in range(2):
        try:
            return send(client, "POST", "/v1/characters", json={
                "name": "A", "generate": True, "attributes": {"age": 28}}).raise_for_status()
        except Exception:
            pass

def funds(client):
    send(client, "GET", "/v1/balance").raise_for_status()
"""
FIXED: Final = SHOP.replace("range(2)", "range(1, 2)")
"""Of another length, so that Python does not take the bytecode of a file that is as old."""
SUITE: Final = """
import pytest
from shop import funds, order

def test_first(aurous_client):
    funds(aurous_client)
    order(aurous_client)

@pytest.mark.parametrize("number", range(6))
def test_more(aurous_client, number):
    funds(aurous_client)
    order(aurous_client)
"""
ONLY_LOST: Final = """
import pytest
from shop import funds, order

@pytest.mark.aurous_explore(faults="lost, late", laws="pays_once")
def test_lost(aurous_client):
    funds(aurous_client)
    order(aurous_client)
"""
ACCEPTED: Final = {"characters.create#1 lost": {"breaks": ["pays_once"], "reason": "no keys before March"}}


@pytest.fixture
def shop(pytester: pytest.Pytester) -> pytest.Pytester:
    """A pytester with an application whose requests go through one helper."""
    pytester.makepyfile(shop=SHOP)
    pytester.makeini("[pytest]\naurous_sleep = skip")
    return pytester


def accept(shop: pytest.Pytester, cases: Any) -> None:
    """Write the baseline."""
    tests = {"test_lost.py::test_lost": cases}
    (shop.path / "baseline.json").write_text(json.dumps({"version": 1, "tests": tests}))


@pytest.mark.parametrize("mode", ["report", "fail"])
def test_a_suite_ends_with_its_findings(shop: pytest.Pytester, mode: str) -> None:
    """Each has its tests, and one timeline; a failing test says in a sentence for each what has happened."""
    shop.makepyfile(test_suite=SUITE)

    result = shop.runpytest(f"--aurous-explore={mode}")

    result.assert_outcomes(**{"passed" if mode == "report" else "failed": 7})
    text = result.stdout.str()
    if mode == "fail":
        assert text.partition("aurous bad days")[0].count("AurousExplorationError: ") == 7
    end = text.partition(" in 7 tests:\n")[2]
    assert end.startswith("1  The response to characters.create #1 was lost, and ")
    assert "at shop.py:7 in order, through shop.py:2" in end
    assert "pays_once   characters.create#1 lost (and " in end
    assert re.search(r"\n1  characters.create#1 lost, in test_suite.py::test_first,\s.* and 2\s+more\n", end, re.DOTALL)
    assert text.count("+0 s") == end.count("+0 s") > 0


def test_a_baseline_is_read_and_updated(shop: pytest.Pytester) -> None:
    """What it accepts breaks no test; what is stale is named, and an update removes it."""
    shop.makepyfile(test_lost=ONLY_LOST)
    options = ("--aurous-explore-baseline=baseline.json", "-p", "no:cacheprovider")
    late = {"characters.create#1 late": ACCEPTED["characters.create#1 lost"]}

    updated = shop.runpytest(*options, "--aurous-explore-baseline-update")
    updated.assert_outcomes(failed=1)
    updated.stdout.fnmatch_lines(
        [
            "baseline.json was written: 2 accepted, 2 of them new; 0 removed.",
            "  new: test_lost.py::test_lost: characters.create#1 late",
        ]
    )
    written = json.loads((shop.path / "baseline.json").read_text())["tests"]["test_lost.py::test_lost"]
    assert {case: one["breaks"] for case, one in written.items()} == {
        case: ["pays_once"] for case in {**ACCEPTED, **late}
    }
    accepted = shop.runpytest(*options)
    accepted.assert_outcomes(passed=1)
    accepted.stdout.fnmatch_lines(
        [
            "accepted: test_lost.py::test_lost: 2 cases accepted by the baseline baseline.json",
            "accepted: test_lost.py::test_lost: known: characters.create#1 lost (pays_once): The response to *",
        ]
    )

    accept(shop, {**late, "characters.create#1 lost": {"breaks": ["tells"], "reason": "another law"}})
    shop.runpytest(*options).assert_outcomes(failed=1)

    shop.makepyfile(shop=FIXED)
    accept(shop, ACCEPTED)
    stale = shop.runpytest(*options)
    stale.assert_outcomes(passed=1)
    stale.stdout.fnmatch_lines(["baseline.json: test_lost.py::test_lost: characters.create#1 lost no longer breaks*"])
    stale.stdout.fnmatch_lines(["To remove what is out of date, run pytest --aurous-explore=report --aurous-*-update"])
    accept(shop, {"characters.create#2 lost": ACCEPTED["characters.create#1 lost"]})
    unknown = shop.runpytest(*options)
    unknown.assert_outcomes(failed=1)
    unknown.stdout.fnmatch_lines(["*baseline.json accepts 'characters.create#2 lost' of test_lost.py::test_lost: *"])
    emptied = shop.runpytest(*options, "--aurous-explore-baseline-update")
    emptied.assert_outcomes(passed=1)
    emptied.stdout.fnmatch_lines(["  removed: test_lost.py::test_lost: characters.create#2 lost"])
    assert json.loads((shop.path / "baseline.json").read_text()) == {"version": 1, "tests": {}}


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--aurous-explore-baseline=none.json"], "*--aurous-explore-baseline: none.json: No such file or directory.*"),
        (
            ["--aurous-explore-baseline-update"],
            "*--aurous-explore-baseline-update needs --aurous-explore-baseline=FILE.*",
        ),
        (
            ["--aurous-explore-seconds=soon"],
            "*-seconds=soon: expected a number of seconds above 0, such as 60.*",
        ),
        (
            ["--aurous-explore-seconds=0"],
            "*-seconds=0: expected a number of seconds above 0, such as 60.*",
        ),
    ],
)
def test_usage_errors_of_findings(shop: pytest.Pytester, options: list[str], line: str) -> None:
    """They end the run before the first test, also if nothing asks for exploring."""
    result = shop.runpytest(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([line])


def test_files_that_cannot_be_written_cost_no_result(shop: pytest.Pytester) -> None:
    """A warning names each."""
    shop.makepyfile(test_lost=ONLY_LOST)
    (shop.path / "taken").write_text("")

    files = ("--aurous-explore-baseline=taken/b.json", "--aurous-explore-json=taken/found.json")
    result = shop.runpytest(*files, "--aurous-explore-baseline-update")

    result.assert_outcomes(failed=1, warnings=2)
    for what in (
        "The results of exploring could not be written to taken/found.json",
        "The baseline could not be written",
    ):
        result.stdout.fnmatch_lines([f"*{what}*"])


def test_the_time_is_shared(shop: pytest.Pytester) -> None:
    """The report says what was not run."""
    shop.makepyfile(test_suite=SUITE)
    options = ("--aurous-explore=report", "--aurous-explore-json=out.json", "-k", "first or 0")

    def cases() -> list[list[str]]:
        tests = json.loads((shop.path / "out.json").read_text())["tests"]
        return [[case["id"] for case in one["data"]["cases"]] for one in tests]

    shop.runpytest(*options, "--aurous-explore-seconds=100").assert_outcomes(passed=2, deselected=5)
    assert all(len(one) > 9 for one in cases())
    shop.runpytest(*options, "--aurous-explore-seconds=1e-6").assert_outcomes(passed=2, deselected=5)
    tests = json.loads((shop.path / "out.json").read_text())["tests"]
    assert cases() == [[], []]
    assert all(one["data"]["not_run"] > 9 for one in tests)
    assert tests[0]["data"]["remarks"][-1].endswith("cases, because the time was over")
