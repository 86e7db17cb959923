"""The chat endpoints: create, retrieve and cancel a completion."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from ...wire.call import to_json
from ...wire.fields import body_of
from ...wire.headers import idempotency_key
from ...wire.refusal import BODY_ERRORS, ApiProblem
from ...world.streams import EventStream
from ..base.endpoint import Context, Result, endpoint
from ..base.schema import reference, to_wire
from . import machine, replies
from .request import FIELDS, read
from .row import IN_PROGRESS, PUBLIC, CompletionRow, seen_at

_STATUS: Final = "Aurous-Idempotency-Status"
_EVENTS: Final = "text/event-stream"


_BODY: Final = {**body_of(FIELDS, ("model", "messages")), "additionalProperties": True}
_CREATE_ERRORS: Final = (
    *BODY_ERRORS,
    "400 max_input_tokens_exceeded",
    "400 max_tokens_exceeds_hard_cap",
    "400 model_wrong_kind",
    "400 response_format_unsupported",
    "400 tool_choice_required_unsupported",
    "402 balance_too_low",
    "404 resource_not_found",
    "429 tpm_rate_limit_exceeded",
    "502 chat_provider_unavailable",
    "502 chat_provider_unknown_error",
    "504 provider_timeout",
)


@endpoint(
    "chat.create",
    "POST /v1/chat/completions",
    bucket="chat_post",
    idempotent=lambda ctx: not ctx.body.get("stream"),  # a stream ignores its key (chat-7)
    longest_key=lambda ctx: int(ctx.world.settings.reading("chat-6")),  # two pages differ
    shape=reference(CompletionRow),
    streams=True,
    body=_BODY,
    sample={"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "What color is her hair?"}]},
    errors=_CREATE_ERRORS,
    rules=("chat-1", "chat-4", "chat-6", "chat-7", "stream-1", "tpm-1"),
    makes="cmp",
)
def create(ctx: Context) -> dict[str, Any] | Result:
    """POST /v1/chat/completions: a completion, at once or as a stream of events."""
    body, model, prompt = read(ctx)
    world = ctx.world
    row = machine.begin(ctx, body, model, prompt)
    said = row.answer
    if not row.streamed:
        delay = machine.duration(said) if said is not None else 0
        ctx.busy += delay
        row = machine.end(world, row, "completed", ctx.busy)
        # With a key, a second request gets the stored response; without one, the model has to say it again.
        if idempotency_key(ctx.call.incoming) is None:
            ctx.lost = partial(replies.unsay, world, said)
        content = to_json(to_wire(row, world.settings.sparse))
        return Result(content, delay=delay)
    warn = idempotency_key(ctx.call.incoming) is not None
    headers = (
        ("Cache-Control", "no-cache, no-transform"),
        (_STATUS, "ignored_streaming" if warn else "not_set"),
        ("Content-Type", _EVENTS),
    )
    events = EventStream(
        world, ctx.call, machine.frames(world, row.id, warn=warn), partial(machine.gone, world, row.id)
    )
    return Result(b"", media_type=_EVENTS, headers=headers, stream=events)


@endpoint(
    "chat.retrieve",
    "GET /v1/chat/completions/{id}",
    bucket="reads",
    shape=reference(CompletionRow),
    rules=("chat-11",),
)
def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/chat/completions/{id}: the stored completion."""
    row = seen_at(ctx.row_of(CompletionRow, "completion"), ctx.world.clock.time())
    return to_wire(row, ctx.world.settings.sparse)


@endpoint(
    "chat.cancel",
    "POST /v1/chat/completions/{id}/cancel",
    bucket="chat_post",
    any_id=True,
    shape=reference(CompletionRow),
    errors=(
        "404 chat_cancel_target_not_found",
        "409 chat_cancel_target_already_terminal",
        "409 chat_cancel_target_not_cancellable",
    ),
    rules=("chat-13",),
)
def cancel(ctx: Context) -> dict[str, Any]:
    """POST /v1/chat/completions/{id}/cancel: end a stream, and charge what was sent."""
    row = ctx.world.table(CompletionRow).find(ctx.record_id, ctx.team)
    if row is None:
        raise ApiProblem(404, "chat_cancel_target_not_found", f"No such completion to cancel: {ctx.record_id!r}.")
    # An ended completion says so first, streamed or not: that is what a late cancel has to understand (chat-13).
    row = seen_at(row, ctx.world.clock.time())
    if row.status != IN_PROGRESS:
        message = f"Completion {row.id} is {PUBLIC[row.status]} already."
        raise ApiProblem(409, "chat_cancel_target_already_terminal", message)
    if not row.streamed:
        message = f"Completion {row.id} cannot be cancelled: only a streamed completion can."
        raise ApiProblem(409, "chat_cancel_target_not_cancellable", message)
    return to_wire(machine.end(ctx.world, row, "cancelled_by_request"), ctx.world.settings.sparse)


ENDPOINTS: Final = (create, retrieve, cancel)
