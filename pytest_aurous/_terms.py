"""The terms of a fault: which calls or deliveries meet it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypedDict

from ._outbox import Delivery
from ._wire import Call

__all__ = ("PAGE", "DeliveryTerms", "Terms")

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
