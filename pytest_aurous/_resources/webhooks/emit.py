"""Events: to whom they are delivered (hook-3 to hook-6, hook-11)."""

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
    """Queue an event for each endpoint of *team* that subscribes to it, and for *webhook_url*.

    Args:
        world: The state.
        team: Id of the team.
        event: Name of the event.
        data: Writes the resource, as a GET response would now.
        at: When it happened, in epoch seconds.
        webhook_url: Sent with the request that created the resource (hook-6).
    """
    table = world.table(EndpointRow)
    wanted = [row for row in map(table.__getitem__, table.living(team)) if row.is_active and event in row.events]
    if not wanted and webhook_url is None:
        return
    resource = data()
    if webhook_url is not None and not event.endswith(".cancelled"):
        _queue(world, Delivery(event, webhook_url, {"event": event, "data": resource}, at, b""))
    if wanted:
        payload = envelope(world, event, resource, at)
        for row in wanted:
            deliver(world, row, event, payload, at)


def envelope(world: World, event: str, data: dict[str, Any], at: float, *, synthetic: bool = False) -> dict[str, Any]:
    """Return the payload of an event (hook-5)."""
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
    if world.servers:  # a receiver in another process downloads from the server
        delivery.body = world.led_to(world.servers[-1], delivery.body)
    delivery.payload = json.loads(delivery.body)  # a copy, which receivers may change
    world.outbox.add(delivery)


def check_balance(world: World, team: str, at: float) -> None:
    """Announce that the credits of a team are low, at most once an hour (hook-11)."""
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
"""Balance at which a team gets the event ``usage.balance_low`` (A)."""
