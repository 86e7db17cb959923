"""What a test sees of the journal: the calls, and the assertions over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, overload

from ._check import Check
from ._journal import folded, line_of
from ._matching import check_counts, check_headers, closest, expectation, fits, has, in_words, often
from ._operations import check_operation
from ._records import Live
from ._secrets import redacted
from ._wire import Call
from .errors import AurousLookupError, UnknownArgument, hide_mistakes, see, shown

if TYPE_CHECKING:
    from ._endpoint import Endpoint

__all__ = ("Calls",)

__tracebackhide__ = hide_mistakes

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
