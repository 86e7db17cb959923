"""What a test sees of webhook endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..._records import Collection, Live
from ...errors import AurousError, choices, nearest
from .record import EVENTS, EndpointRow, make, render

__all__ = ("WebhookEndpoint", "WebhookEndpoints", "known_events")

if TYPE_CHECKING:  # what the row has, the handle has
    _EndpointFields = EndpointRow
else:
    _EndpointFields = object


class WebhookEndpoint(Live, _EndpointFields):
    """A webhook endpoint, live: see `EndpointRow` for its attributes."""

    __slots__ = ()

    _kind = EndpointRow

    def __repr__(self) -> str:
        row = self._row
        return f"<WebhookEndpoint {row.id} {row.url!r} {'active' if row.is_active else 'off'}>"

    def json(self) -> dict[str, Any]:
        """Return what GET would answer."""
        return render(self._row)


class WebhookEndpoints(Collection[WebhookEndpoint]):
    """The webhook endpoints of a team."""

    _record = WebhookEndpoint

    def add(
        self, url: str = "https://receiver.example/webhooks", events: Iterable[str] = ("*",), secret: str | None = None
    ) -> WebhookEndpoint:
        """Register an endpoint, without a request.

        Args:
            url: Where deliveries go.
            events: Names of events, or ``*``.
            secret: What they are signed with; left out, one is made.

        Raises:
            AurousError: On an event that does not exist.
        """
        __tracebackhide__ = True
        wanted = known_events("webhook_endpoints.add", events)
        with self._world.lock:
            return self._live(make(self._world, self._team, url, wanted, secret).id)


def known_events(who: str, events: Iterable[str]) -> list[str]:
    """Return the names of events that a test gave.

    Raises:
        AurousError: If one is none.
    """
    __tracebackhide__ = True
    wanted = [events] if isinstance(events, str) else list(events)
    for name in wanted:
        if name != "*" and name not in EVENTS:
            raise AurousError(
                f"{who}(events=...): {name!r} is no event{nearest(name, EVENTS)} Events: {choices(EVENTS)}."
            )
    return wanted
