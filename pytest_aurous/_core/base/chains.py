"""Exceptions: those that belong together, and what to undo when one is raised.

A chain of exceptions can lead back to where it began, and be of any length.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

T = TypeVar("T")


def nothing() -> str:
    """Do nothing, and say nothing: where somebody calls a function that nobody else has set."""
    return ""


def isolated(call: Callable[[], T]) -> T:
    """Return what *call* returns, and forget what it was handling.

    An exception that is raised from outside, or while a line is traced, can leave Python with an exception that it
    takes for the context of all later ones. A generator has a state of its own, which ends with it.
    """

    def calling() -> Iterator[T]:
        yield call()

    return next(calling())


def grouped(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, and the exceptions in it if it is a group, at any depth."""
    return _walk(error, _members)


def leaves(error: BaseException | None) -> list[BaseException]:
    """Return the exceptions of a group and of the groups in it; for any other exception, itself."""
    if error is None:
        return []
    return [one for one in grouped(error) if not _members(one)] or [error]  # a group can have only itself


def connected(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, and all exceptions that are reachable from it: causes, contexts, and members of groups."""
    return _walk(error, lambda one: (one.__cause__, one.__context__, *_members(one)))


def _walk(
    error: BaseException, following: Callable[[BaseException], Iterable[BaseException | None]]
) -> Iterator[BaseException]:
    """Yield each exception once, without recursion."""
    left: list[BaseException | None] = [error]
    seen: set[int] = set()
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += reversed([*following(one)])


def _members(error: BaseException) -> tuple[BaseException, ...]:
    members: object = getattr(error, "exceptions", None)  # of a group, also of the backport's
    if not isinstance(members, tuple):
        return ()
    return tuple(one for one in cast("tuple[object, ...]", members) if isinstance(one, BaseException))


@contextmanager
def undone_on_error(undo: Callable[[], object]) -> Generator[None, None, None]:
    """Call *undo*, which can undo a part, if the block raises an exception."""
    try:
        yield
    except BaseException:
        undo()
        raise
