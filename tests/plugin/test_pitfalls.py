"""How pitfalls are told: as warnings that name the line of the code under test, as failures, or not at all."""

from __future__ import annotations

import os
from typing import Final

import pytest

APP: Final = """
    # The code under test, a module of its own.
    def rename(client, character):
        return client.patch(
            f"/v1/characters/{character.id}", json={"attributes": {"age": 30}}
        )

    def poll(client):
        for _ in range(4):
            client.get("/v1/characters/char_x")
"""
"""Wipes what the PATCH does not mention, in line 3, and polls what is not there, in line 9."""

TEST: Final = """
    import httpx, pytest
    import app
    {marker}
    def test_it(aurous, aurous_client):
        app.rename(aurous_client, aurous.characters.add(attributes={{"age": 20, "hair_color": "black"}}))
        {more}
"""


def make(pytester: pytest.Pytester, *, marker: str = "", more: str = "") -> None:
    """Write the code under test, and a test of it that is good but for its pitfall."""
    pytester.makepyfile(app=APP, test_app=TEST.format(marker=marker and f"@pytest.mark.aurous({marker})", more=more))


def filters(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """Set a filter in an ini file, and none on the command line, which would win."""
    monkeypatch.setenv("PYTEST_ADDOPTS", os.environ["PYTEST_ADDOPTS"].replace("-W always", ""))
    pytester.makeini(f"[pytest]\nfilterwarnings =\n    always\n    {option}\n")


def test_a_pitfall_is_a_warning_at_the_line_of_the_code_under_test(pytester: pytest.Pytester) -> None:
    """The summary has the test, file and line of the code under test, the id, what to do, and where to read on."""
    make(pytester)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*warnings summary*",
            "test_app.py::test_it",
            (
                "*/app.py:3: AurousPitfallWarning: [[]wiping-patch] a PATCH replaces attributes as a whole, "
                "and this one dropped some that were set. GET the character, change its attributes, and send them all. "
                "(PATCH /v1/characters/char_*)"
            ),
            "*Read on: pytest-aurous docs reference/pitfalls#wiping-patch",
        ]
    )
    result.stdout.no_fnmatch_line("*Aurous timeline*")


def test_one_line_of_code_is_one_pitfall(pytester: pytest.Pytester) -> None:
    """Whatever it requests: what a helper does wrong is told once, and not for each path."""
    pytester.makepyfile(
        app="""
        def read(client, path):
            for _ in range(2):
                client.get(path)
        """,
        test_app="""
        import app
        def test_it(aurous, aurous_client):
            aurous.faults.rate_limited("*", times=6)
            for path in ("/v1/team", "/v1/balance", "/v1/pricing"):
                app.read(aurous_client, path)
            [one] = aurous.pitfalls
            assert (one.id, one.place[1]) == ("early-retry", 3)
        """,
    )

    pytester.runpytest().assert_outcomes(passed=1, warnings=1)


def test_several_pitfalls_are_several_warnings(pytester: pytest.Pytester) -> None:
    """Each at its own line."""
    make(pytester, more="app.poll(aurous_client)")

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=2)
    result.stdout.fnmatch_lines(["*/app.py:3: *[[]wiping-patch]*", "*/app.py:9: *[[]endless-poll]*"])


@pytest.mark.parametrize("client", ["httpx.Client()", "aurous.client()", "httpx2.Client()"])
def test_the_line_is_never_that_of_a_library(pytester: pytest.Pytester, client: str) -> None:
    """Whatever client sends the request, the nearest line outside of it is named."""
    if "httpx2" in client:
        pytest.importorskip("httpx2", reason="needs httpx2")
    pytester.makepyfile(
        test_line=f"""
        import {"httpx2" if "httpx2" in client else "httpx"}

        def test_it(aurous):
            with {client} as client:
                headers = {{"X-Api-Key": aurous.api_key}}
                for _ in range(4):
                    client.get(f"{{aurous.base_url}}/v1/characters/char_x", headers=headers)
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*/test_line.py:7: AurousPitfallWarning: [[]endless-poll]*"])


def test_the_line_of_a_coroutine_is_its_own(pytester: pytest.Pytester) -> None:
    """Asynchronous code under test is named as well."""
    pytester.makepyfile(
        app="""
        async def poll(client):
            for _ in range(4):
                await client.get("/v1/characters/char_x")
        """,
        test_async="""
        import asyncio
        import app

        def test_it(aurous_async_client):
            asyncio.run(app.poll(aurous_async_client))
        """,
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*/app.py:3: AurousPitfallWarning: [[]endless-poll]*"])


@pytest.mark.parametrize("place", ["ini", "cli", "marker"])
def test_one_pitfall_can_be_silenced_by_its_id(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The message begins with ``[id]``, so that any filter for warnings tells it from the others."""
    pattern = r"ignore:\[wiping-patch\]"
    make(pytester, more="app.poll(aurous_client)")
    if place == "marker":
        pytester.makepyfile(
            test_app=TEST.format(marker=f"@pytest.mark.filterwarnings(r'{pattern}')", more="app.poll(aurous_client)")
        )
    if place == "ini":
        filters(pytester, monkeypatch, pattern)

    result = pytester.runpytest(*(["-W", r"ignore:[wiping-patch]"] if place == "cli" else []))

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*[[]endless-poll]*"])
    result.stdout.no_fnmatch_line("*[[]wiping-patch]*")


def test_all_can_be_silenced_by_their_class(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, in an ini file."""
    make(pytester, more="app.poll(aurous_client)")
    filters(pytester, monkeypatch, "ignore::pytest_aurous.AurousPitfallWarning")

    pytester.runpytest().assert_outcomes(passed=1, warnings=0)


@pytest.mark.parametrize("place", ["ini", "cli", "marker"])
def test_warnings_as_errors_make_it_one_failure(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """It is one FAILED in the call phase, no ERROR, and no warning about how we were loaded."""
    option = "error::pytest_aurous.AurousPitfallWarning"
    make(pytester)
    if place == "marker":
        pytester.makepyfile(test_app=TEST.format(marker=f"@pytest.mark.filterwarnings('{option}')", more=""))
    if place == "ini":
        filters(pytester, monkeypatch, option)

    result = pytester.runpytest(*(["-W", option] if place == "cli" else []))

    result.assert_outcomes(failed=1, warnings=0)
    result.stdout.fnmatch_lines(
        [
            "*AurousPitfallWarning: [[]wiping-patch] *",
            "*Aurous timeline*",
            "*pitfall: [[]wiping-patch] *",
            "FAILED test_app.py::test_it - *AurousPitfallWarning: [[]wiping-patch] *",
        ]
    )
    result.stdout.no_fnmatch_line("*ERROR*")
    result.stdout.no_fnmatch_line("*plugin.py*")


MODES: Final = {
    "error": {"failed": 1, "warnings": 0},
    "warn": {"passed": 1, "warnings": 1},
    "off": {"passed": 1, "warnings": 0},
}


@pytest.mark.parametrize(("place", "mode"), [("ini", "error"), ("cli", "warn"), ("marker", "off")])
def test_the_setting_says_what_comes_of_it(pytester: pytest.Pytester, place: str, mode: str) -> None:
    """``pitfalls`` makes it a failure, a warning or nothing; `aurous.pitfalls` has it anyway."""
    marker = f"pitfalls={mode!r}" if place == "marker" else ""
    make(pytester, marker=marker, more="assert [one.id for one in aurous.pitfalls] == ['wiping-patch']")
    if place == "ini":
        pytester.makeini(f"[pytest]\naurous_pitfalls = {mode}")

    result = pytester.runpytest(*(["-o", f"aurous_pitfalls={mode}"] if place == "cli" else []))

    result.assert_outcomes(**MODES[mode])
    if mode == "off":
        result.stdout.no_fnmatch_line("*wiping-patch*")
    if mode == "error":
        result.stdout.fnmatch_lines(
            [
                "AurousPitfallWarning: [[]wiping-patch] *",
                "Read on: pytest-aurous docs *",
                "  at app.py:3 in rename",
                "*Aurous timeline*",
                "FAILED test_app.py::test_it - *AurousPitfallWarning: *",
            ]
        )
        result.stdout.no_fnmatch_line("*ERROR*")


def test_several_are_one_failure(pytester: pytest.Pytester) -> None:
    """With ``pitfalls="error"`` all are told at once, each with its line."""
    make(pytester, marker="pitfalls='error'", more="app.poll(aurous_client)")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*[[]wiping-patch]*",
            "  at app.py:3 in rename",
            "[[]endless-poll]*",
            "  at app.py:9 in *",
            "*Aurous timeline*",
        ]
    )


def test_a_test_that_fails_anyway_has_them_in_its_timeline(pytester: pytest.Pytester) -> None:
    """Below the call that did it; its own error stays the failure."""
    make(pytester, more="raise OSError('my own')")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*OSError: my own",
            "*Aurous timeline*",
            "    1  ??:??:??  characters.update  PATCH  /v1/characters/char_* -> 200",
            "       pitfall: [[]wiping-patch] a PATCH replaces attributes as a *",
        ]
    )


@pytest.mark.parametrize(("strict", "outcome"), [("error", {"failed": 1}), ("warn", {"passed": 1, "warnings": 2})])
def test_an_unmatched_request_comes_first(pytester: pytest.Pytester, strict: str, outcome: dict[str, int]) -> None:
    """Where it fails the test, the pitfall is in the timeline; where it is a warning, both are."""
    make(pytester, marker=f"strict={strict!r}", more="httpx.get(f'{aurous.base_url}/v1/charcters')")

    result = pytester.runpytest()

    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines_random(["*no such operation: GET *", "*[[]wiping-patch]*"])


def test_the_next_test_has_none_of_them(pytester: pytest.Pytester) -> None:
    """A pitfall belongs to the test in which it was seen."""
    make(pytester, more="\n\n    def test_next(aurous):\n        assert aurous.pitfalls == []")

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=2, warnings=1)
