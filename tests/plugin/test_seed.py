"""The data of a test: the same on each platform, and again with each seed that a report shows."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_aurous.plugin.fixtures import _seed_of


@pytest.mark.parametrize(
    ("windows", "posix"),
    [
        (("tests\\api\\test_x.py", 3, "test_it"), ("tests/api/test_x.py", 3, "test_it")),
        (("test_x.py", 3, "test_it[data\\\\one.json]"), ("test_x.py", 3, "test_it[data/one.json]")),
    ],
    ids=["path", "parameter, as pytest escapes it"],
)
def test_the_style_of_paths_changes_nothing(windows: Any, posix: Any) -> None:
    """A test has the same seed where paths are written with backslashes."""
    one, two = (_seed_of(SimpleNamespace(location=place), 7) for place in (windows, posix))  # type: ignore[arg-type]

    assert one == two
    assert one != _seed_of(SimpleNamespace(location=posix), 8)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", ["18446744073709551615", "-7", "-" + "9" * 40, "0", "123456789012345678901234567890"])
def test_a_seed_can_be_set_in_each_place(pytester: pytest.Pytester, seed: str) -> None:
    """Of any length and sign: ini file, command line, marker, fixture; the data is the same."""
    body = """
        def test_it(aurous):
            print("<", aurous.seed, aurous.characters.add().name, aurous.faker.name(), ">")
    """
    ran = []
    for place in ("ini", "command line", "marker", "fixture"):
        (pytester.path / "tox.ini").write_text(f"[pytest]\naurous_seed = {seed}\n" if place == "ini" else "[pytest]\n")
        head = {
            "marker": f"import pytest\n        pytestmark = pytest.mark.aurous(seed={seed})",
            "fixture": f"import pytest\n        @pytest.fixture\n        def aurous_seed():\n            return {seed}",
        }
        pytester.makepyfile(test_seed=f"\n        {head.get(place, '')}\n{body}")
        result = pytester.runpytest("-s", *([f"--aurous-seed={seed}"] if place == "command line" else []))
        result.assert_outcomes(passed=1)
        ran += re.findall("< .* >", str(result.stdout))

    assert len(ran) == 4
    assert len(set(ran)) == 1


SUITES = {
    "default": "",
    "faker_seed": "@pytest.fixture\ndef faker_seed():\n    return 'a text'",
    "aurous_seed": "@pytest.fixture\ndef aurous_seed():\n    return -(10**30)",
}


@pytest.mark.parametrize("suite", SUITES)
def test_each_seed_of_a_report_is_accepted(pytester: pytest.Pytester, suite: str) -> None:
    """The command after `again:` makes the same data; the effective seed is taken on the command line, too."""
    pytester.makeconftest(f"import pytest\n{SUITES[suite]}\n")
    pytester.makepyfile(
        """
        from pytest_aurous import Aurous

        def test_it(aurous):
            assert Aurous(seed=aurous.seed).characters.add().name == aurous.characters.add().name
            raise OSError(f"< {aurous.characters.add().name} {aurous.seed} >")
        """
    )
    first = pytester.runpytest()
    first.assert_outcomes(failed=1)
    again = re.search(r"again: pytest (\S+) (--aurous-seed=\S+)", str(first.stdout))
    effective = re.search(r"OSError: < .* (\d+) >", str(first.stdout))
    assert again is not None
    assert effective is not None

    second = pytester.runpytest(*again.groups())

    second.stdout.fnmatch_lines([f"*{effective[0]}"])
    third = pytester.runpytest(f"--aurous-seed={effective[1]}")
    third.assert_outcomes(failed=1)
    third.stdout.fnmatch_lines(["*OSError: < *"])
