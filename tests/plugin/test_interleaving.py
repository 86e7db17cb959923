"""Two workers under pytest: the command of the report, traces, and a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_the_command_of_the_report_runs_one_schedule(pytester: pytest.Pytester) -> None:
    """`--aurous-explore-only` replays it, beside other explorations of the test; a traced test has its serial run."""
    pytester.makepyfile(
        """
        def test_both(aurous, aurous_client):
            def work():
                if not aurous_client.get("/v1/characters").json()["data"]:
                    body = {"name": "Nova", "generate": True, "attributes": {"age": 28}}
                    aurous_client.post("/v1/characters", json=body)

            aurous.explore(lambda: aurous_client.get("/v1/balance"), faults="refused")
            aurous.interleave(work, work)
        """
    )
    result = pytester.runpytest_inprocess("--aurous-trace=traces")
    result.assert_outcomes(failed=1)
    again = "--aurous-explore-only=first-2"
    result.stdout.fnmatch_lines(["E *the character 'Nova' exists twice*", f"E *again: pytest *{again}"])
    result = pytester.runpytest_inprocess("--aurous-explore-only=first-2", "--aurous-explore=report")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *the character 'Nova' exists twice*"])
    result = pytester.runpytest_inprocess("--aurous-explore-only=balance.retrieve#1 refused")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *ConnectError*"])


def test_seconds_bound_what_a_test_explores_itself(pytester: pytest.Pytester) -> None:
    """All of its explorations together: what one takes, the next one has not."""
    pytester.makepyfile(
        """
        import time

        def test_it(aurous, aurous_client):
            found = []
            for _ in range(2):
                found += aurous.explore(lambda: aurous_client.get("/v1/balance")).cases
            assert not found

        def test_that(aurous, aurous_client):
            assert not aurous.interleave(*[lambda: aurous_client.get("/v1/balance")] * 2).cases
        """
    )
    result = pytester.runpytest_inprocess("--aurous-explore-seconds=0.000001", "-p", "no:randomly")
    result.assert_outcomes(passed=2)
