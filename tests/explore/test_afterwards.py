"""Afterwards the fake is as the good day left it, and nothing of the cases reaches the test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousExplorationError

if TYPE_CHECKING:
    from collections.abc import Callable


NOVA = {"name": "Nova", "generate": True, "attributes": {"age": 28}}


def whole(fake: Aurous) -> dict[str, Any]:
    """Return all that a fake knows, apart from where its clock is."""
    app = fake._session.app
    saved = app.snapshot().world
    return {
        **saved._asdict(),
        "clock": None,
        "calls": [(call.number, call.operation, call.path, call.status, call.fault) for call in fake.calls],
        "notes": [(note.number, note.during, note.text) for note in app.world.journal.notes],
        "problems": [(one.kind, one.call.path) for one in app.problems],
        "pitfalls": [(one.id, one.call.path) for one in fake.pitfalls],
        "faults": [(repr(fault), fault.met) for fault in fake.faults],
    }


def notes_of(error: BaseException) -> list[str]:
    """Return the notes of an exception, which a checker for Python 3.10 does not know."""
    return list(vars(error)["__notes__"])


@pytest.fixture(params=["real", "skip"])
def sleep(request: pytest.FixtureRequest) -> Any:
    """The setting sleep."""
    return request.param


@pytest.fixture(params=[None, "2026-05-08T10:00:00Z"])
def pair(request: pytest.FixtureRequest, sleep: Any) -> tuple[Aurous, Aurous]:
    """Two fakes that are equal: one for an exploration, and one for one run; with a frozen clock or not."""
    first, second = (Aurous(credits=100, seed=3, sleep=sleep, now=request.param) for _ in range(2))
    for one in (first, second):
        one.script("synthesizing*2 -> reviewing")
        one.characters.add(name="Before")
        one.faults.delay("balance.retrieve", seconds=3, times=2)
        one.faults.status("characters.save", 503, times=2)
    return first, second


def test_the_fake_is_as_the_good_day_left_it(pair: tuple[Aurous, Aurous], shop: Any) -> None:
    """Its state, its calls after those made before, notes, pitfalls, problems, faults and their counters."""
    found: list[dict[str, Any]] = []
    moved: list[float] = []
    for one, explores in zip(pair, (True, False), strict=True):
        with one, one.client(timeout=5) as client:
            client.get("/v1/balance")
            client.post("/v1/characters", json=NOVA)  # two pitfalls are near: no key
            publish = type(shop)(client).publish
            began = one.clock.time()

            def run(publish: Callable[[], str] = publish, client: httpx.Client = client) -> str:
                client.get("/v1/balance")
                return publish()

            if explores:
                one.explore(run, laws="ends")
            else:
                with one.clock.skip_sleeps():
                    run()
            moved.append(one.clock.time() - began)
            found.append(whole(one))
    explored, alone = found
    timed = {"sections": 0} if pair[0].clock.frozen is False else {}  # rows have instants
    assert {**explored, **timed} == {**alone, **timed}
    assert explored["sections"].keys() == alone["sections"].keys()
    assert moved[0] == pytest.approx(moved[1], abs=30 if timed else 0)


def test_faults_of_the_test_happen_on_each_day(fake: Aurous, client: httpx.Client) -> None:
    """They count once, and one that the good day did not meet is still to be met."""
    fault = fake.faults.status("balance.retrieve", 503, after=1)
    left = fake.faults.status("team.retrieve", 503)

    def run() -> list[int]:
        return [client.get("/v1/balance").status_code for _ in range(3)]

    explored = fake.explore(run, faults="rate_limited", laws="ends")

    assert explored.good_day.returned == [200, 503, 200]
    assert [case.returned for case in explored.cases] == [[429, 503, 200], [200, 503, 429]]
    assert (fault.met, fault.fired, left.met) == (1, 1, 0)
    assert list(fake.faults) == [fault, left]
    assert client.get("/v1/team").status_code == 503


def test_pitfalls_and_problems_of_cases_do_not_reach_the_test(fake: Aurous, client: httpx.Client) -> None:
    """They are broken laws of the exploration alone."""

    def run() -> None:
        for _ in range(2):
            status = client.post("/v1/characters", json=NOVA).status_code
            if status == 201:
                return
        client.get("/v1/nothing")

    with pytest.raises(AurousExplorationError) as raised:
        fake.explore(run, faults="unavailable")

    assert raised.value.exploration.cases[0].broken == ("no_pitfall",)
    assert fake.pitfalls == []
    assert fake._session.app.problems == []


def test_only_leaves_the_fake_as_the_case_left_it(fake: Aurous, client: httpx.Client) -> None:
    """Its exception comes through, with its traceback and the timeline."""

    def run() -> None:
        client.post("/v1/characters", json=NOVA).raise_for_status()
        time.sleep(100)
        client.get("/v1/balance").raise_for_status()

    began = fake.clock.time()
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        fake.explore(run, only="characters.create#1 lost")

    assert "run" in [entry.name for entry in raised.traceback]
    (note,) = notes_of(raised.value)
    assert "recovers" in note
    assert "POST /v1/characters -> no response (disconnect, committed)" in note
    assert [call.operation for call in fake.calls] == ["characters.create"]
    assert fake.team.held_credits == 4
    assert fake.clock.time() - began < 30
    with pytest.raises(httpx.HTTPStatusError) as other:
        fake.explore(run, only="balance.retrieve#1 unavailable", laws="tells")
    (note,) = notes_of(other.value)
    assert note.startswith("  1  +0 s     characters.create  POST /v1/characters -> 201\n       at ")
    assert 99 < fake.clock.time() - began < 130
