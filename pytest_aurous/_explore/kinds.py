"""The ways in which exploring breaks a request or a delivery: one row for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .._engine.pipeline import App
from .._resources.base.endpoint import Context
from .._resources.catalog import lifecycle_of
from .._time.clock import Clock
from .._wire.call import Call, to_json
from .._wire.reply import Break, Reply
from .._world.outbox import Delivery
from .._world.runs import Run as Work
from .._world.script import Hold, Step
from ..faults.collection import CLOSED, READ_TIMEOUT
from ..faults.fault import CallFault, Fault, Meet, Serve, Terms
from .end_state import FAILS
from .identity import Identities
from .places import Place, came_over_http, event_id
from .run import Run

IN_FLIGHT: Final = 20.0
"""Seconds for which a request that was given up stays in flight."""
_SLOW: Final = Hold(":", 30, "m")


class Scene(NamedTuple):
    """What a fault needs to know of the run that it happens in.

    Attributes:
        app: The fake.
        run: The run.
        pass_time: Moves the clocks of the fake and of the process by a number of seconds.
        identities: Says what each request of the run is.
    """

    app: App
    run: Run
    pass_time: Callable[[float], None]
    identities: Identities

    def terms(self, place: Place) -> Terms:
        """Return which request of the run is the one at *place*."""
        if place.key is None:
            return {"after": place.occurrence - 1}
        return {"after": place.before, "when": lambda call: self.identities.key(call) == place.key}


@dataclass(frozen=True)
class Kind:
    """One way to break a request or a delivery.

    Attributes:
        fits: Whether it makes sense at a place.
        add: Adds the fault for a place to the fake, and returns it.
    """

    fits: Callable[[Place], bool]
    add: Callable[[Scene, Place], Fault]


def _by(method: str, *args: Any, **terms: Any) -> Callable[[Scene, Place], Fault]:
    """Add a fault as a test would."""

    def add(scene: Scene, place: Place) -> Fault:
        fault: Fault = getattr(scene.app.faults, method)(place.operation, *args, **scene.terms(place), **terms)
        return fault

    return add


def _of_event(method: str) -> Callable[[Scene, Place], Fault]:
    """Add a fault of the n-th event of its kind, whichever attempt is made to deliver it."""

    def add(scene: Scene, place: Place) -> Fault:
        seen: dict[str, int] = {}

        def is_place(delivery: Delivery) -> bool:
            event = event_id(delivery)
            return seen.setdefault(event, len(seen) + 1) == place.occurrence

        fault: Fault = getattr(scene.app.faults, method)(place.event, when=is_place)
        return fault

    return add


def _with(kind: str, meet: Callable[[Scene], Meet], *, commit: bool = True) -> Callable[[Scene, Place], Fault]:
    """Add a fault that only exploring has."""

    def add(scene: Scene, place: Place) -> Fault:
        fault = CallFault(kind, place.operation, meet(scene), **scene.terms(place), commit=commit)
        return scene.app.queue.add(fault)

    return add


def _timeout(scene: Scene) -> Meet:
    """Let the read timeout of the client pass; the request has no effect."""

    def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply | Break:
        if call.patience is None:
            return serve()
        fault.fire(call)
        scene.pass_time(call.patience)
        return READ_TIMEOUT

    return meet


def _late(scene: Scene) -> Meet:
    """Let the read timeout of the client pass; the request takes effect, and stays in flight for a while (idem-5)."""

    def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply | Break:
        if call.patience is None:
            return serve()
        serve(busy=call.patience + IN_FLIGHT)
        fault.fire(call)
        scene.run.busy = IN_FLIGHT
        scene.pass_time(call.patience)
        return READ_TIMEOUT

    return meet


def _crash(scene: Scene) -> Meet:
    """Let the request take effect and the process die."""

    def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply | Break:
        reply = serve()
        if came_over_http(call):  # from a process that the fake cannot end
            return reply
        fault.fire(call)
        scene.run.crashed = True
        return CLOSED  # no client is left to see it

    return meet


def _changing_work(
    change: Callable[[Scene, str, Work, tuple[Step, ...]], tuple[Step, ...]],
) -> Callable[[Scene], Meet]:
    """Serve the request, then change the steps of the work that it has started."""

    def of(scene: Scene) -> Meet:
        def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply | Break:
            runs = scene.app.world.runs
            before = dict(runs.items())
            reply = serve()
            for record, work in started(before, dict(runs.items())):
                fault.fire(call)
                steps = change(scene, record, work, in_progress(work))
                runs.begin(record, steps, work.resource, settle=False)
            return reply

        return meet

    return of


def _fails(scene: Scene, record: str, work: Work, progress: tuple[Step, ...]) -> tuple[Step, ...]:
    scene.run.failed[record] = work.steps
    return *progress, FAILS


def _slow(scene: Scene, _: str, work: Work, progress: tuple[Step, ...]) -> tuple[Step, ...]:
    scene.run.busy = _SLOW.seconds
    return *progress[:-1], progress[-1]._replace(hold=_SLOW), *work.steps[len(progress) :]


def started(before: Mapping[str, Work], after: Mapping[str, Work]) -> list[tuple[str, Work]]:
    """Return the records whose work has begun in between and goes on, with that work."""
    return [
        (record, work)
        for record, work in list(after.items())
        if not work.last and (record not in before or before[record].steps is not work.steps)
    ]


def in_progress(work: Work) -> tuple[Step, ...]:
    """Return the steps of *work* until it ends: those in which it can fail."""
    edges = lifecycle_of(work.resource).edges
    ends = next((n for n, step in enumerate(work.steps) if "failed" not in edges[step.status]), len(work.steps))
    return work.steps[:ends]


def _gone(scene: Scene) -> Meet:
    """Delete the record, as another client would, before it is polled."""

    def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply | Break:
        app = scene.app
        row, args = app.addresses.find(call)["DELETE"]
        record = app.world.row(args["id"])
        if record is not None and app.world.lives(record):
            row.handler(Context(app.world, call, row, args, record=record.id, team=record.team))
            scene.run.deleted.add(record.id)
            fault.fire(call)
        return serve()

    return meet


def _new_status(_: Scene) -> Meet:
    """Show a status that no page names."""

    def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply | Break:
        reply = serve()
        fault.fire(call)
        return _with_status(reply, "archived")

    return meet


def _with_status(reply: Reply, status: str) -> Reply:
    content: Any = json.loads(reply.body)
    return reply.with_body(to_json({**content, "status": status})) if "status" in content else reply


KINDS: Final[dict[str, Kind]] = {
    "refused": Kind(lambda place: place.is_call, _by("connect_error")),
    "timeout": Kind(lambda place: place.is_call and place.patience, _with("timeout", _timeout, commit=False)),
    "lost": Kind(lambda place: place.changes, _by("disconnect", commit=True)),
    "late": Kind(lambda place: place.changes and place.patience, _with("late", _late)),
    "unavailable": Kind(lambda place: place.is_call, _by("status", 503)),
    "rate_limited": Kind(lambda place: place.has_bucket, _by("rate_limited", 12)),
    "garbled": Kind(lambda place: place.has_body, _by("malformed", commit=True)),
    "crash": Kind(lambda place: place.changes and not place.served, _with("crash", _crash)),
    "fails": Kind(lambda place: place.starts, _with("fails", _changing_work(_fails), commit=False)),
    "slow": Kind(lambda place: place.starts, _with("slow", _changing_work(_slow), commit=False)),
    "gone": Kind(lambda place: place.polls and place.deletable, _with("gone", _gone, commit=False)),
    "greased": Kind(lambda place: place.is_json, _by("greased")),
    "new_status": Kind(lambda place: place.polls, _with("new_status", _new_status, commit=False)),
    "duplicate": Kind(lambda place: place.is_event, _of_event("duplicate")),
    "reorder": Kind(lambda place: place.is_event and place.followed, _of_event("reorder")),
    "drop": Kind(lambda place: place.is_event, _of_event("drop")),
    "bad_signature": Kind(lambda place: place.is_event and place.signed, _of_event("bad_signature")),
}
"""Each fault, in the order of a report's columns."""
NEED_PATIENCE: Final = ("timeout", "late")
"""Happen only to a client with a read timeout."""
NEED_TIME: Final = ("late", "slow")
"""Mean nothing if sleeps do nothing."""
BY_DEFAULT: Final = tuple(name for name in KINDS if name != "new_status")
