"""Distributed runs: every worker has its own fake, and the controller its report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_aurous.plugin.stash import MODES, Mode, receive_found

pytest.importorskip("xdist", reason="needs pytest-xdist")


def test_a_worker_that_crashed_adds_nothing() -> None:
    """Its controller adds what the other workers have found."""
    added: list[Any] = []

    class Noting(Mode):
        def add(self, found: Any) -> None:
            added.append(found)

    config = SimpleNamespace(stash=pytest.Stash())
    config.stash[MODES] = {"noting": Noting()}
    receive_found(SimpleNamespace(config=config))
    receive_found(SimpleNamespace(config=config, workeroutput={"aurous_noting": 7}))

    assert added == [7]


def test_two_workers(pytester: pytest.Pytester) -> None:
    """Under ``-n 2`` fixtures, settings, markers, verdict, timeline and warnings are as in one process."""
    pytester.makeini("[pytest]\naurous_credits = 20")
    pytester.makepyfile(
        """
        import httpx, pytest
        from pytest_aurous import Script

        @pytest.mark.parametrize("number", range(6))
        def test_good(aurous, aurous_client, number):
            body = {"name": f"Aurora {number}", "generate": True, "attributes": {"age": 20}}
            assert aurous_client.post("/v1/characters", json=body).status_code == 201
            assert aurous.characters.last.name == f"Aurora {number}"
            assert (aurous.team.credits, aurous.team.held_credits, len(aurous.calls)) == (20, 4, 1)

        @pytest.mark.parametrize("script", [Script.parse("synthesizing*3 -> reviewing")], ids=str)
        def test_script(aurous, script):
            aurous.script(script)

        @pytest.mark.aurous(credits=30)
        def test_marker(aurous):
            assert aurous.team.credits == 30
            assert aurous._session.settings.readings == {"get-2": "readable"}

        def test_unmatched(aurous):
            httpx.get(f"{aurous.base_url}/v1/charcters")

        @pytest.mark.aurous(strict="warn")
        def test_warned(aurous):
            httpx.get(f"{aurous.base_url}/v1/uploads")

        def test_own_error(aurous_client):
            aurous_client.get("/v1/balance")
            assert False, "my own"
        """
    )

    result = pytester.runpytest("-p", "xdist", "-n", "2", "-o", "aurous_readings=get-2=readable")

    result.assert_outcomes(passed=9, failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "*AurousUnmatchedRequest: *no such operation: GET *charcters",
            "*AurousWarning: *no such operation: GET *uploads",
            "*AssertionError: my own",
            "*Aurous timeline*",
            "*GET *balance -> 200",
        ]
    )
    result.stdout.no_fnmatch_line("*ERROR*")
    assert result.stdout.str().count("- Aurous timeline -") == 2


def test_a_wrong_marker_is_told_by_the_workers(pytester: pytest.Pytester) -> None:
    """The mistake of a marker is told with its cure, when its test is set up: at collection it would break xdist."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.aurous(stric="off")
        def test_it(): ...

        @pytest.mark.aurous_explore(faults="lots")
        def test_explored(aurous): ...

        @pytest.mark.parametrize("aurous", [5], indirect=True)
        def test_indirect(aurous): ...
        """
    )

    result = pytester.runpytest("-p", "xdist", "-n", "1", "--aurous-explore=report")

    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["*'stric' is not a setting; did you mean 'strict'[?]*"])
    result.stdout.fnmatch_lines(["*faults='lots'*did you mean 'lost'*"])
    result.stdout.fnmatch_lines(["*parametrize('aurous', ..., indirect=True): expected a dict of settings*; got 5.*"])
