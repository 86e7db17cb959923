"""Responses of the server that are not of the API: JSON, and refusals that say why."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from .._core.base.errors import see
from .._core.base.redaction import redacted, redacted_json
from .._core.wire.reply import Reply

CONTROL: Final = "/__aurous__"
PAGE: Final = "how-to/server.html#control-requests"


def json_reply(status: int, content: Any, keep: Collection[str] = ()) -> Reply:
    """Return a response with JSON, without API keys but *keep*."""
    body = json.dumps(redacted_json(content, keep=keep), ensure_ascii=False, separators=(",", ":"))
    return reply_of(status, body.encode(errors="replace"), "application/json")


def reply_of(status: int, body: bytes, media_type: str, *more: tuple[str, str]) -> Reply:
    """Return a response with a body."""
    return Reply(status, (("Content-Type", media_type), ("Content-Length", str(len(body))), *more), body)


def refused(status: int, why: str, *, page: str = PAGE, **more: Any) -> Reply:
    """Return a refusal that says why, and where to read on."""
    return json_reply(status, {"error": redacted(why), "see": see(page), **more})


def allowing(reply: Reply, methods: Collection[str]) -> Reply:
    """Return a refusal of a method, with the methods that are possible."""
    return reply._replace(headers=(*reply.headers, ("Allow", ", ".join(methods))))
