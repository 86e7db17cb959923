"""Ids and URLs that repeat from run to run.

The time part of an id counts from a fixed instant, the rest is seeded. A signed URL carries the instant at which it
expires, and a signature (err-8). A URL of the fake can lead to a server.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zlib import crc32

from ..time.clock import Clock
from ..wire import messages as say
from ..wire.hosts import UPLOAD_HOST
from ..wire.refusal import ApiProblem
from .state import Section, State

CHOSEN: Final = "chosen ids"
"""The section of the state that has, for each id that a test has chosen, the id that it replaces."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_LETTER_OF: Final = bytes(ord(_ALPHABET[byte >> 3]) for byte in range(256))
# A linear congruence: a `Random` takes 7 us to seed and 2.5 kB to keep, for each prefix of each fake.
_MULTIPLIER: Final = 0x2360ED05_1FC65DA4_4385DF64_9FCCF645  # 1 modulo 4, and an odd increment: the period is full
_INCREMENT: Final = 0x5851F42D_4C957F2D_14057B7E_F767814F
_BITS: Final = (1 << 128) - 1
_START_MS: Final = 1_778_803_200_000  # 2026-05-15T00:00:00Z, the date of the only version


def ulid(milliseconds: int, chance: bytes) -> str:
    """Return the 26 characters of a ULID: ten of the time, and one for the higher five bits of each of 16 bytes."""
    return _early_letters(milliseconds >> 10) + _PAIRS[milliseconds & 1023] + chance.translate(_LETTER_OF).decode()


@lru_cache(maxsize=64)  # an id is in every response, and these eight letters change once in 1,024
def _early_letters(high: int) -> str:
    return "".join([_PAIRS[high >> shift & 1023] for shift in (30, 20, 10, 0)])


class IdSource:
    """Makes ids of any prefix, each prefix from its own stream, so that polls do not change the characters' ids."""

    def __init__(self, state: State, seed: int) -> None:
        self._seed = seed
        self._streams: Section[str, tuple[int, int]] = state.section("ids")
        self._chosen: Section[str, str] = state.section(CHOSEN)

    def new(self, prefix: str, stream: str = "") -> str:
        """Return the next id, such as ``char_01KRM...``, greater than the last; prefixes can share a *stream*."""
        stream = stream or prefix
        clock, bits = self._streams.get(stream) or (_START_MS, crc32(f"{self._seed}/{stream}".encode()))
        clock += 1
        bits = (bits * _MULTIPLIER + _INCREMENT) & _BITS
        self._streams[stream] = clock, bits
        made = f"{prefix}_{ulid(clock, bits.to_bytes(16, 'big'))}"
        return self.new(prefix, stream) if made in self._chosen else made

    def choose(self, record_id: str, prefix: str, stream: str = "") -> str:
        """Return *record_id*, an id that a test has chosen for a new record, in place of the next id.

        The record has the position of the id that it would have had, so that collections and pages stay in order of
        creation.
        """
        place = self.new(prefix, stream)
        self._chosen[record_id] = place
        return record_id


class SignedUrls:
    """Signs URLs and checks them, with a checksum as signature. Of two fakes with one seed, each knows its own URLs."""

    def __init__(self, clock: Clock, seed: int, base_url: str) -> None:
        self._clock = clock
        self._secret = crc32(f"{seed}/urls/{base_url}".encode())

    def sign(self, base: str, path: str, expires: float, param: str) -> str:
        """Return a URL that is valid until *expires*, in epoch seconds."""
        stamp = f"{int(expires):x}"
        return f"{base}{path}?{param}={stamp}-{crc32(f'{path}{stamp}'.encode(), self._secret):08x}"

    def check(self, path: str, token: str) -> None:
        """Refuse a URL that is not signed or has expired (err-8)."""
        if self.expiry(path, token) <= self._clock.time():
            raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason=say.EXPIRED))

    def expiry(self, path: str, token: str) -> float:
        """Return when a URL expires or expired, in epoch seconds; refuse one that this fake did not sign."""
        stamp, _, _ = token.rpartition("-")  # before 1970 the stamp itself begins with a minus sign
        if not self.signed(path, token):
            raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason="its signature is wrong"))
        return int(stamp, 16)

    def signed(self, path: str, token: str) -> bool:
        """Whether *token* is this fake's signature of *path*, expired or not."""
        stamp, _, signature = token.rpartition("-")
        return signature == f"{crc32(f'{path}{stamp}'.encode(), self._secret):08x}"


class Served:
    """The URLs of the servers that run for one fake, in order of their start, and its own base URL."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.base_url: str = ""

    def led_to(self, here: str, text: bytes) -> bytes:
        """Return *text* with each URL of the vendor's hosts replaced by the URL of a server."""
        own = here.encode()
        for there in (self.base_url.encode(), UPLOAD_HOST.encode()):
            text = text.replace(there, own)
        return text

    def outward(self, text: bytes) -> bytes:
        """Return *text* for a receiver in another process: its URLs lead to the last server, if one runs."""
        return self.led_to(self.urls[-1], text) if self.urls else text
