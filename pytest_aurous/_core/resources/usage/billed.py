"""What usage counts: images, videos, chats and embeddings, in one form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ...world.world import World
from ..chat import CompletionRow, seen_at
from ..embeddings import EmbeddingRow
from ..generations import GenerationRow

_STATUSES: Final = {
    "succeeded": "completed",
    "expired": "failed",
    "moderation_rejected": "failed",
    "in_progress": "processing",
    "cancelled_by_request": "cancelled",
    "cancelled_client_disconnect": "cancelled",
}
"""The statuses that have another name in usage; it counts some as failed (usage-1)."""


class Billed(NamedTuple):
    """A request that usage counts.

    Attributes:
        id: The id of its record.
        medium: ``image``, ``video``, ``chat`` or ``embedding``.
        type: The kind of inference, such as ``t2i``; for chats and embeddings, their medium.
        status: In the words of usage.
        started: When it was requested, in epoch seconds.
        finished: When it ended, or None.
        credits: What it has cost so far.
        request_id: `Aurous-Request-Id` of the request, or None.
        model: The model of a chat or an embedding.
        character_id: The character that it shows.
        lora_id: Its style.
        images: How many pictures it made.
        seconds: How many seconds of video it made.
        input_tokens: Input tokens of a chat or an embedding.
        output_tokens: Output tokens of a chat, with reasoning.
    """

    id: str
    medium: str
    type: str
    status: str
    started: float
    finished: float | None
    credits: float
    request_id: str | None
    model: str | None = None
    character_id: str | None = None
    lora_id: str | None = None
    images: int = 0
    seconds: float = 0
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def duration_ms(self) -> int | None:
        """How long it took; None until its end."""
        return None if self.finished is None else round((self.finished - self.started) * 1000)


def billed(world: World, team: str) -> Iterator[Billed]:
    """Yield what usage counts of a team."""
    generations = world.table(GenerationRow)
    yield from (_generation(generations[row_id]) for row_id in generations.living(team))
    completions = world.table(CompletionRow)
    now = world.clock.time()
    yield from (_completion(seen_at(completions[row_id], now)) for row_id in completions.living(team))
    embeddings = world.table(EmbeddingRow)
    yield from (_embedding(embeddings[row_id]) for row_id in embeddings.living(team))


def _generation(row: GenerationRow) -> Billed:
    done = row.status == "succeeded"
    return Billed(
        id=row.id,
        medium=row.media_type,
        type=row.inference_type,
        status=_STATUSES.get(row.status, row.status),
        started=row.started,
        finished=row.finished,
        credits=row.cost["amount"] if row.charged else 0,
        request_id=row.creation_request_id,
        character_id=row.character_id,
        lora_id=row.loras[0][0] if row.loras else None,
        images=(row.image_count or 0) if done else 0,
        seconds=(row.video_duration or 0) if done else 0,
    )


def _completion(row: CompletionRow) -> Billed:
    usage = row.usage or {}
    return Billed(
        id=row.id,
        medium="chat",
        type="chat",
        status=_STATUSES.get(row.status, row.status),
        started=row.started,
        finished=row.finished,
        credits=row.credits,
        request_id=row.creation_request_id,
        model=row.model,
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage["completion_tokens"] + usage.get("reasoning_tokens", 0) if usage else None,
    )


def _embedding(row: EmbeddingRow) -> Billed:
    return Billed(
        id=row.id,
        medium="embedding",
        type="embedding",
        status="completed",
        started=row.started,
        finished=row.started,
        credits=row.credits,
        request_id=row.creation_request_id,
        model=row.model,
        input_tokens=row.tokens,
        output_tokens=0,
    )
