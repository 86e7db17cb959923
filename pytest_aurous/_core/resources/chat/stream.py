"""The events of a streamed completion, each made when the client reads on (stream-1 to stream-6)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from ...wire.call import BY_FAULT, to_json
from ...world.streams import Frame
from ...world.world import World
from . import machine
from .replies import Answer, unsay
from .row import CompletionRow

_DONE: Final = b"data: [DONE]\n\n"
_WARNING: Final = {
    "object": "chat.completion.warning",
    "warning": {
        "code": "idempotency_key_ignored",
        "message": "An Idempotency-Key has no effect on a streamed completion: it is not stored.",
    },
}
_LONGEST: Final = 11
"""The largest piece of a stream that is cut anywhere, in bytes."""


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
        if now is None or not machine.in_progress(now):
            break
        if text:
            count += 1
            machine.sent(world)[row.id] = count
        yield Frame(said.delay if text else 0, _chunk(row, delta))
    now = _present(world, row.id)
    if now is None:
        return
    if machine.in_progress(now):
        now = machine.end(world, now, "completed")
    reason = now.choices[0]["finish_reason"]
    yield Frame(0, _chunk(row, {}, reason, usage=now.usage))
    yield Frame(0, _DONE, last=True)


def gone(world: World, row_id: str, how: str) -> bool:
    """End a completion whose client has closed the connection: what was sent is charged (stream-5).

    Returns:
        Whether it was in progress.
    """
    row = _present(world, row_id)
    if row is not None and how == BY_FAULT:
        unsay(world, row.answer)
    if row is None or not machine.in_progress(row):
        return False
    machine.end(world, row, "cancelled_client_disconnect")
    return True


def _present(world: World, row_id: str) -> CompletionRow | None:
    """Return the completion as it is now; None if the test has gone back to before it."""
    found = world.row(row_id)
    return found if isinstance(found, CompletionRow) else None


def _deltas(said: Answer) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each delta, with the piece of what is said that it has."""
    if not said.calls or said.text:
        name = "content" if said.refusal is None else "refusal"
        for piece in machine.pieces(said):
            yield {name: piece}, piece
    for index, (call_id, name, arguments) in enumerate(said.calls):
        head = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        yield {"tool_calls": [head]}, ""
        part = said._replace(text=None, refusal=None, calls=((call_id, name, arguments),))
        for piece in machine.pieces(part):
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
