"""What watches a fake: a trace, the coverage and an exploration, all at once."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import permutations
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousCrash, BadDay
from pytest_aurous._report.coverage import Coverage
from pytest_aurous._trace.recorder import Recorder

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


class Watching:
    """A fake with a trace and a coverage, which are entered in a certain order."""

    def __init__(self, aurous: Aurous, order: tuple[str, ...] = ("trace", "coverage")) -> None:
        self.aurous = aurous
        self.coverage = Coverage()
        self.recorder: Recorder
        for name in order:
            getattr(self, name)()

    def trace(self) -> None:
        self.recorder = Recorder(self.aurous._session.handle)

    def cover(self) -> None:
        self.aurous._session.app.world.watchers.insert(0, self.coverage)

    def check(self) -> list[tuple[str | None, int | None]]:
        """Return the calls of the fake: both have seen all of them, and nothing else."""
        seen = [step.call for step in self.recorder.steps if step.call is not None]
        assert seen == [*self.aurous.calls]
        assert all(call.stack and call.stack[0] == call.place for call in seen)
        calls = [(call.operation, call.status) for call in seen]
        counts = Counter(
            (operation, int(outcome[:3]) if outcome[0].isdigit() else None)
            for operation, outcomes in self.coverage.dump().items()
            for outcome, count in outcomes.items()
            for _ in range(count)
        )
        assert counts == Counter(calls)
        return calls


@pytest.fixture(name="aurous")
def _aurous() -> Iterator[Aurous]:
    with Aurous(seed=3, strict="off", pitfalls="off", script="synthesizing*2 -> reviewing") as aurous:
        yield aurous


@pytest.mark.parametrize("order", [*permutations(("trace", "cover"))], ids=" ".join)
def test_a_trace_and_a_coverage_see_the_good_day_of_an_exploration(aurous: Aurous, order: tuple[str, ...]) -> None:
    """Each request once, with what it changed and how far the clock moved before it; no bad day."""
    watching = Watching(aurous, order)
    with aurous.client(timeout=5) as client:

        def run() -> None:
            with suppress(httpx.TransportError):
                character = client.post("/v1/characters", json=BODY).json().get("id", "char_none")
                time.sleep(10)
                client.get(f"/v1/characters/{character}")

        before = aurous._session.app.world.watchers[:]
        aurous.explore(run, laws="ends")
        assert aurous._session.app.world.watchers == before
        client.get("/v1/balance")

    assert watching.check() == [("characters.create", 201), ("characters.retrieve", 200), ("balance.retrieve", 200)]
    steps = watching.recorder.steps
    created = next(step for step in steps if step.call is not None and step.call.operation == "characters.create")
    assert {"records", "money"} <= created.changes.keys()
    assert [how for step in steps for how, _ in step.events] == ["freeze", "sleep"]


def test_a_case_that_is_run_alone_is_neither_traced_nor_counted(aurous: Aurous) -> None:
    """Its exploration says all about it; the good days before it are undone."""
    watching = Watching(aurous, ("trace", "cover"))
    with aurous.client(timeout=5) as client, pytest.raises(httpx.ConnectError):
        aurous.explore(lambda: client.get("/v1/balance"), only="balance.retrieve#1 refused", laws="ends")

    assert [step.call for step in watching.recorder.steps if step.call is not None] == []
    assert watching.coverage.dump() == {}


@pytest.mark.parametrize("order", [*permutations(("trace", "cover", "day"))], ids=" ".join)
def test_a_trace_and_a_coverage_see_a_bad_day(aurous: Aurous, order: tuple[str, ...]) -> None:
    """Whichever began first, they see the request in which the process dies, too."""
    watching = Watching(aurous, ())
    with aurous.client(timeout=5) as client, suppress(AurousCrash), ExitStack() as stack:
        for name in order:
            if name == "day":
                stack.enter_context(aurous.day(BadDay("characters.create#1 crash")))
            else:
                getattr(watching, name)()
        client.get("/v1/balance")
        client.post("/v1/characters", json=BODY)

    assert watching.check() == [("balance.retrieve", 200), ("characters.create", None)]


def _raises(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too late")


def _fails(_: httpx.Request) -> httpx.Response:
    raise LookupError


OVERRIDES: dict[str, tuple[Callable[[Any], object], int | None]] = {
    "respond": (lambda route: route.respond(503), 503),
    "stream": (lambda route: route.respond(200, stream=iter([b"{}"])), None),
    "request error": (lambda route: route.mock(side_effect=_raises), None),
    "other error": (lambda route: route.mock(side_effect=_fails), None),
    "the fake responds": (lambda route: route.mock(side_effect=lambda _: None), 200),
}


@pytest.mark.parametrize(("override", "status"), OVERRIDES.values(), ids=OVERRIDES)
def test_requests_that_a_route_overrides_are_traced_and_counted(
    aurous: Aurous, override: Callable[[Any], object], status: int | None
) -> None:
    """Each once, also if the route raises an error or leaves the response to the fake."""
    watching = Watching(aurous, ("trace", "cover"))
    override(aurous.route("balance.retrieve"))

    with aurous.client(timeout=5) as client, suppress(httpx.ReadTimeout, LookupError):
        client.get("/v1/balance")

    assert watching.check() == [("balance.retrieve", status)]
