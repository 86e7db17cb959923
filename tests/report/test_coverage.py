"""Which outcomes a suite has met."""

import json
from typing import Any

import pytest

from pytest_aurous._core.resources.catalog import CATALOG
from pytest_aurous._report.coverage import Coverage
from tests.conftest import Api

ROWS = CATALOG.by_operation


@pytest.fixture(name="coverage")
def _coverage() -> Coverage:
    return Coverage()


@pytest.fixture(name="met")
def _met(api: Api, coverage: Coverage) -> Coverage:
    """Two good responses, a refusal, a lost one and one that no endpoint took."""
    api.app.world.watchers.append(coverage)
    for _ in range(2):
        api.get("/v1/balance")
    api.get("/v1/characters/char_x")
    api.aurous.faults.timeout("characters.list")
    api.broken("GET", "/v1/characters")
    api.get("/v1/nothing")
    return coverage


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_a_call_can_come_to(row: Any) -> None:
    """Its good status, what it refuses with, what any call may be refused with, and that it breaks; in order."""
    found = row.outcomes

    assert list(found) == sorted({*found})
    assert {str(row.status), *row.errors, "400 unknown_version", "500 internal_error", "no response"} <= {*found}
    assert ("401 missing_api_key" in found) == (not row.signed or "401 missing_api_key" in row.errors)
    assert ("409 idempotency_key_in_use" in found) == bool(row.idempotent)


def test_what_was_met_is_counted(met: Coverage) -> None:
    """A call that no endpoint matched does not count, and no response is an outcome."""
    assert met.dump() == {
        "balance.retrieve": {"200": 2},
        "characters.list": {"no response": 1},
        "characters.retrieve": {"404 resource_not_found": 1},
    }


def test_processes_add_up(met: Coverage, coverage: Coverage) -> None:
    """What one dumps, as JSON if need be, another merges; twice is twice."""
    dumped = json.loads(json.dumps(met.dump()))
    other = Coverage()
    for _ in range(2):
        other.merge(dumped)

    assert other.dump()["balance.retrieve"] == {"200": 4}
    assert other.dump().keys() == dumped.keys()


def test_json_tells_the_whole(met: Coverage) -> None:
    """Every operation with every outcome, met or not, and the sums."""
    told = json.loads(json.dumps(met.json()))

    assert list(told) == ["operations", "met", "possible"]
    assert list(told["operations"]) == list(ROWS)
    assert told["met"] == 3
    assert told["possible"] == sum(len(row.outcomes) for row in ROWS.values())
    for name, row in ROWS.items():
        assert list(told["operations"][name]) == list(row.outcomes)
    assert told["operations"]["balance.retrieve"]["200"] == 2
    assert told["operations"]["balance.retrieve"]["401 missing_api_key"] == 0


def test_what_nobody_foresaw_is_shown_but_not_summed(api: Api, coverage: Coverage) -> None:
    """A fault may respond with anything; that is met, but was not among the possible."""
    api.app.world.watchers.append(coverage)
    api.aurous.faults.status("*", 418, code="teapot")
    api.get("/v1/balance")

    told = coverage.json()

    assert told["operations"]["balance.retrieve"]["418 teapot"] == 1
    assert told["met"] == 0
    assert "418 teapot x1" in coverage.table()
    assert coverage.title().startswith("aurous coverage: 1 of ")


def test_the_table_tells_each_operation(met: Coverage) -> None:
    """What was met, how often, and what never was; an outcome is not broken in two."""
    lines = met.table(60, full=True).split("\n")

    at = lines.index("balance.retrieve")
    assert lines[at : at + 5] == [
        "balance.retrieve",
        "  met    200 x2",
        "  never  400 unknown_version, 401 invalid_api_key,",
        "         401 missing_api_key, 429 too_many_requests,",
        "         500 internal_error, no response",
    ]
    assert lines[lines.index("characters.create") + 1] == "  met    nothing"
    assert [line for line in lines if not line.startswith(" ")] == list(ROWS)
