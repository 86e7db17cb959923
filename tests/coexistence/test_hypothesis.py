"""Hypothesis: one fake serves all examples of a test, and `reset()` makes each start afresh."""

from __future__ import annotations

from typing import Final

import pytest

pytest.importorskip("hypothesis")

SUITE: Final = """
    import httpx
    from hypothesis import HealthCheck, given, settings, strategies as st
    from pytest_aurous import Aurous

    shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, database=None,
                      deadline=None)
    names = st.text("abc", min_size=1, max_size=5)

    def create(aurous, name):
        body = {"name": name, "generate": True, "attributes": {"age": 20}}
        return httpx.post(aurous.base_url + "/v1/characters", json=body, headers={"X-Api-Key": aurous.api_key})
"""


def test_the_health_check_is_hypothesis_own(pytester: pytest.Pytester) -> None:
    """Unless told otherwise Hypothesis refuses `aurous`, as any fixture of a function, and names its check."""
    pytester.makepyfile(
        f"""{SUITE}
    @given(name=names)
    def test_it(aurous, name): ...
    """
    )

    result = pytester.runpytest("-p", "hypothesispytest")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*FailedHealthCheck: *'aurous'*", "*HealthCheck.function_scoped_fixture*"])


def test_state_carries_over_and_reset_ends_that(pytester: pytest.Pytester) -> None:
    """What one example made the next one finds, until it calls `reset()`; a fake in a block is new for each."""
    pytester.makepyfile(
        f"""{SUITE}
    counts = []

    @shared
    @given(name=names)
    def test_carried(aurous, name):
        assert create(aurous, name).status_code == 201
        assert len(aurous.characters) == aurous.calls.count() == len(counts) + 1
        counts.append(name)

    def test_carried_far():
        assert len(counts) == 10

    ids = set()

    @shared
    @given(name=names)
    def test_reset(aurous, name):
        aurous.reset()
        response = create(aurous, name)
        assert len(aurous.characters) == aurous.calls.count() == 1
        assert (aurous.team.credits, aurous.team.held_credits, response.json()["name"]) == (1000, 4, name)
        ids.add(response.json()["id"])
        aurous.script("synthesizing! -> reviewing")
        aurous.faults.timeout("characters.save")

    def test_reset_repeats():
        assert len(ids) == 1

    @settings(shared, suppress_health_check=[])
    @given(name=names)
    def test_block(name):
        with Aurous() as aurous:
            assert create(aurous, name).status_code == 201
            assert len(aurous.characters) == 1
    """
    )

    result = pytester.runpytest("-p", "hypothesispytest", "-p", "no:randomly", "--aurous-strict", "warn")

    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(["*AurousWarning: No call has met <Fault timeout*"])  # left behind by the last example


def test_an_unmatched_request_of_any_example_fails_the_test(pytester: pytest.Pytester) -> None:
    """The verdict is on the whole test: one FAILED, with each of the requests."""
    pytester.makepyfile(
        f"""{SUITE}
    @shared
    @given(name=st.sampled_from(["characters", "charcters"]))
    def test_it(aurous, name):
        httpx.get(f"{{aurous.base_url}}/v1/{{name}}", headers={{"X-Api-Key": aurous.api_key}})
    """
    )

    result = pytester.runpytest("-p", "hypothesispytest")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_it - *AurousUnmatchedRequest: *no such operation: GET *charcters"])
