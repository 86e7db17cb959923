"""One request with its response, as a recording has it: `Exchange`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import cached_property
from urllib.parse import urlsplit

from .hosts import is_loopback, is_upload, is_vendors
from .reply import Pairs


@dataclass
class Exchange:
    """A request, and its response.

    Attributes:
        number: Its place in the recording, from 1.
        headers: The headers of the request, without the pseudo-headers of HTTP/2.
        content: None where the recording left it out.
        at: When it was sent, in epoch seconds; None where the recording does not say.
        seconds: How long it took; 0 where the recording does not say.
        status: None without a response.
        body: None where the recording left it out.
        fault: The fault of a fake that it met, as recordings of the fake say.
        restores: How often the test had restored a snapshot before, as they say as well.
        why: Why the response is missing, or its body; empty if neither is, or nobody knows.
    """

    number: int
    method: str
    url: str
    headers: Pairs = ()
    content: bytes | None = b""
    at: float | None = None
    status: int | None = None
    response_headers: Pairs = ()
    body: bytes | None = b""
    fault: str = ""
    restores: int = 0
    why: str = ""
    seconds: float = 0

    @cached_property
    def sent(self) -> dict[str, str]:
        return {name.lower(): value for name, value in reversed(self.headers)}

    @cached_property
    def received(self) -> dict[str, str]:
        return {name.lower(): value for name, value in reversed(self.response_headers)}

    @property
    def dated(self) -> float | None:
        """When the response was sent, by its `Date`, in epoch seconds; None if it does not say."""
        try:
            return parsedate_to_datetime(self.received["date"]).timestamp()
        except (KeyError, ValueError):
            return None

    def at_host(self, host: str, base_url: str) -> Exchange:
        """Return the exchange with a *host* that *base_url*, a gateway, stands for; it may be in any response."""
        if not base_url or not self.url.startswith(f"{base_url}/"):
            return self
        return replace(
            self,
            url=host + self.url.removeprefix(base_url),
            response_headers=tuple((name, value.replace(base_url, host)) for name, value in self.response_headers),
            body=self.body and self.body.replace(base_url.encode(), host.encode()),
        )

    def repeats(self, other: Exchange) -> bool:
        """Whether it is the same exchange, recorded once more; a retry gets a response of its own."""
        return bool(self.received) and all(
            getattr(self, name) == getattr(other, name)
            for name in ("method", "url", "content", "status", "received", "body")
        )

    @property
    def host(self) -> str:
        """The host of the URL, without a port."""
        return urlsplit(self.url).hostname or ""

    @property
    def vendors(self) -> bool:
        """Whether it is a request of a client to the vendor, or to a fake on this machine."""
        known = is_vendors(self.host) or is_upload(self.host) or is_loopback(self.host)
        return known and self.method not in {"OPTIONS", "CONNECT"}
