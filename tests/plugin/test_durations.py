"""Which tests the fake took how long in: ``--aurous-durations``."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import pytest

SUITE: Final = """
    import time
    import pytest

    @pytest.fixture
    def slow_service(aurous):
        yield time.sleep(0.05)
        time.sleep(0.05)

    @pytest.mark.aurous(script="synthesizing:45s -> reviewing", sleep="skip")
    def test_polls(aurous, aurous_client):
        body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
        path = "/v1/characters/" + aurous_client.post("/v1/characters", json=body).json()["id"]
        while aurous_client.get(path).json()["status"] == "synthesizing":
            time.sleep(15)

    def test_idle(aurous): aurous.clock.advance(seconds=5)

    def test_beside(slow_service): time.sleep(0.05)

    def test_fails(aurous_client):
        aurous_client.get("/v1/balance")
        assert False

    @pytest.mark.parametrize("key", ["al_live_" + "7" * 64])
    def test_key(aurous, key): ...

    @pytest.fixture
    def aurous_base_url(request, pytestconfig):
        if "broken" in request.node.name:
            raise OSError("my own")
        return "https://api.aurous-labs.com"

    def test_broken(aurous): ...

    def test_without(): ...
"""


class Row(NamedTuple):
    """One line of the table: milliseconds, requests and skipped seconds."""

    total: float
    setup: float
    serving: float
    teardown: float
    requests: float
    skipped: float


def rows(result: pytest.RunResult) -> dict[str, Row]:
    """Read the table, in its order."""
    pattern = re.compile(r" *([\d.]+)ms" * 4 + r" +(\d+) +(\d+)s +\S+::(\S+)")
    found = filter(None, map(pattern.fullmatch, result.outlines))
    return {one[7]: Row(*[float(one[column]) for column in range(1, 7)]) for one in found}


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "xdist"])
def test_shows_what_the_fake_took_in_each_test(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """0 shows all tests with a fixture of the plugin, the slowest first, and none of what the test itself took."""
    if workers:
        pytest.importorskip("xdist", reason="needs pytest-xdist")
    pytester.makepyfile(SUITE)

    result = pytester.runpytest("--aurous-durations=0", *workers)

    result.assert_outcomes(passed=5, failed=1, errors=1)
    found = rows(result)
    assert len(found) == 6
    assert "test_without" not in found
    assert (found["test_polls"].requests, found["test_polls"].skipped) == (5, 45)
    assert (found["test_fails"].requests, found["test_fails"].skipped) == (1, 0)
    assert found["test_polls"].serving > 0
    assert found["test_idle"][2:] == (0, found["test_idle"].teardown, 0, 0)
    assert sum(row.teardown for row in found.values()) > 0
    assert all(abs(row.total - row.setup - row.serving - row.teardown) < 0.2 for row in found.values())
    assert list(found.values()) == sorted(found.values(), key=lambda row: -row.total)
    assert found["test_beside"].serving + found["test_beside"].teardown < 50
    result.stdout.fnmatch_lines(["*aurous durations: 6 of 6 tests*", "The fake took *s of the *s of all tests."])
    result.stdout.no_fnmatch_line("*7777*::test_key*")


def test_shows_so_many(pytester: pytest.Pytester) -> None:
    """A number shows the slowest; the ini file can have it, and a trace and an exploration do not disturb it."""
    pytester.makeini("[pytest]\naurous_durations = 2")
    pytester.makepyfile(SUITE)

    result = pytester.runpytest("--aurous-trace=traces", "--aurous-explore=report")

    found = rows(result)
    assert len(found) == 2
    assert found["test_polls"][4:] == (5, 45)
    result.stdout.fnmatch_lines(["*aurous durations: 2 of 6 tests*"])


def test_without_the_option_nothing_is_measured(pytester: pytest.Pytester) -> None:
    """Nothing is imported, and no table is shown."""
    pytester.makepyfile(
        """
        import sys

        def test_it(aurous):
            assert "pytest_aurous.plugin.durations" not in sys.modules
        """
    )

    result = pytester.runpytest_subprocess("-p", "pytest_aurous")

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*aurous durations*")


@pytest.mark.parametrize("value", ["", "few", "-1"])
def test_refuses_what_is_no_number(pytester: pytest.Pytester, value: str) -> None:
    """A plain message says what was expected."""
    result = pytester.runpytest(f"--aurous-durations={value}")

    if value:
        assert result.ret is pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(
            [f"*--aurous-durations={value}: expected a number of tests, such as 10, or 0 for all.*"]
        )
    else:
        assert result.ret is pytest.ExitCode.NO_TESTS_COLLECTED
