"""What a test sees of the journal: the calls, and the assertions over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, cast, overload

from .._check import Check
from .._framework.live import Live
from .._framework.operations import check_operation
from .._redaction import redacted
from .._wire.call import Call
from .._world.journal import folded, line_of
from ..errors import AurousLookupError, UnknownArgument, hide_mistakes, see, shown

if TYPE_CHECKING:
    from .._framework.endpoint import Endpoint

__all__ = (
    "Calls",
    "check_counts",
    "check_headers",
    "closest",
    "differences",
    "expectation",
    "fits",
    "has",
    "in_words",
    "often",
)

__tracebackhide__ = hide_mistakes

_CLOSEST: Final = 3


def has(call: Call, json: Any, headers: Mapping[str, str] | None) -> bool:
    """Whether the request has these parts and these headers."""
    request = call.request
    return (json is None or _part_of(json, request.json)) and all(
        request.headers.get(name) == value for name, value in (headers or {}).items()
    )


def _part_of(part: Any, whole: Any) -> bool:
    if isinstance(part, Mapping):
        parts = cast("Mapping[str, Any]", part)
        return isinstance(whole, Mapping) and all(
            key in whole and _part_of(value, whole[key]) for key, value in parts.items()
        )
    return bool(part == whole)


def check_counts(check: Check, times: int | None, at_least: int | None, at_most: int | None) -> None:
    """Refuse counts that are not whole numbers, or that contradict each other."""
    for name, value in (("times", times), ("at_least", at_least), ("at_most", at_most)):
        if value is not None:
            check.whole(name, value, 0)
    if times is not None and not at_least is at_most is None:
        raise check.refuse("times", times, "either times, or at_least and at_most, and not both.")
    if at_least is not None and at_most is not None and at_least > at_most:
        raise check.refuse("at_least", at_least, f"at_most={at_most} or less, since no count is both.")


def check_headers(check: Check, headers: object) -> None:
    """Refuse anything but a mapping of header names to text."""
    given = headers  # of `headers` type checkers know too little after the test
    if headers is not None and not (
        isinstance(headers, Mapping)
        and all(isinstance(part, str) for pair in cast("Mapping[Any, Any]", headers).items() for part in pair)  # type: ignore[redundant-cast]  # pyright
    ):
        raise check.refuse("headers", given, "a dict of text, such as {'Idempotency-Key': 'order-1'}.")


def fits(count: int, times: int | None, at_least: int | None, at_most: int | None) -> bool:
    """Whether *count* is as often as was asked for; nothing asked means once or more."""
    if times is not None:
        return count == times
    low = at_least if at_least is not None else (1 if at_most is None else 0)
    return low <= count and (at_most is None or count <= at_most)


def expectation(times: int | None, at_least: int | None, at_most: int | None) -> str:
    """Say how often was asked for."""
    if times is not None:
        return f"exactly {often(times)}" if times else "never"
    bounds = [f"at least {often(at_least)}"] if at_least is not None else []
    bounds += [f"at most {often(at_most)}"] if at_most is not None else []
    return " and ".join(bounds) or "at least once"


def often(number: int) -> str:
    """Say a count."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def in_words(json: Any, headers: Mapping[str, str] | None) -> str:
    """Say what else was asked of the calls."""
    parts = [f"json {shown(json)}"] if json is not None else []
    parts += [f"headers {shown(dict(headers))}"] if headers else []
    return f" with {' and '.join(parts)}" if parts else ""


def closest(named: Sequence[Call], matching: list[Call], json: Any, headers: Mapping[str, str] | None) -> str:
    """Show the calls of that name that came closest, and where they differ from what was asked for."""
    if json is None and not headers:
        return ""
    others = [(differences(call, json, headers), call) for call in named if call not in matching]
    others.sort(key=lambda one: len(one[0]))
    lines = ["Closest:"] if others else []
    for found, call in others[:_CLOSEST]:
        lines += [line_of(call), *(f"       {difference}" for difference in found)]
    return "".join(f"{line}\n" for line in lines)


def differences(call: Call, json: Any, headers: Mapping[str, str] | None) -> list[str]:
    """Say where the request differs from the parts and headers that were asked for."""
    request = call.request
    found = [] if json is None else list(_of_json("json", json, request.json))
    for name, value in (headers or {}).items():
        sent = request.headers.get(name)
        if sent != value:
            found.append(f"header {name}: {shown(sent) if sent is not None else 'not sent'}, wanted {shown(value)}")
    return found


def _of_json(path: str, part: Any, whole: Any) -> Iterator[str]:
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        for key, value in cast("Mapping[str, Any]", part).items():
            if key in whole:
                yield from _of_json(f"{path}.{key}", value, whole[key])
            else:
                yield f"{path}.{key}: not sent, wanted {shown(value)}"
    elif part != whole:
        wanted: object = cast("object", part)
        yield f"{path}: {shown(whole) if whole is not None else 'no JSON'}, wanted {shown(wanted)}"


_SHOWN: Final = 100
_PAGE: Final = "reference/calls.html"
_FILTERS: Final = (
    "at",
    "committed",
    "error_code",
    "fault",
    "host",
    "method",
    "number",
    "path",
    "query",
    "replayed",
    "status",
    "team",
)


def failure(text: str) -> AssertionError:
    """Return the error of an assertion, without API keys."""
    return AssertionError(redacted(text))


class Calls(Sequence[Call]):
    """Calls in order of arrival. Not a Mock: a misspelt name raises.

    Example:
        ``aurous.calls.where("characters.save", status=200)``
    """

    __slots__ = ("_calls", "_operations")

    def __init__(self, calls: list[Call], operations: Mapping[str, Endpoint]) -> None:
        self._calls = calls
        self._operations = operations

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> Calls: ...
    def __getitem__(self, index: int | slice) -> Call | Calls:
        if isinstance(index, slice):
            return Calls(self._calls[index], self._operations)
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
            AurousLookupError: Where there is none.
        """
        latest = self._calls[-1:]  # at once: another thread may reset the fake
        if not latest:
            raise AurousLookupError(
                "calls.last: no call has arrived. Does the code under test use the base URL of the fake, "
                f"and an httpx client?\n{see('reference/calls.html')}"
            )
        return latest[0]

    def where(self, operation: str = "*", **filters: Any) -> Calls:
        """Return the calls of *operation*, a name or a pattern such as ``characters.*``, that meet all filters.

        Args:
            operation: Name or pattern; ``*`` also takes calls that no endpoint matched.
            **filters: Attributes of `Call` and the value that they must have, such as ``status=400``.

        Raises:
            AurousLookupError: If nothing bears the name, with the nearest name.
            TypeError: If a filter is not an attribute of a call.
        """
        return self._find(Check("calls.where", _PAGE), operation, filters)

    def count(self, operation: str = "*") -> int:
        """Return how many calls of *operation* arrived, whatever the responses were."""
        return len(self._find(Check("calls.count", _PAGE), operation))

    def _find(self, check: Check, operation: str, filters: Mapping[str, Any] | None = None) -> Calls:
        wanted = filters or {}
        check_operation(check, operation, self._operations)
        check.keywords(wanted, ("operation", *_FILTERS))
        return Calls(
            [
                call
                for call in self._calls
                if fnmatchcase(call.operation or "", operation)
                and all(getattr(call, name) == value for name, value in wanted.items())
            ],
            self._operations,
        )

    def timeline(self) -> str:
        """Return the latest calls as text, one a line."""
        items = folded(self._calls)
        lines = [one if isinstance(one, str) else line_of(one) for one in items[-_SHOWN:]]
        left = len(items) - len(lines)
        return "\n".join(([f"  ... {left} earlier"] if left > 0 else []) + lines)

    def assert_called(
        self,
        operation: str,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Fail unless *operation* was called: once or more, or as often as is said.

        Args:
            operation: Name or pattern.
            times: Exactly so often.
            at_least: So often or more.
            at_most: So often or less.
            json: Count only calls whose JSON body has these parts.
            headers: Count only calls with these headers.

        Raises:
            AssertionError: With the calls that came closest.
            AurousLookupError: If nothing bears the name.
            AurousError: If the counts contradict each other, or an argument has another type.
        """
        check = Check("assert_called", _PAGE)
        named = self._find(check, operation)
        check_counts(check, times, at_least, at_most)
        check_headers(check, headers)
        matching = [call for call in named if has(call, json, headers)]
        wanted = expectation(times, at_least, at_most)
        if not fits(len(matching), times, at_least, at_most):
            what = f"{operation}{in_words(json, headers)}"
            raise failure(
                f"Expected {what} to be called {wanted}, but it was called {often(len(matching))}.\n"
                + closest(named, matching, json, headers)
                + self._all()
            )

    def assert_not_called(self, operation: str) -> None:
        """Fail if *operation*, a name or a pattern, was called.

        Raises:
            AssertionError: With the calls.
            AurousLookupError: If nothing bears the name.
        """
        found = self._find(Check("assert_not_called", _PAGE), operation)
        if found:
            raise failure(
                f"Expected {operation} not to be called, but it was called {often(len(found))}:\n"
                f"{found.timeline()}\n{self._all()}"
            )

    def assert_called_in_order(self, *operations: str) -> None:
        """Fail unless calls of these operations arrived in this order; others may stand between them.

        Args:
            *operations: Names or patterns.

        Raises:
            AssertionError: With the first that did not follow.
            AurousLookupError: If nothing bears a name.
        """
        check = Check("assert_called_in_order", _PAGE)
        for operation in operations:
            check_operation(check, operation, self._operations)
        remaining = iter(self._calls)
        for number, operation in enumerate(operations):
            if not any(fnmatchcase(call.operation or "", operation) for call in remaining):
                after = f" after {operations[number - 1]}" if number else ""
                raise failure(f"Expected {operation} to be called{after}, but it was not.\n{self._all()}")

    def assert_polled(self, record: Live | str, at_least: int | None = None, at_most: int | None = None) -> None:
        """Fail unless *record* was retrieved: once or more, or as often as is said. Counts whatever was answered.

        Args:
            record: A live record or an id.
            at_least: So often or more.
            at_most: So often or less.

        Raises:
            AssertionError: With the calls on that id.
        """
        check = Check("assert_polled", _PAGE)
        record_id = check.text("record", getattr(record, "id", record), "aurous.characters.last.id")
        check_counts(check, None, at_least, at_most)
        touching = [call for call in self._calls if record_id in call.path]
        polls = [call for call in touching if call.operation and call.operation.endswith(".retrieve")]
        if not fits(len(polls), None, at_least, at_most):
            raise failure(
                f"Expected {record_id} to be polled {expectation(None, at_least, at_most)}, "
                f"but it was retrieved {often(len(polls))}.\nCalls on it:\n"
                f"{Calls(touching, self._operations).timeline() or '  none'}\n{self._all()}"
            )

    def _all(self) -> str:
        return f"All calls:\n{self.timeline() or '  none'}\n{see('reference/calls.html')}"
