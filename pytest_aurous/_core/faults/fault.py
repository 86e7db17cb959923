"""What a fault is: which requests or deliveries it affects, how often, and what it does to each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from inspect import iscoroutinefunction
from math import inf
from types import FrameType
from typing import Any, ClassVar, Final, NamedTuple, Protocol, TypedDict, cast
from urllib.parse import urlsplit

from ..base.arguments import Check, Public
from ..base.conditions import OF_DELIVERIES, OF_REQUESTS, Candidate, fits, read_condition
from ..base.data import parsed
from ..base.errors import AurousLookupError, hide_mistakes, see
from ..base.frames import PACKAGE, nearest_outside, place_of
from ..base.redaction import redacted
from ..time.clock import Clock
from ..wire.call import Call
from ..wire.refusal import ApiProblem
from ..wire.reply import Break, Reply
from ..world.outbox import Delivery, Outbox

__tracebackhide__ = hide_mistakes

PAGE: Final = "reference/faults.html"


class DeliveryTerms(TypedDict, total=False):
    """Which deliveries a fault affects."""

    times: float
    after: int
    when: Callable[[Delivery], object] | Mapping[str, Any] | None


class Terms(TypedDict, total=False):
    """Which requests a fault affects."""

    times: float
    after: int
    when: Callable[[Call], object] | Mapping[str, Any] | None
    commit: bool


class Counts(NamedTuple):
    """How many requests or deliveries a fault has let pass, as its ``after`` says, and to how many it happened."""

    passed: int = 0
    fired: int = 0


class Fault(Public):
    """Something that goes wrong with some requests or deliveries; `Faults` adds it.

    Attributes:
        kind: The kind of fault, such as ``timeout``.
        operation: Name or pattern of the operations, or of the events of deliveries.
        commit: Whether the request takes effect first, so that only its response is lost.
        times: How often it happens; infinity for an outage.
        met: How often it happened, also before a `restore`.
        number: 1 for the first fault of the fake.
        after: How many requests or deliveries pass before it happens.
        until: The instant at which it ends, in epoch seconds.
        made: The method of `Faults` that has added it, and its arguments.

    Example:
        ``fault = aurous.faults.timeout("characters.save"); ...; assert fault.fired == 1``
    """

    _page = PAGE
    _parts: ClassVar[tuple[str, ...]] = OF_REQUESTS

    def __init__(
        self,
        kind: str,
        operation: str,
        *,
        times: float = 1,
        after: int = 0,
        when: Callable[[Any], object] | Mapping[str, Any] | None = None,
        commit: bool = False,
        until: float = inf,
        made: tuple[str, dict[str, Any]] = ("", {}),
    ) -> None:
        self.kind = kind
        self.operation = operation
        self.commit = commit
        self.met: int = 0
        self.number: int = 0
        self.made = made
        self._counts: dict[int, Counts] = {}
        check = Check(f"faults.{kind.partition(' ')[0]}", PAGE)
        forever = isinstance(cast("object", times), float) and times == inf
        self.times: float = inf if forever else check.whole("times", times, 1)
        self.after: int = check.whole("after", after, 0)
        if isinstance(when, Mapping):
            condition = read_condition(check, "when", cast("Mapping[Any, Any]", when), self._parts)
            self._when: Callable[[Any], object] | None = lambda thing: fits(condition, self._seen(thing))
        elif iscoroutinefunction(when) or not (when is None or callable(cast("object", when))):
            expected = "a plain function of one argument, which is not async, or a dict such as {'path': '/v1/images'}."
            raise check.refuse("when", when, expected)
        else:
            self._when = when
        self.conditional: bool = when is not None
        check.instance("commit", commit, bool, "True or False.")
        self.until: float = until
        self._place = place_of(nearest_outside({PACKAGE}, sys._getframe())).rpartition("/")[2]

    def __repr__(self) -> str:
        return redacted(f"<Fault {self.kind} on {self.operation}, added at {self._place}: fired {self.fired}>")

    @property
    def fired(self) -> int:
        """How often it happened; a `restore` takes that back."""
        return self._count.fired

    def remove(self) -> None:
        """Remove the fault: it does not happen anymore, and `strict` does not miss it. A `restore` brings it back.

        Raises:
            AurousLookupError: If it is not there anymore.

        Example:
            ``fault = aurous.faults.status("characters.save", 503, times=9); ...; fault.remove()``
        """
        if self.number not in self._counts:
            raise AurousLookupError(
                f"{self!r} is not there anymore: it was removed, or restore() or reset() went back to before it was "
                f"added. aurous.faults has those that are there.\n{see(PAGE)}"
            )
        del self._counts[self.number]

    @property
    def _count(self) -> Counts:
        return self._counts.get(self.number) or Counts()

    def count_in(self, counts: dict[int, Counts], number: int) -> None:
        """Belong to a fake, and count in its state."""
        self._counts, self.number = counts, number
        counts[number] = Counts()

    @property
    def outstanding(self) -> bool:
        """Whether it happened less often than `times` says; an outage needs to happen once."""
        return self.met < (1 if self.times == inf else self.times)

    def concerns(self, thing: Call | Delivery) -> bool:
        return thing.operation is not None and fnmatchcase(thing.operation, self.operation)

    @staticmethod
    def _seen(thing: Any) -> Candidate:
        return Candidate(thing.path, thing.sent_headers, parsed(thing.content), thing.content.decode(errors="replace"))

    def accepts(self, thing: Call | Delivery) -> bool:
        """Call its ``when``. The caller must not hold the fake's lock."""
        return self._when is None or bool(self._when(thing))

    def is_due(self, now: float) -> bool:
        """Return whether it happens to a request or a delivery that it concerns; count one that it lets pass."""
        if (counts := self._counts.get(self.number)) is None or counts.fired >= self.times or now >= self.until:
            return False  # it was removed meanwhile, or is over
        if counts.passed < self.after:
            self._counts[self.number] = Counts(counts.passed + 1, counts.fired)
            return False
        return True

    def fire(self, thing: Call | Delivery) -> None:
        passed, fired = self._count
        self._counts[self.number] = Counts(passed, fired + 1)
        self.met += 1
        thing.fault = self.kind


def made_by(frame: FrameType) -> tuple[str, dict[str, Any]]:
    """Return the name and the arguments of the method that runs in *frame*, so that it can be called again."""
    code, values = frame.f_code, frame.f_locals
    _, *names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return code.co_name, {**{name: values[name] for name in names}, **values.get("terms", {})}


Refuse = Callable[[str, int, float], ApiProblem]
"""Returns a refusal.

Takes the name of the request's rate bucket (empty if it has none), the seconds until the bucket has a token (at least
1), and the time in epoch seconds.
"""


class Serve(Protocol):
    """Let a request reach the server, and return the response. A key, limit or version that is wrong comes first.

    Args:
        effect: Whether the request takes effect. If not, it is only rehearsed: the response is the same, but every
            change is undone.
        instead: Refuse the request, after its effect if it takes one.
        free: Whether the request costs no token of its rate bucket (rate-4).
        busy: How many seconds the server still works on the request after it has taken effect (idem-5).
    """

    def __call__(
        self,
        *,
        effect: bool = True,
        instead: Refuse | None = None,
        free: bool = False,
        busy: float = 0,
    ) -> Reply: ...


Meet = Callable[["CallFault", Call, Clock, Serve], Reply | Break]
"""Handles a request that meets a fault: calls `serve` if the request arrives, and `Fault.fire` when the fault happens.

Example::

    def meet(fault, call, clock, serve):  # the response gets lost
        serve()
        fault.fire(call)
        return Break("RemoteProtocolError", "Server disconnected without sending a response.")
"""


class CallFault(Fault):
    def __init__(self, kind: str, operation: str, meet: Meet, **terms: Any) -> None:
        super().__init__(kind, operation, **terms)
        self._meet = meet

    def fire(self, thing: Call | Delivery) -> None:
        super().fire(thing)
        if self.commit and isinstance(thing, Call):
            thing.fault = f"{self.kind}, {'refused' if thing.error_code else 'committed'}"

    def meet(self, call: Call, clock: Clock, serve: Serve) -> Reply | Break:
        return self._meet(self, call, clock, serve)


MeetDelivery = Callable[["DeliveryFault", Delivery, Outbox, float], bool]
"""Changes a delivery that meets a fault, at a time in epoch seconds; returns whether to send it now."""


class DeliveryFault(Fault):
    """A fault of webhook deliveries; one that *forges* makes the signature wrong."""

    _parts = OF_DELIVERIES

    def __init__(self, kind: str, event: str, meet: MeetDelivery, *, forges: bool = False, **terms: Any) -> None:
        super().__init__(kind, event, **terms)
        self._meet = meet
        self.forges = forges

    @staticmethod
    def _seen(thing: Any) -> Candidate:
        return Candidate(urlsplit(str(thing.url)).path, {}, thing.payload, thing.body.decode())

    def concerns(self, thing: Call | Delivery) -> bool:
        """Whether it is for a delivery that has not met it. Deliveries to a ``webhook_url`` are not signed (hook-6)."""
        if not isinstance(thing, Delivery) or self.number in thing.met or (self.forges and thing.endpoint is None):
            return False
        return super().concerns(thing)

    def meet(self, delivery: Delivery, outbox: Outbox, now: float) -> bool:
        """Change the delivery; return whether to send it now."""
        delivery.met = (*delivery.met, self.number)
        return self._meet(self, delivery, outbox, now)
