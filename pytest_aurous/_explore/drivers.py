"""Make the runs of an exploration: plain ones, and coroutines in the event loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from inspect import Parameter, isawaitable, iscoroutine, isgenerator, signature
from typing import Any, Final, cast
from weakref import WeakSet

from .._base.chains import isolated
from .._base.errors import AurousError, hide_mistakes, see
from .attempt import Attempt, Outcome
from .explorer import Explorer
from .options import PAGE
from .result import Exploration
from .run import present_run
from .watchdog import RunEnded

__tracebackhide__ = hide_mistakes

_ASYNC: Final = f"Use await aurous.aexplore(run) in an async test, or start an event loop there.\n{see(PAGE)}"
_PATIENCE: Final = 1.0
"""Seconds to wait for tasks that do not let themselves be cancelled."""

Make = Callable[[], Any] | None


def explore(explorer: Explorer, run: Callable[..., Any], fresh: Make, restart: Make = None) -> Exploration:
    """Explore a plain function."""
    steps, outcome = explorer.steps(), cast("Outcome", None)
    arguments: tuple[Any, ...] = ()
    takes_made = takes_argument(run)
    try:
        while True:
            try:
                attempt = steps.send(outcome)
            except StopIteration as stop:
                return cast("Exploration", stop.value)
            if attempt.fresh and fresh is not None:
                made = fresh()
                _refuse_coroutine("fresh", made)
                arguments = (made,) if takes_made else ()
            elif not attempt.fresh and restart is not None:
                with _restarting(attempt):
                    made = restart()
                _refuse_coroutine("restart", made)
                arguments = (made,) if takes_made else ()
            try:
                with attempt.running():
                    outcome = isolated(partial(_outcome, run, arguments))
            except RunEnded as error:  # pragma: no cover - it came just when the run had ended
                outcome = Outcome(error=error)
    except BaseException as error:  # noqa: BLE001 - of fresh, of the steps, or an interruption between two runs
        return cast("Exploration", steps.throw(error))


def _refuse_coroutine(name: str, made: Any) -> None:
    if iscoroutine(made):
        made.close()
        raise AurousError(f"explore({name}=...): {name} returned a coroutine. {_ASYNC}")


@contextmanager
def _restarting(attempt: Attempt) -> Generator[None, None, None]:
    """Name the case in which a restart fails."""
    try:
        yield
    except Exception as error:
        raise AurousError(
            f"explore(restart=...): restart raised {type(error).__name__} before the second run of {attempt.case}. It "
            f"has to build the application on whatever a run has left.\n{see(PAGE)}"
        ) from error


def _outcome(run: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    try:
        returned = run(*arguments)
    except BaseException as error:  # noqa: BLE001 - each outcome is judged
        return Outcome(error=error)
    if isgenerator(returned):
        text = "explore(run): run returned a generator, whose body has not begun. Let run iterate over it, for example"
        return Outcome(error=AurousError(f"{text} as lambda: list(publish()).\n{see(PAGE)}"))
    if iscoroutine(returned):
        returned.close()
        return Outcome(error=AurousError(f"explore(run): run returned a coroutine, which nothing awaits. {_ASYNC}"))
    return Outcome(returned)


async def aexplore(
    explorer: Explorer, run: Callable[..., Awaitable[Any]], fresh: Make, restart: Make = None
) -> Exploration:
    """Explore a coroutine function, in the running event loop."""
    steps, outcome = explorer.steps(), cast("Outcome", None)
    arguments: tuple[Any, ...] = ()
    takes_made = takes_argument(run)
    with ExitStack() as undo:
        tasks = tasks_of_runs(undo)
        try:
            while True:
                try:
                    attempt = steps.send(outcome)
                except StopIteration as stop:
                    return cast("Exploration", stop.value)
                if attempt.fresh and fresh is not None:
                    made = fresh()
                    made = await made if isawaitable(made) else made
                    arguments = (made,) if takes_made else ()
                elif not attempt.fresh and restart is not None:
                    with _restarting(attempt):
                        made = restart()
                        made = await made if isawaitable(made) else made
                    arguments = (made,) if takes_made else ()
                with attempt.running():
                    attempt.cancel_with(_cancelling())
                    outcome = await _aoutcome(run, arguments, attempt)
                await end_tasks(tasks)
        except BaseException as error:  # noqa: BLE001 - as above, and a cancellation of the test
            return cast("Exploration", steps.throw(error))


def _cancelling() -> Callable[[], object]:
    """Return a function that cancels this task of asyncio from another thread; trio ends on the signal of Ctrl-C."""
    try:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
    except RuntimeError:
        return int
    assert task is not None  # noqa: S101 - a loop runs
    return lambda: loop.call_soon_threadsafe(task.cancel)


async def _aoutcome(run: Callable[..., Any], arguments: tuple[Any, ...], attempt: Attempt) -> Outcome:
    try:
        returned = run(*arguments)
        if isawaitable(returned):
            return Outcome(await returned)
    except asyncio.CancelledError as error:
        if attempt.hangs:
            _uncancel()
        elif _is_cancelled():
            raise
        return Outcome(error=error)
    except BaseException as error:  # noqa: BLE001 - each outcome is judged
        return Outcome(error=error)
    text = f"aexplore(run): run returned no coroutine. Use aurous.explore(run) for a plain function.\n{see(PAGE)}"
    return Outcome(error=AurousError(text))


def _uncancel() -> None:
    """Let the task go on that was cancelled because its run hung."""
    task = asyncio.current_task()
    while getattr(task, "cancelling", int)():  # Python 3.10 does not count
        cast("Any", task).uncancel()


def _is_cancelled() -> bool:
    """Whether the test itself is cancelled, and not just something that the run waited for."""
    return bool(getattr(asyncio.current_task(), "cancelling", lambda: 1)())  # Python 3.10 does not count


def tasks_of_runs(undo: ExitStack) -> WeakSet[asyncio.Task[Any]]:
    """Return a set that has the tasks which runs start in the running asyncio loop.

    It stays empty under trio, where no task outlives its nursery. What the tasks raise is not logged: a fault makes
    tasks fail that nothing awaits.
    """
    tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return tasks
    before: Any = loop.get_task_factory()

    def make(loop: Any, coroutine: Any, **options: Any) -> Any:
        task = before(loop, coroutine, **options) if before else asyncio.Task(coroutine, loop=loop, **options)
        if present_run() is not None:
            tasks.add(task)
            task.add_done_callback(_retrieve)
        return task

    loop.set_task_factory(make)
    undo.callback(loop.set_task_factory, before)
    return tasks


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Fetch the exception of a task, so that asyncio does not log it."""
    if not task.cancelled():
        task.exception()


async def end_tasks(tasks: WeakSet[asyncio.Task[Any]]) -> None:
    """Cancel the tasks that a run has left behind, and wait for them, though not for long."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_PATIENCE)


def takes_argument(run: Callable[..., Any]) -> bool:
    """Whether *run* has a parameter without a default."""
    try:
        parameters = signature(run).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return False
    kinds = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    return any(one.default is one.empty and one.kind in kinds for one in parameters)
