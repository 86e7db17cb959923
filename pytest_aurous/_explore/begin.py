"""Begin an exploration on the fake of a test: its arguments, its place, and where its result goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._core.base.arguments import Check
from .._core.base.errors import hide_mistakes
from .._core.base.work import current_work
from .explorer import Explorer
from .ids import SCHEDULE
from .options import PAGE, ExploreOptions, read_options
from .report.text import again_with
from .runs.run import ignore
from .stage import OneFake
from .workers.interleaver import InterleaveOptions, Interleaver, read_limits
from .workers.running import check_functions
from .workers.turns import PAGE as WORKERS_PAGE

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
    added, noted = _added(session)
    options = read_options(who, **arguments)
    only = added.pop("only", None)
    if only is not None and not SCHEDULE.fullmatch(only):
        options = replace(options, only=options.only or only)
    session.as_on_the_good_day = options.only is None
    options = replace(options, **added)

    def done(exploration: Exploration) -> None:
        noted(exploration)
        if session.traced:
            session.explorations.append(exploration)

    return Explorer(_stage(session, who), options, _again(), done=done, traced=session.traced)


def interleaver(session: Session, who: str, functions: Mapping[str, Any], **arguments: Any) -> Interleaver:
    """Return what interleaves two workers on a fake.

    Args:
        session: The fake.
        who: The method that the test called, for messages.
        functions: Both workers, by name.
        **arguments: The other arguments of `Aurous.interleave`.
    """
    Check(who, WORKERS_PAGE).keywords(arguments, ("first", "second", *InterleaveOptions.__annotations__))
    check_functions(who, functions)
    only = _added(session)[0].get("only")
    if only is not None and SCHEDULE.fullmatch(only):
        arguments["only"] = arguments.get("only") or only
    return Interleaver(_stage(session, who), read_limits(who, **arguments), _again())


def _added(session: Session) -> tuple[dict[str, Any], Callable[[Exploration], object]]:
    """Note that a test explores code; return the options that the run of pytest adds, and what takes the result."""
    session.explored = True
    added = session.explore_with()
    return added, added.pop("done", ignore)


def _stage(session: Session, who: str) -> OneFake:
    return OneFake(session.app, who, lambda time: session.moment(session.verdict.keep, time.keep).go_back)


def _again() -> str:
    """Return the command that runs one case of this test, with ``<case>`` for its id; empty outside of pytest."""
    work = current_work()
    return again_with(work.test) if work is not None and work.test else ""
