"""Hypothesis: each example of a test starts with the fake as the fixtures have left it."""

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


def test_each_example_has_a_fake_of_its_own(pytester: pytest.Pytester) -> None:
    """No health check has to be suppressed, and nothing of one example reaches another."""
    pytester.makepyfile(
        f"""{SUITE}
    few = settings(max_examples=10, database=None, deadline=None)
    ids = set()

    @few
    @given(name=names)
    def test_it(aurous, name):
        response = create(aurous, name)
        assert len(aurous.characters) == aurous.calls.count() == 1
        assert (aurous.team.credits, aurous.team.held_credits, response.json()["name"]) == (1000, 4, name)
        ids.add(response.json()["id"])
        aurous.script("synthesizing! -> reviewing")
        aurous.faults.timeout("characters.save", times=1)

    def test_it_repeats():
        assert len(ids) == 1

    @few
    @given(name=names)
    def test_block(name):
        with Aurous() as aurous:
            assert create(aurous, name).status_code == 201
            assert len(aurous.characters) == 1
    """
    )

    result = pytester.runpytest("-p", "hypothesispytest", "-p", "no:randomly", "-o", "aurous_strict=off")

    result.assert_outcomes(passed=3)


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
