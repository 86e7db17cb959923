"""Afterwards the fake is as the good day left it, and nothing of the cases reaches the test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousExplorationError, AurousUnfiredFault
from pytest_aurous._core.base.frames import shown_place
from pytest_aurous._core.time.turns import SharedTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aurous import Exploration

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


@pytest.mark.parametrize("frozen", [False, True])
def test_the_clocks_are_as_the_good_day_left_them(sleep: Any, *, frozen: bool) -> None:
    """The fake's clock, running or frozen as before; the clocks of the process, if the test skips sleeps."""
    with Aurous(sleep=sleep) as fake, fake.client(timeout=5) as client:
        fake.clock.advance(seconds=1000)
        if frozen:
            fake.clock.freeze("2026-05-08T10:00:00Z")
        began, mono, wall = fake.clock.time(), time.monotonic(), time.time()

        def run() -> None:
            client.get("/v1/balance")
            time.sleep(600)

        fake.explore(run)

        passed = 600 if sleep == "skip" else 0
        assert fake.clock.time() - began == pytest.approx(600, abs=0 if frozen else 30)
        assert time.monotonic() - mono == pytest.approx(passed, abs=30)
        assert time.time() - wall == pytest.approx(passed, abs=30)
        assert fake.clock.frozen is frozen
        assert isinstance(getattr(time.sleep, "shared", None), SharedTime) is (sleep == "skip")


def test_a_clock_that_the_run_freezes_stays_frozen(fake: Aurous, client: httpx.Client) -> None:
    """It is part of what the good day did."""

    def run() -> None:
        fake.clock.freeze("2030-01-01T00:00:00Z")
        client.get("/v1/balance")
        time.sleep(5)

    fake.explore(run, faults="unavailable")

    assert fake.clock.now().isoformat() == "2030-01-01T00:00:05+00:00"
    assert fake.clock.frozen


def test_each_run_starts_at_the_same_instant(fake: Aurous, client: httpx.Client) -> None:
    """With the clocks of the fake and of the process where they were when explore was called."""

    def run() -> tuple[float, float]:
        instants = fake.clock.time(), time.monotonic()
        client.get("/v1/balance")
        time.sleep(7200)
        return instants

    explored = fake.explore(run, faults="unavailable, rate_limited, garbled, greased")

    instants = [case.returned for case in explored.cases if case.returned]
    assert len(instants) == 4
    assert len({instant for instant, _ in instants}) == 1
    assert max(mono for _, mono in instants) - min(mono for _, mono in instants) < 60


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


def test_a_fault_that_no_day_met_fails_the_test() -> None:
    """Cases do not count for it."""
    with pytest.raises(AurousUnfiredFault), Aurous() as fake, fake.client(timeout=5) as client:  # noqa: PT012
        fake.faults.status("team.retrieve", 503)
        seen: list[int] = []

        def run() -> None:
            seen.append(client.get("/v1/balance").status_code)
            if seen[-1] != 200:
                client.get("/v1/team")

        fake.explore(run, faults="unavailable", laws="ends")


def test_spies_have_the_requests_of_the_good_day(fake: Aurous, client: httpx.Client) -> None:
    """After those from before; a route that responds does so on each day."""
    spy = fake.route("balance.retrieve")
    client.get("/v1/balance")
    route = fake.route("team.retrieve").respond(200, json={"id": "mine"})

    def run() -> None:
        client.get("/v1/balance")
        client.get("/v1/balance")
        assert client.get("/v1/team").json() == {"id": "mine"}

    fake.explore(run, faults="unavailable")

    assert (spy.call_count, route.call_count) == (3, 1)
    assert len(fake.calls) == 4


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


def test_a_snapshot_and_a_server_of_the_test_survive(fake: Aurous, client: httpx.Client) -> None:
    """The test can go back to a moment before the exploration, and explore again with the same result."""
    snapshot = fake.snapshot()

    def explored() -> Exploration:
        return fake.explore(lambda: client.post("/v1/characters", json=NOVA).json()["id"], laws="ends")

    first = explored()
    fake.restore(snapshot)
    assert len(fake.characters) == 0
    second = explored()

    assert first.table() == second.table()
    assert first.good_day.returned == second.good_day.returned


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
    assert "characters.create#1 lost" in note
    assert "recovers" in note
    assert "POST /v1/characters -> no response (disconnect, committed)" in note
    assert [call.operation for call in fake.calls] == ["characters.create"]
    assert fake.team.held_credits == 4
    assert fake.clock.time() - began < 30
    with pytest.raises(httpx.HTTPStatusError) as other:
        fake.explore(run, only="balance.retrieve#1 unavailable", laws="tells")
    created, read = (shown_place((__file__, run.__code__.co_firstlineno + step, "run")) for step in (1, 3))
    assert notes_of(other.value) == [
        (
            f"  1  +0 s     characters.create  POST /v1/characters -> 201\n       at {created}\n"
            "       held credits 4 -> 8\n"
            "       char_01KRMEXM02VT68E28ZFN76R3AM: new, synthesizing\n"
            "  2  +100 s   balance.retrieve  GET /v1/balance -> 503 provider_unavailable (status 503)\n"
            f"       at {read}"
        )
    ]
    assert 99 < fake.clock.time() - began < 130
    assert len(fake.calls) == 3


def test_only_returns_an_exploration_of_one_case(fake: Aurous, client: httpx.Client) -> None:
    """If its run returns."""
    explored = fake.explore(lambda: client.get("/v1/balance").status_code, only="balance.retrieve#1 unavailable")

    assert [(case.id, case.returned) for case in explored.cases] == [("balance.retrieve#1 unavailable", 503)]
    assert fake.calls.last.status == 503
