"""What a completion costs, and its end (chat-4, chat-10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from math import ceil
from typing import Any, Final

from ...base.amounts import json_number, total
from ...wire import messages as say
from ...wire.refusal import ApiProblem, type_of
from ...world.state import Section
from ...world.world import World
from ..base.endpoint import Context
from ..models import ModelRow, price_of
from ..payment import charge, pay
from .replies import Answer, answer
from .row import IN_PROGRESS, CompletionRow, choice

BUCKET: Final = "chat_tpm"
"""The token bucket of chats (tpm-1)."""
_MARGIN: Final = 1.1
"""What is held for the input, over its estimate (chat-4)."""
_FOUR: Final = Decimal("0.0001")
_VERSION: Final = 1
"""The only version of the rates."""
_WORDS: Final = re.compile(r"(?:\S*\s*){1,3}", re.DOTALL)
"""A piece of a stream: up to three words."""


def begin(ctx: Context, body: dict[str, Any], model: ModelRow, prompt: int) -> CompletionRow:
    """Hold the credits, let the model answer, and store the completion, which is in progress.

    Raises:
        ApiProblem: 402 if too little is available, 429 if the token bucket is empty, or the error of a reply.
    """
    world = ctx.world
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
        said = answer(world, body, prompt)
    except ApiProblem as problem:
        fail(world, world.table(CompletionRow).insert(row), problem)
        raise
    return world.table(CompletionRow).insert(replace(row, answer=said))


def fail(world: World, row: CompletionRow, problem: ApiProblem) -> CompletionRow:
    """End a completion because the provider failed: nothing is charged (chat-12)."""
    world.ledger(row.team).release(_hold_of(row))
    error = {"code": problem.code, "type": type_of(problem.status), "message": problem.message}
    return _end(world, row, "failed", choices=(), error=error)


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
    """Return the hold of a completion that a request has begun."""
    hold = row.hold
    assert hold is not None  # noqa: S101 - one that a test has added does not end
    return hold


def _end(world: World, row: CompletionRow, status: str, after: float = 0, **columns: Any) -> CompletionRow:
    ended = replace(row, status=status, finished=world.clock.time() + after, hold=None, **columns)
    return world.table(CompletionRow).replace(ended)


def _cut(said: Answer, count: int) -> Answer:
    """Return what the first *count* pieces say, with their share of the output tokens."""
    whole = sum(1 for _ in pieces(said))
    text = "".join(islice(pieces(said), count))
    share = ceil(said.completion * count / whole) if whole else 0
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


def in_progress(row: CompletionRow) -> bool:
    """Whether a completion has not ended."""
    return row.status == IN_PROGRESS
