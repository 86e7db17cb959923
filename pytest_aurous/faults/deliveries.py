"""What goes wrong between the vendor and a receiver of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .._check import Check
from .._wire.call import Call
from .._world.outbox import Delivery, Outbox
from ..errors import AurousLookupError, hide_mistakes, nearest, see, shown
from .kinds import PAGE, DeliveryTerms, Fault

if TYPE_CHECKING:
    from typing_extensions import Unpack  # for checkers, which know it

__all__ = ("DeliveryFault", "DeliveryFaults")

__tracebackhide__ = hide_mistakes

Act = Callable[[Outbox, Delivery, float], "bool | None"]
"""Changes the outbox at an instant.

Returns whether the delivery is still to be made now, or None where there is nothing to do.
"""


def _as_ever(outbox: Outbox, delivery: Delivery, now: float) -> bool:
    del outbox, delivery, now
    return True


class DeliveryFault(Fault):
    """A fault that deliveries meet, and calls do not.

    Attributes:
        forges: Whether the signature is wrong.
    """

    def __init__(self, kind: str, event: str, act: Act, *, forges: bool = False, **terms: Any) -> None:
        super().__init__(kind, event, **terms)
        self._act = act
        self.forges = forges

    def concerns(self, call: Call | Delivery) -> bool:
        """Whether it is for a delivery, once: never for a call, nor a forged signature for an unsigned one (hook-6)."""
        if not isinstance(call, Delivery) or self in call.met or (self.forges and call.endpoint is None):
            return False
        return super().concerns(call)

    def before(self, outbox: Outbox, delivery: Delivery, now: float) -> bool:  # type: ignore[override]
        """Meet *delivery*, and return whether it is still to be made."""
        delivery.met = (*delivery.met, self)
        goes_on = self._act(outbox, delivery, now)
        if goes_on is None:
            return True
        self.fire(delivery)  # type: ignore[arg-type]  # it has a fault, too
        return goes_on


class DeliveryFaults:
    """The faults of deliveries; each takes the name of an event (hook-3), or a pattern such as ``image.*``."""

    _events: Collection[str] = ()

    def drop(self, event: str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Lose a delivery: nobody receives it, and nobody tries again.

        Args:
            event: Name or pattern.
            **terms: ``times``, ``after``, ``when``.
        """

        def act(outbox: Outbox, delivery: Delivery, now: float) -> bool:
            del outbox, now
            delivery.status = "failed"
            return False

        return self._give(DeliveryFault("drop", self._event("drop", event, terms), act, **terms))

    def duplicate(self, event: str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Deliver the same event twice, with one id.

        Args:
            event: Name or pattern.
            **terms: ``times``, ``after``, ``when``.

        Example:
            ``aurous.faults.duplicate("image.completed")``
        """

        def act(outbox: Outbox, delivery: Delivery, now: float) -> bool:
            del now
            outbox.add(delivery.again(delivery.at, delivery.attempt))
            return True

        return self._give(DeliveryFault("duplicate", self._event("duplicate", event, terms), act, **terms))

    def reorder(self, event: str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Deliver what is due later first.

        Args:
            event: Name or pattern.
            **terms: ``times``, ``after``, ``when``.
        """

        def act(outbox: Outbox, delivery: Delivery, now: float) -> bool | None:
            if outbox.first_due(now) is None:
                return None
            outbox.put_last(delivery, now)
            return False

        return self._give(DeliveryFault("reorder", self._event("reorder", event, terms), act, **terms))

    def late(self, event: str, seconds: float, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Deliver later, on the fake's clock.

        Args:
            event: Name or pattern.
            seconds: How much later.
            **terms: ``times``, ``after``, ``when``.

        Raises:
            AurousError: If *seconds* is negative, or no number.
        """
        wait = Check("faults.late", PAGE).number("seconds", seconds, 0)

        def act(outbox: Outbox, delivery: Delivery, now: float) -> bool:
            del outbox, now
            delivery.at += wait
            return False

        return self._give(DeliveryFault("late", self._event("late", event, terms), act, **terms))

    def bad_signature(self, event: str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Sign with another secret, as somebody would who is not the vendor (hook-7).

        Args:
            event: Name or pattern.
            **terms: ``times``, ``after``, ``when``.
        """
        return self._give(
            DeliveryFault("bad_signature", self._event("bad_signature", event, terms), _as_ever, forges=True, **terms)
        )

    def _give(self, fault: Fault) -> Fault:
        raise NotImplementedError

    def _event(self, kind: str, event: str, terms: Mapping[str, object]) -> str:
        check = Check(f"faults.{kind}", PAGE)
        check.keywords(terms, DeliveryTerms.__annotations__)
        known = list(self._events)
        check.text("event", event, "image.completed")
        if not any(fnmatchcase(name, event) for name in known):
            raise AurousLookupError(
                f"No event is called {shown(event)}{nearest(event, known)} Events: {', '.join(known)}.\n"
                f"{see('reference/webhooks.html')}"
            )
        return event
