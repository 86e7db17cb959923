"""ULIDs that repeat from run to run: the time part counts from a fixed instant, the rest is seeded."""

from __future__ import annotations

from typing import Final
from zlib import crc32

__all__ = ("IdSource", "ulid")

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(a + b for a in _ALPHABET for b in _ALPHABET)  # ten bits at a time: an id is on every answer
_SHIFTS: Final = range(120, -1, -10)
# A linear congruence: a `Random` takes 7 us to seed and 2.5 kB to keep, for each prefix of each fake.
_MULTIPLIER: Final = 0x43DE82EF95_2545F49145  # 1 modulo 4, and an odd increment: the period is full
_INCREMENT: Final = 0x2D4C957F2D_14057B7F01
_BITS: Final = (1 << 80) - 1
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
        self._streams: dict[str, tuple[int, int]] = {}

    def new(self, prefix: str, stream: str = "") -> str:
        """Return the next id, such as ``char_01KRM...``; each is greater than the one before.

        Args:
            prefix: What it is an id of.
            stream: A name that prefixes share whose ids are to be one sequence.
        """
        stream = stream or prefix
        clock, bits = self._streams.get(stream) or (_START_MS, crc32(f"{self._seed}/{stream}".encode()))
        clock += 1
        bits = (bits * _MULTIPLIER + _INCREMENT) & _BITS
        self._streams[stream] = clock, bits
        return f"{prefix}_{ulid(clock, bits)}"

    def state(self) -> dict[str, tuple[int, int]]:
        """Return what `restore` takes."""
        return dict(self._streams)

    def restore(self, state: dict[str, tuple[int, int]]) -> None:
        """Go back to a `state`."""
        self._streams = dict(state)
