"""Tests of Hypothesis: each example begins with the fake as the fixtures have left it, and is judged by itself."""

from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import settings

HEAD: Final = """
    import os
    import time
    import unittest
    from contextlib import suppress

    import httpx
    import pytest
    from hypothesis import Phase, assume, given, settings
    from hypothesis import strategies as st

    from pytest_aurous import AurousCrash
    from pytest_aurous.hypothesis import BadDay, bad_days, characters

    steady = {"deadline": None, "derandomize": True, "database": None, "phases": set(Phase) - {Phase.explain}}
    settings.register_profile("steady", max_examples=20, **steady)
    settings.load_profile("steady")

    NOVA = {"name": "Nova", "generate": True, "attributes": {"age": 28}}
"""


@pytest.fixture(autouse=True)
def _profile() -> Iterator[None]:
    """The profile of the inner runs ends with them."""
    before = settings.get_current_profile_name()
    yield
    settings.load_profile(before)


def run(pytester: pytest.Pytester, text: str, *options: str) -> pytest.RunResult:
    """Run tests, in which a warning is an error."""
    pytester.makepyfile(HEAD + text)
    return pytester.runpytest("-W", "error", "-p", "_hypothesis_pytestplugin", *options)


def test_each_example_begins_anew(pytester: pytest.Pytester) -> None:
    """With state, calls, routes, receivers and clocks as the fixtures have left them; no health check is in the way."""
    text = """
    seen, began = set(), []

    @given(body=characters())
    def test_it(aurous, aurous_client, aurous_api_key, aurous_base_url, aurous_seed, body):
        assert (len(aurous.calls), len(aurous.characters), aurous.team.credits) == (0, 0, 1000)
        assert aurous_client.post("/v1/characters", json=body).status_code == 201
        aurous.faults.status("balance.retrieve", 500)
        aurous.webhooks.deliver_to(list, url="https://shop.example/hook")
        aurous.route("balance.retrieve").respond(418)
        assert aurous_client.get("/v1/balance").status_code == 418
        aurous.faults.status("team.retrieve", 503)
        assert aurous_client.get("/v1/team").status_code in {404, 503}
        seen.add((aurous.characters.last.id, aurous.faker.name()))
        aurous.reset()

    class TestPrepared:
        @pytest.fixture(autouse=True)
        def prepared(self, aurous, aurous_client):
            aurous.characters.add("Aurora")
            aurous_client.get("/v1/balance")
            aurous.route("team.retrieve").respond(418)
            aurous.webhooks.deliver_to(lambda delivery: 204)
            aurous.faults.status("balance.retrieve", 503)

        @given(number=st.integers())
        def test_prepared(self, aurous, aurous_client, number):
            assert (len(aurous.characters), len(aurous.calls), len(aurous.webhook_endpoints)) == (1, 1, 1)
            assert aurous_client.get("/v1/balance").status_code == 503
            assert aurous_client.get("/v1/balance").status_code == 200
            route = aurous.route("team.retrieve")
            assert route.call_count == 0
            assert aurous_client.get("/v1/team").status_code == 418
            route.respond(200)
            aurous_client.post("/v1/characters", json=NOVA)
            aurous.characters.last.fail()
            assert [delivery.status for delivery in aurous.webhooks.flush()] == ["delivered"]

    class TestCase(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def fake(self, aurous):
            self.aurous = aurous

        @given(number=st.integers())
        def test_unittest(self, number):
            self.assertEqual(len(self.aurous.characters), 0)
            self.aurous.characters.add()

    @pytest.mark.parametrize("name", ["Aurora", "Nova"])
    @given(number=st.integers())
    def test_parameters(aurous, name, number):
        assert [one.name for one in aurous.characters] == []
        aurous.characters.add(name)

    def custom(*, name):
        def mark(function):
            import inspect
            function.__signature__ = inspect.signature(function)
            return function
        return mark

    @custom(name="x")
    @given(number=st.integers())
    def test_with_a_signature_of_its_own(aurous, number):
        assert len(aurous.characters) == 0
        aurous.characters.add()

    def test_given_inside(aurous, aurous_client):
        aurous.characters.add()
        counts = []

        @given(number=st.integers())
        def check(number):
            counts.append(len(aurous.characters))
            aurous_client.post("/v1/characters", json=NOVA)

        check()
        check()
        assert (set(counts[:20]), set(counts[20:])) == ({1}, {2})
        assert len(aurous.characters) == 3

    @pytest.mark.aurous(sleep="skip")
    @settings(max_examples=20)
    @given(number=st.integers())
    def test_clocks(aurous, number):
        began.append((time.time(), aurous.clock.time()))
        for _ in range(1000):
            time.sleep(100)

    def test_what_was_drawn_is_the_same():
        assert len(seen) == 1
        assert len(began) == 20
        assert all(abs(one[n] - began[0][n]) < 300 for one in began for n in (0, 1))
"""
    run(pytester, text).assert_outcomes(passed=9)


def test_other_fixtures_are_still_checked(pytester: pytest.Pytester) -> None:
    """The health check names the fixture of the user; and one that the user has suppressed stays suppressed."""
    text = """
    from hypothesis import HealthCheck

    @given(number=st.integers())
    def test_other(aurous, tmp_path, number): ...

    @given(number=st.integers())
    def test_faker(aurous, aurous_faker, number): ...

    @given(number=st.integers())
    def test_without(tmp_path, number): ...

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(number=st.integers())
    def test_suppressed(aurous, tmp_path, number): ...
"""
    result = run(pytester, text)

    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        ["*test_other' uses a function-scoped fixture 'tmp_path'.*", "*uses a function-scoped fixture 'aurous_faker'.*"]
    )
    result.stdout.no_fnmatch_line("*function-scoped fixture 'aurous'.*")


def test_a_request_that_the_api_does_not_know_shrinks(pytester: pytest.Pytester) -> None:
    """Each example is judged by itself, so Hypothesis finds the smallest that fails, and shows its calls."""
    text = """
    @given(number=st.integers(0, 1000))
    def test_it(aurous, aurous_client, number):
        aurous_client.get("/v1/charcters" if number >= 10 else "/v1/characters")

    @given(number=st.integers(0, 1000))
    def test_unfired(aurous, number):
        aurous.faults.timeout("characters.save")
        assume(number < 500)

    @given(number=st.integers(0, 1000))
    def test_rejected(aurous, aurous_client, number):
        if number % 2:
            aurous_client.get("/v1/charcters")
            assume(False)

    @given(number=st.integers(0, 1000))
    def test_assertion_first(aurous, aurous_client, number):
        aurous_client.get("/v1/charcters")
        assert number < 20
"""
    result = run(pytester, text)

    result.assert_outcomes(failed=3, passed=1)
    result.stdout.fnmatch_lines(
        [
            "E*AurousUnmatchedRequest: *",
            "E*number=10,",
            "*Aurous timeline*",
            "*1 *GET*/v1/charcters -> 404*",
            "E*AurousUnfiredFault: *",
            "E*number=0,",
            "*Hypothesis found 2 distinct failures.*",
        ]
    )


def test_a_crash_that_no_test_expects_is_shown(pytester: pytest.Pytester) -> None:
    """It is no `Exception`, and would end Hypothesis without an example."""
    text = """
    @given(day=bad_days(operations="characters.create", faults="crash"))
    def test_it(aurous, aurous_client, day):
        with aurous.day(day):
            aurous_client.post("/v1/characters", json=NOVA)
"""
    result = run(pytester, text)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*AurousError: AurousCrash ended the example.*", '*day=BadDay("characters.create#1 crash"),*']
    )


def test_async_tests(pytester: pytest.Pytester) -> None:
    """With anyio's plugin on asyncio and trio, each example of a coroutine begins anew."""
    pytest.importorskip("trio", reason="one of the two backends")
    text = """
    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="module", params=["asyncio", "trio"])
    def anyio_backend(request):
        return request.param

    @settings(max_examples=5)
    @given(body=characters(), day=bad_days(operations="characters.create", faults="refused,unavailable,lost"))
    async def test_it(anyio_backend, aurous, aurous_async_client, body, day):
        assert len(aurous.calls) == 0
        with aurous.day(day), suppress(httpx.TransportError):
            await aurous_async_client.post("/v1/characters", json=body)
        assert len(aurous.calls) == 1
"""
    run(pytester, text, "-p", "anyio", "-W", "ignore::pytest_aurous.AurousPitfallWarning").assert_outcomes(passed=2)


def test_tests_may_be_collected_again(pytester: pytest.Pytester) -> None:
    """A plugin that collects a second time in one run gets the same tests, which pass."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_collection(session):
            yield
            return session.perform_collect()
        """
    )
    text = """
    @given(body=characters())
    def test_it(aurous, body):
        assert len(aurous.characters) == 0
        aurous.client().post("/v1/characters", json=body)
    """

    run(pytester, text).assert_outcomes(passed=1)
