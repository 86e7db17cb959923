"""The state machine of generations (img-6, img-7), and what each edge does to money and record."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from ...base.instants import iso
from ...wire import messages as say
from ...wire.refusal import ApiProblem
from ...world.script import Plan, Step, plan_of
from ...world.world import World
from ..team import charge
from ..webhooks import announce
from .row import IMAGES, LIFECYCLES, PREFIXES, GenerationRow, render

DEFAULT: Final = plan_of("pending -> processing -> succeeded", IMAGES)


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
        plan=plan or world.script_for(LIFECYCLES[media_type].resource, columns.get("prompt"), DEFAULT, team),
        **columns,
    )
    if status is not None and IMAGES.statuses[status].end:
        row = world.table(GenerationRow).insert(_ended(row, status, now))
        return _announce(world, row, now)
    world.table(GenerationRow).insert(row if status is None else replace(row, status=status))
    steps = row.plan.run(0)
    # It goes on with its script from there; if the script has no such step, it stays as it is.
    if status is not None:
        names = [step.status for step in steps]
        steps = steps[names.index(status) :] if status in names else (Step(status),)
    world.runs.begin(row.id, steps, LIFECYCLES[media_type].resource, settle=status is None)
    return world.table(GenerationRow)[row.id]


def cancel(world: World, row: GenerationRow) -> GenerationRow:
    """Stop the work and release its hold (img-7); a generation that is cancelled already does not change."""
    if row.status == "cancelled":
        return row
    allowed = IMAGES.allowing("cancel")
    if row.status not in allowed:
        message = say.WRONG_STATE.format(
            kind="Generation", id=row.id, status=row.status, action="cancel", allowed=" or ".join(allowed)
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
    if IMAGES.statuses[step.status].end:
        _end(world, row, step.status, at, step.error)
    else:
        world.table(GenerationRow).replace(replace(row, status=step.status))


def _end(world: World, row: GenerationRow, status: str, at: float, error: str | None = None) -> GenerationRow:
    if row.hold is not None and IMAGES.statuses[status].drawn:
        charge(world, row.team, row.hold, at)
    elif row.hold is not None:
        world.ledger(row.team).release(row.hold)
    return _announce(world, world.table(GenerationRow).replace(_ended(row, status, at, error)), at)


def _ended(row: GenerationRow, status: str, at: float, error: str | None = None) -> GenerationRow:
    charged = IMAGES.statuses[status].drawn or row.charged
    cost = row.cost if charged else {**row.cost, "amount": 0, "breakdown": dict.fromkeys(row.cost["breakdown"], 0)}
    return replace(
        row,
        status=status,
        error_message=error or IMAGES.statuses[status].error,
        hold=None,
        charged=charged,
        cost=cost,
        duration_ms=round((at - row.started) * 1000),
        completed_at=iso(at),
        finished=at,
    )


def _announce(world: World, row: GenerationRow, at: float) -> GenerationRow:
    event = f"{row.media_type}.{IMAGES.statuses[row.status].end}"
    announce(world, row.team, event, partial(render, world, row), at, row.webhook_url)
    return row
