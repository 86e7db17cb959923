"""What patches something and fails half-way leaves nothing behind."""

import _socket
import asyncio
import os
import socket
import sys
import threading
import time
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pytest
from respx.mocks import Mocker

from pytest_aurous import Aurous, AurousServer, BadDay
from pytest_aurous._check.recording.traffic import Traffic
from pytest_aurous._core.base.work import current_work
from pytest_aurous._core.time import skipping
from pytest_aurous._explore import kinds
from pytest_aurous._explore.runs import run
from pytest_aurous._fake.environment import ENVIRONMENT
from pytest_aurous._httpx import interception
from pytest_aurous._httpx.interception import INTERCEPTION
from pytest_aurous.plugin.guard import NetworkGuard
from pytest_aurous.plugin.modes import examples
from pytest_aurous.plugin.stash import FAKE

PATCHED: Final = (
    (time, ("sleep", "time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")),
    (asyncio, ("sleep",)),
    (BaseEventLoop, ("_run_once", "time")),
    (httpx.HTTPTransport, ("handle_request",)),
    (httpx.AsyncHTTPTransport, ("handle_async_request",)),
    (sys.modules["httpx._transports.default"], ("create_ssl_context",)),
    (socket, ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")),
    (_socket, ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")),
    (threading.Thread, ("start",)),
    (ThreadPoolExecutor, ("submit",)),
)


def process() -> list[object]:
    """Return everything of this process that the package patches, and what it keeps about that."""
    functions = [getattr(owner, name) for owner, names in PATCHED for name in names]
    respx = {**vars(Mocker.registry["httpx"])}
    return [*functions, respx, dict(os.environ), list(sys.meta_path), current_work(), list(INTERCEPTION.entered)]


class Broken(Exception):  # noqa: N818 - it is what happens
    """What fails."""


def fails(*_: object, **__: object) -> Any:
    raise Broken


class Frozen(type):
    """A class whose attributes cannot be set."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise Broken


class Pool(metaclass=Frozen):
    """A pool that cannot be patched."""

    submit = None


def sleeps(patch: pytest.MonkeyPatch) -> None:
    """Fail when some of the modules have the patched functions."""
    replaced: list[object] = []

    def replace(table: dict[int, Any], names: dict[str, Any]) -> bool:
        replaced.append(names)
        if len(replaced) == 200:
            raise Broken
        return real(table, names)

    real = skipping._replace
    patch.setattr(skipping, "_replace", replace)


def skipped_sleeps(patch: pytest.MonkeyPatch) -> None:
    sleeps(patch)
    with Aurous().clock.skip_sleeps():
        pytest.fail("they were skipped")


def entered_fake(patch: pytest.MonkeyPatch) -> None:
    sleeps(patch)
    with Aurous(sleep="skip"):
        pytest.fail("it was entered")


def intercepted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(interception, "_makes_contexts", fails)
    with Aurous():
        pytest.fail("it was entered")


def guarded(_: pytest.MonkeyPatch) -> None:
    with pytest.raises(AttributeError):
        NetworkGuard(lambda: False, [Broken]).start()  # which has no `__exit__`
    raise Broken


def recorded(_: pytest.MonkeyPatch) -> None:
    broken: Any = SimpleNamespace(HTTPTransport=Pool)
    with pytest.raises(AttributeError):
        Traffic(fails, (httpx, broken)).start()
    raise Broken


def environment(_: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="null"):
        ENVIRONMENT.hold(AUROUS_API_KEY="key", AUROUS_BASE_URL="\0")
    assert ENVIRONMENT._held == []
    raise Broken


def threads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(run, "ThreadPoolExecutor", Pool)
    with run.noting_runs():
        pytest.fail("threads were noted")


def running(patch: pytest.MonkeyPatch) -> None:
    sleeps(patch)
    with run.ExploredRun(Aurous()._session.handle).running():
        pytest.fail("it ran")


def served(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ENVIRONMENT, "hold", fails)
    server = AurousServer(Aurous())
    try:
        server.start()
    finally:
        assert server._socket.fileno() == -1
        assert not server._thread.is_alive()


def hypothesis(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(examples, "signature", fails)
    inner = SimpleNamespace(inner_test=lambda: None)
    before = inner.inner_test
    fake = Aurous()._session
    item = SimpleNamespace(stash={FAKE: fake}, obj=SimpleNamespace(hypothesis=inner), function=lambda: None)
    try:
        with examples._beginning_anew(item):
            pytest.fail("it began")
    finally:
        assert inner.inner_test is before


@pytest.mark.parametrize(
    "start",
    [
        skipped_sleeps,
        entered_fake,
        intercepted,
        guarded,
        recorded,
        environment,
        threads,
        running,
        served,
        hypothesis,
    ],
)
def test_what_fails_half_way_is_undone(start: Callable[[pytest.MonkeyPatch], None]) -> None:
    """Every patch in the process is taken back, wherever the failure comes; then the next one works."""
    before = process()

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Broken):
        start(patch)

    assert process() == before
    with Aurous(sleep="skip") as aurous:
        time.sleep(1000)
        assert httpx.get(f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": aurous.api_key}).is_success
    assert process() == before


def test_a_fake_that_cannot_be_entered_leaves_the_others_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its own part is undone."""
    with Aurous() as first:
        before = process()
        monkeypatch.setattr(interception, "_makes_contexts", fails)
        with pytest.raises(Broken), Aurous():
            pytest.fail("it was entered")
        monkeypatch.undo()

        assert process() == before
        assert httpx.get(f"{first.base_url}/v1/balance").status_code == httpx.codes.UNAUTHORIZED


def test_a_bad_day_that_cannot_begin_leaves_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    aurous = Aurous()
    monkeypatch.setitem(kinds.KINDS, "lost", kinds.KINDS["lost"]._replace(add=fails))
    with pytest.raises(Broken), aurous.day(BadDay("characters.create#1 lost", "characters.list#1 refused")):
        pytest.fail("it began")

    assert not list(aurous._session.app.queue.faults)
