"""Faults: what goes wrong between a client and a server that may have done its work all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final, cast

from .._check import Check
from .._framework.operations import check_operation
from .._redaction import redacted
from .._time.clock import Clock
from .._wire import messages as say
from .._wire.headers import sent_header
from .._wire.refusal import USUAL_CODES, ApiProblem
from ..errors import hide_mistakes
from .deliveries import DeliveryFaults
from .kinds import (
    GARBAGE,
    GONE,
    PAGE,
    REFUSED,
    TIMEOUTS,
    Fault,
    Garbage,
    Lost,
    Phase,
    Refused,
    Slow,
    Spoilt,
    Terms,
    cut_off,
)
from .queue import Given

__all__ = ("Fault", "Faults")

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:
    from typing_extensions import Unpack  # for checkers, which know it

    from .._framework.endpoint import Endpoint


_TOO_MANY: Final = 429


class Faults(Collection[Fault], DeliveryFaults):
    """The faults of a fake; each method gives one more. Of several on one operation the first given is met first.

    All take *operation*, a name or a pattern such as ``characters.*``, and:

    - ``times``: how many calls meet it (default 1);
    - ``after``: how many are let pass first;
    - ``when``: called with the `Call`; one that it rejects counts for neither;
    - ``commit``: the call takes effect first, and only its answer is lost.

    A name that is none is an `AurousLookupError`, an argument that is none a `TypeError`, and a count that is
    none an `AurousError`.

    Example:
        ``aurous.faults.timeout("characters.create", commit=True)``
    """

    def __init__(
        self, given: Given, clock: Clock, operations: Mapping[str, Endpoint], events: Collection[str] = ()
    ) -> None:
        self._given = given
        self._clock = clock
        self._operations = operations
        self._events: Collection[str] = events

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._given.faults))

    def __len__(self) -> int:
        return len(self._given.faults)

    def __contains__(self, fault: object) -> bool:
        return fault in self._given.faults

    def __repr__(self) -> str:
        return redacted(f"<Faults: {self._given.faults!r}>")

    def status(
        self,
        operation: str,
        status: int,
        code: str | None = None,
        message: str | None = None,
        headers: Mapping[str, str | None] | None = None,
        retry_after: int | None = None,
        **terms: Unpack[Terms],
    ) -> Fault:
        """Answer with an error, in the vendor's envelope.

        A 429 has the code, the message and the headers that the API sends with it, as `rate_limited` has.

        Args:
            operation: Name or pattern.
            status: 400 to 599.
            code: The vendor's code; left out, the usual one of that status.
            message: The vendor's message.
            headers: More headers of the response, or others in the place of its own; None removes a header.
            retry_after: Seconds, for ``Retry-After``. Left out, a 429 has those until its bucket has a token, 1 at
                least; other statuses have no such header.
            **terms: ``times``, ``after``, ``when``, ``commit``.

        Raises:
            AurousError: If *status* is no error, or a header cannot be sent.

        Example:
            ``aurous.faults.status("characters.retrieve", 503, times=2)``
        """
        check = _check("status")
        if not isinstance(cast("object", status), int) or not 400 <= status <= 599:  # noqa: PLR2004 - error statuses
            raise check.refuse("status", status, "an error status, 400 to 599.")
        for name, value in (("code", code), ("message", message)):
            if value is not None:
                check.text(name, value, "internal_error")
        pairs = check.pairs("headers", headers or {}).items()
        more = {name: None if value is None else sent_header(name, value) for name, value in pairs}
        if retry_after is not None:
            more = {name: value for name, value in more.items() if name.lower() != "retry-after"}
            more["Retry-After"] = str(check.whole("retry_after", retry_after, 0))
        known = self._known("status", operation, terms)
        if status == _TOO_MANY:
            problem = partial(_limited, code or USUAL_CODES[status], message, more)
            return self._give(Refused(f"status {status}", known, problem, **terms))
        refusal = ApiProblem(
            status,
            code or USUAL_CODES.get(status, "internal_error" if status >= 500 else "invalid_request"),  # noqa: PLR2004
            message or say.BY_FAULT.format(status=status),
            headers=tuple(more.items()),
        )
        return self._give(Refused(f"status {status}", known, lambda _bucket, _wait, _now: refusal, **terms))

    def rate_limited(self, operation: str, retry_after: int = 12, **terms: Unpack[Terms]) -> Fault:
        """Answer 429 with its headers, whatever the buckets say.

        Args:
            operation: Name or pattern.
            retry_after: Whole seconds, for ``Retry-After`` (rate-2).
            **terms: ``times``, ``after``, ``when``, ``commit``.

        Raises:
            AurousError: If *retry_after* is no whole number, or negative.

        Example:
            ``aurous.faults.rate_limited("images.create", retry_after=30)``
        """
        seconds = {"Retry-After": str(_check("rate_limited").whole("retry_after", retry_after, 0))}
        problem = partial(_limited, USUAL_CODES[_TOO_MANY], None, seconds)
        return self._give(Refused("rate_limited", self._known("rate_limited", operation, terms), problem, **terms))

    def timeout(self, operation: str, phase: Phase = "read", **terms: Unpack[Terms]) -> Fault:
        """Let the client's own stack time out, at once.

        Args:
            operation: Name or pattern.
            phase: ``connect``, ``read``, ``write`` or ``pool``.
            **terms: ``times``, ``after``, ``when``, ``commit``.

        Raises:
            AurousError: On another phase.
        """
        _check("timeout").choice("phase", phase, TIMEOUTS)
        return self._give(
            Lost(f"timeout ({phase})", self._known("timeout", operation, terms), TIMEOUTS[phase], **terms)
        )

    def connect_error(self, operation: str, **terms: Unpack[Terms]) -> Fault:
        """Refuse the connection.

        Args:
            operation: Name or pattern.
            **terms: ``times``, ``after``, ``when``, ``commit``.
        """
        return self._give(Lost("connect_error", self._known("connect_error", operation, terms), REFUSED, **terms))

    def disconnect(self, operation: str, after_bytes: int | None = None, **terms: Unpack[Terms]) -> Fault:
        """Cut the connection, before the answer or inside its body.

        Args:
            operation: Name or pattern.
            after_bytes: So many bytes of the body arrive; left out, nothing does.
            **terms: ``times``, ``after``, ``when``, ``commit``.

        Raises:
            AurousError: If *after_bytes* is no whole number, or negative.
        """
        known = self._known("disconnect", operation, terms)
        if after_bytes is None:
            return self._give(Lost("disconnect", known, GONE, **terms))
        _check("disconnect").whole("after_bytes", after_bytes, 0)
        return self._give(Spoilt("disconnect", known, partial(cut_off, after_bytes), **terms))

    def delay(self, operation: str, seconds: float, **terms: Unpack[Terms]) -> Fault:
        """Answer slowly, on the fake's clock and never in real time.

        A client that waits long enough gets its answer at once, and the clock has moved on; one whose own
        timeout is shorter gets its timeout. With ``commit`` the call is still in flight until the clock has passed.

        Args:
            operation: Name or pattern.
            seconds: How slowly.
            **terms: ``times``, ``after``, ``when``, ``commit``.

        Raises:
            AurousError: If *seconds* is negative, or no number.

        Example:
            ``aurous.faults.delay("images.create", seconds=20, commit=True)``
        """
        wait = _check("delay").number("seconds", seconds, 0)
        return self._give(Slow(self._known("delay", operation, terms), wait, **terms))

    def malformed(self, operation: str, kind: Garbage = "truncated", **terms: Unpack[Terms]) -> Fault:
        """Spoil the body, under the status that the call would have had.

        Args:
            operation: Name or pattern.
            kind: ``truncated``, ``html``, ``empty`` or ``not_json``.
            **terms: ``times``, ``after``, ``when``, ``commit``.

        Raises:
            AurousError: On another kind.
        """
        _check("malformed").choice("kind", kind, GARBAGE)
        garble = GARBAGE[kind]
        known = self._known("malformed", operation, terms)
        return self._give(Spoilt(f"malformed ({kind})", known, lambda it: it.with_body(garble(it.body)), **terms))

    def outage(self, seconds: float, *, commit: bool = False) -> Fault:
        """Let every call fail to connect, until the clock has passed.

        Args:
            seconds: How long, from now on.
            commit: Whether each call takes effect first, and only its answer is lost.

        Raises:
            AurousError: If *seconds* is negative, or no number.

        Example:
            ``aurous.faults.outage(60); ...; aurous.clock.advance(seconds=60)``
        """
        until = self._clock.time() + _check("outage").number("seconds", seconds, 0)
        return self._give(Lost(f"outage of {seconds:g} s", "*", REFUSED, times=inf, until=until, commit=commit))

    @property
    def unfired(self) -> list[Fault]:
        """The faults that fewer calls met than `times` says: those that `strict` fails the test for."""
        return [fault for fault in self._given.faults if fault.outstanding]

    def _give(self, fault: Fault) -> Fault:
        return self._given.add(fault)

    def _known(self, kind: str, operation: str, terms: Mapping[str, Any]) -> str:
        check = _check(kind)
        check.keywords(terms, Terms.__annotations__)
        return check_operation(check, operation, self._operations)


def _check(kind: str) -> Check:
    return Check(f"faults.{kind}", PAGE)


def _limited(
    code: str, message: str | None, headers: Mapping[str, str | None], bucket: str, wait: int, now: float
) -> ApiProblem:
    """Return a complete 429 (rate-2).

    Args:
        code: The vendor's code.
        message: Its message, if the test gives one.
        headers: Those that the test gives, which win.
        bucket: The name of the rate bucket; empty where there is none.
        wait: The seconds until it has a token.
        now: The instant, in epoch seconds.
    """
    sent = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    seconds = int(sent) if sent is not None and sent.isdecimal() else wait
    if message is None:
        text = say.CONCURRENCY_LIMIT if code == "concurrency_limit_exceeded" else say.RATE_LIMIT
        message = text.format(bucket=bucket or "this URL", seconds=seconds)
    rate = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(now) + seconds)} if bucket else {}
    given = {name.lower() for name in headers}
    own = {name: value for name, value in {**rate, "Retry-After": str(seconds)}.items() if name.lower() not in given}
    return ApiProblem(_TOO_MANY, code, message, headers=(*own.items(), *headers.items()))
