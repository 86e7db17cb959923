"""Rows that are timed: a GET, the publish flow, exploring it, snapshots, and in other processes an empty run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from warnings import catch_warnings, simplefilter

import httpx

import counting
from pytest_aurous import Aurous, AurousWarning, Exploration
from subjects import ORDER, SCRIPT, flow_aurous, flow_respx, get_aurous, get_respx
from suites import AUROUS, BARE, NO_PLUGIN, OPTIONS
from timing import Result, a_second, microseconds, milliseconds, per_call, ratio, rounds

__all__ = ("measure",)


def measure(*, quick: bool) -> Iterator[Result]:
    """Measure in the order of the table."""
    yield from _paired(10 if quick else 101)
    yield from _exploring(4 if quick else 25)
    yield from _snapshots(8 if quick else 41)
    yield from _empty_runs(3 if quick else 15)


# Over respx


def _paired(count: int) -> Iterator[Result]:
    gets = rounds({"aurous": _timed(get_aurous, 200), "respx": _timed(get_respx, 200)}, count)
    yield ratio("CPU time of one GET, over a static route of respx", gets["aurous"], gets["respx"], 1.0)
    flows = rounds({"aurous": _timed(flow_aurous, 40), "respx": _timed(flow_respx, 40)}, count)
    yield ratio("CPU time of the publish flow, over static routes of respx", flows["aurous"], flows["respx"], 1.1)


def _timed(prepare: Callable[[], Any], times: int) -> Callable[[], float]:
    def run() -> float:
        with prepare() as action:
            action()
            return per_call(action, times)

    return run


# Exploring


def _exploring(count: int) -> Iterator[Result]:
    with Aurous(script=SCRIPT, sleep="skip", pitfalls="off") as fake, fake.client() as client, catch_warnings():
        simplefilter("ignore", AurousWarning)  # what the code lacks is not the point
        cases = len(_explored(fake, client).cases)
        samples = rounds({"": lambda: per_call(lambda: _explored(fake, client), 1)}, count)
    yield a_second("explore the publish flow, all laws", cases, samples[""], 300)


def _explored(fake: Aurous, client: httpx.Client) -> Exploration:
    fake.reset()
    return fake.explore(lambda: _publish_carefully(client))


def _publish_carefully(client: httpx.Client) -> None:
    """Do the same as code that tries four times, and pauses."""
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


# An empty run


def _empty_runs(count: int) -> Iterator[Result]:
    installed = ("faker", "respx", "anyio")  # pytest loads the plugins of what this package needs, too
    plugins = {"pytest alone": (NO_PLUGIN,), "with all plugins": (AUROUS, *installed), "with ours alone": (AUROUS,)}
    with TemporaryDirectory() as folder:
        Path(folder, "test_suite.py").write_text(BARE, encoding="utf-8")
        samples = rounds({name: _run(Path(folder), names) for name, names in plugins.items()}, count)
    for name, seconds in samples.items():
        yield milliseconds(f"CPU time of a run with one empty test, {name}", seconds)


def _run(folder: Path, plugins: tuple[str, ...]) -> Callable[[], float]:
    first, *others = plugins
    command = [sys.executable, "-m", "pytest", *OPTIONS, first, *(part for name in others for part in ("-p", name))]

    def run() -> float:
        before = os.times()
        counting.run(command, folder)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return run
