"""What many calls cost: time, and memory that is kept for each."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterable

import httpx
import respx

from pytest_aurous import Aurous
from timing import Result, per_call, ratio, summary

__all__ = ("measure",)

CALLS = 10_000
EDGE = 1_000
URL = "https://api.aurous-labs.com/v1/characters/char_1"


def measure(*, quick: bool) -> list[Result]:
    """Measure the last calls of a long test beside its first, and what is kept of each."""
    first: list[float] = []
    last: list[float] = []
    _long_run()  # warms up
    for _ in range(2 if quick else 9):
        early, late = _long_run()
        first.append(early)
        last.append(late)
    return [
        ratio(f"the last {EDGE:,} of {CALLS:,} requests / the first", last, first, bar=1.05),
        summary("memory kept per call, beside the bodies", [_ours()], "B", bar=600),
        summary("  the same of respx", [_theirs()], "B"),
    ]


def _long_run() -> tuple[float, float]:
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        early = per_call(lambda: client.get(path), EDGE)
        for _ in range(CALLS - 2 * EDGE):
            client.get(path)
        return early, per_call(lambda: client.get(path), EDGE)


def _ours() -> float:
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"

        def bodies() -> Iterable[bytes]:
            return (call.response.content for call in fake.calls if call.response)

        return _kept(lambda: client.get(path), bodies)


def _theirs() -> float:
    answer = Aurous().characters.add().json()
    with respx.mock() as router, httpx.Client() as client:
        router.get(URL).respond(json=answer)
        return _kept(lambda: client.get(URL), lambda: (call.response.content for call in router.calls))


def _kept(action: Callable[[], object], bodies: Callable[[], Iterable[bytes]]) -> float:
    for _ in range(100):
        action()
    before_bodies = _weight(bodies())
    gc.collect()
    tracemalloc.start()
    for _ in range(EDGE):
        action()
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (kept - (_weight(bodies()) - before_bodies)) / EDGE


def _weight(bodies: Iterable[bytes]) -> int:
    """Return the bytes of all bodies, each object counted once however many calls share it."""
    return sum(map(sys.getsizeof, {id(body): body for body in bodies}.values()))
