"""The texts of a verdict: problems of requests, faults that no request met, and the timeline.

Most tests pass and have no timeline, so `Verdict` imports this when there is something to say.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._core.base.errors import see
from .._core.engine.pipeline import App
from .._core.faults.fault import DeliveryFault, Fault
from .._core.resources.chat.replies import ScriptedReply
from .._core.wire.call import Call, Problem
from .._report.timeline import timeline
from .._report.unmatched import describe, late
from .calls import Calls, often


class Findings:
    """Puts what happened to a fake into words."""

    def __init__(self, app: App) -> None:
        self._app = app

    def problems(self, problems: Iterable[Problem]) -> list[str]:
        """Return the problem of each of the requests; what a client has repeated is said once."""
        return list(dict.fromkeys(describe(problem, self._app) for problem in problems))

    def timeline(self, again: str, problems: Iterable[Problem]) -> str:
        """Return the calls and their problems; *again* is the command that repeats the test."""
        return "\n\n".join([timeline(self._app, again), *self.problems(problems)])

    def late(self, call: Call, test: str, running: str, pitfalls: Iterable[str], problems: Iterable[Problem]) -> str:
        """Return what to say about a call that *test* left behind, and that arrived while another test was running."""
        return late(call, test, running, [*self.problems(problems), *pitfalls])

    def unused(self, reply: ScriptedReply) -> str:
        """Return that no request has used a reply, or too few."""
        calls = Calls(self._app.world.journal.entries, self._app.catalog.by_operation)
        count = calls.count("chat.create")
        what = f"was used {reply.used} of {reply.times} times" if reply.used else "was never used"
        why = (
            f"chat.create was called {often(count)}, and each call was refused, excluded by when=, or got another reply"
            if count
            else "the code under test did not call chat.create"
        )
        return (
            f"{reply!r} {what}: {why}.\nRemove the reply, or let the test send such a request. Allow it with the "
            f'setting strict="off", as in @pytest.mark.aurous(strict="off"), or "warn".\n'
            f"{see('reference/chat.html#what-the-model-says')}"
        )

    def unfired(self, fault: Fault) -> str:
        """Return why a fault was met too few times, as far as the calls show it."""
        name, met = fault.operation, fault.met
        calls = Calls(self._app.world.journal.entries, self._app.catalog.by_operation)
        arrived = 0 if isinstance(fault, DeliveryFault) else calls.count(name)
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
            f"{what}: {why}\n{what_to_do}, or let the test {wanted}{' more often' if met else ''}. Allow it with the "
            f'setting strict="off", as in @pytest.mark.aurous(strict="off"), or "warn".\n{see("reference/faults.html")}'
        )
