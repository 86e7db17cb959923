"""What the fake knows at one moment, as JSON; and what differs between two moments."""

from __future__ import annotations

from math import isfinite
from operator import is_not
from typing import TYPE_CHECKING, Any, Final

from .._resources.base.schema import to_wire
from .._resources.characters import Character
from .._resources.files import File
from .._resources.generations import Image
from .._resources.styles import Lora, VideoLora
from .._resources.webhooks import WebhookEndpoint
from .._world.ledger import json_number
from .._world.outbox import Delivery
from .._world.runs import Run
from .._world.tables import Row

if TYPE_CHECKING:
    from .._engine.pipeline import App

_LIVE: Final[dict[str, Any]] = {
    "CharacterRow": Character,
    "FileRow": File,
    "GenerationRow": Image,
    "LoraRow": Lora,
    "VideoLoraRow": VideoLora,
    "EndpointRow": WebhookEndpoint,
}
_DAY: Final = 86_400.0

View = dict[str, dict[str, Any]]
"""Sections by name, and in each what is in it by id."""

Written = dict[str, tuple[tuple[Row, Run | None, bool], dict[str, Any]]]
"""Records as JSON by id, each with what it was written from."""


def view(app: App, written: Written) -> View:
    """Return the state of a fake: records, money, rate buckets, idempotency keys, faults and deliveries.

    Args:
        app: The fake.
        written: The records of an earlier view. Rows are frozen: a row that is still the same is not written again,
            so thousands of records cost little.
    """
    world = app.world
    with world.lock:
        return {
            "records": _records(app, written),
            "money": {
                team: {
                    "credits": json_number(account.credits),
                    "held": json_number(account.held),
                    "available": json_number(account.available),
                    "billing_mode": account.billing_mode,
                }
                for team, account in world.accounts.items()
            },
            "buckets": _buckets(app),
            "keys": {
                f"{team} {key}": {
                    "request": stored.claim.route,
                    "at": stored.at,
                    "until": stored.at + _DAY,
                    "in_flight_until": stored.busy_until if stored.busy_until > stored.at else None,
                }
                for (team, key), stored in world.idempotency.items()
            },
            "faults": {
                str(fault.number): {
                    "kind": fault.kind,
                    "operation": fault.operation,
                    "fired": fault.fired,
                    "times": fault.times if isfinite(fault.times) else None,
                }
                for fault in app.queue.faults
            },
            "scripts": {
                f"{resource} {name or ''}".strip(): str(plan) for (resource, name), plan in world.scripts.items()
            },
            "deliveries": {str(number): _delivery(one) for number, one in world.outbox.entries.items()},
        }


def _records(app: App, written: Written) -> dict[str, Any]:
    """Return all records, and note in *written* those that are new or have changed."""
    world = app.world
    found: dict[str, Any] = {}
    for kind, table in world.tables():
        rows = [table[row_id] for row_id in table]
        living = {row_id for team in {row.team for row in rows} for row_id in table.living(team)}
        for row in rows:
            source = (row, world.runs.get(row.id), row.id not in living)
            known = written.get(row.id)
            if known is None or any(map(is_not, known[0], source)):
                known = written[row.id] = (source, _record(app, kind, *source))
            found[row.id] = known[1]
    return found


def _record(app: App, kind: str, row: Row, run: Run | None, gone: bool) -> dict[str, Any]:  # noqa: FBT001 - of a tuple
    """Return a record: its JSON as a GET would return it, and where it is in its script."""
    live = _LIVE.get(kind)
    return {
        "kind": getattr(row, "media_type", None) or kind.removesuffix("Row").lower(),
        "status": getattr(row, "status", None),
        "team": row.team,
        "gone": gone,
        "json": live(app.world, row.id).json() if live else to_wire(row, "none"),
        "script": str(getattr(row, "plan", "")) or None,
        "steps": [str(step) for step in run.steps] if run else [],
        "step": run.current if run else None,
        "polls": run.seen if run else None,
    }


def _buckets(app: App) -> dict[str, Any]:
    """Return the rate buckets that are not full, or were empty."""
    world = app.world
    now = world.clock.time()
    return {
        f"{team} {name}": {"remaining": bucket.left, "capacity": bucket.capacity, "overruns": bucket.overruns}
        for team in world.accounts
        for name, bucket in world.buckets.used(team, now).items()
        if bucket.tokens < bucket.capacity or bucket.overruns
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "event": one.event,
        "url": one.url,
        "at": one.at,
        "attempt": one.attempt,
        "status": one.status,
        "response_status": one.response_status,
        "error": type(one.error).__name__ if one.error is not None else None,
        "fault": one.fault,
        "payload": one.payload,
    }


def difference(before: View, after: View) -> View:
    """Return what is new or has changed, by section and id; null stands for what is gone."""
    found: View = {}
    for section, values in after.items():
        old = before.get(section, {})
        changed = {key: value for key, value in values.items() if value is not old.get(key) and value != old.get(key)}
        changed |= dict.fromkeys(old.keys() - values.keys())
        if changed:
            found[section] = changed
    return found
