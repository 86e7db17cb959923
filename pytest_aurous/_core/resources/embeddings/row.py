"""The stored embedding, which only usage shows, and vectors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha512
from math import hypot
from typing import Final

from ...world.state import Section
from ...world.world import World
from ..base.schema import Record, column

_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EmbeddingRow(Record):
    """An embedding that was paid for."""

    id: str = column("``emb_`` and a ULID; only usage shows it.", holds="id")
    model: str = column("The model that the request named.", holds="style")
    tokens: int = column("Its input tokens.")
    credits: float = column("What it has cost.")
    creation_request_id: str = column("`Aurous-Request-Id` of the request.", holds="id")
    started: float = column("When it was requested, in epoch seconds.", hidden=True)
    team: str = column("Id of the owning team.", hidden=True)


def vectors(world: World) -> Section[str, tuple[float, ...]]:
    """Return the vectors that a test has set, by text."""
    found: Section[str, tuple[float, ...]] = world.state.section("vectors")
    return found


def vector_of(parts: Sequence[str], given: Mapping[str, tuple[float, ...]], size: int, seed: int) -> list[float]:
    """Return the vector of an input: the one that a test has set, or a unit vector made from its words (emb-3).

    Equal inputs have equal vectors, and inputs with words in common are nearer than others: each word adds to some of
    the dimensions.
    """
    text = "\n".join(parts)
    if text in given:
        return list(given[text])
    found = [0.0] * size
    for word in _WORD.findall(text.casefold()) or [text]:
        digest = sha512(f"{seed}/{word}".encode()).digest()
        for at in range(0, len(digest), 2):
            number = int.from_bytes(digest[at : at + 2], "big")
            found[number % size] += 1 if number & 0x8000 else -1
    length = hypot(*found)
    return [round(value / length, 6) for value in found]
