"""Begin an exploration on the fake of a test: its arguments, its place, and where its result goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any

from .._core.base.arguments import Check
from .._core.base.errors import hide_mistakes
from .._core.base.work import current_work
from .explorer import Explorer
from .ids import SCHEDULE
from .interleaver import InterleaveOptions, Interleaver
from .options import PAGE, ExploreOptions, read_options
from .runs.run import ignore
from .runs.turns import PAGE as WORKERS_PAGE
from .stage import Stage

if TYPE_CHECKING:
    from .._facade import Session

__tracebackhide__ = hide_mistakes


def explorer(session: Session, who: str, **arguments: Any) -> Explorer:
    """Return what explores code on a fake.

    Args:
        session: The fake.
        who: The method that the test called, for messages.
        **arguments: The arguments of `Aurous.explore`.
    """
    Check(who, PAGE).keywords(arguments, ("run", *ExploreOptions.__annotations__))
    session.explored = True
    if session.explore_only and not SCHEDULE.fullmatch(session.explore_only):
        arguments["only"] = arguments.get("only") or session.explore_only
    session.as_on_the_good_day = arguments.get("only") is None
    options = replace(read_options(who, **arguments), through=not session.explore_judged, time=session.explore_time)
    done = session.explorations.append if session.traced else ignore  # a fake may live long, and explore much
    return Explorer(_stage(session, who), options, _again(), done=done, traced=session.traced)


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
    session.explored = True
    if session.explore_only and SCHEDULE.fullmatch(session.explore_only):
        arguments["only"] = arguments.get("only") or session.explore_only
    return Interleaver(_stage(session, who), _again(), session.explore_time, **arguments)


def _stage(session: Session, who: str) -> Stage:
    return Stage(session.app, who, lambda time: session.moment(session.verdict.keep, time.keep).go_back)


def _again() -> str:
    """Return the command that runs one case of this test, with ``<case>`` for its id; empty outside of pytest."""
    work = current_work()
    return f'pytest "{work.test}" --aurous-explore-only="<case>"' if work is not None and work.test else ""
