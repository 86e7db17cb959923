"""The kinds of fault: what each makes of a call on its way through the pipeline."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from inspect import iscoroutinefunction
from math import inf
from typing import Any, Final, Literal, TypedDict, cast

from .._check import Check
from .._frames import PACKAGE, nearest_outside, place_of
from .._redaction import redacted
from .._time.clock import Clock
from .._wire.call import Call
from .._wire.refusal import ApiProblem
from .._wire.reply import Break, Reply
from .._world.outbox import Delivery
from .._world.undo import Undo
from ..errors import hide_mistakes

__all__ = (
    "GARBAGE",
    "GAVE_UP",
    "GONE",
    "PAGE",
    "REFUSED",
    "TIMEOUTS",
    "DeliveryTerms",
    "Fault",
    "Garbage",
    "Lost",
    "Phase",
    "Refused",
    "Slow",
    "Spoilt",
    "Terms",
    "cut_off",
)

Phase = Literal["connect", "read", "write", "pool"]
Garbage = Literal["truncated", "html", "empty", "not_json"]

GAVE_UP: Final = Break("ReadTimeout", "The read operation timed out.")
TIMEOUTS: Final = {
    "connect": Break("ConnectTimeout", "The connection timed out."),
    "read": GAVE_UP,
    "write": Break("WriteTimeout", "The write operation timed out."),
    "pool": Break("PoolTimeout", "No connection of the pool became free in time."),
}
GARBAGE: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": lambda body: body[: len(body) // 2],
    "html": lambda _: b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>",
    "empty": lambda _: b"",
    "not_json": lambda _: b"upstream connect error or disconnect/reset before headers",
}
REFUSED: Final = Break("ConnectError", "[Errno 111] Connection refused")
GONE: Final = Break("RemoteProtocolError", "Server disconnected without sending a response.")


def cut_off(after_bytes: int, reply: Reply) -> Break:
    """Let the connection break inside the body of *reply*."""
    message = "peer closed connection without sending complete message body"
    return Break("RemoteProtocolError", message, reply, after_bytes)


PAGE: Final = "reference/faults.html"


class Terms(TypedDict, total=False):
    """Which calls meet a fault."""

    times: float
    after: int
    when: Callable[[Call], object] | None
    commit: bool


class DeliveryTerms(TypedDict, total=False):
    """Which deliveries meet a fault."""

    times: float
    after: int
    when: Callable[[Delivery], object] | None


__tracebackhide__ = hide_mistakes

_TOO_MANY: Final = 429


class Fault:
    """One thing that goes wrong with some calls; `Faults` makes them.

    Attributes:
        kind: Such as ``timeout``.
        operation: Name or pattern of the calls that meet it.
        commit: Whether the call takes effect first, and only its answer is lost.
        fired: How many calls met it.
        times: How many calls are to meet it; infinity for those of an outage.
        met: How many calls ever did, those before a `restore` too.

    Example:
        ``fault = aurous.faults.timeout("characters.save"); ...; assert fault.fired == 1``
    """

    rehearse = False
    """Whether the answer that the call would have had is needed, even if the call is to have no effect."""

    def __init__(
        self,
        kind: str,
        operation: str,
        *,
        times: float = 1,
        after: int = 0,
        when: Callable[[Call], object] | None = None,
        commit: bool = False,
    ) -> None:
        self.kind = kind
        self.operation = operation
        self.commit = commit
        self.fired: int = 0
        self.met: int = 0
        check = Check(f"faults.{kind.partition(' ')[0]}", PAGE)
        forever = isinstance(cast("object", times), float) and times == inf
        self.times: float = inf if forever else check.whole("times", times, 1)
        self._after = check.whole("after", after, 0)
        self._when = when
        if iscoroutinefunction(when) or not (when is None or callable(cast("object", when))):
            raise check.refuse("when", when, "a plain function of one argument, which is not async.")
        check.instance("commit", commit, bool, "True or False.")
        self._seen = 0
        caller = nearest_outside({PACKAGE}, sys._getframe())
        self._place = place_of(caller).rpartition("/")[2]

    def __repr__(self) -> str:
        return redacted(f"<Fault {self.kind} on {self.operation}, given at {self._place}: fired {self.fired}>")

    @property
    def outstanding(self) -> bool:
        """Whether fewer calls met it than `times` says; one is enough where that is infinite."""
        return self.met < (1 if self.times == inf else self.times)

    @property
    def conditional(self) -> bool:
        """Whether it has a ``when``."""
        return self._when is not None

    def concerns(self, call: Call | Delivery) -> bool:
        """Whether it is a fault of calls such as *call*, or of such deliveries."""
        return fnmatchcase(call.operation or "", self.operation)

    def accepts(self, call: Call | Delivery) -> bool:
        """Ask its ``when``, which is a function of the test: not to be called under the fake's lock."""
        return self._when is None or bool(self._when(call))  # type: ignore[arg-type]  # of deliveries it takes those

    def due(self, call: Call | Delivery, now: float) -> bool:
        """Whether *call*, which it concerns and accepts, meets it; one that it lets pass counts for ``after``."""
        del call, now
        self._seen += 1
        return self._seen > self._after and self.fired < self.times

    def fire(self, call: Call) -> None:
        """Note that *call* met the fault; one that was refused first took no effect, whatever `commit` says."""
        self.fired += 1
        self.met += 1
        call.fault = self.kind
        if self.commit:
            call.fault += ", refused" if call.error_code else ", committed"

    def before(self, call: Call, clock: Clock) -> Break | None:
        """Return what the client meets of a call that never arrives, or None if it arrives."""
        del call, clock
        return None

    def refusal(self, bucket: str, wait: int, now: float) -> ApiProblem | None:
        """Return what the server refuses the call with, or None if it does not.

        Args:
            bucket: The name of its rate bucket; empty where it has none.
            wait: The seconds until that bucket has a token, 1 at least.
            now: The instant, in epoch seconds.
        """
        del bucket, wait, now
        return None

    def spares_token(self, bucket: str, now: float) -> bool:
        """Whether the call is going to be answered 429, which costs no token, whoever wanted it (rate-4)."""
        refusal = None if self.commit else self.refusal(bucket, 1, now)
        return refusal is not None and refusal.status == _TOO_MANY

    def after(self, call: Call, clock: Clock, reply: Reply) -> Reply | Break:
        """Return what the client meets of an answered call."""
        del call, clock
        return reply

    def busy(self) -> float:
        """Return how many seconds the server works on the call after its client has gone."""
        return 0

    def state(self) -> tuple[int, int]:
        """Return what `restore` takes."""
        return self.fired, self._seen

    def restore(self, state: tuple[int, int]) -> None:
        """Go back to a `state`."""
        self.fired, self._seen = state

    def noted(self, undo: Undo) -> None:
        """Note its counts before a call may change them."""
        undo.attributes(self, "fired", "met", "_seen")


class Lost(Fault):
    """No answer: an exception of the client's stack. With `commit` the call was answered, to nobody."""

    def __init__(self, kind: str, operation: str, outcome: Break, *, until: float = inf, **terms: Any) -> None:
        super().__init__(kind, operation, **terms)
        self._outcome = outcome
        self._until = until

    def due(self, call: Call | Delivery, now: float) -> bool:
        return now < self._until and super().due(call, now)

    def before(self, call: Call, clock: Clock) -> Break | None:
        del clock
        self.fire(call)
        return self._outcome

    def after(self, call: Call, clock: Clock, reply: Reply) -> Reply | Break:
        del clock, reply
        self.fire(call)
        return self._outcome


class Slow(Fault):
    """A slow answer, on the fake's clock: in time for the client, or too late."""

    def __init__(self, operation: str, seconds: float, **terms: Any) -> None:
        super().__init__("delay", operation, **terms)
        self._seconds = seconds

    def before(self, call: Call, clock: Clock) -> Break | None:
        return None if self._in_time(call) else self._give_up(call, clock)

    def after(self, call: Call, clock: Clock, reply: Reply) -> Reply | Break:
        if not self._in_time(call):
            return self._give_up(call, clock)
        self.fire(call)
        call.delay = self._seconds
        clock.move(self._seconds)
        return reply

    def busy(self) -> float:
        return self._seconds

    def _in_time(self, call: Call) -> bool:
        return call.patience is None or call.patience >= self._seconds

    def _give_up(self, call: Call, clock: Clock) -> Break:
        self.fire(call)
        clock.move(call.patience or 0)
        return GAVE_UP


class Refused(Fault):
    """An answer with an error; what comes first in the pipeline (keys, limits, version) still comes first."""

    def __init__(
        self, kind: str, operation: str, problem: Callable[[str, int, float], ApiProblem], **terms: Any
    ) -> None:
        super().__init__(kind, operation, **terms)
        self._problem = problem

    def refusal(self, bucket: str, wait: int, now: float) -> ApiProblem | None:
        return self._problem(bucket, wait, now)


class Spoilt(Fault):
    """An answer with a body that is not what the call would have had."""

    rehearse = True

    def __init__(self, kind: str, operation: str, spoil: Callable[[Reply], Reply | Break], **terms: Any) -> None:
        super().__init__(kind, operation, **terms)
        self._spoil = spoil

    def after(self, call: Call, clock: Clock, reply: Reply) -> Reply | Break:
        del clock
        self.fire(call)
        return self._spoil(reply)
