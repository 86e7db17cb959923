"""The timeline of a failed test: in every kind of report, once, and with a command that shows it again."""

from __future__ import annotations

import re
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
        raise OSError("my own")

    def test_unmatched(aurous):
        httpx.get(f"{aurous.base_url}/v1/charcters")

    def test_good(aurous_client):
        aurous_client.get("/v1/characters/char_x")
"""
"""A test that fails by itself, one that we fail, and one that is good."""

ANSI: Final = re.compile(r"\x1b\[[\d;]*m")


def titles(text: str) -> int:
    """Return how often the section is in a report."""
    return text.count(TITLE)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-qq",),
        ("-rA",),
        ("--tb=no",),
        ("--tb=short",),
        ("--tb=native",),
        ("--show-capture=log", "-s"),
        ("--tb=no", "--show-capture=no", "-q"),
        ("--no-header", "--no-summary", "--tb=short", "-rN"),
        ("--color=yes",),
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
    if options != ("-qq",):  # there is no line of counts
        result.assert_outcomes(failed=2, passed=1)
    text = ANSI.sub("", str(result.stdout))
    assert titles(text) == 2
    assert text.count("  differs: ") == ("--tb=no" not in options)  # in the failure, and not below it again
    pytest.LineMatcher(text.splitlines()).fnmatch_lines(
        [
            "*Aurous timeline*",
            "    1  ??:??:??  balance.retrieve  GET    /v1/balance -> 200",
            "at the end:",
            "  team_*  credits 1000, held 0",
            "seed: *",
            "again: pytest *.py::test_own_error --aurous-seed=0",
            "*Aurous timeline*",
            "    1  ??:??:??  GET    /v1/charcters -> 404 resource_not_found",
            "seed: *",
            "again: pytest *.py::test_unmatched --aurous-seed=0",
        ]
    )
    assert "/v1/characters/char_x" not in text


def test_it_comes_from_the_processes_of_xdist(pytester: pytest.Pytester) -> None:
    """Under ``-n 1`` it is shown by the controller, once for each failure, and in its JUnit file."""
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    pytester.makepyfile(SUITE)

    result = pytester.runpytest("-p", "xdist", "-n", "1", "--junitxml=report.xml", "--color=yes", "--tb=no")

    text = ANSI.sub("", str(result.stdout))
    assert "2 failed, 1 passed" in text
    assert titles(text) == titles((pytester.path / "report.xml").read_text()) == 2
    assert "\x1b[36magain: pytest " in str(result.stdout)


@pytest.mark.parametrize(("family", "color"), [("xunit1", "no"), ("xunit2", "yes")])
def test_a_junit_file_has_it_plain(pytester: pytest.Pytester, family: str, color: str) -> None:
    """It is part of the failure there, without colors whatever the terminal shows."""
    pytester.makepyfile(SUITE)

    pytester.runpytest("--junitxml=report.xml", f"--color={color}", "-o", f"junit_family={family}")

    failures = [one.text or "" for one in ET.parse("report.xml").getroot().iter("failure")]  # noqa: S314 - our own
    assert [titles(one) for one in failures] == [1, 1]
    assert all("again: pytest " in one and "\x1b" not in one and "#x1B" not in one for one in failures)
    assert titles((pytester.path / "report.xml").read_text()) == 2


def test_a_terminal_with_colors_has_it_colored(pytester: pytest.Pytester) -> None:
    """Responses by how they went, and what leads on."""
    pytester.makepyfile(SUITE)

    colored, plain = (str(pytester.runpytest(f"--color={color}").stdout) for color in ("yes", "no"))

    for code, text in (("32", " -> 200"), ("33", " -> 404 resource_not_found"), ("36", "at the end:"), ("36", "again")):
        assert f"\x1b[{code}m{text}" in colored
    assert "\x1b" not in plain


def test_without_tracebacks_it_alone_is_shown(pytester: pytest.Pytester) -> None:
    """``--tb=no`` leaves out what was captured, and we bring none of it back."""
    pytester.makepyfile("def test_it(aurous):\n    print('<captured>')\n    assert False")

    result = pytester.runpytest("--tb=no")

    assert titles(str(result.stdout)) == 1
    result.stdout.fnmatch_lines(["*Aurous timeline: *.py::test_it*", "  no calls", "again: *"])
    result.stdout.no_fnmatch_line("*<captured>*")


def test_a_failing_coroutine_shows_it(pytester: pytest.Pytester) -> None:
    """On both backends of anyio's plugin, and the command names the backend."""
    pytest.importorskip("trio", reason="one of the two backends")
    pytester.makepyfile(
        test_async="""
        import pytest

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_it(aurous_async_client):
            await aurous_async_client.get("/v1/balance")
            assert False
        """
    )

    result = pytester.runpytest("-p", "anyio")

    result.assert_outcomes(failed=2)
    for backend in ("asyncio", "trio"):
        result.stdout.fnmatch_lines(
            [
                "*Aurous timeline*",
                "*GET    /v1/balance -> 200",
                f'again: pytest "test_async.py::test_it[[]{backend}]" --aurous-seed=0',
            ]
        )


@pytest.mark.parametrize("options", [(), ("-rA",), ("-rP", "-q")], ids=" ".join)
def test_all_shows_passed_tests_too(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """With ``report="all"`` a passed test has it where pytest shows passed tests, and a failed one as ever."""
    pytester.makepyfile(SUITE)
    pytester.makeini("[pytest]\naurous_report = all")

    result = pytester.runpytest(*options)

    text = str(result.stdout)
    assert titles(text) == (3 if options else 2)
    assert ("/v1/characters/char_x -> 404" in text) is bool(options)


@pytest.mark.parametrize("place", ["ini", "cli", "marker"])
def test_off_shows_it_nowhere(pytester: pytest.Pytester, place: str) -> None:
    """With ``report="off"`` a report is as it would be without us; the verdict stays."""
    marker = 'pytestmark = pytest.mark.aurous(report="off")' if place == "marker" else ""
    pytester.makepyfile(SUITE.replace("import httpx, pytest", f"import httpx, pytest\n    {marker}"))
    if place == "ini":
        pytester.makeini("[pytest]\naurous_report = off")

    for options in (("-rA",), ("--tb=no",)) if place == "ini" else (("-rA",),):
        off = ["-o", "aurous_report=off"] if place == "cli" else []
        result = pytester.runpytest(*options, "--junitxml=report.xml", *off)

        result.assert_outcomes(failed=2, passed=1)
        assert titles(str(result.stdout)) == titles((pytester.path / "report.xml").read_text()) == 0


def test_the_nearest_marker_decides(pytester: pytest.Pytester) -> None:
    """A test may ask for its own, whatever the others do."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.aurous(report="all")
        def test_loud(aurous): ...

        @pytest.mark.aurous(report="off")
        def test_silent(aurous): assert False

        def test_plain(aurous): assert False
        """
    )

    result = pytester.runpytest("-rA")

    assert titles(str(result.stdout)) == 2
    result.stdout.fnmatch_lines_random(["again: pytest *::test_loud *", "again: pytest *::test_plain *"])


def test_tests_without_the_fixture_have_none(pytester: pytest.Pytester) -> None:
    """Their reports are as they would be without us."""
    pytester.makepyfile("def test_bad(): assert False\ndef test_good(): ...")

    for options in ((), ("--tb=no",)):
        result = pytester.runpytest("-o", "aurous_report=all", "-rA", *options)
        result.assert_outcomes(failed=1, passed=1)
        assert titles(str(result.stdout)) == 0


@pytest.mark.parametrize("options", [(), ("--tb=no",), ("--tb=line",)], ids=" ".join)
def test_expected_failures_and_skipped_tests_have_none(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """Nobody has to look into them."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.xfail
        def test_expected(aurous): assert False

        def test_skipped(aurous): pytest.skip()
        """
    )

    result = pytester.runpytest("-rA", *options)

    result.assert_outcomes(xfailed=1, skipped=1)
    assert titles(str(result.stdout)) == 0


def test_an_unexpected_pass_shows_it(pytester: pytest.Pytester) -> None:
    """A strict xfail that passes is a failure, whose report is a line of text."""
    pytester.makepyfile("import pytest\n@pytest.mark.xfail(strict=True)\ndef test_it(aurous): ...")

    for options in ((), ("--tb=no",)):
        result = pytester.runpytest(*options)
        result.assert_outcomes(failed=1)
        assert titles(str(result.stdout)) == 1


def test_a_failing_teardown_adds_none(pytester: pytest.Pytester) -> None:
    """The test has passed; what its fixtures do afterwards is theirs."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken(aurous):
            yield
            raise OSError("disk")

        def test_it(broken): ...
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    assert titles(str(result.stdout)) == 0


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


def test_the_command_goes_without_the_groups_of_xdist(pytester: pytest.Pytester) -> None:
    """``--dist loadgroup`` adds the group to an id; a test that has an ``@`` of its own keeps it."""
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    pytester.makepyfile(
        test_groups="""
        import pytest

        @pytest.mark.xdist_group("one")
        @pytest.mark.parametrize("name", ["a@b"])
        def test_it(aurous, name): assert False

        @pytest.mark.xdist_group(name="two")
        def test_named(aurous): assert False

        @pytest.mark.parametrize("name", ["a@b"])
        def test_free(aurous, name): assert False
        """
    )
    commands = [
        "again: pytest test_groups.py::test_named --aurous-seed=0",
        'again: pytest "test_groups.py::test_free[[]a@b]" --aurous-seed=0',
        'again: pytest "test_groups.py::test_it[[]a@b]" --aurous-seed=0',
    ]

    for options in (("-n", "1", "--dist", "loadgroup"), ()):
        result = pytester.runpytest("-p", "xdist", *options)
        result.assert_outcomes(failed=3)
        result.stdout.fnmatch_lines_random(commands)


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


def test_it_shows_what_happened_between_the_calls(pytester: pytest.Pytester) -> None:
    """Money, records, faults, refusals with what was sent, and what was wrong: enough to see it without a debugger."""
    pytester.makepyfile(
        """
        import httpx, pytest

        @pytest.mark.aurous(now="2026-05-08T10:00:00Z")
        def test_it(aurous, aurous_client):
            aurous.script("synthesizing*3 -> reviewing")
            aurous.faults.status("balance.retrieve", 503)
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            made = aurous_client.post("/v1/characters", json=body).json()
            aurous.clock.advance(seconds=5)
            aurous_client.get(f"/v1/characters/{made['id']}")
            aurous_client.post("/v1/characters", json={"name": "Aurora", "nme": "x"})
            aurous_client.get("/v1/balance")
            with pytest.raises(httpx.ReadTimeout):
                aurous.faults.timeout("characters.list")
                aurous_client.get("/v1/characters")
            assert False
        """
    )

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(
        [
            "*Aurous timeline*",
            "    1  10:00:00  characters.create  POST   /v1/characters -> 201",
            "       held credits 0 -> 4",
            "    2  10:00:05  characters.retrieve  GET    /v1/characters/char_* -> 200",
            "    3  10:00:05  characters.create  POST   /v1/characters -> 400 *",
            '       sent: {"name":*"Aurora",*"nme":*"x"}',
            "       said: *nme*",
            "    4  10:00:05  balance.retrieve  GET    /v1/balance -> 503 *",
            "    5  10:00:05  characters.list  GET    /v1/characters -> no response *timeout*",
            "at the end:",
            "  char_*  synthesizing *Aurora*",
            "  team_*  credits 1000, held 4",
            "faults:",
            "  <Fault *",
            "  <Fault *",
            "seed: *",
            "again: *",
        ]
    )
    section = str(result.stdout).partition(TITLE)[2].split("\n", 1)[1].partition("faults:")[0]
    assert max(map(len, section.splitlines())) <= 100
