"""What a completion costs, its end, and the events of its stream (chat-4, chat-10, stream-1 to stream-6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from math import ceil
from random import Random
from typing import Any, Final

from ...base.amounts import json_number, total
from ...wire import messages as say
from ...wire.call import BY_FAULT, to_json
from ...wire.refusal import ApiProblem, type_of
from ...world.state import Section
from ...world.streams import Frame
from ...world.world import World
from ..base.endpoint import Context
from ..base.schema import free, text_of
from ..models import ModelRow, price_of
from ..team import charge, pay
from .replies import Answer, answer, unsay
from .row import IN_PROGRESS, USAGE, CompletionRow, choice

_SAID: Final = free({"type": ["string", "null"]})
_COUNT: Final = {"type": "integer"}
_CALL: Final = {
    "properties": {
        "index": _COUNT,
        "id": _SAID,
        "type": text_of("word"),
        "function": {"properties": {"name": _SAID, "arguments": _SAID}},
    }
}
_DELTA: Final = {
    "properties": {"role": text_of("word"), "content": _SAID, "refusal": _SAID, "tool_calls": {"items": _CALL}}
}
_CHOICE: Final = {"properties": {"index": _COUNT, "delta": _DELTA, "finish_reason": text_of("word")}}
CHUNK: Final = {
    "properties": {
        "id": text_of("id"),
        "object": {"const": "chat.completion.chunk"},
        "created": free(_COUNT),
        "model": text_of("style"),
        "choices": {"items": _CHOICE},
        "usage": USAGE,
    }
}
"""The schema of a chunk: what the model has said, no rule states."""

BUCKET: Final = "chat_tpm"
# For the input, a tenth more than its estimate is held; all credits of chats have four decimals (chat-4).
_MARGIN: Final = 1.1
_FOUR: Final = Decimal("0.0001")
# Rates have had one version so far; the field is there, and no page says more.
_VERSION: Final = 1
# A piece of a stream has up to three words: short replies have several pieces, too, and long ones not too many.
_WORDS: Final = re.compile(r"(?:\S*\s*){1,3}", re.DOTALL)
_DONE: Final = b"data: [DONE]\n\n"
_WARNING: Final = {
    "object": "chat.completion.warning",
    "warning": {
        "code": "idempotency_key_ignored",
        "message": "An Idempotency-Key has no effect on a streamed completion: it is not stored.",
    },
}
# Bytes; less than the shortest line of an event, so that cuts within lines, events and characters do occur.
_LONGEST: Final = 11


def begin(ctx: Context, body: dict[str, Any], model: ModelRow, prompt: int) -> CompletionRow:
    """Hold the credits, let the model answer, and store the completion, which is in progress."""
    world = ctx.world
    # First the tokens, then the credits, then the model: what is refused has held nothing, and used no reply.
    ctx.limits += world.buckets.spend_tokens(ctx.team, BUCKET, prompt, world.clock.time())
    price = model.rate("input"), model.rate("output")
    most = body.get("max_tokens", model.default_output_tokens)
    held = total((price_of(prompt * _MARGIN, price[0]), price_of(most, price[1]))).quantize(_FOUR, ROUND_HALF_UP)
    hold = pay(world, ctx.team, held, "balance_too_low")
    now = world.clock.time()
    row = CompletionRow(
        id=world.ids.new("cmp"),
        created=int(now),
        model=body["model"],
        choices=(choice("", None),),
        messages=tuple(body["messages"]),
        price=price,
        streamed=body["stream"],
        creation_request_id=ctx.request_id,
        started=now,
        hold=hold,
        team=ctx.team,
    )
    try:
        said = answer(world, ctx.team, ctx.call, body, prompt)
    except ApiProblem as problem:
        fail(world, world.table(CompletionRow).insert(row), problem)
        raise
    return world.table(CompletionRow).insert(replace(row, answer=said))


def fail(world: World, row: CompletionRow, problem: ApiProblem) -> CompletionRow:
    """End a completion because the provider failed: nothing is charged (chat-12)."""
    world.ledger(row.team).release(_hold_of(row))
    error = {"code": problem.code, "type": type_of(problem.status), "message": problem.message}
    return _end(world, row, "failed", choices=(), error=error)


def pause(said: Answer, number: int) -> float:
    """Return the seconds before a piece of a stream; the first has the number 1."""
    if number == 1 or said.tps is None:
        return said.delay + (said.ttft if number == 1 else 0)
    return said.delay + said.completion / sum(1 for _ in pieces(said)) / said.tps


def duration(said: Answer) -> float:
    """Return the seconds before a response that is no stream; with tokens per second, as long as a stream takes."""
    if said.tps is None:
        return said.delay + said.ttft
    return sum(pause(said, number) for number, _ in enumerate(pieces(said), 1))


def pieces(said: Answer) -> Iterator[str]:
    """Yield what is streamed, a few words at a time."""
    return (match.group() for match in _WORDS.finditer(said.spoken) if match.group())


def sent(world: World) -> Section[str, int]:
    """Return how many pieces of each stream have been sent."""
    found: Section[str, int] = world.state.section("chat streams")
    return found


def end(world: World, row: CompletionRow, status: str, after: float = 0) -> CompletionRow:
    """End a completion, charge what was said, and release the rest of the hold (chat-4).

    A completion that is ``completed`` has said everything, any other one what was sent of it. It is seen to end *after*
    that many seconds.
    """
    said = row.answer
    assert said is not None  # noqa: S101 - only a completion without one fails, and no other ends here
    if status != "completed":
        said = _cut(said, sent(world).get(row.id, 0))
    usage = _usage(row, said)
    # The charge can be less than the usage: what goes beyond the hold ends where the balance does (chat-4).
    amount = charge(world, row.team, _hold_of(row), world.clock.time(), usage["credits_charged"])
    usage["credits_charged"] = credits = json_number(amount)  # noqa: A001 - the vendor's word
    world.buckets.spend_tokens(row.team, BUCKET, said.completion + said.reasoning, world.clock.time(), used=True)
    content = said.text if said.text is not None or said.calls or said.refusal is not None else ""
    made = choice(content, said.finish_reason, said.calls, said.refusal)
    sent(world).take(row.id)
    error = (
        {"code": status, "type": type_of(409), "message": say.CANCELLED[status]} if status in say.CANCELLED else None
    )
    return _end(world, row, status, after, choices=(made,), usage=usage, credits=credits, answer=said, error=error)


def _hold_of(row: CompletionRow) -> int:
    hold = row.hold
    assert hold is not None  # noqa: S101 - one that a test has added does not end
    return hold


def _end(world: World, row: CompletionRow, status: str, after: float = 0, **columns: Any) -> CompletionRow:
    ended = replace(row, status=status, finished=world.clock.time() + after, hold=None, **columns)
    return world.table(CompletionRow).replace(ended, after)


def _cut(said: Answer, count: int) -> Answer:
    """Return what the first *count* pieces say, with their share of the output tokens."""
    whole = sum(1 for _ in pieces(said))
    text = "".join(islice(pieces(said), count))
    share = ceil(said.completion * count / whole) if whole else 0
    # Reasoning comes before the first word, so whatever was sent has cost all of it.
    kept = said._replace(finish_reason="cancelled", completion=share, reasoning=said.reasoning if count else 0)
    if said.calls:
        return kept._replace(calls=())
    return kept._replace(text=text if said.text is not None else None, refusal=text if said.refusal else None)


def _usage(row: CompletionRow, said: Answer) -> dict[str, Any]:
    """Return tokens and credits; each line has four decimals (chat-4)."""
    price, per = row.price
    lines = {"input_credits": _line(said.prompt, price), "output_credits": _line(said.completion, per)}
    if said.reasoning:
        lines["reasoning_credits"] = _line(said.reasoning, per)
    counts = {"prompt_tokens": said.prompt, "completion_tokens": said.completion}
    return {
        **counts,
        "total_tokens": said.prompt + said.completion + said.reasoning,
        **({"reasoning_tokens": said.reasoning} if said.reasoning else {}),
        "credits_charged": total(lines.values()),
        "breakdown": {
            **{name: json_number(line) for name, line in lines.items()},
            "model": row.model,
            "pricing_version": _VERSION,
        },
    }


def _line(count: int, price: float) -> Decimal:
    return price_of(count, price).quantize(_FOUR, ROUND_HALF_UP)


def frames(world: World, row_id: str, *, warn: bool) -> Iterator[Frame]:
    """Yield the events of a completion that is in progress.

    With *warn*, the first one says that the key is ignored (stream-3).
    """
    row = world.table(CompletionRow)[row_id]
    said = row.answer
    assert said is not None  # noqa: S101 - it is streamed, so the model has answered
    made = _events(world, row, said, warn=warn)
    return made if said.chunking == "words" else _anywhere(made, Random(row_id))


def _events(world: World, row: CompletionRow, said: Answer, *, warn: bool) -> Iterator[Frame]:
    if warn:
        yield Frame(0, _event(_WARNING))
    yield Frame(0, _chunk(row, {"role": "assistant", "content": ""}))
    count = 0
    for delta, text in _deltas(said):
        now = _present(world, row.id)
        if now is None or now.status != IN_PROGRESS:
            break
        # Counted before the client has it: a client that goes away while it reads has to pay for it (stream-5).
        if text:
            count += 1
            sent(world)[row.id] = count
        yield Frame(pause(said, count) if text else 0, _chunk(row, delta))
    # While the client read, somebody may have cancelled it, or the test may have gone back to before it (stream-6).
    now = _present(world, row.id)
    if now is None:
        return
    if now.status == IN_PROGRESS:
        now = end(world, now, "completed")
    reason = now.choices[0]["finish_reason"]
    yield Frame(0, _chunk(row, {}, reason, usage=now.usage))
    yield Frame(0, _DONE, last=True)


def gone(world: World, row_id: str, how: str) -> bool:
    """End a completion whose client has left, and charge what was sent (stream-5); return whether it was going on."""
    row = _present(world, row_id)
    if row is not None and how == BY_FAULT:
        unsay(world, row.answer)
    if row is None or row.status != IN_PROGRESS:
        return False
    end(world, row, "cancelled_client_disconnect")
    return True


def _present(world: World, row_id: str) -> CompletionRow | None:
    """Return the completion as it is now; None if the test has gone back to before it."""
    found = world.row(row_id)
    return found if isinstance(found, CompletionRow) else None


def _deltas(said: Answer) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each delta, with the piece of what is said that it has."""
    if not said.calls or said.text:
        name = "content" if said.refusal is None else "refusal"
        for piece in pieces(said):
            yield {name: piece}, piece
    for index, (call_id, name, arguments) in enumerate(said.calls):
        head = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        yield {"tool_calls": [head]}, ""
        part = said._replace(text=None, refusal=None, calls=((call_id, name, arguments),))
        for piece in pieces(part):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, "" if said.text else piece


def _chunk(
    row: CompletionRow, delta: dict[str, Any], reason: str | None = None, usage: dict[str, Any] | None = None
) -> bytes:
    return _event(
        {
            "id": row.id,
            "object": "chat.completion.chunk",
            "created": row.created,
            "model": row.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
            **({"usage": usage} if usage is not None else {}),
        }
    )


def _event(content: object) -> bytes:
    return b"data: " + to_json(content) + b"\n\n"


def _anywhere(made: Iterator[Frame], random: Random) -> Iterator[Frame]:
    """Cut the same bytes anywhere: within a character, a line and an event."""
    for frame in made:
        wait, data, at = frame.wait, frame.data, 0
        while at < len(data):
            size = random.randint(1, _LONGEST)
            ends = at + size >= len(data)
            yield Frame(wait, data[at : at + size], event=ends, last=ends and frame.last)
            wait, at = 0, at + size
