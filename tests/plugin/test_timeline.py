"""The timeline of a failed test: in every kind of report, once, and with a command that shows it again."""

import shlex
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from pytest_aurous.plugin.sections import rerun_command
from pytest_aurous.plugin.stash import SEED

TITLE: Final = "Aurous timeline"

SUITE: Final = """
    import httpx, pytest

    def test_own_error(aurous_client):
        aurous_client.get("/v1/balance")
        print("<captured>")
        raise OSError("my own")

    def test_unmatched(aurous):
        httpx.get(f"{aurous.base_url}/v1/charcters")

    def test_good(aurous_client):
        aurous_client.get("/v1/characters/char_x")
"""
"""A test that fails by itself, one that we fail, and one that is good."""


def titles(text: str) -> int:
    return text.count(TITLE)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-qq",),
        ("--tb=no", "-rA"),
        ("--tb=line",),
        ("--tb=native",),
        ("--tb=no", "--show-capture=no", "-q"),
        ("--no-summary",),
    ],
    ids=" ".join,
)
def test_each_failure_shows_it_once(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """However the report is wanted, both failures have their calls, seed and command, and no passed test has."""
    pytester.makepyfile(SUITE)

    result = pytester.runpytest(*options, "-p", "no:randomly")

    if "--no-summary" in options:
        assert titles(str(result.stdout)) == 0  # pytest leaves out the failures themselves
        return
    text = str(result.stdout)
    assert titles(text) == 2
    assert text.count("  differs: ") == ("--tb=no" not in options)  # in the failure, and not below it again
    result.stdout.fnmatch_lines(
        [
            "*Aurous timeline*",
            "    1  ??:??:??  balance.retrieve  GET    /v1/balance -> 200",
            "seed: *",
            "again: pytest *.py::test_own_error --aurous-seed=0",
            "*Aurous timeline*",
            "    1  ??:??:??  GET    /v1/charcters -> 404 resource_not_found",
            "again: pytest *.py::test_unmatched --aurous-seed=0",
        ]
    )
    assert "/v1/characters/char_x" not in text
    assert "--tb=no" not in options or "<captured>" not in text


def test_a_junit_file_has_it_plain(pytester: pytest.Pytester) -> None:
    """It is part of the failure there, without colors whatever the terminal shows."""
    pytester.makepyfile(SUITE)

    pytester.runpytest("--junitxml=report.xml", "--color=yes")

    failures = [one.text or "" for one in ET.parse("report.xml").getroot().iter("failure")]  # noqa: S314 - our own
    assert [titles(one) for one in failures] == [1, 1]
    assert all("again: pytest " in one and "\x1b" not in one and "#x1B" not in one for one in failures)


def test_the_setting_and_the_outcome_decide(pytester: pytest.Pytester) -> None:
    """``all`` shows it of passed tests, ``off`` of none; without the fixture, or with no failure, there is none."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken(aurous):
            yield
            raise OSError("disk")

        @pytest.mark.aurous(report="all")
        def test_loud(aurous): ...

        @pytest.mark.aurous(report="off")
        def test_silent(aurous): assert False

        def test_plain(aurous): assert False

        @pytest.mark.xfail(strict=True)
        def test_unexpected(aurous): ...

        @pytest.mark.xfail
        def test_expected(aurous): assert False

        def test_skipped(aurous): pytest.skip()
        def test_teardown(broken): ...
        def test_without(): assert False
        """
    )

    for options in ((), ("--tb=no",)):
        result = pytester.runpytest("-rA", "--junitxml=report.xml", *options)

        shown = [line.split("::")[1].split()[0] for line in result.outlines if line.startswith("again: ")]
        loud = [] if options else ["test_loud"]
        assert sorted(shown) == sorted([*loud, "test_plain", "test_unexpected"])
    assert titles((pytester.path / "report.xml").read_text(encoding="utf-8")) == 1


def test_a_command_of_a_timeline_shows_the_same_again(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is in the id of a test, ``again:`` runs it with the seed that it had, and in most cases alone."""
    pytester.makepyfile(
        **{
            "test_plain": """
            import pytest

            NAMES = ["plain", "two words", "it's", "a;b|c", "a::b", "[x]", "*"]

            @pytest.mark.parametrize("name", NAMES)
            def test_it(aurous, name): assert False, aurous.seed

            @pytest.mark.parametrize("name", ["ü", "a %b%", 'a "quote"', "$HOME"])
            def test_all(aurous, name): assert False, aurous.seed

            class TestClass:
                @pytest.mark.aurous(seed=7)
                def test_method(self, aurous): assert False, aurous.seed
            """,
            "sub folder/test_other": "def test_it(aurous): assert False, aurous.seed",
        }
    )

    def seen(*args: str) -> dict[str, str]:
        lines = pytester.runpytest(*args, "-p", "no:cacheprovider").stdout.lines
        seeds = [line.removeprefix("seed: ") for line in lines if line.startswith("seed: ")]
        commands = [line.removeprefix("again: ") for line in lines if line.startswith("again: ")]
        return dict(zip(commands, seeds, strict=True))

    first = seen("--aurous-seed=3")

    assert len(first) == len(set(first.values())) == 10
    assert "pytest test_plain.py::test_all --aurous-seed=3" in first  # quotes are not safe in each shell
    assert sum(command.endswith("--aurous-seed=7") for command in first) == 1
    for command, seed in first.items():
        assert seen(*shlex.split(command)[1:]) == {command: seed}
    monkeypatch.chdir("sub folder")
    assert [*seen("--rootdir=..", ".")] == ["pytest test_other.py::test_it --aurous-seed=0"]


@pytest.mark.parametrize(
    ("mark", "nodeid", "expected"),
    [
        ('xdist_group("one")', "test_x.py::test_it@one", "test_x.py::test_it"),
        ('xdist_group(name="one")', "test_x.py::test_it@one", "test_x.py::test_it"),
        ('xdist_group("one")', "test_x.py::test_it", "test_x.py::test_it"),
        ("skip", "test_x.py::test_it@one", "test_x.py::test_it@one"),
    ],
)
def test_a_group_is_no_part_of_an_id(pytester: pytest.Pytester, mark: str, nodeid: str, expected: str) -> None:
    """Where a worker has added it to the id of its item, the command leaves it out."""
    item = pytester.getitem(f"import pytest\n@pytest.mark.{mark}\ndef test_it(): ...", "test_it")
    item.stash[SEED] = 7
    item.__class__ = type("Grouped", (type(item),), {"nodeid": nodeid})

    assert rerun_command(item) == f"pytest {expected} --aurous-seed=7"
