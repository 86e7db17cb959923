"""What somebody meets who uses the plugin for the first time: each mistake is told with what to do next."""

from __future__ import annotations

import pytest

NO_EFFECT = "@pytest.mark.aurous has no effect"


def idle(result: pytest.RunResult) -> list[str]:
    """Return what is said to have a marker without an effect."""
    return [line.split("AurousWarning: ")[1].split(": ")[0] for line in result.outlines if NO_EFFECT in line]


MARKERS = """
import pytest

@pytest.fixture
def shop(aurous): return aurous

@pytest.fixture
def dynamic(request): return request.getfixturevalue("aurous")

@pytest.fixture
def none(): ...

@pytest.mark.aurous(credits=5)
def test_idle(): ...

@pytest.mark.aurous
def test_empty(none): ...

@pytest.mark.aurous(network="allow", credits=5)
def test_network_and_more(): ...

@pytest.mark.parametrize("number", [1, pytest.param(2, marks=pytest.mark.aurous(credits=5))])
def test_parameter(number): ...

@pytest.mark.aurous(network="allow")
def test_network(): ...

@pytest.mark.aurous(credits=5)
def test_direct(aurous): ...

@pytest.mark.aurous(credits=5)
def test_indirect(shop): ...

@pytest.mark.aurous(credits=5)
def test_client(aurous_client): ...

@pytest.mark.aurous(seed=5)
def test_seed(aurous_seed): ...

@pytest.mark.aurous(credits=5)
@pytest.mark.usefixtures("aurous")
def test_used(): ...

@pytest.mark.aurous(credits=5)
def test_dynamic(dynamic): ...

@pytest.mark.aurous(credits=5)
def test_request(request): request.getfixturevalue("aurous")

@pytest.mark.skip
@pytest.mark.aurous(credits=5)
def test_skipped(): ...

@pytest.mark.aurous(credits=5)
class TestIdle:
    def test_one(self): ...
    def test_two(self): ...

@pytest.mark.aurous(credits=5)
class TestMixed:
    def test_one(self): ...
    def test_two(self, aurous): ...

class TestPlain:
    def test_one(self): ...
"""


def test_a_marker_without_the_fixture_warns(pytester: pytest.Pytester) -> None:
    """Once for each test, or class, that nothing reads it for; not where a fixture is used in any way."""
    path = pytester.makepyfile(MARKERS).name

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=18, skipped=1, warnings=5)
    names = ["test_idle", "test_empty", "test_network_and_more", "test_parameter[2]", "TestIdle"]
    assert idle(result) == [f"{path}::{name}" for name in names]
    result.stdout.fnmatch_lines(["*the test does not use the fixture aurous, *", "*no test in it uses the fixture*"])
    result.stdout.fnmatch_lines(['*mark it with @pytest.mark.usefixtures("aurous").'])


def test_a_marker_without_the_fixture_is_an_error_where_warnings_are(pytester: pytest.Pytester) -> None:
    """It belongs to the test, not to the collection."""
    pytester.makepyfile("import pytest\n\n@pytest.mark.aurous(credits=5)\ndef test_it(): ...\ndef test_other(): ...")

    result = pytester.runpytest("-W", "error")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*AurousWarning: *::test_it: @pytest.mark.aurous has no effect*"])


@pytest.mark.parametrize(
    ("fixture", "count"),
    [("", 1), ("@pytest.fixture(autouse=True)\ndef shop(aurous): ...\n", 0)],
    ids=["no", "autouse"],
)
def test_a_module_that_is_marked_without_the_fixture_warns(pytester: pytest.Pytester, fixture: str, count: int) -> None:
    """Once, naming the module; an autouse fixture reads it."""
    path = pytester.makepyfile(
        f"import pytest\n\npytestmark = pytest.mark.aurous(credits=5)\n{fixture}\n"
        "def test_one(): ...\ndef test_two(): ..."
    ).name

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, warnings=count)
    assert idle(result) == [path] * count


@pytest.mark.parametrize("args", [("test_it.py::test_one",), ("--lf",)], ids=["node", "lf"])
def test_a_module_is_not_judged_by_a_part_of_its_tests(pytester: pytest.Pytester, args: tuple[str, ...]) -> None:
    """Others in it, which the command line leaves out, may use the fixture."""
    pytester.makepyfile(
        test_it="import pytest\n\npytestmark = pytest.mark.aurous(credits=5)\n"
        "def test_one(): assert 0\ndef test_two(aurous): ..."
    )
    pytester.runpytest()

    pytester.runpytest(*args).assert_outcomes(failed=1, warnings=0)


# An indirect parameter


def test_an_indirect_parameter_is_used_as_settings(pytester: pytest.Pytester) -> None:
    """Over the marker; a parameter of another kind is the suite's own."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.aurous(credits=7, now="2026-05-08T10:00:00Z")
        @pytest.mark.parametrize(
            ("aurous", "credits", "seed"),
            [({"credits": 5, "seed": 3}, 5, 3), ({"credits": 6}, 6, 0), ({}, 7, 0)],
            indirect=["aurous"],
        )
        def test_indirect(aurous, aurous_seed, credits, seed):
            assert aurous.clock.now().year == 2026
            assert (aurous.team.credits, aurous_seed) == (credits, seed)

        @pytest.mark.parametrize("aurous, number", [({"credits": 5}, 1)], indirect=["aurous"])
        def test_one_of_two(aurous, number):
            assert (aurous.team.credits, number) == (5, 1)

        @pytest.mark.parametrize("aurous", [{"network": "allow"}], indirect=True)
        def test_network(aurous): ...

        @pytest.mark.parametrize("aurous", ["a value"])
        def test_direct(aurous):
            assert aurous == "a value"

        @pytest.mark.parametrize("aurous_seed", [41])
        def test_direct_value(aurous, aurous_seed):
            assert aurous_seed == 41

        class TestOwn:
            @pytest.fixture
            def aurous(self, request, aurous):
                return request.param, aurous.team.credits

            @pytest.mark.parametrize("aurous", ["mine"], indirect=True)
            def test_own(self, aurous):
                assert aurous == ("mine", 1000)
        """
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=8)


@pytest.mark.parametrize(
    ("fixture", "value", "told"),
    [
        ("aurous", "5", "expected a dict of settings, such as {'credits': 5}; got 5."),
        ("aurous", "None", "expected a dict of settings, such as {'credits': 5}; got None."),
        ("aurous", "{'credit': 5}", "'credit' is not a setting; did you mean 'credits'?"),
        ("aurous", "{'strict': 'loud'}", "strict='loud' is not a valid setting"),
        ("aurous", "{'script': 'synthesizing => ready'}", "unexpected '=>'"),
        ("aurous_client", "{'credits': 5}", "the fixture takes no parameter. Leave out indirect=True, or parametrize"),
        ("aurous_seed", "5", "the fixture takes no parameter. Leave out indirect=True"),
    ],
)
def test_an_indirect_parameter_that_is_no_settings_is_refused(
    pytester: pytest.Pytester, fixture: str, value: str, told: str
) -> None:
    """At collection, naming test and fixture."""
    pytester.makepyfile(
        f"import pytest\n\n@pytest.mark.parametrize({fixture!r}, [{value}], indirect=True)\ndef test_it({fixture}): ..."
    )

    result = pytester.runpytest()

    text = "\n".join(result.outlines + result.errlines)
    assert told in text
    assert f"parametrize('{fixture}', ..., indirect=True)" in text
    assert result.ret == pytest.ExitCode.USAGE_ERROR


# Options that do not exist


@pytest.mark.parametrize(
    ("args", "env", "place"),
    [
        (("-o", "aurous_credit=5"), "", "-o aurous_credit=...:"),
        (("--override-ini=aurous_credit=5",), "", "-o aurous_credit=...:"),
        ((), "-o aurous_credit=5", "-o aurous_credit=... in PYTEST_ADDOPTS:"),
    ],
)
@pytest.mark.parametrize("ini", ["", "[pytest]\nxfail_strict = true\n"], ids=["no file", "file"])
def test_an_unknown_option_by_override_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], env: str, place: str, ini: str
) -> None:
    """The place is the override, not a file that has no such option, or ``None``."""
    if ini:
        pytester.makeini(ini)
    if env:
        monkeypatch.setenv("PYTEST_ADDOPTS", f"-p pytest_aurous {env}")

    result = pytester.runpytest(*args)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = "\n".join(result.outlines + result.errlines)
    assert f"{place} 'aurous_credit' is not an option; did you mean 'aurous_credits'? Options: aurous_script, " in text
    assert "None:" not in text


def test_an_unknown_option_in_a_file_names_the_file(pytester: pytest.Pytester) -> None:
    """As before."""
    pytester.makeini("[pytest]\naurous_credit = 5\n")

    result = pytester.runpytest()

    result.stderr.fnmatch_lines(["*tox.ini: 'aurous_credit' is not an option*"])


# Clients that the fake does not intercept


def test_a_client_that_is_not_intercepted_is_pointed_to_the_server(pytester: pytest.Pytester) -> None:
    """It is named, and so is the fixture that serves the fake to it."""
    stub = "import socket\n\ndef send(): socket.getaddrinfo('api.aurous-labs.com', 443)\n"
    pytester.makepyfile(urllib3=f"{stub}\ndef get(url): send()")
    pytester.makepyfile(requests="import urllib3\n\ndef get(url): urllib3.send()")
    pytester.makepyfile(
        test_it="""
        import pytest, requests, urllib.request, urllib3

        @pytest.fixture(params=[requests.get, urllib3.get, urllib.request.urlopen])
        def get(request): return request.param

        def test_without(get): get('https://api.aurous-labs.com/v1/balance')
        def test_with(get, aurous): get('https://api.aurous-labs.com/v1/balance')
        """
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(
        [
            f"E *{stands}*only *httpx and httpx2; this connection was made by {client}. Use the fixture aurous_server*"
            for stands in ("There is no fake here", "The fake is active")
            for client in ("requests", "urllib3", "urllib")
        ]
    )


def test_a_connection_of_no_client_is_told_both_ways(pytester: pytest.Pytester) -> None:
    """A transport for httpx, the server for everything else."""
    pytester.makepyfile("import socket\n\ndef test_it(aurous): socket.create_connection(('api.aurous-labs.com', 443))")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*made in another way. Pass aurous.transport to an httpx client*fixture aurous_server*"]
    )
