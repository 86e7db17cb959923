"""What the fake knows at one moment, as JSON; and what differs between two moments."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from operator import is_not
from typing import TYPE_CHECKING, Any, Final

from .._core.base.amounts import json_number
from .._core.base.data import View
from .._core.resources.base.schema import to_wire
from .._core.resources.characters.record import Character
from .._core.resources.chat.row import seen_at
from .._core.resources.files import File
from .._core.resources.generations.record import Image
from .._core.resources.styles import Lora, VideoLora
from .._core.resources.webhooks import WebhookEndpoint
from .._core.world.buckets import Bucket
from .._core.world.idempotency import KEY_LIFE
from .._core.world.ledger import Account
from .._core.world.outbox import Delivery
from .._core.world.runs import Run
from .._core.world.tables import Row
from .._core.world.world import World

if TYPE_CHECKING:
    from .._core.engine.pipeline import App


def _then(kind: type[Any]) -> Any:
    """Return a class of records that show one row, whatever the table has now."""

    class Then(kind):  # type: ignore[misc]
        __slots__ = ("_row",)

        def __init__(self, world: World, row: Row) -> None:
            super().__init__(world, row.id)  # pyright: ignore[reportUnknownMemberType] - of any class
            self._row = row

    return Then


_LIVE: Final[dict[str, Any]] = {
    "CharacterRow": _then(Character),
    "FileRow": _then(File),
    "GenerationRow": _then(Image),
    "LoraRow": _then(Lora),
    "VideoLoraRow": _then(VideoLora),
    "EndpointRow": _then(WebhookEndpoint),
}
GONE: Final = "gone"
"""The ids of deleted rows, beside the sections of the state."""

Written = dict[str, tuple[tuple[Row, Run | None, bool], dict[str, Any]]]
"""Records as JSON by id, each with what it was written from."""


def view(app: App, written: Written) -> View:
    """Return the state of a fake: records, money, rate buckets, idempotency keys, faults and deliveries.

    Rows are frozen: one that is the same as in *written*, the records of an earlier view, is not written again.
    """
    world = app.world
    with world.lock:
        raw: dict[str, Mapping[Any, Any]] = dict(world.state.sections)
        tables = world.tables.values()
        raw[GONE] = {key: True for table in tables for key, row in table.rows.items() if not table.lives(row)}
        return view_of(app, raw, world.clock.time(), written)


def view_of(app: App, raw: Mapping[str, Mapping[Any, Any]], now: float, written: Written) -> View:
    """Return the state of a fake as it was when the sections of its state were *raw*, at the instant *now*."""
    accounts: Mapping[str, Account] = raw.get("accounts", {})
    return {
        "records": _records(app, raw, now, written),
        "money": {team: money(account) for team, account in accounts.items()},
        "buckets": _buckets(raw.get("buckets", {}), now),
        "keys": {
            f"{team} {key}": {
                "request": stored.claim.route,
                "at": stored.at,
                "until": stored.at + KEY_LIFE,
                "in_flight_until": stored.busy_until if stored.busy_until > stored.at else None,
            }
            for (team, key), stored in raw.get("idempotency", {}).items()
        },
        "faults": {
            str(fault.number): {
                "kind": fault.kind,
                "operation": fault.operation,
                "fired": raw["faults"][fault.number].fired,
                "times": fault.times if isfinite(fault.times) else None,
            }
            for fault in app.queue.among(raw.get("faults", {}))
        },
        "scripts": {" ".join(filter(None, key)): str(plan) for key, plan in raw.get("scripts", {}).items()},
        "deliveries": {str(number): frozen(one) for number, one in raw.get("deliveries", {}).items()},
    }


def money(account: Account) -> dict[str, Any]:
    return {
        "credits": json_number(account.credits),
        "held": json_number(account.held),
        "available": json_number(account.available),
        "billing_mode": account.billing_mode,
    }


def _records(app: App, raw: Mapping[str, Mapping[Any, Any]], now: float, written: Written) -> dict[str, Any]:
    """Return all records as they are seen at *now*, and note in *written* those that are new or have changed."""
    runs, deleted = raw.get("runs", {}), raw.get(GONE, {})
    found: dict[str, Any] = {}
    for kind in app.world.tables:
        for row_id, stored in raw.get(kind, {}).items():
            row = seen_at(stored, now)
            source = (row, runs.get(row_id), row_id in deleted)
            known = written.get(row_id)
            if known is None or any(map(is_not, known[0], source)):
                known = written[row_id] = (source, _record(app, kind, *source))
            found[row_id] = known[1]
    return found


def _record(app: App, kind: str, row: Row, run: Run | None, gone: bool) -> dict[str, Any]:  # noqa: FBT001 - of a tuple
    """Return a record: its JSON as a GET would return it, and where it is in its script."""
    live = _LIVE.get(kind)
    return {
        "kind": kind_of(row),
        "status": getattr(row, "status", None),
        "team": row.team,
        "gone": gone,
        "json": live(app.world, row).json() if live else to_wire(row, "none"),
        "script": str(getattr(row, "plan", "")) or None,
        "steps": [str(step) for step in run.steps] if run else [],
        "step": run.current if run else None,
        "polls": run.seen if run else None,
    }


def kind_of(row: Row) -> str:
    """Return the kind of a row, such as ``character`` or ``image``."""
    return getattr(row, "media_type", None) or type(row).__name__.removesuffix("Row").lower()


def _buckets(buckets: Mapping[tuple[str, str], Bucket], now: float) -> dict[str, Any]:
    """Return the rate buckets that are not full, or were empty."""
    return {
        f"{team} {name}": {"remaining": bucket.left, "capacity": bucket.capacity, "overruns": bucket.overruns}
        for (team, name), stored in buckets.items()
        for bucket in (stored.refilled(now),)
        if bucket.tokens < bucket.capacity or bucket.overruns
    }


def frozen(value: Any) -> Any:
    """Return a value of the state that nothing changes anymore: of a delivery, which does change, its JSON."""
    if not isinstance(value, Delivery):
        return value
    return {
        "event": value.event,
        "url": value.url,
        "at": value.at,
        "attempt": value.attempt,
        "status": value.status,
        "response_status": value.response_status,
        "error": type(value.error).__name__ if value.error is not None else None,
        "fault": value.fault,
        "payload": value.payload,
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
