"""What goes wrong between the vendor and a receiver of webhooks."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..base.arguments import Check, Public
from ..base.errors import AurousLookupError, hide_mistakes, nearest, see, shown
from ..resources.webhooks import EVENTS
from ..world.outbox import Delivery, Outbox
from .fault import PAGE, DeliveryFault, DeliveryTerms, Fault, MeetDelivery, made_by
from .queue import FaultQueue

if TYPE_CHECKING:
    from typing_extensions import Unpack  # for checkers, which know it

    from ..base.names import Event

__tracebackhide__ = hide_mistakes


class DeliveryFaults(Public):
    """The faults of deliveries.

    Each takes the name of an event (hook-3) or a pattern such as ``image.*``, and ``times``, ``after`` and ``when`` as
    in `Faults`; ``when`` is called with the `Delivery`, or is a dict out of ``json``, ``path`` and ``pattern``.
    """

    _page = PAGE
    _queue: FaultQueue

    def drop(self, event: Event | str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Lose a delivery: the receiver gets nothing, and there is no retry."""

        def meet(fault: Fault, delivery: Delivery, _outbox: Outbox, _now: float) -> bool:
            fault.fire(delivery)
            delivery.status = "failed"
            return False

        return self._add_delivery_fault("drop", event, meet, terms)

    def duplicate(self, event: Event | str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Deliver the same event twice, with the same id.

        Example:
            ``aurous.faults.duplicate("image.completed")``
        """

        def meet(fault: Fault, delivery: Delivery, outbox: Outbox, _now: float) -> bool:
            outbox.add(delivery.again(delivery.at, delivery.attempt))
            fault.fire(delivery)
            return True

        return self._add_delivery_fault("duplicate", event, meet, terms)

    def reorder(self, event: Event | str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Deliver everything else that is due first."""

        def meet(fault: Fault, delivery: Delivery, outbox: Outbox, now: float) -> bool:
            if outbox.first_due(now) is None:
                return True
            outbox.put_last(delivery, now)
            fault.fire(delivery)
            return False

        return self._add_delivery_fault("reorder", event, meet, terms)

    def late(self, event: Event | str, seconds: float, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Deliver the event that many seconds later, on the fake's clock.

        Args:
            seconds: How late.
        """
        wait = Check("faults.late", PAGE).number("seconds", seconds, 0)

        def meet(fault: Fault, delivery: Delivery, _outbox: Outbox, _now: float) -> bool:
            delivery.at += wait
            fault.fire(delivery)
            return False

        return self._add_delivery_fault("late", event, meet, terms)

    def bad_signature(self, event: Event | str, **terms: Unpack[DeliveryTerms]) -> Fault:
        """Sign with another secret than the endpoint's (hook-7)."""

        def meet(fault: Fault, delivery: Delivery, _outbox: Outbox, _now: float) -> bool:
            fault.fire(delivery)
            return True

        return self._add_delivery_fault("bad_signature", event, meet, terms, forges=True)

    def _add_delivery_fault(
        self, kind: str, event: str, meet: MeetDelivery, terms: Mapping[str, Any], *, forges: bool = False
    ) -> Fault:
        check = Check(f"faults.{kind}", PAGE)
        check.keywords(terms, DeliveryTerms.__annotations__)
        check.text("event", event, "image.completed")
        if not any(fnmatchcase(name, event) for name in EVENTS):
            raise AurousLookupError(
                f"No event is called {shown(event)}{nearest(event, EVENTS)} Events: {', '.join(EVENTS)}.\n"
                f"{see('reference/webhooks.html')}"
            )
        made = made_by(sys._getframe(1))
        return self._queue.add(DeliveryFault(kind, event, meet, forges=forges, made=made, **terms))
