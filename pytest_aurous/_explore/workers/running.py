"""Run two workers: plain functions in two threads, and coroutine functions as two tasks of the running loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, Final

from ..._core.base.arguments import Check
from ..._core.base.errors import hide_mistakes
from ..._core.base.work import set_work
from ..drivers import Function, Made, Make, adrive, awaitable, drive, outcome_of
from ..runs.attempt import Outcome
from ..runs.watchdog import RunEnded
from .turns import PAGE

if TYPE_CHECKING:
    from ..report.result import Exploration
    from .interleaver import Interleaver, Meeting, Outcomes
    from .turns import Turns, Worker

__tracebackhide__ = hide_mistakes

_JOIN: Final = 5.0

Functions = Mapping[str, Function]


def check_functions(who: str, functions: Functions) -> None:
    """Refuse what is no function.

    Raises:
        AurousError: With what is expected.
    """
    for value in functions.values():
        if iscoroutine(value):
            value.close()  # else it warns that nothing has awaited it
    for name, value in functions.items():
        if not callable(value):
            example = "a coroutine function, such as publish or lambda: publish('Nova')"
            example = example if who.startswith("a") else "a function, such as a lambda"
            raise Check(who, PAGE).refuse(name, value, f"{example}.")


def interleave(interleaver: Interleaver, functions: Functions, fresh: Make) -> Exploration:
    """Interleave two plain functions."""
    made = Made("interleave", fresh)

    def make(meeting: Meeting) -> Outcomes:
        made.renew(meeting.attempt)
        with meeting.running(tasks=False) as turns:
            return _run_threads(turns, {name: made.given_to(function) for name, function in functions.items()})

    return drive(interleaver.steps(), make)


async def ainterleave(interleaver: Interleaver, functions: Functions, fresh: Make) -> Exploration:
    """Interleave two coroutine functions, in the running event loop."""
    made = Made("ainterleave", fresh)

    async def make(meeting: Meeting) -> Outcomes:
        await made.arenew(meeting.attempt)
        with meeting.running(tasks=True) as turns:
            calls = {name: made.given_to(function) for name, function in functions.items()}
            return await _run_tasks(turns, calls)

    return await adrive(interleaver.steps(), make)


def _run_threads(turns: Turns, calls: Mapping[str, Callable[[], Any]]) -> Outcomes:
    """Run both workers in threads of their own, and return what each returned or raised."""
    outcomes: Outcomes = {}

    def run(worker: Worker) -> None:
        try:
            turns.begin(worker)
            outcomes[worker.name] = outcome_of("interleave", worker.name, calls[worker.name])
        except BaseException as error:  # noqa: BLE001  # pragma: no cover - the run ended while it waited for its turn
            outcomes[worker.name] = Outcome(error=error)
        finally:
            turns.end(worker)

    threads = [
        threading.Thread(target=run, args=(worker,), name=f"aurous-{name}", daemon=True)
        for name, worker in turns.workers.items()
    ]
    for thread, worker in zip(threads, turns.workers.values(), strict=True):
        before = set_work(worker.work)
        try:
            thread.start()
        finally:
            set_work(before)
    turns.watch()
    if len(outcomes) == len(threads):
        for thread in threads:
            thread.join(_JOIN)
    return _of_both(turns, outcomes)


def _of_both(turns: Turns, outcomes: Outcomes) -> Outcomes:
    return {name: outcomes.get(name, Outcome(error=RunEnded("It did not end."))) for name in turns.workers}


async def _run_tasks(turns: Turns, calls: Mapping[str, Callable[[], Any]]) -> Outcomes:
    """Run both workers as tasks of the running loop of asyncio or trio, and return what each returned or raised."""
    outcomes: Outcomes = {}

    async def run(worker: Worker) -> None:
        try:
            await turns.abegin(worker)
            returned = await awaitable("ainterleave", worker.name, calls[worker.name]())
            outcomes[worker.name] = Outcome(returned)
        except BaseException as error:  # noqa: BLE001 - each outcome is judged, and so is a cancellation
            outcomes[worker.name] = Outcome(error=error)
        finally:
            turns.end(worker)

    before = set_work(None)  # the watching thread belongs to no run
    watching = threading.Thread(target=turns.watch, name="aurous-turns", daemon=True)
    watching.start()
    set_work(before)
    try:
        await _gather(turns, [partial(run, worker) for worker in turns.workers.values()])
    finally:
        turns.stop()
        watching.join(_JOIN)
    return _of_both(turns, outcomes)


async def _gather(turns: Turns, functions: list[Callable[[], Awaitable[None]]]) -> None:
    """Await all functions at once."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio

        async with trio.open_nursery() as nursery:
            token = trio.lowlevel.current_trio_token()
            turns.cancel = lambda: token.run_sync_soon(nursery.cancel_scope.cancel)
            for function in functions:
                nursery.start_soon(function)
        return
    tasks = [asyncio.ensure_future(function()) for function in functions]
    turns.cancel = lambda: [loop.call_soon_threadsafe(task.cancel) for task in tasks]
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
