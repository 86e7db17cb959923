"""Begin an exploration on the fake of a test: its arguments, its place, and where its result goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any

from .._core.base.arguments import Check
from .._core.base.errors import hide_mistakes
from .explorer import Explorer
from .ids import SCHEDULE
from .interleaver import InterleaveOptions, Interleaver
from .options import PAGE, ExploreOptions, read_options
from .runs.run import ignore
from .runs.turns import PAGE as WORKERS_PAGE
from .stage import Stage

if TYPE_CHECKING:
    from .._facade import Session
    from .report.result import Exploration

__tracebackhide__ = hide_mistakes


def explorer(session: Session, who: str, **arguments: Any) -> Explorer:
    """Return what explores code on a fake.

    Args:
        session: The fake.
        who: The method that the test called, for messages.
        **arguments: The arguments of `Aurous.explore`.
    """
    Check(who, PAGE).keywords(arguments, ("run", *ExploreOptions.__annotations__))
    added, done = _added(session)
    options, only, again = read_options(who, **arguments), added.pop("only"), added.pop("again")
    if only is not None and not SCHEDULE.fullmatch(only):
        options = replace(options, only=options.only or only)
    session.as_on_the_good_day = options.only is None
    return Explorer(_stage(session, who), replace(options, **added), again, done=done, traced=session.traced)


def interleaver(session: Session, who: str, functions: Mapping[str, Any], **arguments: Any) -> Interleaver:
    """Return what interleaves two workers on a fake.

    Args:
        session: The fake.
        who: The method that the test called, for messages.
        functions: Both workers, by name.
        **arguments: The other arguments of `Aurous.interleave`.

    Raises:
        AurousError: If an argument is invalid, with what is valid.
    """
    check = Check(who, WORKERS_PAGE)
    check.keywords(arguments, ("first", "second", *InterleaveOptions.__annotations__))
    for value in functions.values():
        if iscoroutine(value):
            value.close()  # else it warns that nothing has awaited it
    for name, value in functions.items():
        if not callable(value):
            example = "a coroutine function, such as publish or lambda: publish('Nova')"
            raise check.refuse(name, value, f"{example if who.startswith('a') else 'a function, such as a lambda'}.")
    added, done = _added(session)
    options, only = read_options(who, **arguments), added["only"]
    if only is not None and SCHEDULE.fullmatch(only):
        options = replace(options, only=options.only or only)
    session.as_on_the_good_day = options.only is None
    return Interleaver(_stage(session, who), replace(options, time=added["time"]), added["again"], done)


def _added(session: Session) -> tuple[dict[str, Any], Callable[[Exploration], object]]:
    """Note that a test explores code; return the options that the run of pytest adds, and what takes the result."""
    session.explored = True
    added: dict[str, Any] = {"only": None, "time": None, "again": "", **session.explore_with()}
    noted = added.pop("done", ignore)

    def done(exploration: Exploration) -> None:
        noted(exploration)
        if session.traced:  # else nothing needs it, and a fake may live long and explore much
            session.explorations.append(exploration)

    return added, done


def _stage(session: Session, who: str) -> Stage:
    return Stage(session.app, who, lambda time: session.moment(session.verdict.keep, time.keep).go_back)
