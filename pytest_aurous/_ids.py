"""ULIDs that repeat from run to run: the time part counts from a fixed instant, the rest is seeded."""

from __future__ import annotations

from random import Random
from typing import Any, Final

__all__ = ("IdSource", "ulid")

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(a + b for a in _ALPHABET for b in _ALPHABET)  # ten bits at a time: an id is on every answer
_SHIFTS: Final = range(120, -1, -10)
_START_MS: Final = 1_778_803_200_000  # 2026-05-15T00:00:00Z, the date of the only version


def ulid(milliseconds: int, randomness: int) -> str:
    """Return the 26 characters of a ULID.

    Args:
        milliseconds: The time part, 48 bits, since the epoch.
        randomness: The other 80 bits.
    """
    value = milliseconds << 80 | randomness
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


class IdSource:
    """Makes ids of any prefix, each prefix from its own stream, so that polls do not change the characters' ids."""

    __slots__ = ("_seed", "_streams")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, tuple[Random, list[int]]] = {}

    def new(self, prefix: str) -> str:
        """Return the next id, such as ``char_01KRM...``; each is greater than the one before."""
        stream = self._streams.get(prefix)
        if stream is None:
            stream = self._streams[prefix] = (Random(f"{self._seed}/{prefix}"), [_START_MS])
        random, clock = stream
        clock[0] += 1
        return f"{prefix}_{ulid(clock[0], random.getrandbits(80))}"

    def state(self) -> dict[str, tuple[tuple[Any, ...], int]]:
        """Return what `restore` takes."""
        return {prefix: (random.getstate(), clock[0]) for prefix, (random, clock) in self._streams.items()}

    def restore(self, state: dict[str, tuple[tuple[Any, ...], int]]) -> None:
        """Go back to a `state`."""
        self._streams = {}
        for prefix, (inner, milliseconds) in state.items():
            random = Random()
            random.setstate(inner)
            self._streams[prefix] = (random, [milliseconds])
