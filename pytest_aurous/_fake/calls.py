"""The calls that a test sees, and the assertions about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict, cast, overload

from .._core.base.arguments import Check, Public
from .._core.base.conditions import json_differences
from .._core.base.data import parsed
from .._core.base.errors import AurousLookupError, UnknownArgument, hide_mistakes, see, shown
from .._core.base.frames import Helpers, helpers_of
from .._core.base.redaction import redacted
from .._core.resources.base.record import Live
from .._core.resources.catalog import CATALOG, check_operation
from .._core.wire.call import Call
from .._core.wire.lines import folded, shown_call

if TYPE_CHECKING:
    from typing_extensions import Unpack  # type checkers bundle it

    from .._core.base.names import ErrorCode, Operation

__tracebackhide__ = hide_mistakes

_CLOSEST: Final = 3
"""Calls that a failed assertion explains: what was meant is among the first, or was never sent."""
_SHOWN: Final = 100
"""Lines of calls in a message: the last ones have failed."""
_PAGE: Final = "reference/calls.html"


class Filters(TypedDict, total=False):
    """The attributes of a `Call` that `Calls.where` filters by."""

    at: float
    committed: bool
    error_code: ErrorCode | str | None
    fault: str | None
    host: str
    method: str
    number: int
    path: str
    query: str
    replayed: bool
    status: int | None
    team: str | None


class CallAssertions(Public):
    """The assertions about calls, for all calls of a fake or for some of them."""

    @property
    def _asserted(self) -> Calls:
        raise NotImplementedError

    def assert_called(
        self,
        operation: Operation | str,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        **filters: Unpack[Filters],
    ) -> None:
        """Fail unless *operation* was called: once or more, or as often as the counts say.

        Args:
            operation: Name or pattern.
            times: Exactly this often; excludes the other two.
            at_least: This often or more.
            at_most: This often or less.
            json: Count only calls whose JSON body has these parts.
            headers: Count only calls with these headers.
            **filters: Count only calls with these attributes, such as ``status=201``, as in `Calls.where`.

        Raises:
            AssertionError: With the calls that came closest.
            AurousLookupError: If no operation has that name.
            AurousError: If the counts contradict each other, or an argument has another type.

        Example:
            ``aurous.assert_called("characters.create", times=1, json={"name": "Aurora"})``
        """
        check, calls = Check("assert_called", _PAGE), self._asserted
        own = ("operation", "times", "at_least", "at_most", "json", "headers")
        Check(f"{type(self).__name__}.assert_called", _PAGE).keywords(filters, (*own, *Filters.__annotations__))
        named = calls._find(check, operation)
        counts = _counts(check, times, at_least, at_most)
        _check_headers(check, headers)
        differing = [(call, _differences(call, json, headers, filters)) for call in named]
        matching = sum(not found for _, found in differing)
        if not counts.allow(matching):
            parts = [f"json {shown(json)}"] if json is not None else []
            parts += [f"headers {shown(dict(headers))}"] if headers else []
            wanted = _wanted(operation, filters, *parts)
            raise _failure(
                f"Expected {wanted} {counts.expected('called')}, but {_happened('called', matching)}.\n"
                + _closest([one for one in differing if one[1]], calls._helpers),
                calls,
            )

    def assert_not_called(self, operation: Operation | str, **filters: Unpack[Filters]) -> None:
        """Fail if *operation*, a name or a pattern, was called, with the attributes in *filters*, as in `Calls.where`.

        Raises:
            AssertionError: With the calls.
            AurousLookupError: If no operation has that name.

        Example:
            ``aurous.assert_not_called("images.*")``
        """
        calls = self._asserted
        found = calls._find(Check(f"{type(self).__name__}.assert_not_called", _PAGE), operation, filters)
        if found:
            happened = f"but it was called {often(len(found))}:\n{found.timeline()}\n"
            raise _failure(f"Expected {_wanted(operation, filters)} not to be called, {happened}", calls)

    def assert_called_in_order(self, *operations: Operation | str) -> None:
        """Fail unless calls of these operations arrived in this order; there may be others in between.

        Args:
            *operations: Names or patterns.

        Raises:
            AssertionError: With the first operation that did not follow.
            AurousLookupError: If no operation has that name.

        Example:
            ``aurous.assert_called_in_order("characters.create", "characters.save")``
        """
        check, calls = Check("assert_called_in_order", _PAGE), self._asserted
        for operation in operations:
            check_operation(check, operation)
        remaining = iter(calls)
        for number, operation in enumerate(operations):
            if not any(fnmatchcase(call.operation or "", operation) for call in remaining):
                after = f" after {operations[number - 1]}" if number else ""
                raise _failure(f"Expected {operation} to be called{after}, but it was not.\n", calls)

    def assert_polled(self, record: Live | str, at_least: int | None = None, at_most: int | None = None) -> None:
        """Fail unless *record* was retrieved: once or more, or as often as the counts say, whatever the responses.

        Args:
            record: A live record or an id.
            at_least: This often or more.
            at_most: This often or less.

        Raises:
            AssertionError: With the calls on that id.
            AurousError: If the record belongs to another fake, or the counts contradict each other.

        Example:
            ``aurous.assert_polled(aurous.characters.last, at_most=5)``
        """
        check, calls = Check("assert_polled", _PAGE), self._asserted
        record_id = check.text("record", getattr(record, "id", record), "aurous.characters.last.id")
        counts = _counts(check, None, at_least, at_most)
        touching = Calls([call for call in calls if record_id in call.path], calls._all)
        polling = {name for name, row in CATALOG.by_operation.items() if row.shows_one}
        polls = sum(call.operation in polling for call in touching)
        if not counts.allow(polls):
            raise _failure(
                f"Expected {record_id} {counts.expected('polled')}, but {_happened('retrieved', polls)}.\n"
                f"Calls on it:\n{touching.timeline() or '  none'}\n",
                calls,
            )


class Calls(Sequence[Call], CallAssertions):
    """Calls in order of arrival. Not a Mock: a misspelled name raises.

    Example:
        ``aurous.calls.where("characters.save", status=200)``
    """

    _page = _PAGE

    def __init__(self, calls: list[Call], every: list[Call] | None = None) -> None:
        self._calls = calls
        self._all = calls if every is None else every

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> Calls: ...
    def __getitem__(self, index: int | slice) -> Call | Calls:
        if isinstance(index, slice):
            return Calls(self._calls[index], self._all)
        try:
            return self._calls[index]
        except IndexError:
            __tracebackhide__ = True
            raise
        except TypeError:
            raise UnknownArgument(
                f"calls[{shown(index)}]: expected a position such as calls[0] or calls[-1]. "
                f"calls.where('characters.create') finds calls by operation.\n{see(_PAGE)}"
            ) from None

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __repr__(self) -> str:
        return f"<Calls: {len(self)}>\n{self.timeline()}" if self else "<Calls: none>"

    @property
    def last(self) -> Call:
        """The latest call.

        Raises:
            AurousLookupError: If there is none.
        """
        latest = self._calls[-1:]  # in one step: another thread may reset the fake
        if not latest:
            raise AurousLookupError(
                "calls.last: no call has arrived. Does the code under test use the base URL of the fake, "
                f"and an httpx client?\n{see(_PAGE)}"
            )
        return latest[0]

    def where(self, operation: Operation | str = "*", **filters: Unpack[Filters]) -> Calls:
        """Return the calls of *operation*, a name or a pattern such as ``characters.*``, that match all filters.

        Args:
            operation: Name or pattern; ``*`` also takes calls that no endpoint matched.
            **filters: Attributes of `Call` and the value that they must have, such as ``status=400``.

        Raises:
            AurousLookupError: If no operation has that name, with the nearest name.
            TypeError: If a filter is not an attribute of a call.
        """
        return self._find(Check("calls.where", _PAGE), operation, filters)

    def count(self, operation: Operation | str = "*") -> int:
        """Return how many calls of *operation* arrived, whatever the responses were."""
        return len(self._find(Check("calls.count", _PAGE), operation))

    def timeline(self) -> str:
        """Return the latest calls as text, one per line."""
        items, helpers = folded(self._calls), self._helpers
        lines = [one if isinstance(one, str) else shown_call(one, helpers) for one in items[-_SHOWN:]]
        left = len(items) - len(lines)
        return "\n".join(([f"  ... {left} earlier"] if left > 0 else []) + lines)

    @property
    def _helpers(self) -> Helpers:
        return helpers_of((call.stack, call.operation) for call in self._all)

    @property
    def _asserted(self) -> Calls:
        return self

    @property
    def _besides(self) -> str:
        return " calls[0] is the first, and where(...) filters by attributes."

    def _find(self, check: Check, operation: str, filters: Mapping[str, Any] | None = None) -> Calls:
        wanted = filters or {}
        check_operation(check, operation)
        check.keywords(wanted, ("operation", *Filters.__annotations__))
        found = [
            call
            for call in self._calls
            if fnmatchcase(call.operation or "", operation)
            and all(getattr(call, name) == value for name, value in wanted.items())
        ]
        return Calls(found, self._all)


class _Counts(NamedTuple):
    low: int
    high: int | None

    def expected(self, verb: str) -> str:
        """Write the expectation, such as ``to be called at least once``."""
        low, high = self
        if high == 0:
            return f"never to be {verb}"
        if low == high:
            return f"to be {verb} exactly {often(low)}"
        bounds = [f"at least {often(low)}"] if low else []
        bounds += [f"at most {often(high)}"] if high is not None else []
        return f"to be {verb} {' and '.join(bounds)}"

    def allow(self, count: int) -> bool:
        return self.low <= count and (self.high is None or count <= self.high)


def _counts(check: Check, times: int | None, at_least: int | None, at_most: int | None) -> _Counts:
    """Read the counts of an assertion; by default once or more."""
    for name, value in (("times", times), ("at_least", at_least), ("at_most", at_most)):
        if value is not None:
            check.whole(name, value, 0)
    if times is not None:
        if not at_least is at_most is None:
            raise check.refuse("times", times, "either times, or at_least and at_most, and not both.")
        return _Counts(times, times)
    if at_least is not None and at_most is not None and at_least > at_most:
        raise check.refuse("at_least", at_least, f"at_most={at_most} or less, since no count is both.")
    low = at_least if at_least is not None else (1 if at_most is None else 0)
    return _Counts(low, at_most)


def often(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _happened(verb: str, number: int) -> str:
    return f"it was {verb} {often(number)}" if number else f"it was never {verb}"


def _check_headers(check: Check, headers: object) -> None:
    refused = headers  # type checkers lose the type of `headers` in the condition
    if headers is not None and not (
        isinstance(headers, Mapping)
        and all(isinstance(part, str) for pair in cast("Mapping[Any, Any]", headers).items() for part in pair)  # type: ignore[redundant-cast]  # pyright
    ):
        raise check.refuse("headers", refused, "a dict of text, such as {'Idempotency-Key': 'order-1'}.")


def _failure(text: str, calls: Calls) -> AssertionError:
    return AssertionError(redacted(f"{text}All calls:\n{calls.timeline() or '  none'}\n{see(_PAGE)}"))


def _closest(others: list[tuple[Call, list[str]]], helpers: Helpers) -> str:
    others.sort(key=lambda one: len(one[1]))
    lines = ["Closest:"] if others else []
    for call, found in others[:_CLOSEST]:
        lines += [shown_call(call, helpers), *(f"       {difference}" for difference in found)]
    return "".join(f"{line}\n" for line in lines)


def _wanted(operation: str, filters: Mapping[str, Any], *parts: str) -> str:
    """Say which calls an assertion is about, such as ``images.create with status 201``."""
    parts += tuple(f"{name} {shown(value)}" for name, value in filters.items())
    return f"{operation} with {' and '.join(parts)}" if parts else operation


def _differences(call: Call, json: Any, headers: Mapping[str, str] | None, filters: Mapping[str, Any]) -> list[str]:
    found = [] if json is None else list(json_differences("json", json, parsed(call.content)))
    for name, value in filters.items():
        if getattr(call, name) != value:
            found.append(f"{name}: {shown(getattr(call, name))}, wanted {shown(value)}")
    for name, value in (headers or {}).items():
        sent = call.sent_headers.get(name)
        if sent != value:
            found.append(f"header {name}: {shown(sent) if sent is not None else 'not sent'}, wanted {shown(value)}")
    return found
