"""The character endpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ...base.instants import iso
from ...wire import messages as say
from ...wire.fields import body_of, boolean, one_of, optional, read_fields, text
from ...wire.refusal import BODY_ERRORS, ApiProblem, missing_field, not_found, not_one_of
from ..base.endpoint import Context, endpoint
from ..base.pages import PAGE, PAGE_ERRORS, page
from ..base.schema import deleted, listing, reference
from ..team import pay
from ..uploads import POSES, take_tickets
from . import machine
from .row import CREATE, LIFECYCLE, SYNTHESIZED, CharacterRow, draw, render

# A synthesis costs four generations, one for each pose that it draws; a single pose costs one (cred-4).
SYNTHESIS_COST: Final = 4
POSE_COST: Final = 1
# Deleted characters are never listed (list-5), so nobody can ask for them (list-4).
LISTABLE: Final = tuple(name for name, status in LIFECYCLE.statuses.items() if status.lives)

UPDATE: Final = {name: CREATE[name] for name in ("name", "attributes")}
RESYNTHESIZE: Final = {"force_all": optional(boolean, note="Has no effect: all poses are drawn again.")}
REGENERATE: Final = {"pose": one_of(POSES, "invalid_request_error"), "prompt_override": text(4000, low=0)}


def synthesizes(ctx: Context) -> bool:
    """Whether a create request asks for a synthesis, which costs credits (idem-2)."""
    try:
        return ctx.body.get("generate") is True
    except ApiProblem:
        # The handler refuses the body, after the bucket has spent a token (rate-4).
        return False


def create_bucket(ctx: Context) -> str:
    return "characters_synthesize" if synthesizes(ctx) else "characters_post"


_STATE_ERRORS: Final = ("400 invalid_request_error",)
_CREDIT_ERRORS: Final = ("402 insufficient_credits",)
_ONE: Final = reference(CharacterRow)


@endpoint(
    "characters.create",
    "POST /v1/characters",
    bucket=create_bucket,
    status=201,
    idempotent=synthesizes,
    shape=_ONE,
    body=body_of(CREATE, ("name",)),
    sample={"name": "Aurora", "generate": True, "attributes": {"age": 28, "hair_color": "black"}},
    errors=(
        *BODY_ERRORS,
        *_CREDIT_ERRORS,
        "400 parameter_invalid_combination",
        "400 upload_invalid",
        "404 resource_not_found",
    ),
    rules=("create-1", "create-2", "create-3", "create-4", "create-5", "create-6", "create-7"),
    makes="char",
)
def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters: from uploads or by synthesis."""
    world = ctx.world
    sent = read_fields(ctx.body, CREATE, required=("name",))
    synthesis, upload_ids = sent.pop("generate"), sent.pop("upload_ids", None)
    if synthesis == (upload_ids is not None):
        raise ApiProblem(400, "parameter_invalid_combination", "Send exactly one of upload_ids and generate: true.")
    # Without a description, there is nothing to draw (create-4).
    if synthesis and not sent.get("attributes"):
        raise missing_field("attributes")
    # Credits and tickets are taken last, when nothing can refuse the request anymore (cred-3, create-3).
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
        plan=machine.script_for(world, sent["name"], ctx.team),
        published=not synthesis,
        **sent,
    )
    world.table(CharacterRow).insert(row)
    return render(world, machine.begin_run(world, row, hold=hold) if synthesis else row)


@endpoint(
    "characters.list",
    "GET /v1/characters",
    bucket="characters_get",
    errors=(*PAGE_ERRORS, "400 invalid_request"),
    shape=listing(CharacterRow),
    query={**PAGE, "status": {"enum": list(LISTABLE)}},
    rules=("list-5", "list-1", "list-2", "list-3", "list-4"),
)
def list_all(ctx: Context) -> dict[str, Any]:
    """GET /v1/characters: a poll of each row on the page."""
    world, query = ctx.world, ctx.query
    wanted = query.get("status")
    if wanted is not None and wanted not in LISTABLE:
        raise not_one_of("status", LISTABLE, repr(wanted), "invalid_request")
    shown = LISTABLE if wanted is None else (wanted,)
    table = world.table(CharacterRow)

    runs = world.runs.by_record

    def holds(row: CharacterRow) -> bool:
        step = world.runs.peek(row.id)
        return (row.status if step is None else machine.outcome(row, step)) in shown

    def show(row: CharacterRow) -> CharacterRow | None:
        # A poll would find the same, and a list can show thousands of such rows.
        if row.id not in runs:
            return row if row.status in shown else None
        held = holds(row)
        if world.runs.poll(row.id, seen=held):
            row = table[row.id]
        return row if held else None

    return page(table, ctx.team, query, show, holds, lambda row: render(world, row))


@endpoint(
    "characters.retrieve",
    "GET /v1/characters/{id}",
    bucket="characters_get",
    shape=_ONE,
    rules=("get-1", "get-2", "get-3", "get-4"),
)
def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/characters/{id}: the poll."""
    world = ctx.world
    table = world.table(CharacterRow)
    row = table.find(ctx.record_id, ctx.team)
    if row is not None and world.runs.poll(row.id):
        row = table[row.id]
    if row is None or (row.status == "deleted" and (row.gone or world.settings.reading("get-2") != "readable")):
        raise not_found("character", ctx.record_id)
    return render(world, row)


@endpoint(
    "characters.update",
    "PATCH /v1/characters/{id}",
    bucket="characters_post",
    shape=_ONE,
    body=body_of(UPDATE),
    sample={"name": "Nova"},
    errors=("400 invalid_format", "400 invalid_request", "400 missing_field"),
    rules=("patch-1", "patch-2", "patch-3", "patch-4"),
)
def update(ctx: Context) -> dict[str, Any]:
    """PATCH /v1/characters/{id}: replaces the name or all attributes."""
    row = _row(ctx, "character_id")
    body = ctx.body
    try:
        sent = read_fields(body, UPDATE)
    except ApiProblem as problem:
        # The page has one code for each wrong field, of whatever kind (patch-2).
        problem.code = "invalid_request"
        raise
    if not sent:
        raise ApiProblem(400, "missing_field", say.MISSING_FIELD.format(param="name or attributes"))
    new = replace(row, updated_at=iso(ctx.world.clock.time()), **sent)
    return render(ctx.world, ctx.world.table(CharacterRow).replace(new))


@endpoint(
    "characters.save",
    "POST /v1/characters/{id}/save",
    bucket="characters_post",
    errors=_STATE_ERRORS,
    shape=_ONE,
    rules=("save-1", "save-2", "save-3", "save-4", "save-5", "save-6", "save-7"),
)
def save(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/save: publishes."""
    row = _row(ctx)
    machine.require_state(row, "save", *LIFECYCLE.allowing("save"))
    return render(ctx.world, machine.save(ctx.world, row))


@endpoint(
    "characters.resynthesize",
    "POST /v1/characters/{id}/resynthesize",
    bucket="characters_synthesize",
    idempotent=True,
    errors=(*_STATE_ERRORS, *_CREDIT_ERRORS, "400 invalid_format", "400 invalid_request"),
    shape=_ONE,
    body=body_of(RESYNTHESIZE),
    sample={},
    rules=("resyn-1", "resyn-2", "resyn-3", "resyn-4", "run-1"),
)
def resynthesize(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/resynthesize: draws all four poses again."""
    # Whether there is such a character comes before its body, and its state after it (del-3, resyn-1).
    row = _row(ctx)
    read_fields(ctx.body, RESYNTHESIZE)
    return _run_again(ctx, row, "resynthesize", SYNTHESIS_COST, SYNTHESIZED)


@endpoint(
    "characters.regenerate_ref",
    "POST /v1/characters/{id}/refs/regenerate",
    bucket="characters_synthesize",
    idempotent=True,
    errors=(*_STATE_ERRORS, *_CREDIT_ERRORS, *BODY_ERRORS),
    shape=_ONE,
    body=body_of(REGENERATE, ("pose",)),
    sample={"pose": "front"},
    rules=("regen-2", "regen-1", "regen-3", "run-1"),
)
def regenerate_ref(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/refs/regenerate: draws one pose again."""
    row = _row(ctx)
    sent = read_fields(ctx.body, REGENERATE, required=("pose",))
    return _run_again(ctx, row, "refs/regenerate", POSE_COST, (sent["pose"],))


@endpoint(
    "characters.delete",
    "DELETE /v1/characters/{id}",
    bucket="characters_post",
    shape=deleted("character"),
    rules=("del-1", "del-2", "del-3", "del-4", "del-5"),
)
def delete(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/characters/{id}."""
    row = machine.delete(ctx.world, _row(ctx))
    return {"id": row.id, "object": "character", "deleted": True}


def _run_again(ctx: Context, row: CharacterRow, action: str, cost: float, poses: tuple[str, ...]) -> dict[str, Any]:
    # The state comes before the money: work that cannot begin holds nothing (resyn-1, cred-3).
    machine.require_state(row, action, *LIFECYCLE.allowing("draw again"))
    return render(ctx.world, machine.begin_run(ctx.world, row, hold=_pay(ctx, cost), poses=poses))


def _pay(ctx: Context, cost: float) -> int:
    return pay(ctx.world, ctx.team, cost, "insufficient_credits")


def _row(ctx: Context, param: str | None = None) -> CharacterRow:
    return ctx.row_of(CharacterRow, "character", param)


ENDPOINTS: Final = (create, list_all, retrieve, update, save, resynthesize, regenerate_ref, delete)
