"""Markers and parameters: what they set, and a warning where nothing reads them."""

from typing import Final

import pytest

from pytest_aurous import Aurous, aurous_explore, aurous_settings

pytestmark = aurous_settings(now="2026-05-08T10:00:00Z", credits=4)


def test_it_is_the_marker() -> None:
    """`aurous_settings` and `aurous_explore` return what ``pytest.mark`` does."""
    settings = {"sleep": "skip", "credits": 10}

    assert aurous_settings(sleep="skip", credits=10).mark == pytest.mark.aurous(**settings).mark
    assert aurous_explore(laws="pays_once").mark == pytest.mark.aurous_explore(laws="pays_once").mark
    assert aurous_explore().mark == pytest.mark.aurous_explore.mark


@aurous_settings(credits=8)
def test_the_nearest_wins(aurous: Aurous) -> None:
    """It is merged as any other marker: from the module over the class to the function."""
    assert (aurous.team.credits, aurous.clock.now().year) == (8, 2026)


UNUSED: Final = """
import pytest

@pytest.fixture
def shop(aurous): return aurous

@pytest.fixture
def dynamic(request): return request.getfixturevalue("aurous")

@pytest.fixture
def none(): ...

marked = pytest.mark.aurous(credits=5)

@marked
def test_idle(): ...

@pytest.mark.aurous
def test_empty(none): ...

@pytest.mark.aurous(network="allow", credits=5)
def test_network_and_more(): ...

@pytest.mark.parametrize("number", [1, pytest.param(2, marks=marked)])
def test_parameter(number): ...

@pytest.mark.aurous(network="allow")
def test_network(): ...

@marked
def test_direct(aurous): ...

@marked
def test_indirect(shop): ...

@marked
def test_client(aurous_client): ...

@pytest.mark.aurous(seed=5)
def test_seed(aurous_seed): ...

@marked
@pytest.mark.usefixtures("aurous")
def test_used(): ...

@marked
def test_dynamic(dynamic): ...

@marked
def test_request(request): request.getfixturevalue("aurous")

@pytest.mark.skip
@marked
def test_skipped(): ...

@marked
class TestIdle:
    def test_one(self): ...
    def test_two(self): ...

@marked
class TestMixed:
    def test_one(self): ...
    def test_two(self, aurous): ...
"""
MODULE: Final = "import pytest\n\npytestmark = pytest.mark.aurous(credits=5)\n"


def test_a_marker_without_the_fixture_warns(pytester: pytest.Pytester) -> None:
    """Once for each test, class or module that nothing reads it for; not where a fixture is used in any way."""
    pytester.makepyfile(
        test_it=UNUSED,
        test_module=f"{MODULE}def test_one(): ...\ndef test_two(): ...",
        test_autouse=f"{MODULE}@pytest.fixture(autouse=True)\ndef shop(aurous): ...\ndef test_one(): ...",
    )

    result = pytester.runpytest("-p", "no:randomly")

    warned = [line.split("AurousWarning: ")[1].split(": ")[0] for line in result.outlines if "AurousWarning: " in line]
    names = ("test_idle", "test_empty", "test_network_and_more", "test_parameter[2]", "TestIdle")
    assert warned == [*(f"test_it.py::{name}" for name in names), "test_module.py"]
    assert "failed" not in result.parseoutcomes()


def test_where_warnings_are_errors_it_belongs_to_the_test(pytester: pytest.Pytester) -> None:
    """Not to the collection."""
    pytester.makepyfile("import pytest\n\n@pytest.mark.aurous(credits=5)\ndef test_it(): ...\ndef test_other(): ...")

    pytester.runpytest("-W", "error").assert_outcomes(passed=1, errors=1)


@pytest.mark.parametrize("args", [("test_it.py::test_one",), ("--lf",)], ids=["node", "lf"])
def test_a_module_is_not_judged_by_a_part_of_its_tests(pytester: pytest.Pytester, args: tuple[str, ...]) -> None:
    """Others in it, which the command line leaves out, may use the fixture."""
    pytester.makepyfile(test_it=f"{MODULE}def test_one(): assert 0\ndef test_two(aurous): ...")
    pytester.runpytest()

    pytester.runpytest(*args).assert_outcomes(failed=1, warnings=0)


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

    pytester.runpytest("-W", "error").assert_outcomes(passed=7)
