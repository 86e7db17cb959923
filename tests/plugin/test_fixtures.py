"""Every fixture: what it gives, what it sets and takes back, and how a suite overrides it."""

from __future__ import annotations

import os
import re
import sys
from inspect import signature, unwrap
from textwrap import dedent
from typing import TYPE_CHECKING, Final

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous.plugin.fixtures import NAMES, Fixtures

if TYPE_CHECKING:
    import faker

pytestmark = pytest.mark.lowest

# A person, an id, a key and a name are all that chance decides.
WRITES_DATA: Final = """
    import json
    import pytest

    def write(name, aurous, aurous_faker):
        character = aurous.characters.add()
        data = [aurous.seed, aurous.api_key, character.id, character.name, character.attributes,
                aurous_faker.aurous_attributes(), aurous_faker.name(), aurous.faker.name()]
        with open(f"{name}.jsonl", "a") as file:
            print(json.dumps(data), file=file)

    def test_one(aurous, aurous_faker):
        write("one", aurous, aurous_faker)

    class TestIt:
        @pytest.mark.parametrize("number", [1, 2])
        def test_two(self, number, aurous, aurous_faker):
            write(f"two{number}", aurous, aurous_faker)

    def test_three(aurous_faker, aurous):
        write("three", aurous, aurous_faker)
"""


def data_of(pytester: pytest.Pytester) -> dict[str, set[str]]:
    """Return what the tests of `WRITES_DATA` have written until now."""
    return {path.stem: set(path.read_text().splitlines()) for path in pytester.path.glob("*.jsonl")}


def test_the_fixture_is_live_at_once(aurous: Aurous) -> None:
    """`aurous` is an `Aurous` that intercepts, with nothing else to do."""
    response = httpx.get(f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]})

    assert type(aurous) is Aurous
    assert response.json()["credits"] == 1000
    assert aurous.calls.last.operation == "balance.retrieve"


@pytest.mark.parametrize("before", [None, "al_live_real"], ids=["unset", "set"])
def test_the_environment_is_the_fakes_and_comes_back(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    """A real key never reaches a test, and is back afterwards, however the test ended."""
    names = ("AUROUS_API_KEY", "AUROUS_BASE_URL")
    for name in names:
        monkeypatch.delenv(name, raising=False)
        if before is not None:
            monkeypatch.setenv(name, before)
    pytester.makepyfile(
        f"""
        import os
        import httpx

        def check(aurous):
            assert os.environ["AUROUS_API_KEY"] == aurous.api_key != {before!r}
            assert os.environ["AUROUS_BASE_URL"] == aurous.base_url == "https://api.aurous-labs.com"

        def check_after():
            assert [os.environ.get(name) for name in {names}] == [{before!r}, {before!r}]

        def test_passes(aurous):
            check(aurous)

        def test_after_a_pass():
            check_after()

        def test_fails(aurous):
            check(aurous)
            raise OSError("on purpose")

        def test_after_a_failure():
            check_after()

        def test_unmatched(aurous):
            check(aurous)
            httpx.get(aurous.base_url)

        def test_after_an_unmatched_request():
            check_after()
        """
    )

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(["*OSError: on purpose*", "*AurousUnmatchedRequest: *"])
    assert [os.environ.get(name) for name in names] == [before, before]


def test_value_fixtures_have_the_vendors_values(
    aurous_api_key: str, aurous_base_url: str, aurous_seed: int, aurous: Aurous
) -> None:
    """By default they are a key of the documented form but plainly fake, the vendor's URL without /v1, and 0."""
    assert re.fullmatch(r"al_live_[0-9a-f]{64}", aurous_api_key)
    assert "fa4efa4efa4e" in aurous_api_key
    assert (aurous_base_url, aurous_seed) == ("https://api.aurous-labs.com", 0)
    assert (aurous.api_key, aurous.base_url) == (aurous_api_key, aurous_base_url)


@pytest.mark.parametrize(
    ("fixture", "value", "message"),
    [
        ("aurous_api_key", "None", "Aurous(api_key=<NoneType>): expected a key that a header can carry*"),
        ("aurous_api_key", "'al_live_\\n'", "Aurous(api_key=<text of 9 characters>): expected a key*"),
        ("aurous_base_url", "'https://own.example/v1'", "*expected the URL without /v1*: 'https://own.example'.*"),
        ("aurous_base_url", "7", "base_url=7 is not a valid setting: expected a URL such as *"),
        ("aurous_seed", "'x'", "seed='x' is not a valid setting: expected a whole number*"),
    ],
)
def test_a_value_fixture_that_returns_nonsense_is_named(
    pytester: pytest.Pytester, fixture: str, value: str, message: str
) -> None:
    """The message names the fixture, the value and what would be right, without a traceback of ours."""
    pytester.makeconftest(f"import pytest\n\n@pytest.fixture\ndef {fixture}():\n    return {value}")
    pytester.makepyfile("def test_it(aurous): pass")

    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"The fixture '{fixture}' returned a value that the fake cannot use.", message])
    assert "fixtures.py" not in result.stdout.str()


@pytest.mark.parametrize("place", ["ini", "cli", "marker"])
def test_a_base_url_with_the_version_is_refused(pytester: pytest.Pytester, place: str) -> None:
    """`/v1` at its end would be sent twice: the message has the URL without it, wherever it was set."""
    url = "https://own.example/prefix/v1/"
    pytester.makeini(f"[pytest]\naurous_base_url = {url}" if place == "ini" else "[pytest]")
    mark = f"import pytest\n@pytest.mark.aurous(base_url={url!r})\n" if place == "marker" else ""
    pytester.makepyfile(f"{mark}def test_it(aurous): pass")

    result = pytester.runpytest_inprocess(*(["-o", f"aurous_base_url={url}"] if place == "cli" else []))

    expected = "*expected the URL without /v1, which each request adds: 'https://own.example/prefix'.*"
    result.stderr.fnmatch_lines([expected])


def test_the_traceback_of_a_mistake_ends_in_the_test(pytester: pytest.Pytester) -> None:
    """What pytest shows last is the line that the author wrote."""
    pytester.makepyfile("def test_it(aurous):\n    aurous.uploads.pose('front', times=-3)")

    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.stdout.fnmatch_lines(
        [">*aurous.uploads.pose('front', times=-3)", "E*uploads.pose(times=-3): expected*", "*:2: AurousError"]
    )
    assert "pytest_aurous/_" not in result.stdout.str()


def test_a_conftest_overrides_the_values(pytester: pytest.Pytester) -> None:
    """An overridden value fixture wins over ini, command line and marker."""
    pytester.makeini("[pytest]\naurous_base_url = https://ini.example\naurous_seed = 1")
    pytester.makeconftest(
        """
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
        def test_it(aurous, aurous_client, aurous_async_client, aurous_faker):
            assert aurous.api_key == os.environ["AUROUS_API_KEY"] == "al_live_" + "ab" * 32
            assert aurous.base_url == os.environ["AUROUS_BASE_URL"] == "https://own.example/prefix"
            assert aurous_client.headers["X-Api-Key"] == aurous_async_client.headers["X-Api-Key"] == aurous.api_key
            assert aurous_client.get("/v1/balance").url == "https://own.example/prefix/v1/balance"
            assert aurous_client.get("/v1/balance").status_code == 200

        @pytest.mark.aurous(seed=3)
        def test_seed(aurous):
            with open("seeds", "a") as file: print(aurous.seed, file=file)
        """
    )

    pytester.runpytest("--aurous-seed", "2").assert_outcomes(passed=2)
    pytester.runpytest("--aurous-seed", "9").assert_outcomes(passed=2)

    first, second = (pytester.path / "seeds").read_text().split()
    assert first == second


def test_a_plugin_of_the_suite_overrides_the_values(pytester: pytest.Pytester) -> None:
    """It may do so from a module that the conftest names in `pytest_plugins`."""
    pytester.makepyfile(own_plugin="import pytest\n\n@pytest.fixture\ndef aurous_seed(): return 2026")
    pytester.makeconftest("pytest_plugins = ['own_plugin']")
    pytester.makepyfile("def test_it(aurous, aurous_seed): assert aurous_seed == 2026")
    pytester.syspathinsert()

    pytester.runpytest().assert_outcomes(passed=1)


def test_no_fixture_takes_what_is_expensive() -> None:
    """For each that takes `request` or `pytestconfig`, pytest would spend more time in each test."""
    taken = {name: set(signature(unwrap(getattr(Fixtures, name))).parameters) for name in NAMES}

    assert "aurous_seed" in taken["aurous"]
    assert not {"request", "pytestconfig"} & set().union(*taken.values())


def test_the_clients_are_ready(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """`aurous_client` is an `httpx.Client` with base URL and key set, and may send to other hosts of ours as well."""
    assert type(aurous_client) is httpx.Client
    assert aurous_client.base_url == "https://api.aurous-labs.com"
    assert aurous_client.get("/v1/balance").json()["currency"] == "credit"
    assert aurous.calls.last.request.headers["x-api-key"] == aurous.api_key


def test_the_client_is_closed_with_the_test(pytester: pytest.Pytester) -> None:
    """Nobody has to close `aurous_client`; after the test it is closed."""
    pytester.makepyfile(
        """
        kept = []

        def test_it(aurous_client):
            kept.append(aurous_client)
            assert not aurous_client.is_closed

        def test_after():
            assert kept[0].is_closed
        """
    )

    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=2)


def test_the_async_client_needs_no_loop(pytester: pytest.Pytester) -> None:
    """`aurous_async_client` is set up and torn down in a synchronous test, whatever warnings are made of."""
    pytester.makepyfile(
        """
        import asyncio, gc, httpx

        def test_unused(aurous_async_client):
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

    pytester.runpytest("-W", "error").assert_outcomes(passed=3)


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


@pytest.mark.parametrize(
    ("seed", "effective", "scope"),
    [("11", "11", "function"), ("11", "11", "session"), ("'text'", "'text'", "session"), ("None", "None", "session")],
    ids=["number", "number of a session", "text", "none"],
)
def test_faker_seed_is_the_base_seed(pytester: pytest.Pytester, seed: str, effective: str, scope: str) -> None:
    """A suite that seeds Faker seeds us: other `faker_seed`, other data; same one, same data."""
    module = """
        def test_it(aurous, aurous_seed):
            assert isinstance(aurous_seed, int)
            with open("seeds", "a") as file: print(aurous_seed, aurous.seed, file=file)
    """
    fixture = "import pytest\n@pytest.fixture(scope='{}')\ndef faker_seed(): return {}\n"
    pytester.makepyfile(module)

    for value in (seed, seed, "'something else'"):
        pytester.makeconftest(fixture.format(scope, value))
        pytester.runpytest().assert_outcomes(passed=1)

    first, second, third = (pytester.path / "seeds").read_text().splitlines()
    assert first == second != third
    assert (first.split()[0] == effective) is (effective == "11")


def test_the_setting_beats_faker_seed(pytester: pytest.Pytester) -> None:
    """Where both are given, `seed` is asked first, 0 included."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def faker_seed(): return 11

        @pytest.mark.aurous(seed=0)
        def test_zero(aurous_seed): assert aurous_seed == 0

        @pytest.mark.aurous(seed=5)
        def test_five(aurous_seed): assert aurous_seed == 5

        def test_faker(aurous_seed): assert aurous_seed == 11
        """
    )

    pytester.runpytest().assert_outcomes(passed=3)


def test_a_broken_faker_seed_is_not_hidden(pytester: pytest.Pytester) -> None:
    """A `faker_seed` that asks for a fixture that is not there is an error of the suite, and is shown."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def faker_seed(no_such_fixture): return 11

        def test_it(aurous): ...
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'no_such_fixture' not found"])


@pytest.mark.parametrize(
    "args",
    [
        ("-k", "three or two"),
        ("test_data.py::test_three", "test_data.py::TestIt::test_two", "test_data.py::test_one"),
    ],
    ids=["-k", "order"],
)
def test_the_data_does_not_depend_on_the_company(pytester: pytest.Pytester, args: tuple[str, ...]) -> None:
    """The same seed and test give the same data, and each test its own, in any selection and order."""
    pytester.makepyfile(test_data=WRITES_DATA)

    assert pytester.runpytest("-p", "no:randomly").ret == 0
    before = data_of(pytester)
    assert pytester.runpytest("-p", "no:randomly", *args).ret == 0

    assert data_of(pytester) == before
    assert set(before) == {"one", "two1", "two2", "three"}
    assert all(len(lines) == 1 for lines in before.values())
    assert len(set.union(*before.values())) == 4


def test_the_data_does_not_depend_on_the_process(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process and one with a PYTHONHASHSEED give a test the same data, whatever folder pytest is started from."""
    pytester.makeini("[pytest]")
    folder = pytester.mkdir("folder")
    (folder / "test_data.py").write_text(dedent(WRITES_DATA).replace("{name}.jsonl", f"{pytester.path}/{{name}}.jsonl"))

    assert pytester.runpytest("folder").ret == 0
    before = data_of(pytester)
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    monkeypatch.chdir(folder)
    assert pytester.run(sys.executable, "-m", "pytest").ret == 0

    assert data_of(pytester) == before
    assert all(len(lines) == 1 for lines in before.values())


def test_another_seed_changes_all_data(pytester: pytest.Pytester) -> None:
    """Chance hangs on the seed: with another one every test gets other data."""
    pytester.makepyfile(test_data=WRITES_DATA)

    for seed in ("0", "1"):
        pytester.runpytest("--aurous-seed", seed).assert_outcomes(passed=4)

    assert {name: len(lines) for name, lines in data_of(pytester).items()} == dict.fromkeys(
        ("one", "two1", "two2", "three"), 2
    )


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


def test_each_test_starts_afresh(pytester: pytest.Pytester) -> None:
    """Nothing of one test is seen by the next."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(number, aurous, aurous_client):
            assert (len(aurous.characters), len(aurous.calls), aurous.team.credits) == (0, 0, 1000)
            aurous.script("synthesizing! -> reviewing")
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            assert aurous_client.post("/v1/characters", json=body).status_code == 201
            assert aurous_client.get(f"/v1/characters/{aurous.characters.last.id}").json()["status"] == "synthesizing"
            aurous.characters.last.finish()
            assert aurous.team.credits == 996
        """
    )

    pytester.runpytest().assert_outcomes(passed=2)


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


def test_the_transports_are_as_before_after_each_test(pytester: pytest.Pytester) -> None:
    """The transports of httpx and httpx2, sync and async, and respx's own mocker, however the test ended."""
    pytester.makeconftest(
        """
        import httpx, pytest
        from respx.mocks import HTTPXMocker

        OWNERS = [(httpx.HTTPTransport, "handle_request"), (httpx.AsyncHTTPTransport, "handle_async_request")]
        try:
            import httpx2
        except ImportError:
            pass
        else:
            OWNERS += [(httpx2.HTTPTransport, "handle_request"), (httpx2.AsyncHTTPTransport, "handle_async_request")]

        def standing():
            return [getattr(*one) for one in OWNERS], dict(vars(HTTPXMocker))

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_protocol(item):
            before = standing()
            result = yield
            assert standing() == before, f"<changed by {item.name}>"
            print(f"<as before: {item.name}>")
            return result
        """
    )
    pytester.makepyfile(
        """
        import asyncio
        import httpx, pytest
        from conftest import OWNERS, standing
        from pytest_aurous import Aurous

        @pytest.fixture
        def failing(aurous):
            raise OSError("setup")

        @pytest.fixture
        def failing_late(aurous):
            yield
            raise OSError("teardown")

        def theirs(*args):
            raise OSError("theirs")

        def test_good(aurous):
            assert httpx.get(aurous.base_url + "/v1/balance").status_code == 401
            assert all(one.__module__.startswith("httpx") for one in standing()[0])

        def test_bad(aurous): assert False
        def test_unmatched(aurous): httpx.get(aurous.base_url)
        def test_skipped(aurous): pytest.skip()
        def test_setup(failing): ...
        def test_teardown(failing_late): ...
        def test_without(): ...

        def test_async(aurous):
            async def go():
                async with httpx.AsyncClient() as client:
                    assert (await client.get(aurous.base_url + "/v1/balance")).status_code == 401
            asyncio.run(go())

        def test_nested(aurous):
            with Aurous(), aurous:
                ...

        @pytest.mark.parametrize("order", ["before", "after"])
        def test_patched(request, order):
            if order == "after":
                request.getfixturevalue("aurous")
            monkeypatch = request.getfixturevalue("monkeypatch")
            for owner, method in OWNERS:
                monkeypatch.setattr(owner, method, theirs)
            if order == "before":
                request.getfixturevalue("aurous")

        def test_patched_inside(aurous):
            with pytest.MonkeyPatch.context() as patch:
                for owner, method in OWNERS:
                    patch.setattr(owner, method, theirs)
                with aurous:
                    assert httpx.get(aurous.base_url + "/v1/balance").status_code == 401
            assert httpx.get(aurous.base_url + "/v1/balance").status_code == 401
        """
    )

    result = pytester.runpytest("-s", "-p", "no:randomly")

    result.assert_outcomes(passed=8, failed=2, skipped=1, errors=2)
    assert str(result.stdout).count("<as before: ") == 12
    result.stdout.no_fnmatch_line("*<changed by*")
