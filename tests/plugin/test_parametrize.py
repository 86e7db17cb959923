"""Scripts as parameters: readable ids, and values that can be handed to the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

MODULE = """
    import pytest
    from pytest_aurous import Script

    SCRIPTS = [Script.parse(text) for text in (
        "synthesizing*3 -> reviewing",
        "synthesizing:45s -> failed(provider_timeout) ; synthesizing -> reviewing",
        "synthesizing!->ready",
    )]

    @pytest.mark.parametrize("script", SCRIPTS)
    def test_it(aurous, script):
        aurous.script(script)
        assert script == Script.parse(str(script))

    @pytest.mark.parametrize(("script", "number"), [(SCRIPTS[0], 1), (SCRIPTS[0], 2)])
    def test_more(script, number): ...

    @pytest.fixture(params=SCRIPTS[:1])
    def script(request):
        return request.param

    def test_fixture(script): ...
"""


def test_a_script_is_its_own_id(pytester: pytest.Pytester) -> None:
    """A `Script` among the parameters, of a test or of a fixture, shows as its text."""
    pytester.makepyfile(MODULE)

    result = pytester.runpytest("--collect-only", "-q")

    result.stdout.fnmatch_lines(
        [
            "*::test_it[[]synthesizing[*]3 -> reviewing]",
            "*::test_it[[]synthesizing:45s -> failed(provider_timeout) ; synthesizing -> reviewing]",
            "*::test_it[[]synthesizing! -> ready]",
            "*::test_more[[]synthesizing[*]3 -> reviewing-1]",
            "*::test_more[[]synthesizing[*]3 -> reviewing-2]",
            "*::test_fixture[[]synthesizing[*]3 -> reviewing]",
        ]
    )


def test_a_parametrized_script_is_played(pytester: pytest.Pytester) -> None:
    """The parameter goes to `aurous.script` as it is."""
    pytester.makepyfile(MODULE)

    pytester.runpytest().assert_outcomes(passed=6)


def test_an_id_selects_its_test(pytester: pytest.Pytester) -> None:
    """The id can be given on the command line, as a node id and to -k."""
    pytester.makepyfile(test_ids=MODULE)

    pytester.runpytest("test_ids.py::test_it[synthesizing! -> ready]").assert_outcomes(passed=1)
    pytester.runpytest("-k", "provider_timeout").assert_outcomes(passed=1, deselected=5)
