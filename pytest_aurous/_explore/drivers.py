"""Make the runs of an exploration: plain ones, and coroutines in the event loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import Parameter, isawaitable, iscoroutine, signature
from typing import Any, cast

from ..errors import AurousError, hide_mistakes, see
from .explorer import Explorer, Outcome
from .options import PAGE
from .result import Exploration

__tracebackhide__ = hide_mistakes

Fresh = Callable[[], Any] | None


def explore(explorer: Explorer, run: Callable[..., Any], fresh: Fresh) -> Exploration:
    """Explore a plain function."""
    steps, outcome = explorer.steps(), cast("Outcome", None)
    arguments: tuple[Any, ...] = ()
    takes_argument = _takes_argument(run)
    try:
        while True:
            attempt = steps.send(outcome)
            if attempt.fresh and fresh is not None:
                made = fresh()
                arguments = (made,) if takes_argument else ()
            with attempt.running():
                outcome = _outcome(run, arguments)
    except StopIteration as stop:
        return cast("Exploration", stop.value)
    finally:
        steps.close()


def _outcome(run: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    try:
        returned = run(*arguments)
    except BaseException as error:  # noqa: BLE001 - each outcome is judged
        return Outcome(error=error)
    if iscoroutine(returned):
        returned.close()
        return Outcome(
            error=AurousError(
                "explore(run): run returned a coroutine, which nobody awaits. Use await aurous.aexplore(run) in an "
                f"async test, or let run start an event loop itself.\n{see(PAGE)}"
            )
        )
    return Outcome(returned)


async def aexplore(explorer: Explorer, run: Callable[..., Awaitable[Any]], fresh: Fresh) -> Exploration:
    """Explore a coroutine function, in the running event loop."""
    steps, outcome = explorer.steps(), cast("Outcome", None)
    arguments: tuple[Any, ...] = ()
    takes_argument = _takes_argument(run)
    try:
        while True:
            attempt = steps.send(outcome)
            if attempt.fresh and fresh is not None:
                made = fresh()
                made = await made if isawaitable(made) else made
                arguments = (made,) if takes_argument else ()
            before = _tasks()
            with attempt.running():
                outcome = await _aoutcome(run, arguments)
            await _cancel(_tasks() - before)
    except StopIteration as stop:
        return cast("Exploration", stop.value)
    finally:
        steps.close()


async def _aoutcome(run: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    try:
        returned = run(*arguments)
        if isawaitable(returned):
            return Outcome(await returned)
    except BaseException as error:  # noqa: BLE001 - each outcome is judged
        return Outcome(error=error)
    text = f"aexplore(run): run returned no coroutine. Use aurous.explore(run) for a plain function.\n{see(PAGE)}"
    return Outcome(error=AurousError(text))


def _tasks() -> set[asyncio.Task[Any]]:
    """Return the tasks of the running asyncio loop; none under trio, where no task outlives its nursery."""
    try:
        return asyncio.all_tasks()
    except RuntimeError:
        return set()


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel the tasks that a run has left behind, and wait for them."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.gather(*tasks, return_exceptions=True)


def _takes_argument(run: Callable[..., Any]) -> bool:
    """Whether *run* has a parameter without a default."""
    try:
        parameters = signature(run).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return False
    kinds = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    return any(one.default is one.empty and one.kind in kinds for one in parameters)
