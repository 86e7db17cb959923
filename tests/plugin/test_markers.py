"""The markers as functions, whose arguments type checkers know."""

from __future__ import annotations

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


@pytest.mark.parametrize("amount", [1, pytest.param(2, marks=aurous_settings(credits=2))])
def test_of_one_parameter(aurous: Aurous, amount: int) -> None:
    """It can mark one set of parameters."""
    assert aurous.team.credits == (4 if amount == 1 else 2)


def test_a_conftest_may_import_it_and_name_the_plugin(pytester: pytest.Pytester) -> None:
    """Pytest does not complain that it cannot rewrite what is imported already."""
    pytester.makeconftest("from pytest_aurous import aurous_settings\npytest_plugins = ['pytest_aurous']")
    pytester.makepyfile("from conftest import aurous_settings\n@aurous_settings(credits=3)\ndef test_it(aurous): ...")

    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


def test_a_wrong_name_is_refused_as_in_the_marker(pytester: pytest.Pytester) -> None:
    """Without a type checker, collection names the setting and the nearest one."""
    pytester.makepyfile(
        "from pytest_aurous import aurous_settings\n@aurous_settings(credit=3)\ndef test_it(aurous): ..."
    )

    result = pytester.runpytest()

    result.stderr.fnmatch_lines(["*@pytest.mark.aurous: 'credit' is not a setting; did you mean 'credits'?*"])
