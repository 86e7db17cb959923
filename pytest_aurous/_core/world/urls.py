"""Signed URLs: each carries the instant at which it expires, and a signature (err-8)."""

from __future__ import annotations

from zlib import crc32

from ..time.clock import Clock
from ..wire import messages as say
from ..wire.refusal import ApiProblem


class SignedUrls:
    """Signs URLs and checks them, with a checksum as signature. Of two fakes with one seed, each knows its own URLs."""

    __slots__ = ("_clock", "_secret")

    def __init__(self, clock: Clock, seed: int, base_url: str) -> None:
        self._clock = clock
        self._secret = crc32(f"{seed}/urls/{base_url}".encode())

    def sign(self, base: str, path: str, expires: float, param: str) -> str:
        """Return a URL that is valid until *expires*, in epoch seconds."""
        stamp = f"{int(expires):x}"
        return f"{base}{path}?{param}={stamp}-{crc32(f'{path}{stamp}'.encode(), self._secret):08x}"

    def check(self, path: str, token: str) -> None:
        """Refuse a URL that is not signed or has expired (err-8).

        Raises:
            ApiProblem: 403.
        """
        if self.expiry(path, token) <= self._clock.time():
            raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason=say.EXPIRED))

    def expiry(self, path: str, token: str) -> float:
        """Return when a signed URL expires or expired, in epoch seconds.

        Raises:
            ApiProblem: 403, if this fake did not sign it.
        """
        stamp, _, _ = token.rpartition("-")  # before 1970 the stamp itself begins with a minus sign
        if not self.signed(path, token):
            raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason="its signature is wrong"))
        return int(stamp, 16)

    def signed(self, path: str, token: str) -> bool:
        """Whether *token* is this fake's signature of *path*, expired or not."""
        stamp, _, signature = token.rpartition("-")
        return signature == f"{crc32(f'{path}{stamp}'.encode(), self._secret):08x}"
