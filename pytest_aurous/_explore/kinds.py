"""The ways in which exploring breaks a request or a delivery: one row for each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from .._core.base.amounts import total
from .._core.base.chains import undone_on_error
from .._core.wire.call import Call, Watcher
from .._core.wire.reply import CLOSED, CONNECTION_REFUSED, READ_TIMEOUT, Break, Reply
from .._facade import App, Course, Delivery, Fault, Serve, add_fault, delete_record, watched, work_begun
from .compare import Identities
from .places import Place, came_over_http, event_id

if TYPE_CHECKING:
    from .runs.run import ExploredRun

Plan = tuple[tuple[Place, str], ...]
"""The faults of a case, each with its place; none on the good day."""
IN_FLIGHT: Final = 20.0
"""Seconds for which a request that was given up stays in flight."""
_SLOW: Final = 30
"""Minutes that work takes which is slow."""
_OUTAGE: Final = 3600.0
_HICCUP: Final = 30.0
"""Seconds. It ends before an application gives up that retries, so that what comes after its retries runs at last."""
_PAGE: Final = b"<html><head><title>503 Service Unavailable</title></head><body>No server is available.</body></html>"
_BY_PROXY: Final = Reply(503, (("Content-Type", "text/html"), ("Content-Length", str(len(_PAGE)))), _PAGE)
_NO_CREDITS: Final = 402


@dataclass
class Scene:
    """A run with its faults. Its callers hold the fake's lock.

    Attributes:
        app: The fake.
        run: The run.
        pass_time: Moves the clocks of the fake and of the process by a number of seconds.
        identities: Says what each request of the run is.
    """

    app: App
    run: ExploredRun
    pass_time: Callable[[float], None]
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
        self.app.queue.put_first(fault)
        self._undo.callback(self.app.queue.remove, fault)

    def watch(self, watcher: Watcher) -> None:
        """Let *watcher* see each request of the run from now on, before those that record it."""
        self._undo.enter_context(watched(self.app, watcher))

    @property
    def unmet(self) -> bool:
        """Whether a fault of the plan has not happened."""
        return any(not fault.fired for fault in self._faults)

    def end(self) -> None:
        """Remove all of it from the fake."""
        self._undo.close()


@dataclass(frozen=True)
class Where:
    """To which requests or deliveries a fault can happen.

    Attributes:
        words: Those, in plain words.
        fits: Whether a place is one of them.
    """

    words: str
    fits: Callable[[Place], bool]


@dataclass(frozen=True)
class Kind:
    """One way to break a request or a delivery.

    Attributes:
        where: To what it can happen.
        add: Adds the fault for a place to the fake, and returns it.
        happened: What has happened then, in plain words, with ``{}`` for the request or the event.
        needs_patience: Whether it happens only to a client with a read timeout.
        needs_time: Whether it means nothing if the sleeps of the code under test do nothing.
        ends_process: Whether the process dies, after which only some laws are judged.
        by_default: Whether it is tried unless a test names it: in all our corpora, the others find what it finds, and
            say it as clearly.
    """

    where: Where
    add: Callable[[Scene, Place], Fault]
    happened: str
    needs_patience: bool = False
    needs_time: bool = False
    ends_process: bool = False
    by_default: bool = True

    @property
    def needs(self) -> str:
        """What it needs, such as ``streams, of a client with a read timeout``."""
        return f"{self.where.words}, of a client with a read timeout" if self.needs_patience else self.where.words

    def fits(self, place: Place) -> bool:
        """Whether it makes sense at a place."""
        return self.where.fits(place)


_Meet = Callable[[Scene, Fault, Call, Serve], Reply | Break]
"""Decides what a client gets whose request meets a fault: calls `Fault.fire` where it happens."""


def _by(method: str, *args: Any, **terms: Any) -> Callable[[Scene, Place], Fault]:
    """Add a fault as a test would."""

    def add(scene: Scene, place: Place) -> Fault:
        fault: Fault = getattr(scene.app.faults, method)(place.operation, *args, **scene.terms(place), **terms)
        return fault

    return add


def _midway(method: str) -> Callable[[Scene, Place], Fault]:
    """Add a fault that happens in the middle of a stream."""
    return lambda scene, place: _by(method, after_events=place.events // 2)(scene, place)


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


def _with(kind: str, meet: _Meet, *, commit: bool = False) -> Callable[[Scene, Place], Fault]:
    """Add a fault that only exploring has."""

    def add(scene: Scene, place: Place) -> Fault:
        terms = {**scene.terms(place), "commit": commit}
        return add_fault(scene.app, kind, place.operation, partial(meet, scene), **terms)

    return add


def _timeout(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Let the read timeout of the client pass; the request has no effect."""
    if call.patience is None:
        return serve()
    fault.fire(call)
    scene.pass_time(call.patience)
    return READ_TIMEOUT


def _late(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Let the read timeout of the client pass; the request takes effect, and stays in flight for a while (idem-5)."""
    if call.patience is None:
        return serve()
    serve(busy=call.patience + IN_FLIGHT)
    fault.fire(call)
    scene.run.busy = IN_FLIGHT
    scene.pass_time(call.patience)
    return READ_TIMEOUT


def _down(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Let a proxy respond to this request, and to all later ones of its operation, that there is no server."""

    def respond(fault: Fault, call: Call, _: Serve) -> Reply | Break:
        fault.fire(call)
        return _BY_PROXY

    scene.put_first(add_fault(scene.app, fault.kind, fault.operation, respond, times=inf))
    return respond(fault, call, serve)


def _outage(seconds: float, scene: Scene, fault: Fault, call: Call, _: Serve) -> Reply | Break:
    """Let no connection succeed from this request on, for some seconds of the clock."""
    fault.fire(call)
    scene.put_first(scene.app.faults.outage(seconds))
    return CONNECTION_REFUSED


def _broke(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Take away the credits that no work holds, until a second run begins."""
    give_back = _take_credits(scene.app)
    reply = serve()
    if reply.status == _NO_CREDITS:
        fault.fire(call)
        scene.run.repairs.append(give_back)
    else:
        give_back()
    return reply


def _take_credits(app: App) -> Callable[[], None]:
    """Leave each team the credits that are held, and return a function that gives the others back."""
    world = app.world
    taken = {team: account.available for team, account in world.accounts.items()}
    for team in taken:
        world.ledger(team).set(world.accounts[team].held)

    def give_back() -> None:
        for team, credits in taken.items():  # noqa: A001 - the vendor's word
            world.ledger(team).set(total((world.accounts[team].credits, credits)))

    return give_back


def _dies(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Let the process die before the request arrives."""
    return serve() if came_over_http(call) else _end_process(scene, fault, call)


def _crash(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Let the request take effect and the process die."""
    reply = serve()
    return reply if came_over_http(call) else _end_process(scene, fault, call)


def _end_process(scene: Scene, fault: Fault, call: Call) -> Break:
    """Let this process die; one that sends its requests over HTTP, the fake cannot end."""
    fault.fire(call)
    scene.run.crashed = True
    return CLOSED  # no client is left to see it


def _changing_work(change: Callable[[Scene, Course], Course]) -> _Meet:
    """Serve the request, then change the steps of the work that it has started."""

    def meet(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
        begun = work_begun(scene.app)
        reply = serve()
        for work in begun():
            fault.fire(call)
            change(scene, work).begin(scene.app)
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


class _KeepsFailing(Watcher):
    """Lets all work fail that has begun since it was made."""

    of_bad_days = True

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.begun: Callable[[], list[Course]] = work_begun(scene.app)

    def leave(self, call: Call) -> None:
        for work in self.begun():
            call.fault = call.fault or "keeps_failing"
            _fails(self._scene, work).begin(self._scene.app)
        self.begun = work_begun(self._scene.app)


def _keeps_failing(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Let all work fail from the work on that this request starts."""
    watcher = _KeepsFailing(scene)
    reply = serve()
    if watcher.begun():
        fault.fire(call)
        scene.watch(watcher)
    return reply


def _gone(scene: Scene, fault: Fault, call: Call, serve: Serve) -> Reply | Break:
    """Delete the record, as another client would, before it is polled."""
    if (record := delete_record(scene.app, call)) is not None:
        scene.run.deleted.add(record)
        fault.fire(call)
    return serve()


_ANY: Final = Where("requests", lambda place: place.is_call)
_LET_IN: Final = Where(
    "requests that the API lets in", lambda place: place.is_call and place.shows[0] not in {401, 403}
)
_WRITES: Final = Where("requests that change something", lambda place: place.changes)
_TURNS: Final = Where(
    "requests that change something, and the first read of each operation",
    lambda place: place.changes or (place.is_call and place.occurrence == 1),
)
_FIRST: Final = Where("the first request of an operation", lambda place: place.is_call and place.occurrence == 1)
_LIMITED: Final = Where(
    "requests with a rate bucket", lambda place: place.has_bucket and place.shows[0] not in {401, 403}
)
_PAID: Final = Where("requests that cost credits", lambda place: place.pays)
_WHOLE: Final = Where("requests whose response has a body, and is no stream", lambda place: place.has_body)
_JSON: Final = Where("requests whose response is JSON", lambda place: place.is_json)
_STREAMS: Final = Where("streams", lambda place: place.events > 0)
_OWN_WRITES: Final = Where(
    "requests that change something, in this process", lambda place: place.changes and not place.served
)
_OWN: Final = Where("requests in this process", lambda place: place.is_call and not place.served)
_STARTS: Final = Where("requests that start work", lambda place: place.starts)
_SUCCEEDS: Final = Where("requests that start work which succeeds", lambda place: place.succeeds)
_POLLS: Final = Where("polls of a record that can be deleted", lambda place: place.polls and place.deletable)
_EVENTS: Final = Where("webhook deliveries", lambda place: place.is_event)
_FOLLOWED: Final = Where("webhook deliveries before another one", lambda place: place.is_event and place.followed)
_SIGNED: Final = Where("signed webhook deliveries", lambda place: place.is_event and place.signed)

KINDS: Final[dict[str, Kind]] = {
    "refused": Kind(_ANY, _by("connect_error"), "the connection for {} was refused"),
    "timeout": Kind(_ANY, _with("timeout", _timeout), "the request {} timed out without effect", needs_patience=True),
    "lost": Kind(_WRITES, _by("disconnect", commit=True), "the response to {} was lost"),
    "late": Kind(
        _WRITES,
        _with("late", _late, commit=True),
        "the response to {} came too late",
        needs_patience=True,
        needs_time=True,
    ),
    "unavailable": Kind(_LET_IN, _by("status", 503), "the response to {} was a 503"),
    "hiccup": Kind(
        _TURNS,
        _with("hiccup", partial(_outage, _HICCUP)),
        "the connection for {} and all later ones failed for 30 seconds",
        needs_time=True,
    ),
    "down": Kind(_ANY, _with("down", _down), "the operation of {} was down from then on"),
    "outage": Kind(
        _FIRST,
        _with("outage", partial(_outage, _OUTAGE)),
        "the connection for {} and all later ones failed for an hour",
        by_default=False,
    ),
    "rate_limited": Kind(_LIMITED, _by("rate_limited", 12), "the response to {} was a 429"),
    "broke": Kind(_PAID, _with("broke", _broke), "the order {} and each later one was refused with 402"),
    "garbled": Kind(_WHOLE, _by("malformed", commit=True), "the response to {} was cut off"),
    "stall": Kind(
        _STREAMS, _midway("stall"), "the stream of {} stalled in the middle", needs_patience=True, by_default=False
    ),
    "disconnect": Kind(_STREAMS, _midway("disconnect"), "the stream of {} was cut off in the middle"),
    "half_event": Kind(
        _STREAMS, _by("malformed", "half_event"), "the stream of {} ended within an event", by_default=False
    ),
    "ends_early": Kind(
        _STREAMS, _by("malformed", "ends_early"), "the stream of {} ended between two events, without an error"
    ),
    "crash": Kind(_OWN_WRITES, _with("crash", _crash, commit=True), "the process died after {}", ends_process=True),
    "dies": Kind(_OWN, _with("dies", _dies), "the process died before {}", ends_process=True),
    "fails": Kind(_SUCCEEDS, _with("fails", _changing_work(_fails)), "the work that {} started failed"),
    "keeps_failing": Kind(
        _SUCCEEDS, _with("keeps_failing", _keeps_failing), "the work that {} and all later requests started failed"
    ),
    "slow": Kind(
        _STARTS, _with("slow", _changing_work(_slow)), "the work that {} started took 30 minutes", needs_time=True
    ),
    "gone": Kind(_POLLS, _with("gone", _gone), "the record was deleted before {}"),
    "greased": Kind(_JSON, _by("greased"), "the response to {} had unknown fields"),
    "duplicate": Kind(_EVENTS, _of_event("duplicate"), "the event {} was delivered twice"),
    "reorder": Kind(_FOLLOWED, _of_event("reorder"), "the event {} was delivered after the next"),
    "drop": Kind(_EVENTS, _of_event("drop"), "the event {} was not delivered"),
    "bad_signature": Kind(_SIGNED, _of_event("bad_signature"), "the event {} had a wrong signature"),
}
"""Each fault, in the order of a report's columns."""
BY_DEFAULT: Final = tuple(name for name, kind in KINDS.items() if kind.by_default)
TELLING: Final = ("lost", "crash", "down")
"""Find the most, so they come first where there is no time for all."""
