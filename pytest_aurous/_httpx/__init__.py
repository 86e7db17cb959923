"""httpx and httpx2 on one side, `Call` and `Reply` on the other. THE ONLY room that imports httpx, httpx2 and respx.

We hook in where a client hands a request to its transport, above httpcore: there the request is still
whole, an answer costs a microsecond, and what is not ours goes on to the original as if we were not there.
"""

from __future__ import annotations

from .mocker import AurousMocker
from .receivers import send
from .router import AurousRouter
from .transport import AurousTransport, async_client, client

__all__ = ("AurousMocker", "AurousRouter", "AurousTransport", "async_client", "client", "send")
