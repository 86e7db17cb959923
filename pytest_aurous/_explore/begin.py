"""Begin an exploration on the fake of a test: its arguments, its place, and where its result goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._core.base.arguments import Check
from .._core.base.errors import hide_mistakes
from .._core.base.work import current_work
from .explorer import Explorer
from .options import PAGE, ExploreOptions, read_options
from .stage import OneFake
from .workers.interleaver import InterleaveOptions, Interleaver, read_limits
from .workers.running import check_functions
from .workers.turns import PAGE as WORKERS_PAGE
from .workers.turns import SCHEDULE

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
    options = replace(read_options(who, **arguments), through=not session.explore_judged)
    return Explorer(_stage(session, who), options, _again(), done=session.explorations.append, traced=session.traced)


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
    session.explored = True
    if session.explore_only and SCHEDULE.fullmatch(session.explore_only):
        arguments["only"] = arguments.get("only") or session.explore_only
    return Interleaver(_stage(session, who), read_limits(who, **arguments), _again())


def _stage(session: Session, who: str) -> OneFake:
    return OneFake(session.app, who, lambda time: session.moment(session.verdict.keep, time.keep).go_back)


def _again() -> str:
    """Return the command that runs one case of this test, with ``<case>`` for its id; empty outside of pytest."""
    work = current_work()
    return f'pytest "{work.test}" --aurous-explore-only="<case>"' if work is not None and work.test else ""
