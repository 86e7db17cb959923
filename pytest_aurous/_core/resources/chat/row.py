"""The stored completion, and its JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Final, TypeVar

from ...time.clock import SAME_INSTANT
from ..base.schema import VALUE, RecordRow, column, free, obj, row_class, text_of
from .replies import Answer

R = TypeVar("R")
IN_PROGRESS: Final = "in_progress"
PUBLIC: Final = {
    IN_PROGRESS: IN_PROGRESS,
    "completed": "completed",
    "failed": "failed",
    "cancelled_by_request": "cancelled",
    "cancelled_client_disconnect": "cancelled",
}
"""The word of the API for each status (chat-10)."""

FINISH_REASONS: Final = ("stop", "length", "tool_calls", "content_filter", "cancelled")
_CREDITS: Final = {"type": "number", VALUE: "form"}
_COUNT: Final = {"type": "integer", VALUE: "form"}
USAGE: Final = obj(
    ("reasoning_tokens",),
    prompt_tokens=_COUNT,
    completion_tokens=_COUNT,
    total_tokens=_COUNT,
    reasoning_tokens={**_COUNT, "description": "Present if the model has reasoned; not part of `completion_tokens`."},
    credits_charged=_CREDITS,
    breakdown=obj(
        ("reasoning_credits",),
        input_credits=_CREDITS,
        output_credits=_CREDITS,
        reasoning_credits=_CREDITS,
        model=text_of("style"),
        pricing_version=free(_COUNT),
    ),
)
_CALL: Final = obj(
    id=text_of("id"),
    type={"const": "function"},
    function=obj(name=text_of("style"), arguments={"type": "string", "description": "JSON, as text.", VALUE: "form"}),
)
_CHOICE: Final = obj(
    index={"type": "integer", "const": 0},
    message=obj(
        ("tool_calls", "refusal"),
        role={"const": "assistant"},
        content={"type": ["string", "null"], VALUE: "form"},
        refusal={"type": "string", VALUE: "form"},
        tool_calls={"type": "array", "items": _CALL},
    ),
    finish_reason={"enum": [*FINISH_REASONS, None]},
)


@row_class
class CompletionRow(RecordRow):
    RULE: ClassVar[str] = "chat-1"

    id: str = column("``cmp_`` and a ULID.", holds="id")
    object: str = column("Always ``chat.completion``.", holds="word", default="chat.completion")
    created: int = column("When it was requested, in epoch seconds.", value="form")
    model: str = column("The model that the request named.", holds="style")
    choices: tuple[dict[str, Any], ...] = column(
        "The only choice, with the message; while it is streamed, an empty message (chat-11).",
        write=list,
        schema={"type": "array", "items": _CHOICE},
        default=(),
    )
    usage: dict[str, Any] | None = column(
        "Tokens and credits; absent until the end.", schema=USAGE, seen="omitted", default=None, rule="chat-4"
    )
    status: str = column(
        "In full, such as ``cancelled_client_disconnect``; the API has four words for it (chat-10).",
        write=PUBLIC.__getitem__,
        schema={"enum": list(dict.fromkeys(PUBLIC.values()))},
        default=IN_PROGRESS,
        rule="chat-10",
    )
    error: dict[str, str] | None = column(
        "Code, type and message if it failed or was cancelled; else absent.",
        schema=obj(code=text_of("word"), type=text_of("word"), message=free({"type": "string"})),
        seen="omitted",
        default=None,
    )
    messages: tuple[dict[str, Any], ...] = column("The messages of the request.", seen="never")
    answer: Answer | None = column(
        "What the model says; None for a completion that a test added or that failed.", seen="never", default=None
    )
    price: tuple[float, float] = column(
        "Credits of a million input tokens, and of a million output tokens.", seen="never", default=(0, 0)
    )
    streamed: bool = column("Whether it is streamed.", seen="never", default=False)
    credits: float = column("The credits that it has cost.", seen="never", default=0)
    creation_request_id: str | None = column("`Aurous-Request-Id` of the request.", seen="never", default=None)
    started: float = column("When it was requested, in epoch seconds.", seen="never")
    finished: float | None = column(
        "When it ended, or will have ended: until then it is in progress (`seen_at`).", seen="never", default=None
    )
    hold: int | None = column("The ledger's id of the credits held for it.", seen="never", default=None)
    team: str = column("Id of the owning team.", seen="never")


def choice(
    content: str | None, reason: str | None, calls: tuple[tuple[str, str, str], ...] = (), refusal: str | None = None
) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if refusal is not None:
        message["refusal"] = refusal
    if calls:
        message["tool_calls"] = [
            {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
            for call_id, name, arguments in calls
        ]
    return {"index": 0, "message": message, "finish_reason": reason}


def seen_at(row: R, now: float) -> R:
    """Return a row as it is at an instant: a completion is in progress until the end of a delay."""
    # A clock that moves in steps misses an instant by its rounding: so near to its end, a completion has ended.
    if not isinstance(row, CompletionRow) or (row.finished or 0) <= now + SAME_INSTANT:
        return row
    return replace(row, status=IN_PROGRESS, choices=(choice("", None),), usage=None, finished=None)
