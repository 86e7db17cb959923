"""pytest-rerunfailures: each run of a test has a fake of its own, and a verdict of its own."""

import pytest

pytest.importorskip("pytest_rerunfailures")


def test_a_rerun_has_a_fresh_fake(pytester: pytest.Pytester) -> None:
    """State, calls, faults and money of the failed run are gone, and chance is the same again."""
    pytester.makepyfile(
        """
        runs, seen = [], set()

        def test_flaky(aurous, aurous_client):
            assert (len(aurous.characters), aurous.calls.count(), aurous.team.held_credits) == (0, 0, 0)
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            made = aurous_client.post("/v1/characters", json=body)
            assert made.status_code == 201
            seen.add((aurous.seed, aurous.api_key, made.json()["id"]))
            assert len(seen) == 1
            runs.append(1)
            if len(runs) < 3:
                aurous.faults.outage(60)
                assert False, "flaky"

        def test_after():
            assert len(runs) == 3
        """
    )

    result = pytester.runpytest("-p", "rerunfailures", "--reruns", "3")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*2 passed, 2 rerun*"])


def test_a_verdict_of_ours_is_rerun(pytester: pytest.Pytester) -> None:
    """An unmatched request fails a run as an assertion does, and ``--only-rerun`` knows it by its name."""
    pytester.makepyfile(
        """
        import pytest
        runs = []

        def test_once(aurous_client):
            runs.append(1)
            if len(runs) == 1:
                aurous_client.get("/v1/charcters")

        @pytest.mark.flaky(reruns=1)
        def test_always(aurous_client):
            aurous_client.get("/v1/charcters")
        """
    )

    result = pytester.runpytest("-p", "rerunfailures", "--reruns", "2", "--only-rerun", "AurousUnmatchedRequest")
    none = pytester.runpytest("-p", "rerunfailures", "--reruns", "2", "--only-rerun", "OSError", "-k", "once")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_always - *AurousUnmatchedRequest: *", "*1 failed, 1 passed, 2 rerun*"])
    result.stdout.no_fnmatch_line("*AurousWarning*")
    none.assert_outcomes(failed=1, deselected=1)
