"""No test of this project may depend on which ran before it in its process."""

import sys

import pytest


def test_an_inner_run_forgets_its_own_modules_and_no_others(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that it imports first stays; a module that it has made does not meet the next one of that name."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)  # any library will do
    pytester.syspathinsert()
    pytester.makepyfile(own="", test_imports="import colorsys, own\ndef test(): ...")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)

    assert "colorsys" in sys.modules
    assert "own" not in sys.modules
