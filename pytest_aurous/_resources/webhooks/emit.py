"""Events: what becomes a delivery, and to whom (hook-3 to hook-6, hook-11)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from math import inf
from typing import Any, Final

from ..._time.clock import iso
from ..._wire.call import to_json
from ..._wire.version import VERSION
from ..._world.ledger import json_number
from ..._world.outbox import Delivery
from ..._world.world import World
from .record import EndpointRow

__all__ = ("announce", "check_balance", "deliver")

_HOUR: Final = 3600.0


def announce(
    world: World, team: str, event: str, data: Callable[[], dict[str, Any]], at: float, webhook_url: str | None = None
) -> None:
    """Queue an event for each endpoint of *team* that wants it, and for the URL that the request named.

    Args:
        world: The state.
        team: Whose.
        event: Its name.
        data: Writes the resource, as GET would answer now.
        at: When it happened, in epoch seconds.
        webhook_url: Of the request that began it (hook-6).
    """
    table = world.table(EndpointRow)
    wanted = [row for row in map(table.__getitem__, table.living(team)) if row.is_active and event in row.events]
    if not wanted and webhook_url is None:
        return
    told = data()
    if webhook_url is not None and not event.endswith(".cancelled"):
        _queue(world, Delivery(event, webhook_url, {"event": event, "data": told}, at, b""))
    if wanted:
        payload = envelope(world, event, told, at)
        for row in wanted:
            deliver(world, row, event, payload, at)


def envelope(world: World, event: str, data: dict[str, Any], at: float, *, synthetic: bool = False) -> dict[str, Any]:
    """Return what an endpoint is sent (hook-5)."""
    return {
        "id": world.ids.new("evt"),
        "object": "event",
        "type": event,
        "created_at": iso(at),
        "aurous_version": VERSION,
        "data": data,
        "synthetic": synthetic,
    }


def deliver(world: World, row: EndpointRow, event: str, payload: dict[str, Any], at: float) -> None:
    """Queue one event for one endpoint."""
    _queue(world, Delivery(event, row.url, payload, at, b"", endpoint=row.id))


def _queue(world: World, delivery: Delivery) -> None:
    delivery.body = to_json(delivery.payload)
    if world.servers:  # a receiver in another process looks at its pictures there, too
        delivery.body = world.led_to(world.servers[-1], delivery.body)
    delivery.payload = json.loads(delivery.body)  # its own, whatever a receiver does to it
    world.outbox.add(delivery)


def check_balance(world: World, team: str, at: float) -> None:
    """Tell a team that its credits are low, at most once an hour (hook-11)."""
    ledger = world.ledgers[team]
    left = ledger.credits
    threshold = world.thresholds.get(team, DEFAULT_THRESHOLD)
    if ledger.billing_mode == "exempt" or left > threshold or at - world.warned.get(team, -inf) < _HOUR:
        return
    world.undo.item(world.warned, team)
    world.warned[team] = at
    data = {"team_id": team, "credits": json_number(left), "balance_low_threshold": json_number(threshold)}
    announce(world, team, "usage.balance_low", lambda: data, at)


DEFAULT_THRESHOLD: Final = Decimal("10.0")
"""Credits at which a team is warned (A)."""
