"""What the plugin shows in terminals of each kind: narrow and wide, with colors and without, and of few characters."""

import re
import subprocess
import sys
from typing import Final

import pytest

ANSI: Final = re.compile(r"\x1b\[[\d;]*m")
SHOWS: Final = ("--aurous-coverage", "--aurous-explore=report", "--aurous-trace=traces")
SUITE: Final = """
import httpx
import pytest

CREATE = {"name": "Zo\\u00eb \\u2192 \\U0001f3a8, who has a long name", "generate": True, "attributes": {"age": 28}}


def test_with_a_name_that_is_rather_long_so_that_it_does_not_fit_beside_the_columns_of_a_table(aurous_client):
    while True:
        try:
            assert aurous_client.post("/v1/characters", json=CREATE).is_success
            return
        except httpx.TimeoutException:
            pass


def test_fails(aurous, aurous_client):
    aurous_client.post("/v1/characters", json=CREATE)
    aurous_client.get("/v1/characters/char_0")
    aurous.characters.last.fail()
    assert aurous.characters.last.status == "ready"


def test_unmatched(aurous_client):
    aurous_client.get("/v1/charactres")


def test_guard():
    httpx.get("https://api.aurous-labs.com/v1/balance")


@pytest.mark.aurous(credits=5)
def test_marker():
    pass


@pytest.mark.aurous_explore
def test_explored(aurous):
    with aurous.client() as client:
        client.post("/v1/characters", json=CREATE)
        client.post("/v1/characters", json=CREATE)
    raise KeyError if aurous.characters.last.name == "" else SystemError
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite with each kind of output: two failures of its own, and one of each of ours."""
    pytester.makepyfile(test_it=SUITE)
    for name in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return pytester


def ours(result: pytest.RunResult) -> list[str]:
    """Return the lines of the plugin's own sections, without the lines that name them."""
    kept: list[str] = []
    inside = False
    for line in (ANSI.sub("", text) for text in result.outlines):
        if re.match(r"([=_-])\1+ .* \1+$", line):
            inside = re.search("urous", line) is not None
        elif inside:
            kept.append(line)
    return kept


COPIED: Final = re.compile(r" *(again|Read on): | +\d.* test_it\.py::test_\w+$|.*test_with_a_name_\w+")
"""What has to stay in one line."""


@pytest.mark.parametrize("columns", [80, 200])
def test_widths(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """No line is wider than the terminal, but those that are copied, or end with the id of a test."""
    monkeypatch.setenv("COLUMNS", str(columns))
    result = suite.runpytest(*SHOWS, "-v", "--tb=short")
    lines = ours(result)

    assert [line for line in lines if len(line) > columns and not COPIED.match(line)] == []
    assert max(map(len, lines)) > columns * 0.4
    result.stdout.fnmatch_lines(
        [
            "*- Aurous timeline -*",
            "*characters.create  POST   /v1/characters -> 201",
            "at the end:",
            "*- aurous: * traces, listed in traces?index.html -*",
            "*= aurous bad days =*",
            "  cases  returned  raised  other  unmet  broken",
            "*  test_it.py::test_with_a_name_that_is_rather_long_so_that_it_does_not_fit_beside_the_columns_of_a_table",
            "1 finding in 1 test:",
            "*   pays_once   characters.create#1 late (and 1 more)",
            "*= aurous coverage: *",
            "characters.create",
            "  never  400 invalid_format, *",
        ]
    )
    result.stdout.fnmatch_lines(["  *test_it.py:*: AurousWarning: test_it.py::test_marker: *"])


def test_colors(suite: pytest.Pytester) -> None:
    """They are there where pytest uses colors, and the text is the same without them."""
    colored = "\n".join(suite.runpytest("--color=yes", *SHOWS, "--tb=short").outlines)
    plain = "\n".join(suite.runpytest("-k", "fails", "--tb=short").outlines)  # all of it takes long

    assert ("\x1b" in colored, "\x1b" in plain) == (True, False)
    assert "at the end:" in ANSI.sub("", colored)
    assert "at the end:" in plain
    assert "\x1b[32m -> 201\x1b[0m" in colored
    assert "\x1b[33m -> 404 resource_not_found\x1b[0m" in colored


def test_a_console_with_few_characters(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it cannot show is escaped, and all lines stay lines."""
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    monkeypatch.setenv("PYTHONUTF8", "0")
    command = [sys.executable, "-m", "pytest", *SHOWS, "-rA", "--tb=short", "-k", "fails or long or unmatched"]
    run = subprocess.run(command, cwd=suite.path, capture_output=True, encoding="cp1252", timeout=120, check=False)  # noqa: S603

    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    shown = pytest.LineMatcher(run.stdout.splitlines())
    shown.fnmatch_lines(
        [
            "*- Aurous timeline -*",
            "    2  *characters.retrieve  GET    /v1/characters/char_0 -> 404",
            "      resource_not_found",
            "at the end:",
            "  char_*  failed *Zo*\\u2192 \\U0001f3a8*",
            "again: pytest test_it.py::test_fails --aurous-seed=0",
            "   pays_once   characters.create#1 late (and 1 more)",
        ]
    )
    shown.no_fnmatch_line("*\\\\n*")


@pytest.mark.parametrize("command", ["--help", "--markers", "--fixtures", "--fixtures-per-test"])
def test_references_are_plain(suite: pytest.Pytester, command: str) -> None:
    """What describes the plugin is ASCII, and each line of it begins where it should."""
    result = suite.runpytest(command)

    assert result.ret == 0
    text = "\n".join(result.outlines)
    assert text.isascii()
    assert "aurous" in text
    if command == "--help":
        options = text[text.index("\naurous: what") : text.index("\n[pytest]")]
        assert options.index("--aurous-trace=DIR") < options.index("--aurous-seed=SEED")
        assert max(map(len, options.splitlines())) <= 80
    if command == "--fixtures":
        assert re.search(r"^aurous -- .*\n    The whole Aurous Labs API, offline, for this test", text, re.MULTILINE)
        assert len(re.findall(r"^aurous_\w+ -- .*\n    (?:A|The) ", text, re.MULTILINE)) == 7


def test_without_a_terminal_nothing_is_colored(pytester: pytest.Pytester) -> None:
    """With ``-p no:terminal`` there is no width and no color, and a failed test still fails."""
    pytester.makepyfile("def test_it(aurous): assert len(aurous.characters) == 1")

    run = pytester.inline_run("-p", "no:terminal")

    (failed,) = (report for report in run.getreports("pytest_runtest_logreport") if report.failed)
    assert "Aurous timeline" in str(failed.longrepr)
