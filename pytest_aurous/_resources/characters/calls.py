"""The ten character calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ... import _messages as say
from ..._clock import iso
from ..._endpoint import Context
from ..._fields import boolean, one_of, read_fields, text
from ..._pages import page
from ..._wire import ApiProblem
from ..uploads import POSES, take_tickets
from . import machine
from .record import CREATE, SYNTHESIZED, CharacterRow, draw, render

__all__ = (
    "LISTABLE",
    "REGENERATE",
    "RESYNTHESIZE",
    "UPDATE",
    "create",
    "create_bucket",
    "delete",
    "list_all",
    "regenerate_ref",
    "resynthesize",
    "retrieve",
    "save",
    "synthesizes",
    "update",
)

SYNTHESIS_COST: Final = 4
POSE_COST: Final = 1
LISTABLE: Final = ("synthesizing", "reviewing", "ready", "failed")


UPDATE: Final = {name: CREATE[name] for name in ("name", "attributes")}
RESYNTHESIZE: Final = {"force_all": boolean}
REGENERATE: Final = {"pose": one_of(POSES, "invalid_request_error"), "prompt_override": text(4000, low=0)}


def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters: from uploads, or by synthesis."""
    world = ctx.world
    sent = read_fields(ctx.body, CREATE, required=("name",))
    synthesis, upload_ids = sent.pop("generate", False), sent.pop("upload_ids", None)
    if synthesis == (upload_ids is not None):
        raise ApiProblem(400, "parameter_invalid_combination", say.ONE_FLOW)
    if synthesis and not sent.get("attributes"):  # create-4
        raise ApiProblem(400, "missing_field", say.MISSING_FIELD.format(param="attributes"), "attributes")
    hold = _pay(ctx, SYNTHESIS_COST) if synthesis else None
    poses = () if synthesis else take_tickets(world, ctx.team, upload_ids)
    now = iso(world.clock.time())
    row = CharacterRow(
        id=world.ids.new("char"),
        status="synthesizing" if synthesis else "ready",
        refs=tuple(draw(world, pose) for pose in poses),
        created_at=now,
        updated_at=now,
        team=ctx.team,
        plan=world.script_for("characters", sent["name"], machine.DEFAULT),
        published=not synthesis,
        **sent,
    )
    world.table(CharacterRow).insert(row)
    return render(world, machine.begin_run(world, row, hold=hold) if synthesis else row)


def synthesizes(ctx: Context) -> bool:
    """Whether a create is a synthesis, which costs credits (idem-2)."""
    try:
        return ctx.body.get("generate") is True
    except ApiProblem:  # a body that cannot be read is refused by the handler, after the token is spent
        return False


def create_bucket(ctx: Context) -> str:
    """Return the bucket that a create spends from."""
    return "characters_synthesize" if synthesizes(ctx) else "characters_post"


def list_all(ctx: Context) -> dict[str, Any]:
    """GET /v1/characters: a look at each row that the page holds."""
    world, query = ctx.world, ctx.query
    wanted = query.get("status")
    if wanted is not None and wanted not in LISTABLE:
        message = say.NOT_ONE_OF.format(param="status", allowed=", ".join(LISTABLE), got=repr(wanted))
        raise ApiProblem(400, "invalid_request", message, "status")
    table = world.table(CharacterRow)

    def holds(row: CharacterRow) -> bool:
        step = world.runs.peek(row.id)
        status = row.status if step is None else machine.outcome(row, step)
        return status != "deleted" and wanted in {None, status}

    def show(row: CharacterRow) -> CharacterRow | None:
        held = holds(row)
        world.runs.look(row.id, seen=held)
        return table[row.id] if held else None

    return page(table, ctx.team, query, show, holds, lambda row: render(world, row))


def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/characters/{id}: the poll."""
    world = ctx.world
    table = world.table(CharacterRow)
    row = table.find(ctx.args["id"], ctx.team)
    if row is not None and world.runs.look(row.id):
        row = table[row.id]
    if row is None or (row.status == "deleted" and (row.gone or world.settings.reading("get-2") != "readable")):
        raise _not_found(ctx, None)
    return render(world, row)


def update(ctx: Context) -> dict[str, Any]:
    """PATCH /v1/characters/{id}: name and attributes, each replaced whole."""
    row = _living(ctx, "character_id")
    sent = read_fields(ctx.body, UPDATE)
    if not sent:
        raise ApiProblem(400, "missing_field", say.MISSING_FIELD.format(param="name or attributes"))
    new = replace(row, updated_at=iso(ctx.world.clock.time()), **sent)
    return render(ctx.world, ctx.world.table(CharacterRow).replace(new))


def save(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/save: publish."""
    row = _living(ctx)
    machine.require_state(row, "save", "reviewing", "ready")
    return render(ctx.world, machine.save(ctx.world, row))


def resynthesize(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/resynthesize: draw all four poses again."""
    row = _living(ctx)
    read_fields(ctx.body, RESYNTHESIZE)
    return _run_again(ctx, row, "resynthesize", SYNTHESIS_COST, SYNTHESIZED)


def regenerate_ref(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/refs/regenerate: draw one pose again."""
    row = _living(ctx)
    sent = read_fields(ctx.body, REGENERATE, required=("pose",))
    return _run_again(ctx, row, "refs/regenerate", POSE_COST, (sent["pose"],))


def delete(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/characters/{id}."""
    row = machine.delete(ctx.world, _living(ctx))
    return {"id": row.id, "object": "character", "deleted": True}


def _run_again(ctx: Context, row: CharacterRow, action: str, cost: float, poses: tuple[str, ...]) -> dict[str, Any]:
    machine.require_state(row, action, "reviewing", "ready", "failed")
    return render(ctx.world, machine.begin_run(ctx.world, row, hold=_pay(ctx, cost), poses=poses))


def _pay(ctx: Context, cost: float) -> int:
    return ctx.world.ledgers[ctx.team].hold(cost, "insufficient_credits")


def _living(ctx: Context, param: str | None = None) -> CharacterRow:
    row = ctx.world.table(CharacterRow).find(ctx.args["id"], ctx.team)
    if row is None or row.status == "deleted":
        raise _not_found(ctx, param)
    return row


def _not_found(ctx: Context, param: str | None) -> ApiProblem:
    """Unknown, deleted or another team's: no difference (auth-7, save-4)."""
    message = say.NOT_FOUND.format(resource="character", id=ctx.args["id"])
    return ApiProblem(404, "resource_not_found", message, param)
