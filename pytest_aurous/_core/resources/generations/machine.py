"""The state machine of generations (img-6, img-7), and what each edge does to money and record."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from ...base.instants import iso
from ...wire import messages as say
from ...wire.refusal import ApiProblem
from ...world.script import Lifecycle, Plan, Step, plan_of
from ...world.world import World
from ..team import charge
from ..webhooks import announce
from .row import ENDS, PREFIXES, RUNNING, GenerationRow, render

IMAGES: Final = Lifecycle(
    resource="images",
    start="pending",
    edges={
        # Work that has not begun can end in each way but well (img-6).
        "pending": ("processing", *ENDS[1:]),
        "processing": ENDS,
        **dict.fromkeys(ENDS, ()),
    },
)
VIDEOS: Final = IMAGES._replace(resource="videos")
LIFECYCLES: Final = {"image": IMAGES, "video": VIDEOS}
DEFAULT: Final = plan_of("pending -> processing -> succeeded", IMAGES)

ERRORS: Final = {
    "failed": "provider_timeout",
    "expired": "provider_timeout",
    "moderation_rejected": "output_moderation_rejected",
}
"""The ``error_message`` of each bad end, unless a script has another."""
EVENTS: Final = {"succeeded": "completed", "cancelled": "cancelled"}
"""The last word of the event of each end; of all others it is ``failed``."""


def add(
    world: World,
    team: str,
    media_type: str,
    price: dict[str, Any],
    *,
    row_id: str | None = None,
    hold: int | None = None,
    status: str | None = None,
    **columns: Any,
) -> GenerationRow:
    """Add a generation and start its run, or add a generation that is in *status* already.

    The *columns* may include its ``plan``; else the scripts of the fake determine it. Without a *hold* it is free.
    """
    now = world.clock.time()
    plan: Plan | None = columns.pop("plan", None)
    row = GenerationRow(
        id=row_id or world.ids.new(PREFIXES[media_type], "generation"),
        created_at=iso(now),
        started=now,
        media_type=media_type,
        cost=price,
        team=team,
        hold=hold,
        # Under that reading, the price is spent already, and no end gives it back (cred-2).
        charged=world.settings.reading("cred-2") == "at_create",
        plan=plan or world.script_for(LIFECYCLES[media_type].resource, columns.get("prompt"), DEFAULT),
        **columns,
    )
    if status is not None and status not in RUNNING:
        row = world.table(GenerationRow).insert(_ended(row, status, now, ERRORS.get(status)))
        return _announce(world, row, now)
    world.table(GenerationRow).insert(row if status is None else replace(row, status=status))
    steps = row.plan.run(0)
    # It goes on with its script from there; if the script has no such step, it stays as it is.
    if status == "processing":
        names = [step.status for step in steps]
        steps = steps[names.index(status) :] if status in names else (Step(status),)
    world.runs.begin(row.id, steps, LIFECYCLES[media_type].resource, settle=status is None)
    return world.table(GenerationRow)[row.id]


def cancel(world: World, row: GenerationRow) -> GenerationRow:
    """Stop the work and release its hold (img-7); a generation that is cancelled already does not change.

    Raises:
        ApiProblem: 400 if the work has ended otherwise.
    """
    if row.status == "cancelled":
        return row
    if row.status not in RUNNING:
        message = say.WRONG_STATE.format(
            kind="Generation", id=row.id, status=row.status, action="cancel", allowed=" or ".join(RUNNING)
        )
        raise ApiProblem(400, "generation_not_cancellable", message)
    return end(world, row, "cancelled")


def end(world: World, row: GenerationRow, status: str, error: str | None = None) -> GenerationRow:
    """End the work in *status*, whatever the script has left."""
    world.runs.drop(row.id)
    return _end(world, row, status, world.clock.time(), error)


def enter(world: World, record: str, step: Step, at: float) -> None:
    """Move the record to the status of *step*, the next step of its script."""
    row = world.table(GenerationRow)[record]
    if step.status == "processing":
        world.table(GenerationRow).replace(replace(row, status="processing"))
    else:
        _end(world, row, step.status, at, step.error or ERRORS.get(step.status))


def _end(world: World, row: GenerationRow, status: str, at: float, error: str | None = None) -> GenerationRow:
    if row.hold is not None and status == "succeeded":
        charge(world, row.team, row.hold, at)
    elif row.hold is not None:
        world.ledger(row.team).release(row.hold)
    return _announce(world, world.table(GenerationRow).replace(_ended(row, status, at, error)), at)


def _ended(row: GenerationRow, status: str, at: float, error: str | None) -> GenerationRow:
    """Return the row as it is after its end."""
    charged = status == "succeeded" or row.charged
    cost = row.cost if charged else {**row.cost, "amount": 0, "breakdown": dict.fromkeys(row.cost["breakdown"], 0)}
    return replace(
        row,
        status=status,
        error_message=error,
        hold=None,
        charged=charged,
        cost=cost,
        duration_ms=round((at - row.started) * 1000),
        completed_at=iso(at),
        finished=at,
    )


def _announce(world: World, row: GenerationRow, at: float) -> GenerationRow:
    """Queue the event of the end (hook-3)."""
    event = f"{row.media_type}.{EVENTS.get(row.status, 'failed')}"
    announce(world, row.team, event, partial(render, world, row), at, row.webhook_url)
    return row
