"""Drive an exploration: make each run that it asks for, plain, or as a coroutine in the event loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from inspect import Parameter, isawaitable, iscoroutine, isgenerator, signature
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from weakref import WeakSet

from .._core.base.chains import isolated
from .._core.base.errors import AurousError, hide_mistakes, see
from .options import PAGE
from .runs.attempt import Outcome, RunAttempt
from .runs.run import present_run
from .runs.watchdog import RunEnded

if TYPE_CHECKING:
    from .explorer import Explorer
    from .report.result import Exploration

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
_PATIENCE: Final = 1.0
"""Seconds to wait for tasks that do not let themselves be cancelled."""

Step = TypeVar("Step")
Result = TypeVar("Result")
Make = Callable[[], Any] | None
Function = Callable[..., Any]


def drive(steps: Generator[Step, Result, Exploration], make: Callable[[Step], Result]) -> Exploration:
    """Let *make* make each run that *steps* asks for, and return the result."""
    result = cast("Result", None)
    try:
        while True:
            try:
                step = steps.send(result)
            except StopIteration as stop:
                return cast("Exploration", stop.value)
            result = make(step)
    except BaseException as error:  # noqa: BLE001 - of fresh, of the steps, or an interruption between two runs
        return steps.throw(error)  # type: ignore[return-value]  # it ends


async def adrive(steps: Generator[Step, Result, Exploration], make: Callable[[Step], Awaitable[Result]]) -> Exploration:
    """Do the same in the running event loop, and end the tasks that each run has left behind."""
    result = cast("Result", None)
    with ExitStack() as undo:
        tasks = _tasks_of_runs(undo)
        try:
            while True:
                try:
                    step = steps.send(result)
                except StopIteration as stop:
                    return cast("Exploration", stop.value)
                with _own_pool():
                    result = await make(step)
                    await _end_tasks(tasks)
        except BaseException as error:  # noqa: BLE001 - as above, and a cancellation of the test
            return steps.throw(error)  # type: ignore[return-value]  # it ends


def explore(explorer: Explorer, run: Function, fresh: Make) -> Exploration:
    """Explore a plain function."""
    made = Made("explore", fresh)

    def make(attempt: RunAttempt) -> Outcome:
        made.renew(attempt)
        outcome = Outcome()
        try:
            with attempt.running():
                outcome = isolated(partial(outcome_of, "explore", "run", made.given_to(run)))
        except RunEnded as error:  # pragma: no cover - it came just when the run had ended
            outcome = Outcome(error=error)
        return outcome

    return drive(explorer.steps(), make)


async def aexplore(explorer: Explorer, run: Function, fresh: Make) -> Exploration:
    """Explore a coroutine function, in the running event loop."""
    made = Made("aexplore", fresh)

    async def make(attempt: RunAttempt) -> Outcome:
        await made.arenew(attempt)
        with attempt.running():
            attempt.cancel_with(_cancelling())
            return await _aoutcome(made.given_to(run), attempt)

    return await adrive(explorer.steps(), make)


class Made:
    """What the functions under test are called with, if they take it: what ``fresh`` has made.

    Args:
        who: The method that the test called, for messages.
        fresh: Called before each run that starts anew.
    """

    def __init__(self, who: str, fresh: Make) -> None:
        self._who = who
        self._fresh = fresh
        self._made: tuple[Any, ...] = ()

    def renew(self, attempt: RunAttempt) -> None:
        """Prepare a run."""
        if self._fresh is not None and attempt.fresh:
            returned = self._fresh()
            if iscoroutine(returned):
                returned.close()
                raise AurousError(f"{self._who}(fresh=...): fresh returned a coroutine. {_use_async(self._who)}")
            self._made = (returned,)

    async def arenew(self, attempt: RunAttempt) -> None:
        """Prepare a run; *fresh* may be a coroutine function, too."""
        if self._fresh is not None and attempt.fresh:
            returned = self._fresh()
            self._made = (await returned if isawaitable(returned) else returned,)

    def given_to(self, function: Function) -> Callable[[], Any]:
        """Return a function without parameters."""
        return partial(function, *(self._made if _takes_argument(function) else ()))


def _takes_argument(function: Function) -> bool:
    """Whether *function* has a parameter without a default."""
    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return False
    kinds = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    return any(one.default is one.empty and one.kind in kinds for one in parameters)


def _use_async(who: str) -> str:
    return f"Use await aurous.a{who}(...) in an async test, or start an event loop there.\n{_MORE}"


def outcome_of(who: str, name: str, function: Callable[[], Any]) -> Outcome:
    """Call a plain function, and return what it returned or raised; a body that has not begun is an `AurousError`."""
    try:
        returned = function()
    except BaseException as error:  # noqa: BLE001 - each outcome is judged
        return Outcome(error=error)
    if isgenerator(returned):
        text = (
            f"{who}(): {name} returned a generator, whose body has not begun. Let it iterate, for example as lambda: "
        )
        return Outcome(error=AurousError(f"{text}list(publish()).\n{_MORE}"))
    if iscoroutine(returned):
        returned.close()
        text = f"{who}(): {name} returned a coroutine, which nothing awaits. {_use_async(who)}"
        return Outcome(error=AurousError(text))
    return Outcome(returned)


def awaitable(who: str, name: str, returned: Any) -> Awaitable[Any]:
    """Return what a function returned, if it can be awaited here.

    Raises:
        AurousError: If it is no awaitable, or one of another event loop.
    """
    if not isawaitable(returned):
        raise AurousError(
            f"{who}(): {name} returned no coroutine. Use aurous.{who[1:]}(...) for plain functions.\n{_MORE}"
        )
    loop = cast("Any", returned).get_loop() if hasattr(returned, "get_loop") else None
    if loop is not None and loop is not asyncio.get_running_loop():
        raise AurousError(
            f"{who}(): {name} returned a future of another event loop. It must be a coroutine of the loop of the test; "
            f"for code that starts a loop of its own, use aurous.{who[1:]}().\n{_MORE}"
        )
    return returned


def _cancelling() -> Callable[[], object]:
    """Return a function that cancels this task of asyncio from another thread; trio ends on the signal of Ctrl-C."""
    try:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
    except RuntimeError:
        return int
    assert task is not None  # noqa: S101 - a loop runs
    return lambda: loop.call_soon_threadsafe(task.cancel)


async def _aoutcome(function: Callable[[], Any], attempt: RunAttempt) -> Outcome:
    """Await a coroutine function, and return what it returned or raised."""
    try:
        return Outcome(await awaitable("aexplore", "run", function()))
    except asyncio.CancelledError as error:
        if attempt.hangs:
            _uncancel()
        elif _is_cancelled():
            raise
        return Outcome(error=error)
    except BaseException as error:  # noqa: BLE001 - each outcome is judged
        return Outcome(error=error)


def _uncancel() -> None:
    """Let the task go on that was cancelled because its run hung."""
    task = asyncio.current_task()
    while getattr(task, "cancelling", int)():  # Python 3.10 does not count
        cast("Any", task).uncancel()


def _is_cancelled() -> bool:
    """Whether the test itself is cancelled, and not just something that the run waited for."""
    return bool(getattr(asyncio.current_task(), "cancelling", lambda: 1)())  # Python 3.10 does not count


def _tasks_of_runs(undo: ExitStack) -> WeakSet[asyncio.Task[Any]]:
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


@contextmanager
def _own_pool() -> Generator[None, None, None]:
    """In the block, let asyncio run its jobs in new threads: those of an earlier run may wait for ever."""
    try:
        loop: Any = asyncio.get_running_loop()
        before = loop._default_executor
    except (RuntimeError, AttributeError):  # trio, or a loop that does not show it
        yield
        return
    pool = ThreadPoolExecutor(thread_name_prefix="asyncio")
    loop.set_default_executor(pool)
    try:
        yield
    finally:
        loop._default_executor = before
        pool.shutdown(wait=False)


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Fetch the exception of a task, so that asyncio does not log it."""
    if not task.cancelled():
        task.exception()


async def _end_tasks(tasks: WeakSet[asyncio.Task[Any]]) -> None:
    """Cancel the tasks that a run has left behind, and wait for them, though not for long."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_PATIENCE)
