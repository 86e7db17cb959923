"""Queue events for the endpoints that receive them (hook-3 to hook-6, hook-11)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...base.amounts import json_number
from ...base.instants import iso
from ...wire.call import to_json
from ...wire.version import VERSION
from ...world.outbox import Delivery
from ...world.world import World
from .row import EndpointRow


def announce(
    world: World, team: str, event: str, data: Callable[[], dict[str, Any]], at: float, webhook_url: str | None = None
) -> None:
    """Queue an event for each endpoint of *team* that subscribes to it, and for *webhook_url* (hook-6).

    *data* writes the resource as a GET response would now; it is not called where nothing is queued.
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
    delivery.body = world.served.outward(to_json(delivery.payload))
    delivery.payload = json.loads(delivery.body)  # a copy, which receivers may change
    world.outbox.add(delivery)


def check_balance(world: World, team: str, at: float) -> None:
    """Announce that the credits of a team are low, at most once an hour (hook-11)."""
    if not world.balances.warns(team, world.accounts[team], at):
        return
    data = _balance(world, team)
    announce(world, team, "usage.balance_low", lambda: data, at)


def sample(world: World, row: EndpointRow, event: str) -> dict[str, Any]:
    """Return the data of a test fire: the object of a real event, of a resource only its kind (hook-10)."""
    kind = event.partition(".")[0]
    if kind == "usage":
        return _balance(world, row.team)
    if kind == "webhook":
        return disabled(row)
    return {"object": "character" if kind == "character" else "inference"}


def disabled(row: EndpointRow) -> dict[str, Any]:
    """Return the data of the event that an endpoint was disabled (hook-9)."""
    return {"endpoint_id": row.id, "url": row.url, "consecutive_failures": row.consecutive_failures}


def _balance(world: World, team: str) -> dict[str, Any]:
    return {
        "team_id": team,
        "credits": json_number(world.accounts[team].credits),
        "balance_low_threshold": json_number(world.balances.threshold(team)),
    }
