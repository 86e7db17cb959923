"""The findings of a suite at its end, and the baseline that accepts some."""

import json
import re
from typing import Any, Final

import pytest

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

@pytest.mark.aurous_explore(faults="lost, late", laws="pays_once")
@pytest.mark.parametrize("number", range({}))
def test_lost(aurous_client, number):
    funds(aurous_client)
    order(aurous_client)
"""
LOST, LATE = "characters.create#1 lost", "characters.create#1 late"
ACCEPTED: Final = {"breaks": ["pays_once"], "reason": "no keys before March"}


@pytest.fixture
def shop(pytester: pytest.Pytester) -> pytest.Pytester:
    """A pytester with an application whose requests go through one helper."""
    pytester.makepyfile(shop=SHOP, test_lost=SUITE.format(1))
    pytester.makeini("[pytest]\naurous_sleep = skip")
    return pytester


def accept(shop: pytest.Pytester, cases: Any) -> None:
    tests = {"test_lost.py::test_lost[0]": cases}
    (shop.path / "baseline.json").write_text(json.dumps({"version": 1, "tests": tests}), encoding="utf-8")


def accepted(shop: pytest.Pytester) -> Any:
    return json.loads((shop.path / "baseline.json").read_text(encoding="utf-8"))["tests"]


def test_a_suite_ends_with_its_findings(shop: pytest.Pytester) -> None:
    """Each has its tests, and one timeline; a failing test says in a sentence for each what has happened."""
    shop.makepyfile(test_lost=SUITE.format(7))

    result = shop.runpytest()

    result.assert_outcomes(failed=7)
    text = result.stdout.str()
    assert text.partition("aurous bad days")[0].count("AurousExplorationError: ") == 7
    end = text.partition(" in 7 tests:\n")[2]
    assert end.startswith("1  The response to characters.create #1 was lost, and ")
    assert "at shop.py:7 in order, through shop.py:2" in end
    assert "pays_once   characters.create#1 lost (and " in end
    assert re.search(
        r"\n1  characters.create#1 lost, in test_lost.py::test_lost.0.,\s.* and 2\s+more\n", end, re.DOTALL
    )
    assert text.count("+0 s") == end.count("+0 s") > 0


def test_a_baseline_is_read_and_updated(shop: pytest.Pytester) -> None:
    """What it accepts breaks no test; what is stale is named, and an update removes it."""
    options = ("--aurous-explore-baseline=baseline.json", "-p", "no:cacheprovider")

    updated = shop.runpytest(*options, "--aurous-explore-baseline-update")
    updated.assert_outcomes(failed=1)
    updated.stdout.fnmatch_lines(["baseline.json was written: 2 accepted, 2 of them new; 0 removed."])
    (cases,) = accepted(shop).values()
    assert {case: one["breaks"] for case, one in cases.items()} == {LATE: ["pays_once"], LOST: ["pays_once"]}
    known = shop.runpytest(*options)
    known.assert_outcomes(passed=1)
    known.stdout.fnmatch_lines(
        ["accepted: *::test_lost?0?: characters.create#1 lost (and 1 more): The response to ..."]
    )

    accept(shop, {LATE: ACCEPTED, LOST: {"breaks": ["tells"], "reason": "another law"}})
    shop.runpytest(*options).assert_outcomes(failed=1)

    shop.makepyfile(shop=FIXED)
    accept(shop, {LOST: ACCEPTED})
    stale = shop.runpytest(*options)
    stale.assert_outcomes(passed=1)
    stale.stdout.fnmatch_lines(
        ["baseline.json: test_lost.py::test_lost?0?: characters.create#1 lost no longer breaks*"]
    )
    accept(shop, {"characters.create#2 lost": ACCEPTED})
    unknown = shop.runpytest(*options)
    unknown.assert_outcomes(failed=1)
    unknown.stdout.fnmatch_lines(["*baseline.json accepts 'characters.create#2 lost' of test_lost.py::test_lost?0?: *"])
    emptied = shop.runpytest(*options, "--aurous-explore-baseline-update")
    emptied.assert_outcomes(passed=1)
    emptied.stdout.fnmatch_lines(["  removed: test_lost.py::test_lost?0?: characters.create#2 lost"])
    assert accepted(shop) == {}


def test_files_that_cannot_be_written_cost_no_result(shop: pytest.Pytester) -> None:
    """A warning names each."""
    (shop.path / "taken").write_text("", encoding="utf-8")

    files = ("--aurous-explore-baseline=taken/b.json", "--aurous-explore-json=taken/found.json")
    result = shop.runpytest(*files, "--aurous-explore-baseline-update")

    result.assert_outcomes(failed=1, warnings=2)
    result.stdout.fnmatch_lines(["*AurousWarning: *taken/found.json*"])
    result.stdout.fnmatch_lines(["*AurousWarning: *baseline*"])
