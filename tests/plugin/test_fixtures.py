"""Every fixture: what it gives, what it sets and takes back, and how a suite overrides it."""

import re
from inspect import signature, unwrap

import faker
import pytest

from pytest_aurous import Aurous
from pytest_aurous.plugin.fixtures import NAMES, Fixtures

pytestmark = pytest.mark.lowest


def test_value_fixtures_have_the_vendors_values(
    aurous_api_key: str, aurous_base_url: str, aurous_seed: int, aurous: Aurous
) -> None:
    """By default they are a key of the documented form but plainly fake, the vendor's URL without /v1, and 0."""
    assert re.fullmatch(r"al_live_[0-9a-f]{64}", aurous_api_key)
    assert "fa4efa4efa4e" in aurous_api_key
    assert (aurous_base_url, aurous_seed) == ("https://api.aurous-labs.com", 0)
    assert (aurous.api_key, aurous.base_url) == (aurous_api_key, aurous_base_url)


def test_a_value_fixture_that_returns_nonsense_is_named(pytester: pytest.Pytester) -> None:
    """The message names the fixture, without a traceback of ours."""
    wrong = {
        "aurous_api_key": ("None", "'al_live_\\n'"),
        "aurous_base_url": ("'https://own.example/v1'", "7"),
        "aurous_seed": ("'x'",),
    }
    classes = [
        f"class Test{number}:\n"
        f"    @pytest.fixture\n    def {fixture}(self): return {value}\n"
        f"    def test_{fixture}(self, aurous): ...\n"
        for fixture, values in wrong.items()
        for number, value in enumerate(values)
    ]
    pytester.makepyfile(
        "import pytest\n" + "".join(text.replace("Test", f"Test{at}", 1) for at, text in enumerate(classes))
    )

    result = pytester.runpytest()

    result.assert_outcomes(errors=5)
    named = [line.split("'")[1] for line in result.outlines if line.startswith("The fixture 'aurous_")]
    assert named == [fixture for fixture, values in wrong.items() for _ in values]
    result.stdout.no_fnmatch_line("*fixtures.py*")


def test_a_conftest_overrides_the_values(pytester: pytest.Pytester) -> None:
    """An overridden value fixture wins over ini, command line and marker, in a plugin of the suite, too."""
    pytester.makeini("[pytest]\naurous_base_url = https://ini.example\naurous_seed = 1")
    pytester.makeconftest("pytest_plugins = ['own_plugin']")
    pytester.syspathinsert()
    pytester.makepyfile(
        own_plugin="""
        import pytest

        @pytest.fixture
        def aurous_api_key():
            return "al_live_" + "ab" * 32

        @pytest.fixture
        def aurous_base_url():
            return "https://own.example/prefix"

        @pytest.fixture(scope="session")
        def aurous_seed():
            return 77
        """
    )
    pytester.makepyfile(
        """
        import os
        import pytest
        from pytest_aurous import Aurous

        @pytest.mark.aurous(base_url="https://marker.example", seed=3)
        def test_it(aurous, aurous_client, aurous_async_client, aurous_faker, aurous_seed):
            assert aurous.api_key == os.environ["AUROUS_API_KEY"] == "al_live_" + "ab" * 32
            assert aurous.base_url == os.environ["AUROUS_BASE_URL"] == "https://own.example/prefix"
            assert aurous_client.headers["X-Api-Key"] == aurous_async_client.headers["X-Api-Key"] == aurous.api_key
            assert aurous_client.get("/v1/balance").url == "https://own.example/prefix/v1/balance"
            assert aurous_client.get("/v1/balance").status_code == 200

            assert aurous_seed == 77
        """
    )

    pytester.runpytest("--aurous-seed", "2").assert_outcomes(passed=1)


def test_no_fixture_takes_what_is_expensive() -> None:
    """For each that takes `request` or `pytestconfig`, pytest would spend more time in each test."""
    taken = {name: set(signature(unwrap(getattr(Fixtures, name))).parameters) for name in NAMES}

    assert "aurous_seed" in taken["aurous"]
    assert not {"request", "pytestconfig"} & set().union(*taken.values())


def test_the_clients_need_no_care(pytester: pytest.Pytester) -> None:
    """`aurous_client` is closed with its test; `aurous_async_client` needs no loop, whatever warnings are made of."""
    pytester.makepyfile(
        """
        import asyncio, gc, httpx

        kept = []

        def test_sync(aurous_client):
            kept.append(aurous_client)
            assert not aurous_client.is_closed

        def test_unused(aurous_async_client):
            assert kept[0].is_closed
            assert type(aurous_async_client) is httpx.AsyncClient
            assert aurous_async_client.base_url == "https://api.aurous-labs.com"

        def test_used(aurous, aurous_async_client):
            response = asyncio.run(aurous_async_client.get("/v1/balance"))
            assert response.json()["credits"] == 1000
            assert aurous.calls.last.request.headers["x-api-key"] == aurous.api_key

        def test_after():
            gc.collect()
        """
    )

    pytester.runpytest("-W", "error", "-p", "no:randomly").assert_outcomes(passed=4)


def test_the_faker_is_ours_and_seeded(
    aurous: Aurous, aurous_faker: faker.Faker, aurous_seed: int, request: pytest.FixtureRequest
) -> None:
    """`aurous_faker` is a Faker with our provider, not the one of `aurous`, and both are seeded for this test."""
    assert aurous_faker is not aurous.faker
    assert aurous_faker.aurous_character_id().startswith("char_")
    assert aurous_faker.aurous_attributes()["age"] >= 18
    assert aurous.seed != aurous_seed
    with Aurous(seed=aurous.seed) as again:
        assert again.characters.add().id == aurous.characters.add().id


def test_the_suites_faker_is_undisturbed(pytester: pytest.Pytester) -> None:
    """What `faker` gives is the same whether our fixtures are used or not, and our Faker is another one."""
    pytester.makepyfile(
        """
        import pytest

        def test_without(faker):
            assert [faker.name() for _ in range(3)] == pytest.names

        def test_with(faker, aurous, aurous_faker):
            aurous_faker.name(); aurous.faker.name(); aurous.characters.add()
            names = [faker.name()]
            aurous_faker.name(); aurous.faker.name(); aurous.characters.add()
            names += [faker.name(), faker.name()]
            assert names == pytest.names
            assert aurous_faker is not faker
            assert not hasattr(faker, "aurous_character")
        """
    )
    pytester.makeconftest(
        """
        import pytest
        from faker import Faker

        alone = Faker()
        alone.seed_instance(0)
        pytest.names = [alone.name() for _ in range(3)]
        """
    )

    pytester.runpytest("-p", "faker").assert_outcomes(passed=2)


def test_the_fixture_can_be_built_upon(pytester: pytest.Pytester) -> None:
    """A suite may override `aurous` itself, to prepare the fake for all its tests."""
    pytester.makepyfile(
        """
        import httpx
        import pytest

        @pytest.fixture
        def aurous(aurous):
            aurous.characters.add("Aurora")
            return aurous

        def test_it(aurous, aurous_client):
            assert aurous_client.get("/v1/characters").json()["data"][0]["name"] == "Aurora"

        def test_strict_still(aurous):
            httpx.get(aurous.base_url + "/v1/nonsense")
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["AurousUnmatchedRequest: *"])
