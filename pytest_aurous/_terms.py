"""The terms of a fault: which calls or deliveries meet it, and the checks of what a test gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict, TypeVar, cast

from ._outbox import Delivery
from ._wire import Call
from .errors import AurousError, nearest, see

__all__ = ("MORE", "DeliveryTerms", "Terms", "at_least", "check_terms", "whole")

N = TypeVar("N", int, float)
MORE: Final = see("reference/faults.html")


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


def check_terms(terms: Mapping[str, object], known: type[Any] = Terms) -> None:
    """Refuse an argument that no fault takes.

    Raises:
        TypeError: With the nearest that all take.
    """
    names = known.__annotations__
    for term in terms:
        if term not in names:
            raise TypeError(
                f"faults: {term!r} is no argument{nearest(term, names)} All take: {', '.join(names)}.\n{MORE}"
            )


def at_least(kind: str, name: str, value: N, least: float) -> N:
    """Return a number that a fault was given.

    Raises:
        AurousError: If it is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(cast("object", value), int | float) or not value >= least:  # or NaN
        raise AurousError(f"faults: {kind} with {name}={value!r}: expected {least:g} or more.\n{MORE}")
    return value


def whole(kind: str, name: str, value: N, least: int = 0) -> N:
    """Return a whole number that a fault was given.

    Raises:
        AurousError: If it is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(cast("object", value), int) or value < least:
        raise AurousError(f"faults: {kind} with {name}={value!r}: expected a whole number, {least} or more.\n{MORE}")
    return value
