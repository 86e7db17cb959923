"""`aurous.faults`: failures between a client and a server, which may have processed the request nevertheless.

Each kind of fault is one method, with the function `Meet` that says what happens to a request.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from inspect import getmembers, isfunction
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from ..base.arguments import Check
from ..base.errors import AurousLookupError, hide_mistakes, see, shown
from ..base.redaction import redacted
from ..resources.catalog import CATALOG, check_operation
from ..time.clock import Clock
from ..wire import messages as say
from ..wire.call import Call, to_json
from ..wire.grease import KINDS, GreaseKind, grease
from ..wire.headers import sent_header
from ..wire.refusal import USUAL_CODES, ApiProblem
from ..wire.reply import CLOSED, CONNECTION_REFUSED, READ_TIMEOUT, UNSERVED, Break, Reply
from .deliveries import DeliveryFaults
from .fault import PAGE, CallFault, Fault, Meet, Refuse, Serve, Terms, made_by
from .queue import FaultQueue

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:
    from typing_extensions import Unpack  # for checkers, which know it

    from ..base.names import ErrorCode, Operation

Phase = Literal["connect", "read", "write", "pool"]
Garbage = Literal["truncated", "html", "empty", "not_json", "half_event", "ends_early"]

_TOO_MANY: Final = 429
_TIMEOUTS: Final = {
    "connect": Break("ConnectTimeout", "The connection timed out."),
    "read": READ_TIMEOUT,
    "write": Break("WriteTimeout", "The write operation timed out."),
    "pool": Break("PoolTimeout", "No connection of the pool became free in time."),
}
_GARBAGE: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": lambda body: body[: len(body) // 2],
    "html": lambda _: b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>",
    "empty": lambda _: b"",
    "not_json": lambda _: b"upstream connect error or disconnect/reset before headers",
}

_OF_STREAMS: Final = {"half_event": 1, "ends_early": 2}
"""Of the kinds of `malformed`, those that only a stream meets, each with the events before it."""


class Faults(Collection[Fault], DeliveryFaults):
    """The faults of a fake. Each method adds one; of several for an operation, the first one added happens first.

    Each takes *operation*, a name or a pattern such as ``characters.*``, and:

    - ``times``: how many requests meet it (default 1);
    - ``after``: how many requests pass before that;
    - ``when``: called with the `Call`, or a dict such as ``{"json": {"prompt": "x"}}``, ``{"path": "/v1/images"}``,
      ``{"header": "Idempotency-Key"}`` or ``{"pattern": "hai?r"}``; a request that it rejects is not counted;
    - ``commit``: whether the request takes effect first, so that only its response is lost.

    An unknown operation raises an `AurousLookupError`, an unknown argument a `TypeError`, and any other value that is
    invalid an `AurousError` that says which values are valid.

    Example:
        ``aurous.faults.timeout("characters.create", commit=True)``
    """

    def __init__(
        self,
        queue: FaultQueue,
        clock: Clock,
        random: Callable[[str], Random],
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._random = random

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._queue.faults)

    def __len__(self) -> int:
        return len(self._queue.faults)

    def __contains__(self, fault: object) -> bool:
        return fault in self._queue.faults

    def __getitem__(self, number: int) -> Fault:
        """Return the fault with that `Fault.number`.

        Raises:
            AurousLookupError: If it is not there.
        """
        found = self._queue.get(number) if isinstance(cast("object", number), int) else None
        if found is None:
            there = ", ".join(f"{one.number} ({one.kind} on {one.operation})" for one in self)
            raise AurousLookupError(
                f"faults[{shown(number)}]: there is no fault with that number; it may have been removed. "
                f"{f'Numbers: {there}' if there else 'There are no faults'}.\n{see(PAGE)}"
            )
        return found

    def __repr__(self) -> str:
        return redacted(f"<Faults: {self._queue.faults!r}>")

    def status(
        self,
        operation: Operation | str,
        status: int,
        code: ErrorCode | str | None = None,
        message: str | None = None,
        headers: Mapping[str, str | None] | None = None,
        retry_after: int | None = None,
        **terms: Unpack[Terms],
    ) -> Fault:
        """Respond with an error, in the vendor's envelope.

        A 429 response has the code, message and headers of the API, as with `rate_limited`.

        Args:
            status: 400 to 599.
            code: The error code; by default, the usual one of that status.
            message: The message of the error.
            headers: Headers to add or to replace; None removes a header.
            retry_after: Seconds, for ``Retry-After``. By default, a 429 has the seconds until its bucket has a token,
                at least 1; other statuses have no such header.

        Raises:
            AurousError: If *status* is not an error status, or a header cannot be sent.

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
        if status == _TOO_MANY:
            refuse = partial(_limited, code or USUAL_CODES[status], message, more)
            return self._add("status 429", operation, _refused(refuse, free=True), terms)
        problem = ApiProblem(
            status,
            code or USUAL_CODES.get(status, "internal_error" if status >= 500 else "invalid_request"),  # noqa: PLR2004
            message or f"The request could not be served ({status}).",
            headers=tuple(more.items()),
        )
        return self._add(f"status {status}", operation, _refused(lambda _bucket, _seconds, _now: problem), terms)

    def rate_limited(self, operation: Operation | str, retry_after: int = 12, **terms: Unpack[Terms]) -> Fault:
        """Respond with 429 and its headers, however many tokens the buckets have; ``Retry-After`` is in whole seconds.

        Args:
            retry_after: Seconds, for ``Retry-After``.

        Example:
            ``aurous.faults.rate_limited("images.create", retry_after=30)``
        """
        seconds = {"Retry-After": str(_check("rate_limited").whole("retry_after", retry_after, 0))}
        refuse = partial(_limited, USUAL_CODES[_TOO_MANY], None, seconds)
        return self._add("rate_limited", operation, _refused(refuse, free=True), terms)

    def timeout(self, operation: Operation | str, phase: Phase = "read", **terms: Unpack[Terms]) -> Fault:
        """Raise a timeout of the client's own HTTP library: ``connect``, ``read``, ``write`` or ``pool``.

        It comes at once. Where sleeps are skipped, the client sleeps for its read timeout first.

        Args:
            phase: Which timeout.

        Example:
            ``aurous.faults.timeout("characters.create", commit=True)``
        """
        _check("timeout").choice("phase", phase, _TIMEOUTS)
        return self._add(f"timeout ({phase})", operation, _lost(_TIMEOUTS[phase]), terms)

    def connect_error(self, operation: Operation | str, **terms: Unpack[Terms]) -> Fault:
        """Refuse the connection.

        Example:
            ``aurous.faults.connect_error("*", times=2)``
        """
        return self._add("connect_error", operation, _lost(CONNECTION_REFUSED), terms)

    def disconnect(
        self,
        operation: Operation | str,
        after_bytes: int | None = None,
        *,
        after_events: int | None = None,
        **terms: Unpack[Terms],
    ) -> Fault:
        """Close the connection before the response, after that many bytes of its body, or after events of a stream.

        Args:
            after_bytes: How many bytes of the body arrive; by default, not even the head of the response.
            after_events: How many events of a stream arrive.

        Example:
            ``aurous.faults.disconnect("chat.create", after_events=3)``
        """
        if after_events is not None:
            return self._add("disconnect", operation, self._cut("disconnect", operation, after_events), terms)
        if after_bytes is None:
            return self._add("disconnect", operation, _lost(CLOSED), terms)
        length = _check("disconnect").whole("after_bytes", after_bytes, 0)
        message = "peer closed connection without sending complete message body"
        meet = _spoiled(lambda reply: Break("RemoteProtocolError", message, reply, length))
        return self._add("disconnect", operation, meet, terms)

    def delay(self, operation: Operation | str, seconds: float, **terms: Unpack[Terms]) -> Fault:
        """Respond after that many seconds on the fake's clock, which take no real time.

        A client that waits long enough gets its response at once, and the clock moves forward; a client with a
        shorter timeout gets its timeout. Where sleeps are skipped, the client sleeps meanwhile. With
        ``commit``, the request stays in flight until the clock has passed.

        Args:
            seconds: How long it takes.

        Example:
            ``aurous.faults.delay("images.create", seconds=20, commit=True)``
        """
        wait = _check("delay").number("seconds", seconds, 0)

        def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
            reply = serve(busy=wait) if fault.commit or not wait else UNSERVED
            fault.fire(call)
            return reply._replace(delay=reply.delay + wait)

        return self._add("delay", operation, meet, terms)

    def stall(self, operation: Operation | str, after_events: int = 0, **terms: Unpack[Terms]) -> Fault:
        """Send nothing more after that many events of a stream: the client runs into its read timeout, on the clock.

        A response that is not a stream does not meet the fault.

        Args:
            after_events: How many events arrive.

        Example:
            ``aurous.faults.stall("chat.create", after_events=3)``
        """
        return self._add("stall", operation, self._cut("stall", operation, after_events), terms)

    def malformed(self, operation: Operation | str, kind: Garbage = "truncated", **terms: Unpack[Terms]) -> Fault:
        """Keep the status of the response, and make its body ``truncated``, ``html``, ``empty`` or ``not_json``.

        Two kinds are for streams: ``half_event`` cuts the second event in half, and ``ends_early`` closes the stream
        after the second event, without an error.

        Args:
            kind: What the body becomes.

        Example:
            ``aurous.faults.malformed("characters.retrieve", "html", after=1)``
        """
        _check("malformed").choice("kind", kind, (*_GARBAGE, *_OF_STREAMS))
        if kind in _OF_STREAMS:
            return self._add(f"malformed ({kind})", operation, self._cut(kind, operation, _OF_STREAMS[kind]), terms)
        spoil = _GARBAGE[kind]
        meet = _spoiled(lambda reply: reply.with_body(spoil(reply.body)))
        return self._add(f"malformed ({kind})", operation, meet, terms)

    def body(self, operation: Operation | str, body: Any, **terms: Unpack[Terms]) -> Fault:
        """Keep the status of the response, and make its body another one.

        Args:
            body: A text, which is sent as it is, or a dict, which is sent as JSON.

        Example:
            ``aurous.faults.body("balance.retrieve", {"credits": "many"})``
        """
        if not isinstance(body, str):
            _check("body").json("body", body)
        content = body.encode(errors="replace") if isinstance(body, str) else to_json(body)
        return self._add("body", operation, _spoiled(lambda reply: reply.with_body(content)), terms)

    def greased(self, operation: Operation | str, kind: GreaseKind = "fields", **terms: Unpack[Terms]) -> Fault:
        """Respond as a later version of the API may: with an unknown field in each JSON object.

        An open enum, such as ``billing_mode``, has an unknown value. ``attributes``, ``metadata`` and
        ``upload_headers`` stay as they are. The request takes effect with or without ``commit``. A response that is not
        JSON does not meet the fault.

        Args:
            kind: ``fields``, or ``all`` for unknown statuses, too.

        Example:
            ``aurous.faults.greased("characters.*", times=3)``
        """
        _check("greased").choice("kind", kind, KINDS)

        def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
            reply = serve()
            changed = grease(reply, kind, self._random("grease"))
            if changed is not reply:
                fault.fire(call)
            return changed

        return self._add(f"greased ({kind})", operation, meet, terms)

    def outage(self, seconds: float, *, commit: bool = False) -> Fault:
        """Let every request fail to connect until that many seconds have passed on the clock.

        Args:
            seconds: How long it lasts.
            commit: Whether the requests take effect all the same.

        Example:
            ``aurous.faults.outage(60); ...; aurous.clock.advance(seconds=60)``
        """
        until = self._clock.time() + _check("outage").number("seconds", seconds, 0)
        always = {"times": inf, "commit": commit}
        return self._add(f"outage of {seconds:g} s", "*", _lost(CONNECTION_REFUSED), always, until=until)

    @property
    def unfired(self) -> list[Fault]:
        """The faults that happened less often than `times` says; `strict` fails the test for them."""
        return self._queue.unfired

    def _add(self, kind: str, operation: str, meet: Meet, terms: Mapping[str, Any], until: float = inf) -> Fault:
        check = _check(kind.partition(" ")[0])
        check.keywords(terms, Terms.__annotations__)
        check_operation(check, operation)
        made = made_by(sys._getframe(1))
        return self._queue.add(CallFault(kind, operation, meet, until=until, made=made, **terms))

    def _cut(self, how: str, operation: str, after: Any) -> Meet:
        """End a stream after some events; a response that is not a stream does not meet the fault."""
        check = _check("malformed" if how in _OF_STREAMS else how)
        count = check.whole("after_events", after, 0)
        check_operation(check, operation)
        streams = [name for name, row in CATALOG.by_operation.items() if row.streams]
        if not any(fnmatchcase(name, operation) for name in streams):
            raise check.refuse(
                "operation", operation, f"an operation whose response can be a stream: {', '.join(streams)}."
            )

        def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
            reply = serve()
            if reply.stream is not None:
                reply.stream.cut(how, count, commit=fault.commit)
                fault.fire(call)
            return reply

        return meet


def _check(kind: str) -> Check:
    return Check(f"faults.{kind}", PAGE)


def _lost(error: Break) -> Meet:
    """Lose the response, or the request if the fault does not commit."""

    def meet(fault: Fault, call: Call, clock: Clock, serve: Serve) -> Reply | Break:
        reply = serve() if fault.commit else UNSERVED
        fault.fire(call)
        # A client that sleeps while its request is in flight gives up by itself, unless its task does so before.
        gives_up = error is READ_TIMEOUT and clock.shared is not None and call.patience is not None
        return reply._replace(delay=inf) if gives_up else error

    return meet


def _refused(problem: Refuse, *, free: bool = False) -> Meet:
    """Refuse the request; it is *free* if it costs no token where it takes no effect.

    A request whose key, limit or version is wrong does not meet the fault.
    """

    def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
        def refuse(bucket: str, seconds: int, now: float) -> ApiProblem:
            fault.fire(call)
            return problem(bucket, seconds, now)

        return serve(effect=fault.commit, instead=refuse, free=free and not fault.commit)

    return meet


def _spoiled(spoil: Callable[[Reply], Reply | Break]) -> Meet:
    def meet(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply | Break:
        reply = serve(effect=fault.commit)
        fault.fire(call)
        return spoil(reply)

    return meet


def _limited(
    code: str, message: str | None, headers: Mapping[str, str | None], bucket: str, wait: int, now: float
) -> ApiProblem:
    """Return a 429 with the headers of the API (rate-2), which *headers* override; see `Refuse`."""
    sent = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    seconds = int(sent) if sent is not None and sent.isdecimal() else wait
    if message is None:
        text = say.CONCURRENCY_LIMIT if code == "concurrency_limit_exceeded" else say.RATE_LIMIT
        message = text.format(bucket=bucket or "this URL", seconds=seconds)
    rate = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(now) + seconds)} if bucket else {}
    replaced = {name.lower() for name in headers}
    own = {name: value for name, value in {**rate, "Retry-After": str(seconds)}.items() if name.lower() not in replaced}
    return ApiProblem(_TOO_MANY, code, message, headers=(*own.items(), *headers.items()))


def fault_kinds() -> list[str]:
    return [name for name, _ in getmembers(Faults, isfunction) if not name.startswith("_")]
