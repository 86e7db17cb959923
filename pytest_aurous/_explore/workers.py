"""Run two workers: plain functions in two threads, and coroutine functions as two tasks of the running loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from inspect import isawaitable, iscoroutine, iscoroutinefunction, isgenerator
from typing import Any, Final, cast

from .._base.arguments import Check
from .._base.errors import AurousError, hide_mistakes, see
from .._base.work import set_work
from .attempt import Outcome
from .schedules import FIRST, PAGE, SECOND
from .turns import Turns, Worker
from .watchdog import RunEnded

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
_JOIN: Final = 5.0

Function = Callable[..., Any]
Functions = Mapping[str, Function]


def check_functions(who: str, functions: Functions) -> None:
    """Refuse what is no function of the right kind.

    Raises:
        AurousError: With what is expected.
    """
    check, is_async = Check(who, PAGE), who.startswith("a")
    for value in functions.values():
        if iscoroutine(value):
            value.close()  # else it warns that nothing has awaited it
    for name, value in functions.items():
        if not callable(value):
            example = "a coroutine function, such as publish or lambda: publish('Nova')"
            raise check.refuse(name, value, f"{example if is_async else 'a function, such as a lambda'}.")
        if not is_async and iscoroutinefunction(value):
            raise _is_coroutine(name)


def run_threads(turns: Turns, calls: Mapping[str, Callable[[], Any]]) -> dict[str, Outcome]:
    """Run both workers in threads of their own, and return what each returned or raised."""
    outcomes: dict[str, Outcome] = {}

    def run(worker: Worker) -> None:
        try:
            turns.begin(worker)
            outcomes[worker.name] = Outcome(_plain(worker.name, calls[worker.name]()))
        except BaseException as error:  # noqa: BLE001 - each outcome is judged
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
    return {name: outcomes.get(name, Outcome(error=RunEnded("It did not end."))) for name in (FIRST, SECOND)}


def _plain(name: str, returned: Any) -> Any:
    """Return what a worker returned, if it has run.

    Raises:
        AurousError: If it returned a coroutine or a generator, whose body has not begun.
    """
    if iscoroutine(returned):
        returned.close()
        raise _is_coroutine(name)
    if isgenerator(returned):
        raise AurousError(
            f"interleave(): {name} returned a generator, whose body has not begun. Let it iterate, for example as "
            f"lambda: list(publish()).\n{_MORE}"
        )
    return returned


def _is_coroutine(name: str) -> AurousError:
    return AurousError(
        f"interleave(): {name} is a coroutine function, which nothing awaits. Use await "
        f"aurous.ainterleave(first, second) in an async test.\n{_MORE}"
    )


async def run_tasks(turns: Turns, calls: Mapping[str, Callable[[], Any]]) -> dict[str, Outcome]:
    """Run both workers as tasks of the running loop of asyncio or trio, and return what each returned or raised."""
    outcomes: dict[str, Outcome] = {}

    async def run(worker: Worker) -> None:
        try:
            await turns.abegin(worker)
            outcomes[worker.name] = Outcome(await _awaitable(worker.name, calls[worker.name]()))
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
    return {name: outcomes.get(name, Outcome(error=RunEnded("It did not end."))) for name in (FIRST, SECOND)}


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


def _awaitable(name: str, returned: Any) -> Awaitable[Any]:
    """Return what a worker returned, if it can be awaited here.

    Raises:
        AurousError: If it is no awaitable, or one of another event loop.
    """
    if not isawaitable(returned):
        raise AurousError(
            f"ainterleave(): {name} returned no coroutine. Use aurous.interleave(first, second) for plain functions.\n"
            f"{_MORE}"
        )
    loop = cast("Any", returned).get_loop() if hasattr(returned, "get_loop") else None
    if loop is not None and loop is not asyncio.get_running_loop():
        raise AurousError(
            f"ainterleave(): {name} returned a future of another event loop. Both workers must be coroutines of the "
            f"loop of the test; for code that starts a loop of its own, use aurous.interleave().\n{_MORE}"
        )
    return returned
