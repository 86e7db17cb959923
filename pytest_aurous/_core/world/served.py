"""The servers of a fake, so that other processes can follow its URLs."""

from __future__ import annotations

from ..wire.hosts import UPLOAD_HOST


class Served:
    """The URLs of the servers that run for one fake, in order of their start."""

    __slots__ = ("_foreign", "urls")

    def __init__(self, base_url: str) -> None:
        self.urls: list[str] = []
        self._foreign = base_url.encode(), UPLOAD_HOST.encode()

    def led_to(self, here: str, text: bytes) -> bytes:
        """Return *text* with each URL of the vendor's hosts replaced by the URL of a server."""
        own = here.encode()
        for there in self._foreign:
            text = text.replace(there, own)
        return text

    def outward(self, text: bytes) -> bytes:
        """Return *text* for a receiver in another process: its URLs lead to the last server, if one runs."""
        return self.led_to(self.urls[-1], text) if self.urls else text
