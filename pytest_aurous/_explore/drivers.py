"""Drive an exploration: make each run that it asks for, plain, or as a coroutine in the event loop of the test."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from inspect import isawaitable, iscoroutine, isgenerator, signature
from typing import TYPE_CHECKING, Any, Final

from .._core.base.arguments import Check
from .._core.base.errors import AurousError, hide_mistakes, see
from .explorer import Explorer
from .ids import SCHEDULE
from .interleaver import InterleaveOptions, Interleaver
from .options import PAGE, ExploreOptions, read_options
from .runs.attempt import Outcome, theirs
from .runs.run import complete, ignore, present_run
from .runs.turns import PAGE as WORKERS_PAGE
from .stage import Stage

if TYPE_CHECKING:
    from .._fake.session import Session
    from .report.result import Exploration
    from .runs.attempt import RunAttempt
    from .runs.turns import Calls

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
_PATIENCE: Final = 1.0
"""Seconds to wait for tasks that do not let themselves be cancelled."""

Function = Callable[..., Any]


def explore(session: Session, who: str, functions: Mapping[str, Function], options: Mapping[str, Any]) -> Exploration:
    return complete(aexplore(session, who, functions, options))


async def aexplore(
    session: Session, who: str, functions: Mapping[str, Function], options: Mapping[str, Any]
) -> Exploration:
    """Explore a coroutine function in the running event loop, or a plain one, for which nothing waits."""
    explorer, fresh, made = _explorer(session, who, functions, options), options.get("fresh"), list[Any]()
    call = _awaited if explorer.tasks else _called

    async def make(attempt: RunAttempt) -> Outcome:
        if fresh is not None and not attempt.again:
            returned = theirs(fresh)
            if iscoroutine(returned) and not explorer.tasks:
                returned.close()
                raise AurousError(f"{who}(fresh=...): fresh returned a coroutine. {_use_async(who)}")
            made[:] = [await returned if explorer.tasks and isawaitable(returned) else returned]
        calls = {name: partial(call, who, name, _given(one, made)) for name, one in functions.items()}
        if explorer.tasks:
            return await _performed(attempt, calls)
        with attempt.running():
            return await attempt.perform(calls)

    return await explorer.explore(make)


def _explorer(session: Session, who: str, functions: Mapping[str, Any], arguments: Mapping[str, Any]) -> Explorer:
    one = "run" in functions
    check, known = Check(who, PAGE if one else WORKERS_PAGE), ExploreOptions if one else InterleaveOptions
    check.keywords(arguments, (*functions, *known.__annotations__))
    for value in functions.values():
        if iscoroutine(value):
            value.close()  # else it warns that nothing has awaited it
    for name, value in functions.items():
        if not callable(value):
            example = "a coroutine function, such as publish or lambda: publish('Nova')"
            raise check.refuse(name, value, f"{example if who.startswith('a') else 'a function, such as a lambda'}.")
    session.explored = True
    added: dict[str, Any] = {"only": None, "time": None, "again": "", **session.explore_with()}
    noted, only, again = added.pop("done", ignore), added.pop("only"), added.pop("again")
    options = read_options(who, **arguments)
    if only is not None and (SCHEDULE.fullmatch(only) is None) == one:
        options = replace(options, only=options.only or only)
    session.left_by = who if options.only is None else ""

    def done(exploration: Exploration) -> None:
        noted(exploration)
        if session.traced:  # else nothing needs it, and a fake may live long and explore much
            session.explorations.append(exploration)

    stage = Stage(session.handle, who, lambda time: session.moment(session.verdict.keep, time.keep).go_back)
    if one:
        return Explorer(stage, replace(options, **added), again, done, traced=session.traced)
    return Interleaver(stage, replace(options, time=added["time"]), again, done)


def _given(function: Function, made: Sequence[Any]) -> Callable[[], Any]:
    """Return a function without parameters: it gives *function* what was made for it, if that takes it."""
    try:
        signature(function).bind()
    except TypeError:
        return partial(function, *made)
    except ValueError:  # of a builtin
        pass
    return function


def _use_async(who: str) -> str:
    return f"Use await aurous.a{who}(...) in an async test, or start an event loop there.\n{_MORE}"


async def _called(who: str, name: str, function: Callable[[], Any]) -> Any:
    """Call a plain function; a body that has not begun is an `AurousError`."""
    returned = theirs(function)
    if isgenerator(returned):
        text = (
            f"{who}(): {name} returned a generator, whose body has not begun. Let it iterate, for example as lambda: "
        )
        raise AurousError(f"{text}list(publish()).\n{_MORE}")
    if iscoroutine(returned):
        returned.close()
        raise AurousError(f"{who}(): {name} returned a coroutine, which nothing awaits. {_use_async(who)}")
    return returned


async def _awaited(who: str, name: str, function: Callable[[], Any]) -> Any:
    """Await a coroutine function; what cannot be awaited here is an `AurousError`."""
    returned = theirs(function)
    if not isawaitable(returned):
        raise AurousError(
            f"{who}(): {name} returned no coroutine. Use aurous.{who[1:]}(...) for plain functions.\n{_MORE}"
        )
    return await returned


async def _performed(attempt: RunAttempt, calls: Calls) -> Outcome:
    """Make a run in a task of asyncio or a cancel scope of trio, so that the watchdog can cancel it.

    It has a pool of its own, because jobs of an earlier run may wait for ever, and the tasks that it leaves behind are
    cancelled; trio's do not outlive a nursery. What they raise is not logged: a fault makes tasks fail that nothing
    awaits.
    """
    try:
        loop: Any = asyncio.get_running_loop()
    except RuntimeError:
        trio: Any = sys.modules["trio"]
        with attempt.running(), trio.CancelScope() as scope:
            cancel = partial(trio.lowlevel.current_trio_token().run_sync_soon, scope.cancel)
            return await attempt.perform(calls, cancel)
    factory, pool = loop.get_task_factory(), getattr(loop, "_default_executor", None)
    own = ThreadPoolExecutor(thread_name_prefix="asyncio")
    tasks: list[asyncio.Task[Any]] = []

    def make(loop: Any, coroutine: Any, **options: Any) -> Any:
        task: asyncio.Task[Any] = (
            factory(loop, coroutine, **options) if factory else asyncio.Task(coroutine, loop=loop, **options)
        )
        if present_run() is not None:
            tasks.append(task)
            task.add_done_callback(lambda one: one.cancelled() or one.exception())
        return task

    loop.set_task_factory(make)
    loop.set_default_executor(own)
    try:
        with attempt.running():
            outcome: Outcome = await loop.create_task(
                attempt.perform(calls, lambda: loop.call_soon_threadsafe(tasks[0].cancel))
            )
        # Python 3.10 does not count whether the test itself is cancelled, and not just something that the run awaits.
        cancelled = getattr(asyncio.current_task(), "cancelling", lambda: 1)()
        if isinstance(outcome.error, asyncio.CancelledError) and not attempt.run.hangs and cancelled:
            raise outcome.error
        return outcome
    finally:
        loop.set_task_factory(factory)
        own.shutdown(wait=False)
        try:
            loop._default_executor = pool
        except AttributeError:  # pragma: no cover - a loop that does not show it, such as that of uvloop
            loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_PATIENCE)
