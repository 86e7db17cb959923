"""How pitfalls are told: as warnings that name the line of the code under test, as failures, or not at all."""

from collections.abc import Callable
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

    async def poll_async(client):
        for _ in range(4):
            await client.get("/v1/characters/char_x")
"""
"""Wipes what the PATCH does not mention, in line 3, and polls what is not there, in lines 9 and 13."""
TEST: Final = """
    import httpx, pytest
    import app
    {marker}
    def test_it(aurous, aurous_client):
        app.rename(aurous_client, aurous.characters.add(attributes={{"age": 20, "hair_color": "black"}}))
        app.poll(aurous_client)
        assert [one.id for one in aurous.pitfalls] == ["wiping-patch", "endless-poll"]
"""


def make(pytester: pytest.Pytester, marker: str = "") -> None:
    """Write the code under test, and a test of it that is good but for its two pitfalls."""
    pytester.makepyfile(app=APP, test_app=TEST.format(marker=marker and f"@pytest.mark.{marker}"))


def test_a_pitfall_is_a_warning_at_the_line_of_the_code_under_test(pytester: pytest.Pytester) -> None:
    """Each has the test, file and line; whatever client sends the request, sync or async, it is never a library."""
    pytester.makepyfile(
        app=APP,
        test_all="""
        import asyncio
        import app, httpx, pytest

        def test_two(aurous, aurous_client):
            app.rename(aurous_client, aurous.characters.add(attributes={"age": 20, "hair_color": "black"}))
            app.poll(aurous_client)

        def test_async(aurous_async_client):
            asyncio.run(app.poll_async(aurous_async_client))

        @pytest.mark.parametrize("library", ["httpx", "httpx2"])
        def test_own(aurous, library):
            with pytest.importorskip(library).Client(headers={"X-Api-Key": aurous.api_key}) as client:
                for _ in range(4):
                    client.get(f"{aurous.base_url}/v1/characters/char_x")

        def test_one_line(aurous, aurous_client):
            aurous.faults.rate_limited("*", times=6)
            for path in ("/v1/team", "/v1/balance", "/v1/pricing"):
                for _ in range(2):
                    aurous_client.get(path)
            [one] = aurous.pitfalls
            assert (one.id, one.place[1]) == ("early-retry", 21)

        def test_next(aurous):
            assert aurous.pitfalls == []
        """,
    )

    result = pytester.runpytest("-p", "no:randomly")

    assert "failed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "test_all.py::test_two",
            "*/app.py:3: AurousPitfallWarning: [[]wiping-patch] *",
            "*/app.py:9: AurousPitfallWarning: [[]endless-poll] *",
            "*/app.py:13: AurousPitfallWarning: [[]endless-poll] *",
            "test_all.py::test_own[[]httpx]",
            "*/test_all.py:15: AurousPitfallWarning: [[]endless-poll] *",
            "*/test_all.py:21: AurousPitfallWarning: [[]early-retry] *",
        ]
    )


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize(
    ("action", "what", "outcome"),
    [
        ("ignore", r"\[wiping-patch\]", {"passed": 1, "warnings": 1}),
        ("ignore", ":pytest_aurous.AurousPitfallWarning", {"passed": 1, "warnings": 0}),
        ("error", ":pytest_aurous.AurousPitfallWarning", {"failed": 1, "warnings": 0}),
    ],
    ids=["one", "all", "errors"],
)
def test_filters_of_warnings_know_it(
    pytester: pytest.Pytester, action: str, what: str, outcome: dict[str, int], *, typed: bool
) -> None:
    """One by its id, all by their class, typed or in a marker; an error is one FAILED in the call phase, no ERROR."""
    option = f"{action}:{what}"
    make(pytester, "" if typed else f"filterwarnings(r'{option}')")

    # Where it is typed, pytest escapes the message.
    result = pytester.runpytest(*(["-W", option.replace("\\", "")] if typed else []))

    result.assert_outcomes(**outcome)


@pytest.mark.parametrize("mode", ["error", "warn", "off"])
def test_the_setting_says_what_comes_of_it(
    pytester: pytest.Pytester, outcomes: Callable[[pytest.RunResult], dict[str, str]], mode: str
) -> None:
    """``pitfalls`` makes all of them one failure, warnings or nothing; `aurous.pitfalls` has them anyway."""
    make(pytester, f"aurous(pitfalls={mode!r})")

    result = pytester.runpytest("-rA")

    assert outcomes(result) == {"test_it": "failed: AurousPitfallWarning" if mode == "error" else "passed"}
    assert result.parseoutcomes().get("warnings", 0) == (2 if mode == "warn" else 0)
    if mode == "error":
        result.stdout.fnmatch_lines(
            [
                "*[[]wiping-patch]*",
                "  at app.py:3 in rename",
                "[[]endless-poll]*",
                "  at app.py:9 in poll",
                "*Aurous timeline*",
                "       pitfall: [[]wiping-patch] *",
            ]
        )
