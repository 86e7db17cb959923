"""The state machine of characters: each edge of the contract's table, and what it does to the record."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from ...base.instants import iso
from ...wire import messages as say
from ...wire.refusal import ApiProblem, not_found
from ...world.script import Plan, Step, plan_of
from ...world.world import World
from ..team import charge
from ..webhooks import announce
from .row import LIFECYCLE, SYNTHESIZED, CharacterRow, draw, render

DEFAULTS: Final = {end: plan_of(f"synthesizing -> {end}", LIFECYCLE) for end in ("reviewing", "ready")}
"""The script of a character for which the test sets no script, by reading of create-4."""


def script_for(world: World, name: str, team: str) -> Plan:
    return world.script_for(LIFECYCLE.resource, name, DEFAULTS[world.settings.reading("create-4")], team)


def begin_run(
    world: World,
    row: CharacterRow,
    *,
    hold: int | None = None,
    poses: tuple[str, ...] = SYNTHESIZED,
    settle: bool = True,
) -> CharacterRow:
    """Start a synthesis of *poses* (create-4, resyn-1, regen-2) that a *hold* pays for; without a hold it is free."""
    # The record changes before the run begins: its first step may be over at once, and finds work under way (resyn-1).
    steps = row.plan.run(row.runs)
    now = world.clock.time()
    _change(world, row, now, "synthesizing", error_message=None, redraw=poses, hold=hold, runs=row.runs + 1)
    world.runs.begin(row.id, steps, LIFECYCLE.resource, settle=settle)
    return world.table(CharacterRow)[row.id]


def save(world: World, row: CharacterRow) -> CharacterRow:
    """Publish (save-1); on a published character nothing changes (save-2)."""
    # What its script has left must not take it out of `ready` again (save-6).
    world.runs.drop(row.id)
    return row if row.status == "ready" else _publish(world, row, world.clock.time())


def fail(world: World, row: CharacterRow, error: str) -> CharacterRow:
    """Let the running work fail; old refs stay as they were (run-1)."""
    world.runs.drop(row.id)
    return _failed(world, row, world.clock.time(), error)


def delete(world: World, row: CharacterRow) -> CharacterRow:
    """Delete: for good while in review, softly in any other state (del-2)."""
    world.runs.drop(row.id)
    return _deleted(world, row, world.clock.time())


def outcome(row: CharacterRow, step: Step) -> str:
    """Return the status that *step* means for this character: a published one skips the review (resyn-3, save-6)."""
    return "ready" if step.status == "reviewing" and row.published else step.status


def require_state(row: CharacterRow, action: str, *allowed: str) -> None:
    """Refuse a call in the wrong state (save-3, resyn-1)."""
    if row.status not in allowed:
        message = say.WRONG_STATE.format(
            kind="Character", id=row.id, status=row.status, action=action, allowed=" or ".join(allowed)
        )
        raise ApiProblem(400, "invalid_request_error", message)


def require_ready(world: World, team: str, character_id: str) -> CharacterRow:
    """Return a character that can be used in an image (save-6, del-4), or refuse it."""
    # One that was deleted softly is there, and not ready (del-4); that of another team is not there (auth-7).
    row = world.table(CharacterRow).find(character_id, team)
    if row is None or row.gone:
        raise not_found("character", character_id, "character_id")
    if row.status != "ready":
        message = say.WRONG_STATE.format(
            kind="Character", id=row.id, status=row.status, action="use in an image", allowed="ready"
        )
        raise ApiProblem(400, "character_not_ready", message, "character_id")
    return row


def enter(world: World, record: str, step: Step, at: float) -> None:
    """Move the record to the status of *step*, the next step of its script."""
    row = world.table(CharacterRow)[record]
    status = outcome(row, step)
    if status == "deleted":
        _deleted(world, row, at)
    elif status == "failed":
        _failed(world, row, at, step.error)
    # As if someone else had run it again: the team pays nothing.
    elif status == "synthesizing":
        _change(world, row, at, status, error_message=None, redraw=SYNTHESIZED)
    elif status in {"reviewing", "ready"} and row.status == "synthesizing":
        _drawn(world, row, at, status)
    # As if someone else had saved it.
    elif status == "ready":
        if row.status != status:
            _publish(world, row, at)
    else:
        raise NotImplementedError(f"{record}: nothing in this machine leads from {row.status!r} to {status!r}")


def _publish(world: World, row: CharacterRow, at: float) -> CharacterRow:
    return _announce(world, "completed", _change(world, row, at, "ready"), at)


def _drawn(world: World, row: CharacterRow, at: float, status: str) -> None:
    """End the work well: add the new refs, and charge the hold (create-5, cred-2)."""
    # A synthesis replaces all refs, in the order of its poses (resyn-2). A single pose keeps its place, or is added at
    # the end (regen-2, regen-3); of two pictures of that pose, the first is drawn again.
    anew = row.redraw == SYNTHESIZED
    refs = [] if anew else list(row.refs)
    old = {ref.pose: ref for ref in reversed(row.refs)}
    for pose in row.redraw:
        drawn = draw(world, pose, old.get(pose))
        if anew or pose not in old:
            refs.append(drawn)
        else:
            refs[refs.index(old[pose])] = drawn
    if row.hold is not None:
        charge(world, row.team, row.hold, at)
    row = _change(world, row, at, status, refs=tuple(refs), hold=None)
    if status == "ready":
        _announce(world, "completed", row, at)


def _failed(world: World, row: CharacterRow, at: float, error: str | None) -> CharacterRow:
    error = error or LIFECYCLE.statuses["failed"].error
    row = _change(world, _released(world, row), at, "failed", error_message=error)
    return _announce(world, "failed", row, at)


def _deleted(world: World, row: CharacterRow, at: float) -> CharacterRow:
    # Nobody has used a character that is in review, so nothing refers to it, and nothing of it stays (del-2).
    gone, running = row.status == "reviewing", row.status in LIFECYCLE.under_way
    row = replace(_released(world, row), status="deleted", gone=gone, error_message=None, updated_at=iso(at))
    row = world.table(CharacterRow).retire(row)
    return _announce(world, "cancelled", row, at) if running else row


def _announce(world: World, what: str, row: CharacterRow, at: float) -> CharacterRow:
    announce(world, row.team, f"character.{what}", partial(render, world, row), at)
    return row


def _released(world: World, row: CharacterRow) -> CharacterRow:
    """Release the hold of interrupted work (cred-5)."""
    if row.hold is not None:
        world.ledger(row.team).release(row.hold)
    return replace(row, hold=None)


def _change(world: World, row: CharacterRow, at: float, status: str, **changes: Any) -> CharacterRow:
    changes |= {"status": status, "published": row.published or LIFECYCLE.statuses[status].published}
    return world.table(CharacterRow).replace(replace(row, updated_at=iso(at), **changes))
