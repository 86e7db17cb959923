"""The ways in which exploring breaks a request or a delivery: one row for each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._core.base.amounts import total
from .._core.base.chains import undone_on_error
from .._core.wire.call import Call
from .._core.wire.reply import CLOSED, CONNECTION_REFUSED, UNSERVED, Break, Reply
from .._facade import Course, Delivery, Fault, Handle, Serve
from . import places
from .compare import Identities, body_of
from .places import Place, came_over_http, event_id

if TYPE_CHECKING:
    from .runs.run import ExploredRun

Plan = tuple[tuple[Place, str], ...]
"""The faults of a case, each with its place; none on the good day."""
IN_FLIGHT: Final = 20.0
"""Seconds for which a request stays in flight after the read timeout of its client."""
_SLOW: Final = 30
"""Minutes that work takes which is slow."""
_HICCUP: Final = 30.0
"""Seconds. It ends before an application gives up that retries, so that what comes after its retries runs at last."""
_PAGE: Final = b"<html><head><title>503 Service Unavailable</title></head><body>No server is available.</body></html>"
_BY_PROXY: Final = Reply(503, (("Content-Type", "text/html"), ("Content-Length", str(len(_PAGE)))), _PAGE)
_NO_CREDITS: Final = 402


@dataclass
class Scene:
    """A run with its faults. Its callers hold the fake's lock."""

    fake: Handle
    run: ExploredRun
    identities: Identities
    _faults: list[Fault] = field(default_factory=list[Fault])
    _undo: ExitStack = field(default_factory=ExitStack)

    def terms(self, place: Place) -> dict[str, Any]:
        """Return which request of the run is the one at *place*."""
        if place.key is None:
            return {"after": place.occurrence - 1}

        def same(call: Call) -> bool:
            return self.identities.key(call) == place.key

        return {"after": place.before, "when": same}

    def begin(self, plan: Plan) -> None:
        """Add the faults of a plan, which happen before the test's own faults."""
        with undone_on_error(self.end):
            for place, kind in reversed(plan):
                self._faults.append(KINDS[kind].add(self, place))
                self.put_first(self._faults[-1])

    def put_first(self, fault: Fault) -> None:
        """Let a fault that was added happen before the others, until the run is over."""
        self._undo.callback(self.fake.put_first(fault))

    @property
    def unmet(self) -> bool:
        return any(not fault.fired for fault in self._faults)

    def end(self) -> None:
        self._undo.close()


class Kind(NamedTuple):
    """One way to break a request or a delivery."""

    where: str  # to which places it can happen: one of their traits
    add: Callable[[Scene, Place], Fault]  # adds the fault for a place to the fake, and returns it
    happened: str  # in plain words, with {} for the request or the event


_Meet = Callable[[Scene, Fault, Call, Serve], Reply | Break]
"""Decides what a client gets whose request meets a fault: calls `Fault.fire` where it happens."""


def _by(method: str, *args: Any, **terms: Any) -> Callable[[Scene, Place], Fault]:

    def add(scene: Scene, place: Place) -> Fault:
        fault: Fault = getattr(scene.fake.faults, method)(place.operation, *args, **scene.terms(place), **terms)
        return fault

    return add


def _cut(scene: Scene, place: Place) -> Fault:
    return _by("disconnect", after_events=place.events // 2)(scene, place)


def _of_event(method: str) -> Callable[[Scene, Place], Fault]:
    """Add a fault of the n-th event of its kind, whichever attempt is made to deliver it."""

    def add(scene: Scene, place: Place) -> Fault:
        seen: dict[str, int] = {}

        def is_place(delivery: Delivery) -> bool:
            event = event_id(delivery)
            return seen.setdefault(event, len(seen) + 1) == place.occurrence

        fault: Fault = getattr(scene.fake.faults, method)(place.event, when=is_place)
        return fault

    return add


def _with(kind: str, meet: _Meet, *, commit: bool = False) -> Callable[[Scene, Place], Fault]:

    def add(scene: Scene, place: Place) -> Fault:
        terms = {**scene.terms(place), "commit": commit}
        return scene.fake.add_fault(kind, place.operation, partial(meet, scene), **terms)

    return add


def _timeout(scene: Scene, fault: Fault, call: Call, serve: Serve, *, late: bool = False) -> Reply | Break:
    """Let the client wait until it gives up; a *late* request takes effect, and stays in flight (idem-5).

    Any other request has no effect.
    """
    if call.patience is None:
        return serve()
    reply = UNSERVED
    if late:
        scene.run.busy = call.patience + IN_FLIGHT
        reply = serve(busy=scene.run.busy)
    fault.fire(call)
    return reply._replace(delay=inf)


def _down(scene: Scene, fault: Fault, call: Call, serve: Serve, *, partly: bool = False) -> Reply | Break:
    """Let a proxy respond to this request, and to all later ones of its operation, that there is no server.

    If that is *partly* so, requests with another body, such as those for another model, get through.
    """
    body = body_of(call)

    def respond(fault: Fault, call: Call, serve: Serve) -> Reply | Break:
        if body_of(call) != body:
            if partly:
                return serve()
            scene.run.other_body = True
        fault.fire(call)
        return _BY_PROXY

    scene.put_first(scene.fake.add_fault(fault.kind, fault.operation, respond, times=inf))
    return respond(fault, call, serve)


def _hiccup(scene: Scene, fault: Fault, call: Call, _: Serve) -> Reply | Break:
    """Let no connection succeed from this request on, for some seconds of the clock."""
    fault.fire(call)
    scene.put_first(scene.fake.faults.outage(_HICCUP))
    return CONNECTION_REFUSED


def _broke(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Take away the credits that no work holds, until a second run begins."""
    fake = scene.fake
    taken = {team: account.available for team, account in fake.accounts.items()}
    for team in taken:
        fake.set_credits(team, fake.accounts[team].held)

    def give_back() -> None:
        for team, available in taken.items():
            fake.set_credits(team, total((fake.accounts[team].credits, available)))

    reply = serve()
    if reply.status == _NO_CREDITS:
        fault.fire(call)
        scene.run.repairs.append(give_back)
    else:
        give_back()
    return reply


def _dies(scene: Scene, fault: Fault, call: Call, serve: Serve, *, after: bool = False) -> Reply | Break:
    """Let this process die before the request arrives, or *after* it took effect.

    One that sends its requests over HTTP, the fake cannot end.
    """
    if came_over_http(call):
        return serve()
    if after:
        serve()
    fault.fire(call)
    scene.run.crashed = True
    return CLOSED  # no client is left to see it


def _changing_work(change: Callable[[Scene, Course], Course]) -> _Meet:
    """Serve the request, then change the steps of the work that it has started."""

    def meet(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
        begun = scene.fake.work_begun()
        reply = serve()
        for work in begun():
            fault.fire(call)
            scene.fake.begin(change(scene, work))
        return reply

    return meet


def _fails(scene: Scene, work: Course) -> Course:
    if not work.succeeds:
        return work
    scene.run.failed[work.record] = work
    return work.failing()


def _slow(scene: Scene, work: Course) -> Course:
    scene.run.busy = 60.0 * _SLOW
    return work.taking(minutes=_SLOW)


def _keeps_failing(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Let all work fail from the work on that this request starts."""
    fails = _changing_work(_fails)
    reply = fails(scene, fault, call, serve)
    if fault.fired:
        scene.put_first(scene.fake.add_fault(fault.kind, "*", partial(fails, scene), times=inf))
    return reply


def _gone(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Delete the record, as another client would, before it is polled."""
    if (record := scene.fake.delete_record(call)) is not None:
        scene.run.deleted.add(record)
        fault.fire(call)
    return serve()


DOWN: Final = "down"
PARTLY_DOWN: Final = "partly_down"
"""Is tried only if the code sends other bodies to an operation while that is down."""
KINDS: Final[dict[str, Kind]] = {
    "refused": Kind(places.ANY, _by("connect_error"), "the connection for {} was refused"),
    "timeout": Kind(places.ANY, _with("timeout", _timeout), "the request {} timed out without effect"),
    "lost": Kind(places.WRITES, _by("disconnect", commit=True), "the response to {} was lost"),
    "late": Kind(
        places.WRITES, _with("late", partial(_timeout, late=True), commit=True), "the response to {} came too late"
    ),
    "unavailable": Kind(places.LET_IN, _by("status", 503), "the response to {} was a 503"),
    "hiccup": Kind(
        places.TURNS, _with("hiccup", _hiccup), "the connection for {} and all later ones failed for 30 seconds"
    ),
    DOWN: Kind(places.ANY, _with(DOWN, _down), "the operation of {} was down from then on"),
    PARTLY_DOWN: Kind(
        places.BODIES,
        _with(PARTLY_DOWN, partial(_down, partly=True)),
        "the operation of {} was down from then on for this body",
    ),
    "rate_limited": Kind(places.LIMITED, _by("rate_limited", 12), "the response to {} was a 429"),
    "broke": Kind(places.PAID, _with("broke", _broke), "the order {} and each later one was refused with 402"),
    "garbled": Kind(places.WHOLE, _by("malformed", commit=True), "the response to {} was cut off"),
    "disconnect": Kind(places.STREAMS, _cut, "the stream of {} was cut off in the middle"),
    "ends_early": Kind(
        places.STREAMS, _by("malformed", "ends_early"), "the stream of {} ended between two events, without an error"
    ),
    "crash": Kind(
        places.OWN_WRITES, _with("crash", partial(_dies, after=True), commit=True), "the process died after {}"
    ),
    "dies": Kind(places.OWN, _with("dies", _dies), "the process died before {}"),
    "fails": Kind(places.SUCCEEDS, _with("fails", _changing_work(_fails)), "the work that {} started failed"),
    "keeps_failing": Kind(
        places.SUCCEEDS,
        _with("keeps_failing", _keeps_failing),
        "the work that {} and all later requests started failed",
    ),
    "slow": Kind(places.STARTS, _with("slow", _changing_work(_slow)), "the work that {} started took 30 minutes"),
    "gone": Kind(places.POLLS, _with("gone", _gone), "the record was deleted before {}"),
    "greased": Kind(places.JSON, _by("greased"), "the response to {} had unknown fields"),
    "duplicate": Kind(places.EVENTS, _of_event("duplicate"), "the event {} was delivered twice"),
    "reorder": Kind(places.FOLLOWED, _of_event("reorder"), "the event {} was delivered after the next"),
    "drop": Kind(places.EVENTS, _of_event("drop"), "the event {} was not delivered"),
    "bad_signature": Kind(places.SIGNED, _of_event("bad_signature"), "the event {} had a wrong signature"),
}
"""Each fault, in the order of a report's columns."""
# After the first two, a request has taken effect and no client knows it: what comes next repeats an order, or loses it.
# The third never ends, so it finds code that retries without a limit. All others vary these: if there is no time for
# all, they come last.
TELLING: Final = ("lost", "crash", DOWN)
"""The faults that come first where there is no time for all."""
NEED_PATIENCE: Final = frozenset({"timeout", "late"})
"""Happen only to a client with a read timeout."""
NEED_TIME: Final = frozenset({"late", "hiccup", "slow"})
"""Mean nothing if the sleeps of the code under test do nothing."""
END_PROCESS: Final = frozenset({"crash", "dies"})
"""The process dies, after which only some laws are judged."""
