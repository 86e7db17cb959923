"""What is measured in this process: exploring, snapshots, one GET, and what it costs to know who sent it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType
from typing import Any, Final
from unittest import mock

import httpx
import respx

from pytest_aurous import Aurous, AurousCrash, Exploration
from pytest_aurous._base.frames import Place
from pytest_aurous._explore import day, kinds
from pytest_aurous._explore.run import Run
from pytest_aurous._httpx import router
from pytest_aurous._report.recorder import Recorder
from pytest_aurous._time.skipping import SleepSkipper
from timing import Result, a_second, microseconds, per_call, ratio, rounds

__all__ = ("measure",)

GETS: Final = 200
ORDER: Final = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def measure(*, quick: bool) -> Iterator[Result]:
    """Measure in the order of the table."""
    yield from _exploring(4 if quick else 25)
    yield from _snapshots(8 if quick else 41)
    yield from _gets(10 if quick else 101)


# Exploring


def _publish(client: httpx.Client) -> None:
    """Create a character, poll until it is there, and save it: the code under test, which tries four times."""
    character = _send(client, "POST", "/v1/characters", json=ORDER, headers={"Idempotency-Key": "order-1"})["id"]
    while (status := _send(client, "GET", f"/v1/characters/{character}")["status"]) == "synthesizing":
        time.sleep(10)
    if status == "failed":
        raise RuntimeError(status)
    _send(client, "POST", f"/v1/characters/{character}/save")


def _send(client: httpx.Client, method: str, path: str, **sent: Any) -> Any:
    for _ in range(4):
        try:
            response = client.request(method, path, **sent)
            if response.status_code not in {409, 429, 503}:
                return response.raise_for_status().json()
        except httpx.TransportError:
            pass
        time.sleep(25)
    raise RuntimeError(path)


def _exploring(count: int) -> Iterator[Result]:
    with Aurous(script="synthesizing*2 -> reviewing", sleep="skip", pitfalls="off") as fake, fake.client() as client:
        days = [day.BadDay(case.id) for case in _explored(fake, client).cases]
        samples = rounds(
            {
                "explored": lambda: per_call(lambda: _explored(fake, client), 1),
                "by hand": lambda: per_call(lambda: _by_hand(fake, client, days), 1),
            },
            count,
        )
    yield a_second("explore the publish flow, all laws", len(days), samples["explored"], 300)
    yield ratio("the same, over the same runs without exploring", samples["explored"], samples["by hand"], 1.5)


def _explored(fake: Aurous, client: httpx.Client) -> Exploration:
    fake.reset()
    return fake.explore(lambda: _publish(client))


def _by_hand(fake: Aurous, client: httpx.Client, days: list[day.BadDay]) -> None:
    """Let the same days happen, and look at nothing; two good days are the same, too."""
    app = fake._session.app
    with SleepSkipper(app.world.clock.jump) as shared:
        for one in (day.BadDay(), day.BadDay(), *days):
            fake.reset()
            run = Run(app)
            faults = [kinds.KINDS[kind].add(kinds.Scene(app, run, shared.move), place) for place, kind in one._plan]
            for fault in faults:
                app.queue.put_first(fault)
            with suppress(Exception, AurousCrash):  # as in an exploration, which goes on
                _publish(client)
            for fault in faults:
                app.queue.remove(fault)


# Snapshots


def _snapshots(count: int) -> Iterator[Result]:
    fakes = {rows: Aurous() for rows in (10, 1_000)}
    for rows, fake in fakes.items():
        for _ in range(rows):
            fake.characters.add()
    samples = rounds({str(rows): _back(fake, 2_000 // rows) for rows, fake in fakes.items()}, count)
    yield microseconds("snapshot and restore 10 rows", samples["10"], 100)
    yield microseconds("snapshot and restore 1,000 rows", samples["1000"], 1_000)


def _back(fake: Aurous, times: int) -> Callable[[], float]:
    return lambda: per_call(lambda: fake.restore(fake.snapshot()), times)


# One GET


def _gets(count: int) -> Iterator[Result]:
    samples = rounds(
        {"aurous": _get, "respx": _get_of_respx, "traced before": _get_traced_before, "no place": _get_without_place},
        count,
    )
    yield ratio("one GET, over one static route of respx", samples["aurous"], samples["respx"], 1.0)
    yield ratio("one GET with tracing off again, over never on", samples["traced before"], samples["aurous"], 1.0)
    yield ratio("one GET with the place that sent it, over without it", samples["aurous"], samples["no place"], 1.05)


def _get(*, traced: bool = False) -> float:
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        if traced:
            recorder = Recorder(fake._session.app)
            client.get(path)
            recorder.stop()
        assert client.get(path).status_code == httpx.codes.OK  # a refusal would be fast, too
        return per_call(lambda: client.get(path), GETS)


def _get_traced_before() -> float:
    return _get(traced=True)


def _get_without_place() -> float:
    with mock.patch.object(router, "under_test", _nowhere):  # a Mock would cost more than it saves
        return _get()


def _nowhere(_frame: FrameType) -> Iterator[Place]:
    return iter(())


def _get_of_respx() -> float:
    fake = Aurous()
    path = f"/v1/characters/{fake.characters.add().id}"
    with respx.mock(base_url=fake.base_url) as routes, httpx.Client(base_url=fake.base_url) as client:
        routes.get(path).respond(json=fake.characters.last.json())
        assert client.get(path).status_code == httpx.codes.OK
        return per_call(lambda: client.get(path), GETS)
