"""The texts of a verdict: problems of requests, faults that no request met, and the timeline.

Most tests pass and have no timeline, so `Verdict` imports this when there is something to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .._core.base.errors import see
from .._core.engine.pipeline import App
from .._core.faults.fault import DeliveryFault, Fault
from .._core.resources.chat.replies import ScriptedReply
from .._core.wire.call import Problem
from .._report.unmatched import describe
from .calls import Calls, often

_ALLOW: Final = 'Allow it with the setting strict="off", as in @pytest.mark.aurous(strict="off"), or "warn".'


def problems(app: App, found: Iterable[Problem]) -> list[str]:
    """Return the problem of each of the requests; what a client has repeated is said once."""
    return list(dict.fromkeys(describe(problem, app) for problem in found))


def unused(app: App, reply: ScriptedReply) -> str:
    count = _count(app, "chat.create")
    what = f"was used {reply.used} of {reply.times} times" if reply.used else "was never used"
    why = (
        f"chat.create was called {often(count)}, and each call was refused, excluded by when=, or got another reply"
        if count
        else "the code under test did not call chat.create"
    )
    return (
        f"{reply!r} {what}: {why}.\nRemove the reply, or let the test send such a request. {_ALLOW}\n"
        f"{see('reference/chat.html#what-the-model-says')}"
    )


def unfired(app: App, fault: Fault) -> str:
    name, met = fault.operation, fault.met
    arrived = 0 if isinstance(fault, DeliveryFault) else _count(app, name)
    if isinstance(fault, DeliveryFault):
        why = f"no {'other ' if met else ''}such delivery was made. "
        why += "Was there an endpoint, and did the test call webhooks.flush()?"
    elif arrived > met:
        why = (
            f"{name} was called {often(arrived)}, but {'the other calls were' if met else 'each call was'} refused "
            "before, met another fault or a route, came too late, or was excluded by after= or when=."
        )
    else:
        why = f"the code under test {f'called {name} {often(arrived)}' if met else f'did not call {name}'}."
    what = f"{fault!r} was met {met} of {fault.times} times" if met else f"{fault!r} was never met"
    what_to_do = f"Give it times={met}" if met else "Remove the fault"
    wanted = "make such a delivery" if isinstance(fault, DeliveryFault) else "send such a request"
    return (
        f"{what}: {why}\n{what_to_do}, or let the test {wanted}{' more often' if met else ''}. {_ALLOW}\n"
        f"{see('reference/faults.html')}"
    )


def _count(app: App, operation: str) -> int:
    return Calls(app.world.journal.entries).count(operation)
